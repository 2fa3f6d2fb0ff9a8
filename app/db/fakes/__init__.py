"""The stores in memory: for tests, and for work that does not have to last."""

from app.db.fakes.collections import MemoryCollections
from app.db.fakes.entities import MemoryEntities
from app.db.fakes.library import MemoryLibrary
from app.db.fakes.replies import MemoryReplies
from app.db.fakes.schedules import MemorySchedules
from app.db.fakes.speakers import MemorySpeakers
from app.db.fakes.stages import MemoryStageStore
from app.db.fakes.threads import MemoryThreads

__all__ = [
    "MemoryCollections",
    "MemoryEntities",
    "MemoryLibrary",
    "MemoryReplies",
    "MemorySchedules",
    "MemorySpeakers",
    "MemoryStageStore",
    "MemoryThreads",
]
