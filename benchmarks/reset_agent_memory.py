"""Takes out of a library what looks for earlier questions have learned, so that every measurement begins alike.

LONGREEL_DATA=LIBRARY python -m benchmarks.reset_agent_memory
"""

from __future__ import annotations

from sqlalchemy import delete

from app.bootstrap import build_measuring
from app.core.settings import Settings, load_settings
from app.core.types import SegmentKind
from app.db.database import Database, sqlite_url
from app.db.tables import segments


def forget(settings: Settings) -> int:
    """How many segments were taken out of the embedded library of these settings, and of its search.

    Raises SystemExit if a vision model has added descriptions: the search cannot remove them without their pictures.
    """
    parts = build_measuring(settings).evaluation.parts
    count = 0
    for video in parts.library.videos():
        known = parts.library.segments(video.id)
        learned = [segment for segment in known if segment.question is not None]
        kinds = {segment.kind for segment in learned}
        if SegmentKind.VISUAL in kinds:
            raise SystemExit(f"{video.title} was looked at by a vision model; give a library in which nobody asked.")
        if kinds:
            parts.retriever.remove(video.id, tuple(kinds))
            parts.retriever.add([segment for segment in known if segment.kind in kinds and segment.question is None])
        count += len(learned)
    database = Database(sqlite_url(settings.data / "longreel.sqlite"))
    with database.writing() as connection:
        connection.execute(delete(segments).where(segments.c.question.is_not(None)))
    database.close()
    return count


if __name__ == "__main__":
    print(f"{forget(load_settings())} segments forgotten")
