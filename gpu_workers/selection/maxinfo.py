"""MaxInfo (arXiv 2502.03183): the frames of which all others are combinations.

The frames' vectors are reduced to their few strongest directions, and rectangular maxvol picks the frames that
span the most volume there. The paper's variants differ in which frames are compared:

    fast     as many evenly spaced frames as the budget allows, without the redundant ones
    slow     all candidates at once: one reduction for the whole video, which covers few scenes of a long one
    chunks   equal spans of time share the budget; each compares only its own frames
    scenes   like chunks, but split where the picture changes
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.maxvol import maxvol_rect
from gpu_workers.selection.scenes import scenes, shares
from gpu_workers.selection.vectors import directions, one_thread

CHUNK = 128
"""Default number of candidates compared at once, to bound the memory."""
SURVIVORS = 32
"""How many frames of a chunk reach the next round when a span holds more than one chunk."""

Form = Literal["fast", "slow", "chunks", "scenes"]


class MaxInfoSelector:
    """Implements `FrameSelector`.

    `rank` is the number of directions; `tolerance` says how well the chosen frames must represent the others (of many
    candidates, 0.3 selects about rank / 0.09, 1.0 about `rank`); `chunk` is how many frames are compared at once.
    """

    def __init__(self, rank: int = 8, tolerance: float = 0.3, form: Form = "chunks", *, chunk: int = CHUNK) -> None:
        self._rank = rank
        self._tolerance = tolerance
        self._form = form
        self._chunk = chunk

    @classmethod
    def from_settings(cls, settings: Settings, workers: Any, **options: Any) -> MaxInfoSelector:
        """With rank, tolerance and form from `settings.ingest`, unless given as options."""
        del workers
        ingest = settings.ingest
        own = {"rank": ingest.maxinfo_rank, "tolerance": ingest.maxinfo_tolerance, "form": ingest.maxinfo_form}
        return cls(**{**own, **options})

    @property
    def name(self) -> str:
        """The method's name in settings, with its form if that is not the default."""
        return "maxinfo" if self._form == "chunks" else f"maxinfo-{self._form}"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port."""
        usable = worth_showing(candidates)
        if budget <= 0 or not usable:
            return []
        with one_thread():
            if self._form == "fast":
                return self._spanning(candidates, evenly(usable, budget), budget)
            if self._form == "slow":
                return self._spanning(candidates, usable, budget)
            if self._form == "scenes":
                pieces = scenes(candidates, usable, max(1, budget // 2))
            else:
                pieces = self._chunks(usable, budget)
            return self._shared(candidates, pieces, budget)

    def _chunks(self, usable: list[int], budget: int) -> list[list[int]]:
        count = min(-(-len(usable) // self._chunk), max(1, budget // self._rank))
        places = [len(usable) * place // count for place in range(count + 1)]
        return [usable[a:b] for a, b in pairwise(places)]

    def _shared(self, candidates: Sequence[FrameFeatures], pieces: list[list[int]], budget: int) -> list[int]:
        chosen: list[int] = []
        for piece, share in zip(pieces, shares([len(piece) for piece in pieces], budget), strict=True):
            if share:
                chosen += self._best(candidates, piece, share)
        return sorted(chosen)

    def _best(self, candidates: Sequence[FrameFeatures], piece: list[int], budget: int) -> list[int]:
        """The best frames of one span of the video; several chunks compete in rounds."""
        survivors = max(SURVIVORS, min(budget, self._chunk // 2))
        while len(piece) > self._chunk and budget < len(piece):
            rounds = [piece[start : start + self._chunk] for start in range(0, len(piece), self._chunk)]
            remaining = [index for part in rounds for index in self._spanning(candidates, part, survivors)]
            if len(remaining) == len(piece):
                break
            piece = remaining
        return self._spanning(candidates, piece, budget)

    def _spanning(self, candidates: Sequence[FrameFeatures], piece: list[int], budget: int) -> list[int]:
        reduced = directions(candidates, piece, min(self._rank, budget))
        if len(piece) <= reduced.shape[1]:
            return piece
        if reduced.shape[1] == 0:
            return [piece[len(piece) // 2]]
        rows = maxvol_rect(reduced, tolerance=self._tolerance, max_rows=budget)
        return sorted(piece[row] for row in rows)
