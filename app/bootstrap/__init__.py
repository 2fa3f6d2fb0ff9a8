"""Wires the application: settings in, services out. The only package that knows every engine.

Building is cheap: stores are opened and models loaded when they are first used.
"""

from app.bootstrap.readers import ROLES, chunk_reader, in_an_actor
from app.bootstrap.services import Measuring, Services
from app.bootstrap.wiring import build, build_measuring

__all__ = ["ROLES", "Measuring", "Services", "build", "build_measuring", "chunk_reader", "in_an_actor"]
