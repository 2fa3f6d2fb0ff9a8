"""The results of ingest's stages in SQL."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, delete, select

from app.core.types import VideoId
from app.db.database import Database, upsert
from app.db.tables import stage_results, stage_units

TOGETHER = "together"
"""How the names of stages begin whose units are about several videos: deleting any video forgets them."""


class SqlStageStore:
    """The port StageStore over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def units(self, video_id: VideoId, stage: str, version: str) -> dict[str, bytes]:
        """The saved units of this version by name, in the order in which they were first saved."""
        table = stage_units.c
        query = (
            select(table.unit, table.payload)
            .where(table.video_id == video_id, table.stage == stage, table.version == version)
            .order_by(table.number)
        )
        with self._database.reading() as connection:
            return {unit: bytes(payload) for unit, payload in connection.execute(query)}

    def save_unit(self, video_id: VideoId, stage: str, version: str, unit: str, payload: bytes) -> None:
        """Saves or replaces one unit, and deletes those of other versions."""
        row = {"video_id": video_id, "stage": stage, "version": version, "unit": unit, "payload": payload}
        with self._database.writing() as connection:
            _drop_other_units(connection, video_id, stage, version)
            upsert(connection, stage_units, [row], ("video_id", "stage", "unit"))

    def finish(self, video_id: VideoId, stage: str, version: str, payload: bytes) -> None:
        """Marks the stage as complete, with its result in place of an older one."""
        row = {"video_id": video_id, "stage": stage, "version": version, "payload": payload}
        with self._database.writing() as connection:
            _drop_other_units(connection, video_id, stage, version)
            upsert(connection, stage_results, [row], ("video_id", "stage"))

    def finished(self, video_id: VideoId, stage: str, version: str) -> bytes | None:
        """The result of a complete stage; None when it is not complete in this version."""
        table = stage_results.c
        query = select(table.payload).where(table.video_id == video_id, table.stage == stage, table.version == version)
        with self._database.reading() as connection:
            payload = connection.execute(query).scalar_one_or_none()
        return None if payload is None else bytes(payload)

    def reopen(self, video_id: VideoId, stages: Collection[str]) -> None:
        """Forgets the results of stages, of every version; their units stay."""
        table = stage_results.c
        with self._database.writing() as connection:
            connection.execute(delete(stage_results).where(table.video_id == video_id, table.stage.in_(stages)))

    def clear(self, video_id: VideoId, stage: str) -> None:
        """Forgets units and result of a stage, of every version."""
        with self._database.writing() as connection:
            for table in (stage_units, stage_results):
                connection.execute(delete(table).where(table.c.video_id == video_id, table.c.stage == stage))


def _drop_other_units(connection: Connection, video_id: VideoId, stage: str, version: str) -> None:
    table = stage_units.c
    stale = and_(table.video_id == video_id, table.stage == stage, table.version != version)
    connection.execute(delete(stage_units).where(stale))
