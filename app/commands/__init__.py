"""The commands of the `longreel` program, one file for each kind."""

from contextlib import ExitStack
from contextvars import ContextVar

resources: ContextVar[ExitStack] = ContextVar("resources")
"""What the running command holds until it ends."""
