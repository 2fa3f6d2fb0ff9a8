"""A short fixed order of small steps, for models that cannot drive the loop: understand, gather, respond, judge."""

from agents.pipeline.gather import gather
from agents.pipeline.respond import respond
from agents.pipeline.understand import understand

__all__ = ["gather", "respond", "understand"]
