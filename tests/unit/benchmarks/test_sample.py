"""A short sample made for real: its streams, its sound and its pictures are what the truth file says."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.errors import BadInput
from benchmarks.sample import filler
from benchmarks.sample.make import Needle, Request, make, truth_path
from benchmarks.sample.pictures import draw
from benchmarks.sample.script import Scene, load_script

av = pytest.importorskip("av")

SCRIPT = """
title = "A short sample"

[[scene]]
chapter = "The harbour"
show = "slide"
title = "Harbour log"
lines = ["Boats: 14", "Door code 5816"]
say = ["Fourteen boats came into the harbour this morning.", "Two of them carried salt."]

[[scene]]
show = "card"
lines = ["A quiet moment"]
sound = "silence"
hold_s = 3

[[scene]]
show = "clip"
name = "bigbuckbunny"
sound = "music"
hold_s = 3

[[scene]]
chapter = "Company"
show = "photo"
name = "chelsea"
say = ["The keeper of the lighthouse has company."]

[[question]]
question = "What is the door code?"
answer = "5816"
options = ["1234", "5816"]
modality = "on-screen text"
evidence = [{ written = "Door code" }]
accept = ["5816"]
"""


class Made:
    """A finished sample with its truth, its sound and a way to look at its pictures."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.truth: dict[str, Any] = json.loads(truth_path(path).read_text("utf-8"))
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
            pieces = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
        self.sound = np.concatenate(pieces).astype(np.float64) / 32768

    def loudness(self, start_s: float, end_s: float) -> float:
        piece = self.sound[round(start_s * 16_000) : round(end_s * 16_000)]
        return float(np.sqrt(np.mean(piece**2)))

    def picture(self, time_s: float) -> np.ndarray:
        with av.open(str(self.path)) as container:
            container.seek(int(time_s * 1_000_000))
            frame = next(f for f in container.decode(video=0) if f.time >= time_s - 0.021)
        return np.asarray(frame.to_image(), dtype=np.float64)


def quiet(part: str, done: float, total: float) -> None:
    """Nobody watches the progress of a test."""


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean(np.abs(one - other)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    (folder / "script.toml").write_text(SCRIPT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def narrated(folder: Path) -> Made:
    pytest.importorskip("piper")
    needle = Needle("photo", "retina", 1.0)
    request = Request(minutes=0.25, script=folder / "script.toml", needles=(needle,))
    assert make(request, folder / "narrated.mp4", folder / "voice", quiet)
    return Made(folder / "narrated.mp4")


@pytest.fixture(scope="module")
def silent(folder: Path) -> Made:
    request = Request(minutes=0.2, script=folder / "script.toml", narration=False)
    assert make(request, folder / "silent.mp4", folder / "voice", quiet)
    return Made(folder / "silent.mp4")


@pytest.mark.parametrize("which", ["narrated", "silent"])
def test_a_sample_is_720p_h264_and_aac_of_the_length_the_truth_gives(
    which: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(which)
    with av.open(str(made.path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec.canonical_name, picture.width, picture.height) == ("h264", 1280, 720)
        assert (sound.codec.canonical_name, sound.rate) == ("aac", 44_100)
        times = [packet.pts * packet.time_base for packet in container.demux(picture) if packet.pts is not None]
    assert sorted(times) == [pytest.approx(index / 25) for index in range(len(times))]
    assert len(times) / 25 == pytest.approx(made.truth["duration_s"])
    assert len(made.sound) / 16_000 == pytest.approx(made.truth["duration_s"], abs=0.1)


def test_every_frame_of_a_repeated_group_decodes_without_an_error(narrated: Made) -> None:
    with av.open(str(narrated.path)) as container:
        frames = [frame.time for frame in container.decode(video=0)]
    assert len(frames) == round(narrated.truth["duration_s"] * 25)
    assert frames == sorted(frames)


def test_it_is_loud_where_the_truth_says_speech(narrated: Made) -> None:
    assert len(narrated.truth["said"]) >= 3
    for line in narrated.truth["said"]:
        assert line["end_s"] - line["start_s"] > 1
        assert narrated.loudness(line["start_s"], line["end_s"]) > 0.02
        assert narrated.loudness(line["start_s"], line["start_s"] + 0.3) > 0.005


def test_it_is_still_between_sentences_and_in_the_stretch_of_silence(narrated: Made) -> None:
    first, second = narrated.truth["said"][:2]
    assert narrated.loudness(first["end_s"] + 0.1, second["start_s"] - 0.1) < 0.004
    (still,) = narrated.truth["silence"]
    assert narrated.loudness(still["start_s"] + 0.1, still["end_s"] - 0.1) < 1e-4


def test_music_is_heard_in_its_stretch_only(silent: Made) -> None:
    (music,) = silent.truth["music"]
    assert silent.loudness(music["start_s"] + 0.2, music["end_s"] - 0.2) > 0.02
    assert silent.loudness(0, music["start_s"] - 0.1) < 1e-4
    assert silent.truth["said"] == []


def test_written_text_stands_in_the_picture_during_its_span_and_not_after(narrated: Made) -> None:
    slide = np.asarray(draw(Scene("slide", "Harbour log", ("Boats: 14", "Door code 5816"))), dtype=np.float64)
    blank = np.asarray(draw(Scene("slide", "Harbour log", ("Boats: 14",))), dtype=np.float64)
    span = next(line for line in narrated.truth["written"] if line["text"] == "Door code 5816")
    for time_s in (span["start_s"], span["end_s"] - 0.04):
        seen = narrated.picture(time_s)
        assert difference(seen, slide) < 2.5 < difference(seen, 255 - slide)
        assert difference(seen, slide) < difference(seen, blank)
    assert difference(narrated.picture(span["end_s"]), slide) > 40


def test_photos_and_clips_are_shown_during_their_spans(narrated: Made) -> None:
    spans = {item["name"]: item for item in narrated.truth["shown"]}
    assert {"bigbuckbunny", "chelsea", "retina"} <= set(spans)
    cat = np.asarray(draw(Scene("photo", name="chelsea")), dtype=np.float64)
    assert difference(narrated.picture(spans["chelsea"]["start_s"]), cat) < 4
    clip = spans["bigbuckbunny"]
    begin, later = narrated.picture(clip["start_s"]), narrated.picture(clip["end_s"] - 0.1)
    assert difference(begin, later) > 2


def test_a_needle_is_where_the_truth_says(narrated: Made) -> None:
    (needle,) = narrated.truth["needles"]
    assert needle["kind"] == "photo" and needle["end_s"] == pytest.approx(narrated.truth["duration_s"])
    retina = np.asarray(draw(Scene("photo", name="retina")), dtype=np.float64)
    assert difference(narrated.picture(needle["start_s"] + 1), retina) < 4
    assert difference(narrated.picture(needle["start_s"] - 0.1), retina) > 20


def test_a_question_carries_the_span_of_its_evidence(narrated: Made) -> None:
    row = next(q for q in narrated.truth["questions"] if q["question"] == "What is the door code?")
    span = next(line for line in narrated.truth["written"] if line["text"] == "Door code 5816")
    assert row["evidence"] == [[span["start_s"], span["end_s"]]]
    assert row["options"][row["correct_index"]] == row["answer"] and row["answerable"]


def test_chapters_follow_one_another_from_the_start_to_the_end(narrated: Made) -> None:
    chapters = narrated.truth["chapters"]
    assert next(one["title"] for one in chapters) == "The harbour"
    assert chapters[0]["start_s"] == 0.0 and chapters[-1]["end_s"] == pytest.approx(narrated.truth["duration_s"])
    assert all(one["end_s"] == other["start_s"] for one, other in itertools.pairwise(chapters))
    second = next(one for one in chapters if one["title"] == "Company")
    (cat,) = (one for one in narrated.truth["shown"] if one["name"] == "chelsea")
    assert second["start_s"] == cat["start_s"]


def test_the_same_request_is_made_once_and_gives_the_same_bytes(folder: Path, silent: Made) -> None:
    request = Request(minutes=0.2, script=folder / "script.toml", narration=False)
    assert not make(request, silent.path, folder / "voice", quiet)
    assert make(request, folder / "again.mp4", folder / "voice", quiet)
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (silent.path, folder / "again.mp4")}
    assert len(digests) == 1
    assert not list(folder.glob(".*.part"))


def test_hours_of_invented_chapters_do_not_repeat_a_sentence() -> None:
    chapters = filler.chapters(seed=3)
    said = [text for _ in range(200) for scene in next(chapters)[0] for text in scene.say]
    assert len(said) > 1000
    assert len(set(said)) == len(said)


def test_invented_questions_have_one_right_option_among_four() -> None:
    chapters = filler.chapters(seed=1)
    for _ in range(50):
        scenes, question = next(chapters)
        ((kind, piece),) = question.evidence
        texts = scenes[0].say if kind == "said" else scenes[0].lines
        assert sum(piece in text for text in texts) == 1
        assert question.options.count(question.answer) == 1 and len(set(question.options)) == 4


def test_a_photo_that_is_a_needle_is_not_shown_elsewhere() -> None:
    chapters = filler.chapters(seed=1, without=frozenset({"moon"}))
    shown = {scene.name for _ in range(100) for scene in next(chapters)[0]}
    assert "moon" not in shown and "grass" in shown


def test_every_piece_of_evidence_of_the_script_is_in_the_script() -> None:
    script = load_script()
    pools = {
        "said": [text for scene in script.scenes for text in scene.say],
        "written": [text for scene in script.scenes for text in (scene.title, *scene.lines)],
        "shown": [scene.name for scene in script.scenes],
    }
    assert len(script.questions) >= 20
    for question in script.questions:
        for kind, piece in question.evidence:
            assert any(piece in text for text in pools[kind]), (question.question, piece)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("title = 'x'", "no scene"),
        ("[[scene]]\nshow = 'film'\nhold_s = 1", "show='film'"),
        ("[[scene]]\nshow = 'photo'\nhold_s = 1", "without a name"),
        ("[[scene]]\nshow = 'card'", "lasts no time"),
        ("[[scene]", "cannot be read"),
    ],
)
def test_a_wrong_script_is_refused_with_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "script.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=named):
        load_script(path)


def test_an_unknown_photo_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="chelsea"):
        Needle("photo", "unicorn", 0.5)


def test_a_needle_outside_the_video_is_refused() -> None:
    with pytest.raises(BadInput, match="depth"):
        Needle("card", "hello", 1.5)
