"""The client for programs that wait."""

from __future__ import annotations

from app.api.schemas import HealthOut
from app.api.schemas.evaluations import EvaluationOut
from app.api.schemas.status import StatusOut
from app.client.blocking.batches import Batches
from app.client.blocking.collections import Collections
from app.client.blocking.questions import Questions
from app.client.blocking.schedules import Schedules
from app.client.blocking.uploads import Uploads
from app.client.blocking.videos import Videos
from app.client.calls import server as calls


class Longreel(Videos, Uploads, Collections, Questions, Batches, Schedules):
    """Speaks to one server. A video is named by its id, the beginning of its id, or its title.

    Every call may raise the LongreelError that the server answered, and WorkerFailed when it does not answer.
    May be shared by threads.
    """

    def health(self) -> HealthOut:
        """Whether the server answers, and its version."""
        return self._do(calls.health())

    def status(self) -> StatusOut:
        """What the server runs on and what is missing."""
        return self._do(calls.status())

    def evaluations(self) -> list[EvaluationOut]:
        """What `longreel eval` has measured on the server's machine, newest first."""
        return self._do(calls.evaluations())
