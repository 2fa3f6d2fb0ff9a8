"""`longreel import` and `longreel eval` over the whole product with fake models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bootstrap import Measuring, build_measuring
from app.core.errors import BadInput, Cancelled
from app.core.settings import load_settings
from app.core.types import SegmentKind, TimeSpan
from app.evaluation.datasets.registry import benchmark
from app.evaluation.modes.material import ModeMaterial, Subtitles
from app.evaluation.modes.mode import COMPARED, Mode
from app.evaluation.run.service import Order
from tests.integration.offline_fakes import environment
from tests.unit.api.tiny_video import write_webm


@pytest.fixture
def measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measuring:
    for name, value in (environment(tmp_path) | {"LONGREEL_MODELS__LANGUAGE_MODEL": "fake"}).items():
        monkeypatch.setenv(name, value)
    return build_measuring(load_settings())


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    path = tmp_path / "captions.json"
    path.write_text(
        json.dumps({"u-1": ["C cuts wood", "C cuts wood", "C paints a chair"], "u-2": ["C cooks"]}), "utf-8"
    )
    return path


def test_captions_become_videos_without_a_file_and_only_once(measuring: Measuring, captions: Path) -> None:
    first = measuring.imports.run(captions)
    again = measuring.imports.run(captions)
    assert [v.id for v in first] == [v.id for v in again]
    assert [(v.title, v.duration_s, v.path, v.ready) for v in first] == [("u-1", 3.0, "", True), ("u-2", 1.0, "", True)]
    library = measuring.evaluation.parts.library
    told = [(s.span.start_s, s.span.end_s, s.text) for s in library.segments(first[0].id) if s.kind == "caption"]
    assert told == [(0.0, 2.0, "C cuts wood"), (2.0, 3.0, "C paints a chair")]


def test_captions_that_are_imported_again_with_another_interval_take_their_new_times(
    measuring: Measuring, captions: Path
) -> None:
    measuring.imports.run(captions)
    with pytest.raises(Cancelled):
        measuring.imports.run(captions, every_s=10.0, cancelled=lambda: True)
    for every_s in (10.0, 1.0):
        video, _ = measuring.imports.run(captions, every_s=every_s)
        parts = measuring.evaluation.parts
        spans = [TimeSpan(0.0, 2 * every_s), TimeSpan(2 * every_s, 3 * every_s)]
        assert [one.span for one in parts.library.segments(video.id, kinds=[SegmentKind.CAPTION])] == spans
        assert parts.retriever.search("wood", limit=1, videos=[video.id])[0].segment.span == spans[0]
        digest = parts.library.digest(video.id)
        assert digest is not None and digest.chapters[-1].span.end_s == video.duration_s == 3 * every_s


def test_subtitles_become_speech(measuring: Measuring, tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:03,000\nThe vote was in March.\n", "utf-8")
    (video,) = measuring.imports.run(path, language="en")
    assert [u.text for u in measuring.evaluation.parts.library.utterances(video.id)] == ["The vote was in March."]
    assert (video.title, video.duration_s, video.language) == ("talk", 3.0, "en")


@pytest.mark.parametrize("text", ["", "{}", "[]", "[[1]]", '{"a": "b"}', '[{"start_s": 5, "end_s": 1, "text": "x"}]'])
def test_what_is_no_captions_is_refused(measuring: Measuring, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput):
        measuring.imports.run(path)


def test_a_benchmark_over_imported_captions_is_run_in_all_modes_and_reported(
    measuring: Measuring, captions: Path, tmp_path: Path
) -> None:
    measuring.imports.run(captions)
    rows = [
        {
            "q_uid": f"u-{n}",
            "question": "What does C do?",
            "truth": 1,
            **{f"option {i}": f"C does {i}" for i in range(5)},
        }
        for n in (1, 2)
    ]
    annotations = tmp_path / "questions.json"
    annotations.write_text(json.dumps(rows), "utf-8")
    order = Order(benchmark("egoschema"), annotations, None, None, tmp_path / "out", COMPARED)
    report = measuring.evaluation.run(order)
    assert list(report["modes"]) == ["full", "no-agent", "transcript", "captions", "none"]
    assert all(mode["questions"] == 2 and mode["errors"] == 0 for mode in report["modes"].values())
    lines = (order.out / "results.jsonl").read_text("utf-8")
    assert len(lines.splitlines()) == 10
    assert measuring.evaluation.run(order) == report
    assert (order.out / "results.jsonl").read_text("utf-8") == lines
    assert "| transcript | 2 | 0.0% |" in (order.out / "report.md").read_text("utf-8")


def test_every_mode_answers_over_the_whole_product(measuring: Measuring, captions: Path, tmp_path: Path) -> None:
    measuring.imports.run(captions)
    options = ["C does nothing", "C paints a chair", "C reads"]
    rows = [
        {"video": "u-1", "question": "What does C paint?", "options": options, "correct_index": 1, "evidence": [[2, 3]],
         "accept": ["chair"]},
        {"video": "u-1", "question": "Who sings?", "answerable": False},
    ]  # fmt: skip
    annotations = tmp_path / "qa.jsonl"
    annotations.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    shown = ModeMaterial(frames=4, official=True)
    order = Order(benchmark("own"), annotations, None, None, tmp_path / "out", tuple(Mode), shown=shown)
    report = measuring.evaluation.run(order)
    assert list(report["modes"]) == [str(mode) for mode in Mode]
    assert {mode: found["errors"] for mode, found in report["modes"].items()} == dict.fromkeys(map(str, Mode), 0)
    nearest = report["modes"]["none"]
    assert (nearest["by_label"]["form"]["multiple choice"]["value"], nearest["citation_f1"]) == (1.0, 1.0)
    text = (order.out / "report.md").read_text("utf-8")
    assert "| mode | citation precision | citation recall | citation F1 |" in text and "- dvd: after Deep Video" in text


def test_a_real_video_is_read_and_looked_at_in_the_modes_that_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = {"LONGREEL_MODELS__LANGUAGE_MODEL": "fake", "LONGREEL_MODELS__VISION_LANGUAGE_MODEL": "fake"}
    for name, value in (environment(tmp_path) | fakes).items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "videos"
    folder.mkdir()
    write_webm(folder / "bar.webm", seconds=6)
    row = {"video": "bar.webm", "question": "What moves?", "options": ["a bar", "a ball"], "correct_index": 0}
    file = tmp_path / "qa.jsonl"
    file.write_text(json.dumps({**row, "evidence": [[2, 4]]}), "utf-8")
    modes = (Mode.NO_AGENT, Mode.VIDEOAGENT, Mode.VIDEOTREE, Mode.AVP, Mode.NONE)
    order = Order(benchmark("own"), file, None, folder, tmp_path / "out", modes, shown=ModeMaterial(frames=6))
    report = build_measuring(load_settings()).evaluation.run(order)
    found = report["modes"]
    assert {mode: one["errors"] for mode, one in found.items()} == dict.fromkeys(map(str, modes), 0)
    frames = {mode: one["cost"]["frames"] for mode, one in found.items()}
    assert (frames["no-agent"], frames["videoagent"], frames["none"]) == (6.0, 5.0, 0.0)
    assert 1 <= frames["videotree"] <= 6 and 1 <= frames["avp"] <= 6


def test_without_subtitles_there_is_no_transcript_mode(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to read"):
        Order(
            benchmark("own"), tmp_path, None, None, tmp_path, (Mode.TRANSCRIPT,),
            shown=ModeMaterial(subtitles=Subtitles.NONE),
        )  # fmt: skip


def test_the_chapters_of_a_sample_are_compared_with_its_truth(measuring: Measuring, tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    lines = [f"{n + 1}\n00:00:{n:02d},000 --> 00:00:{n + 1:02d},000\nThe vote is number {n}.\n" for n in range(9)]
    path.write_text("\n".join(lines), "utf-8")
    measuring.imports.run(path, language="en")
    asked = {"video": "talk.mp4", "question": "Which number is the last vote?", "accept": ["8"], "modality": "speech"}
    chapters = [{"start_s": 0, "end_s": 9, "title": "Votes"}]
    truth = tmp_path / "talk.truth.json"
    truth.write_text(json.dumps({"video": "talk.mp4", "questions": [asked], "chapters": chapters}), "utf-8")
    order = Order(benchmark("own"), truth, None, None, tmp_path / "out", (Mode.FULL,))
    (found,) = measuring.evaluation.run(order)["chapters"]
    assert (found["video"], found["given"], found["found"], found["f1"]) == ("talk.mp4", 1, 1, 1.0)
    assert "| talk.mp4 | 1 | 1 |" in (order.out / "report.md").read_text("utf-8")
    truth.write_text(json.dumps({"video": "lost.mp4", "questions": [asked], "chapters": chapters}), "utf-8")
    lost = Order(benchmark("own"), truth, None, None, tmp_path / "lost", (Mode.FULL,))
    assert measuring.evaluation.run(lost)["chapters"] == []


def test_an_import_that_is_stopped_starts_over_and_is_complete(measuring: Measuring, tmp_path: Path) -> None:
    path = tmp_path / "hours.srt"
    minutes = [f"{n // 60:02}:{n % 60:02}" for n in range(200)]
    cues = [f"{n}\n{at}:00,000 --> {at}:30,000\nLine {n}.\n" for n, at in enumerate(minutes)]
    path.write_text("\n".join(cues), "utf-8")
    steps: list[tuple[str, int, int]] = []
    with pytest.raises(Cancelled, match="stopped"):
        measuring.imports.run(path, progress=lambda *step: steps.append(step), cancelled=lambda: len(steps) > 1)
    assert [done for _, done, _ in steps] == [0, 64]
    (video,) = measuring.imports.run(path, progress=lambda *step: steps.append(step))
    assert video.ready and steps[-1][0] == "chapters" and steps[-1][1] == steps[-1][2]
    spoken = [s.text for s in measuring.evaluation.parts.library.segments(video.id) if s.kind == "speech"]
    assert len(spoken) > 64 and "Line 199." in " ".join(spoken) and " ".join(spoken).count("Line 7.") == 1
