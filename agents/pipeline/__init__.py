"""A short fixed order of steps, for models that cannot drive the loop: understand, gather, see, respond, judge."""

from agents.pipeline.gather import gather
from agents.pipeline.respond import respond
from agents.pipeline.see import see
from agents.pipeline.understand import understand
from agents.pipeline.zoom_in import zoom_in

__all__ = ["gather", "respond", "see", "understand", "zoom_in"]
