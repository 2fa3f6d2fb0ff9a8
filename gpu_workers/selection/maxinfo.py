"""MaxInfo (arXiv 2502.03183): the frames of which all others are combinations.

The frames' vectors, as the embedder gives them, are reduced to their few strongest directions, and rectangular maxvol
picks the frames that span the most volume there. The paper's variants differ in which frames are compared:

    fast     as many evenly spaced frames as the budget allows, without the redundant ones
    slow     all candidates at once: one reduction for the whole video, which covers few scenes of a long one
    chunks   equal spans of time share the budget; each compares only its own frames
    scenes   like chunks, but split where the picture changes

The paper describes `fast` and `slow`, and names the other two without their details. docs/selection.md lists what
differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing
from gpu_workers.selection.maxvol import greatest_first, maxvol_rect
from gpu_workers.selection.scenes import scenes, shares
from gpu_workers.selection.vectors import ALMOST_NOTHING, directions, one_thread

CHUNK = 128
"""Default length of a chunk, in candidates. A small budget makes longer chunks, since each takes `rank` frames."""
STILL = 0.02
"""In chunks and scenes, directions below this share of the strongest are noise: a still scene needs few frames."""

Form = Literal["fast", "slow", "chunks", "scenes"]


class MaxInfoSelector:
    """Implements `FrameSelector`.

    `rank` is the number of directions; `tolerance` says how well the chosen frames must represent the others (of many
    candidates, 0.3 selects about rank / 0.09, 1.0 about `rank`); `chunk` is the least number of frames compared at
    once; `unit` scales all vectors to length one first, which the paper does not.
    """

    def __init__(
        self,
        rank: Annotated[int, Field(ge=1, le=64, description="directions to keep")] = 8,
        tolerance: Annotated[
            float,
            Field(gt=0, le=10, description="how well the chosen frames must represent the rest; smaller takes more"),
        ] = 0.3,
        form: Annotated[Form, Field(description="which frames are compared with which")] = "chunks",
        *,
        chunk: Annotated[int, Field(ge=64, le=4096, description="frames compared at once, at least")] = CHUNK,
        unit: Annotated[
            bool, Field(description="whether to scale all vectors to length one first; the paper does not")
        ] = False,
    ) -> None:
        self._rank = rank
        self._tolerance = tolerance
        self._form = form
        self._chunk = chunk
        self._unit = unit

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
                return self._spanning(candidates, evenly(usable, budget), budget, ALMOST_NOTHING)
            if self._form == "slow":
                return self._spanning(candidates, usable, budget, ALMOST_NOTHING)
            if self._form == "scenes":
                parts = scenes(candidates, usable, max(1, budget // 2))
            else:
                count = min(-(-len(usable) // self._chunk), max(1, budget // self._rank))
                borders = [len(usable) * place // count for place in range(count + 1)]
                parts = [usable[a:b] for a, b in pairwise(borders)]
            chosen: list[int] = []
            for part, share in zip(parts, shares([len(part) for part in parts], budget), strict=True):
                if share:
                    chosen += self._spanning(candidates, part, share, STILL)
            return sorted(chosen)

    def _spanning(self, candidates: Sequence[FrameFeatures], part: list[int], budget: int, least: float) -> list[int]:
        reduced, strengths = directions(candidates, part, self._rank, least=least, unit_rows=self._unit)
        if not len(strengths):
            return [part[len(part) // 2]]
        rows = np.arange(len(part))
        if len(part) > len(strengths):
            rows = maxvol_rect(reduced, tolerance=self._tolerance, max_rows=budget)
        if len(rows) > budget:
            rows = rows[greatest_first((reduced * strengths)[rows])[:budget]]
        return sorted(part[row] for row in rows)
