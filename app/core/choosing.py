"""The options of the frame selection methods, besides the number of frames. Each method has its own defaults."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import BadInput

TAKES: dict[str, tuple[str, ...]] = {
    "maxinfo": ("rank", "tolerance", "form", "chunk", "unit"),
    "similar": ("window", "like"),
    "hybrid": ("emphasis",),
    "cluster-tree": ("clusters", "most_clusters", "enough", "branches"),
    "aks": ("clear", "depth"),
    "tstar": ("grid", "share", "most", "certain", "seed"),
    "quota": ("judged",),
    "gens": ("window", "most_windows"),
}
"""The options that each method takes: parameters of its class."""


class MethodOptions(BaseModel):
    """The options of all methods. None leaves an option to its method, and for `maxinfo` to the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int | None = Field(None, ge=1, le=64, description="maxinfo: directions to keep")
    tolerance: float | None = Field(
        None, gt=0, le=10, description="maxinfo: how well the chosen frames must represent the rest; smaller takes more"
    )
    form: Literal["chunks", "scenes", "slow", "fast"] | None = Field(
        None, description="maxinfo: which frames are compared with which"
    )
    chunk: int | None = Field(None, ge=64, le=4096, description="maxinfo: frames compared at once, at least")
    unit: bool | None = Field(None, description="maxinfo: scale all vectors to length one first; the paper does not")
    window: int | None = Field(
        None, ge=2, le=1024, description="similar: frames around one to compare it with; gens: pictures shown at once"
    )
    like: float | None = Field(None, gt=0, le=1, description="similar: mean cosine from which a frame repeats others")
    emphasis: float | None = Field(None, ge=0, le=5, description="hybrid: weight of the question against variety")
    clusters: int | None = Field(None, ge=1, le=256, description="cluster-tree: clusters at first")
    most_clusters: int | None = Field(None, ge=1, le=256, description="cluster-tree: clusters at most")
    enough: int | None = Field(None, ge=1, le=256, description="cluster-tree: relevant clusters that suffice")
    branches: int | None = Field(None, ge=2, le=16, description="cluster-tree: parts of a relevant cluster")
    clear: float | None = Field(
        None, ge=0, le=1, description="aks: how far a part's best frames must stand above its mean to leave it whole"
    )
    depth: int | None = Field(None, ge=0, le=16, description="aks: how often a part is halved, at most")
    grid: int | None = Field(None, ge=2, le=16, description="tstar: grid x grid frames to look at in a round")
    share: float | None = Field(None, gt=0, le=1, description="tstar: share of the frames to look at")
    most: int | None = Field(None, ge=4, le=10_000, description="tstar: frames to look at, at most")
    certain: float | None = Field(None, gt=0, le=1, description="tstar: confidence from which a target counts as found")
    seed: int | None = Field(None, ge=0, le=2**31, description="tstar: random seed; the same one gives the same frames")
    judged: int | None = Field(None, ge=1, le=4096, description="quota: frames to judge in a short video")
    most_windows: int | None = Field(None, ge=1, le=1024, description="gens: windows at most")

    def of(self, method: str) -> dict[str, Any]:
        """The options that are set, for a method. Raises BadInput for one that the method does not take."""
        options = {name: value for name in MethodOptions.model_fields if (value := getattr(self, name)) is not None}
        takes = TAKES.get(method, ())
        wrong = next((name for name in options if name not in takes), None)
        if wrong:
            hint = f"It takes: {', '.join(takes)}." if takes else "It takes none."
            raise BadInput(f"The method {method} has no option {wrong}.", hint)
        return options


def parsed(pairs: Sequence[str]) -> MethodOptions:
    """Options from words such as `rank=12`. Raises BadInput for unknown options and impossible values."""
    values = dict(pair.partition("=")[::2] for pair in pairs)
    for name in values:
        if name not in MethodOptions.model_fields:
            near = difflib.get_close_matches(name, MethodOptions.model_fields, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Choose from: {', '.join(MethodOptions.model_fields)}."
            raise BadInput(f"There is no option {name}.", hint)
    try:
        return MethodOptions.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{first['loc'][0]}: {first['msg']}.", "Write it as NAME=VALUE, such as rank=12.") from error
