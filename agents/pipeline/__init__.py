"""A short fixed order of small steps, for models that cannot drive the loop: gather, read, answer, judge."""

from agents.pipeline.gather import gather
from agents.pipeline.respond import respond

__all__ = ["gather", "respond"]
