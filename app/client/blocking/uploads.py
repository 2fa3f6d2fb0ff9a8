"""Uploads that go on where a connection broke, for programs that wait."""

from __future__ import annotations

import time
from pathlib import Path

from app.api.schemas import JobOut
from app.api.schemas.uploads import UploadOut
from app.client import wire
from app.client.blocking.jobs import Jobs
from app.client.calls import uploads as calls
from app.core.errors import WorkerFailed


class Uploads(Jobs):
    """The calls about resumable uploads."""

    def upload_in_pieces(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        collection: str | None = None,
        tell: wire.Tell | None = None,
    ) -> JobOut:
        """`upload` for lines that break: each piece that arrived is kept, and the next try goes on after it."""
        told = {"filename": Path(path).name, "title": title, "language": language, "collection": collection}
        with wire.Sending(Path(path), tell) as file:
            id = self._do(calls.begin_upload(file.size, told))
            while True:
                try:
                    state = self._do(calls.upload_state(id))
                    file.reached(state.offset)
                    if state.job_id is not None:
                        return self.job(state.job_id)
                    self._do(calls.send_piece(id, state.offset, file.piece(state.offset)))
                except WorkerFailed as error:
                    time.sleep(file.patience.lost(error))

    def upload_state(self, id: str) -> UploadOut:
        """How far an upload in pieces is, and its job once it is complete."""
        return self._do(calls.upload_state(id))

    def give_up_upload(self, id: str) -> None:
        """Removes an upload that is not complete."""
        self._do(calls.give_up_upload(id))
