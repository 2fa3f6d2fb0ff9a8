"""What programs import: `from longreel import Longreel, AsyncLongreel, AskRequest`. See `app.client`."""

from app.client import AsyncLongreel, Longreel
from app.core.requests import AskRequest, DrawnBox

__all__ = ["AskRequest", "AsyncLongreel", "DrawnBox", "Longreel"]
