"""What each segment shows, from what was recognised in its key frames; see `describe` for a model that sees."""

from __future__ import annotations

from app.core.ports import scene_describer
from app.core.types import Caption, KeyFrame
from app.services.ingest.calls import CaptionCall, full_pictures
from app.services.ingest.run import Run
from app.services.ingest.stage import Stage, StageRun, Unit, UnitCalls, as_json
from app.services.ingest.stages.key_frames import KEY_FRAMES
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.stages.segment import SEGMENT

CAPTIONS_A_UNIT = 32


class CaptionStage(Stage[list[Caption]]):
    """What each segment shows; a segment of which nothing can be said has no caption."""

    name = "caption"
    codec = as_json(list[Caption])

    def after(self, run: Run, result: list[Caption]) -> None:  # noqa: ARG002
        """Deletes the pictures that waited to be described."""
        run.parts.media.remove(full_pictures(run.video.id))


class _Captions(CaptionStage):
    """By what was recognised in the key frames."""

    inputs = ("key_frames",)
    calls = UnitCalls("caption", CaptionStage.codec, "pieces")

    def wanted(self, run: Run) -> bool:
        return scene_describer(run.parts.captioner) is None

    def version(self, run: Run) -> str:
        return run.parts.captioner.model

    def units(self, run: Run) -> list[Unit]:
        by_piece: dict[int, list[KeyFrame]] = {}
        for key in KEY_FRAMES.of(run):
            by_piece.setdefault(key.piece, []).append(key)
        by_time, spans = {f.pts_s: f for f in SAMPLE.of(run).features}, SEGMENT.of(run)
        numbers, units = sorted(by_piece), []
        for first in range(0, len(numbers), CAPTIONS_A_UNIT):
            some = numbers[first : first + CAPTIONS_A_UNIT]
            pieces = tuple(
                (spans[n], tuple(by_piece[n]), tuple(by_time[key.pts_s] for key in by_piece[n])) for n in some
            )
            units.append(Unit(str(first), len(some), CaptionCall(pieces)))
        return units

    def reduce(self, work: StageRun) -> list[Caption]:
        return [caption for part in work.parts for caption in part if caption.text]


CAPTION = _Captions()
