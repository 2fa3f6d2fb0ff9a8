"""What programs import: `from longreel import Longreel, AsyncLongreel`. See `app.client`."""

from app.client import AsyncLongreel, Longreel

__all__ = ["AsyncLongreel", "Longreel"]
