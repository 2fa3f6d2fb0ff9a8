"""A question about the picture is answered by looking, with frames that share the budget of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.bootstrap import build
from app.core.requests import AskRequest, IngestRequest
from app.core.settings import load_settings
from app.core.types import Completion, Frame
from gpu_workers.vision.transformers_vision import TransformersVision
from tests import tiny_models
from tests.integration.offline_fakes import environment
from tests.unit.api.tiny_video import write_webm

BUDGET = 30
SIDE = 32
"""Pixels of a square that is one token to the model."""


def test_frames_of_a_look_keep_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = {
        "LONGREEL_MODELS__VISION_LANGUAGE_MODEL": "transformers",
        "LONGREEL_WEIGHTS__VISION_LANGUAGE_MODEL": str(tiny_models.qwen3_vl(tmp_path / "eyes")),
        "LONGREEL_VISION__QUOTA": str(BUDGET),
    }
    for name, value in {**environment(tmp_path), **more}.items():
        monkeypatch.setenv(name, value)
    shown: list[Sequence[Frame]] = []

    def look(self: TransformersVision, frames: Sequence[Frame], question: str, stop: object = None) -> Completion:
        shown.append(frames)
        return Completion("A bar moves to the right.", 1, 1)

    monkeypatch.setattr(TransformersVision, "look", look)
    longreel = build(load_settings())
    video = longreel.ingest.run(IngestRequest(write_webm(tmp_path / "bar.webm", seconds=12)))
    list(longreel.ask.stream(AskRequest("What can be seen between 0:02 and 0:09?"), [video]))
    looks = [frames for frames in shown if frames]  # it is asked without pictures, too: which things to look for
    assert looks and all(len(frames) > 2 for frames in looks)
    for frames in looks:
        tokens = sum(round(f.image.shape[0] / SIDE) * round(f.image.shape[1] / SIDE) for f in frames)
        assert tokens <= BUDGET
        assert {frame.image.shape for frame in frames} != {(180, 320, 3)}
