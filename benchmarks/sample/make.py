"""From a request to a finished sample: gather scenes for the wanted length, narrate, encode, write down."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from app.core.errors import BadInput
from benchmarks.sample import encode, filler, packaged
from benchmarks.sample.script import DEFAULT, Question, Scene, Script, load_script
from benchmarks.sample.timeline import FPS, Shot, hide, lay_out
from benchmarks.sample.truth import truth
from benchmarks.sample.voice import Spoken, speak

WHOLE_SCRIPT_MINUTES = 12.0
"""A sample at least this long holds the whole script; a shorter one only its beginning."""
_LETTERS_PER_S = 12.0
NEEDLE_KINDS = ("speech", "card", "photo")


@dataclass(frozen=True, slots=True)
class Needle:
    """Something to find: a spoken sentence, the text of a card or the name of a photo."""

    kind: str
    text: str
    depth: float
    """0 is the start of the video, 1 its end."""

    def __post_init__(self) -> None:
        if self.kind not in NEEDLE_KINDS or not 0 <= self.depth <= 1:
            raise BadInput(
                f"A needle of kind {self.kind!r} at depth {self.depth}?",
                f"Kinds: {', '.join(NEEDLE_KINDS)}; depth from 0 to 1.",
            )
        if self.kind == "photo":
            packaged.photo(self.text)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. The same request always gives the same video."""

    minutes: float = WHOLE_SCRIPT_MINUTES
    seed: int = 1
    script: Path = DEFAULT
    narration: bool = True
    needles: tuple[Needle, ...] = ()

    def fingerprint(self) -> str:
        """Changes when the request, the script or the generator changes."""
        digest = hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode())
        for file in sorted(p for p in Path(__file__).parent.iterdir() if p.suffix in (".py", ".toml")):
            digest.update(file.read_bytes())
        digest.update(self.script.read_bytes() if self.script.is_file() else b"")
        return digest.hexdigest()


class Progress(Protocol):
    """Hears how far each part of the work is."""

    def __call__(self, part: str, done: float, total: float) -> None:
        """`done` of `total` units of `part` are finished."""


def make(request: Request, out: Path, voices: Path, progress: Progress) -> bool:
    """Writes `out` and its `.truth.json`; False when they were there already. Raises LongreelError.

    `voices`: the folder in which spoken sentences are kept.
    """
    beside = truth_path(out)
    if out.is_file() and beside.is_file():
        known = json.loads(beside.read_text(encoding="utf-8"))
        if known.get("made_from") == request.fingerprint() and known.get("bytes") == out.stat().st_size:
            return False
    script = load_script(request.script)
    shots, questions = plan(request, script, _narrator(request, voices, progress))
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        encode.write(
            part, shots, script.title, request.seed, _counter("encode", sum(s.frames for s in shots), progress)
        )
        facts = truth(shots, questions, out.name)
        facts |= {"seed": request.seed, "fps": FPS, "made_from": request.fingerprint(), "bytes": part.stat().st_size}
        part_truth = part.with_suffix(".json")
        part_truth.write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
        part_truth.replace(beside)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return True


def truth_path(video: Path) -> Path:
    """Where the ground truth of a sample lies."""
    return video.with_name(f"{video.stem}.truth.json")


Narrator = Callable[[Sequence[Scene]], Mapping[str, Spoken]]


def plan(request: Request, script: Script, narrate: Narrator) -> tuple[list[Shot], list[Question]]:
    """The shots that fill the wanted length and the questions that go with them."""
    wanted_s = request.minutes * 60
    supply = _supply(request, script)
    scenes: list[Scene] = []
    questions = list(script.questions)
    shots: list[Shot] = []
    whole = request.minutes >= WHOLE_SCRIPT_MINUTES
    while not shots or shots[-1].end_s < wanted_s:
        missing_s = wanted_s - (shots[-1].end_s if shots else 0.0)
        for chapter, question in _enough(supply, missing_s, least=len(script.scenes) if whole and not shots else 1):
            scenes += chapter
            questions += [question] if question else []
        shots = lay_out(scenes, narrate(scenes))
    keep = next(i for i, shot in enumerate(shots, 1) if shot.end_s >= wanted_s)
    scenes = scenes[: max(keep, len(script.scenes) if whole else 1)]
    needles = [(_needle_scene(needle), needle.depth) for needle in request.needles]
    spoken = narrate([*scenes, *(scene for scene, _ in needles)])
    return lay_out(hide(needles, scenes, spoken), spoken), questions


def _supply(request: Request, script: Script) -> Iterator[tuple[list[Scene], Question | None]]:
    yield from (([scene], None) for scene in script.scenes)
    hidden = frozenset(needle.text for needle in request.needles if needle.kind == "photo")
    yield from filler.chapters(request.seed, hidden)


def _enough(
    supply: Iterator[tuple[list[Scene], Question | None]], seconds: float, least: int
) -> Iterator[tuple[list[Scene], Question | None]]:
    """As much of the supply as probably lasts that long, but at least `least` items."""
    taken = 0
    while taken < least or seconds > 0:
        item = next(supply)
        seconds -= sum(max(scene.hold_s, len("".join(scene.say)) / _LETTERS_PER_S) for scene in item[0])
        taken += 1
        yield item


def _needle_scene(needle: Needle) -> Scene:
    if needle.kind == "speech":
        return Scene("photo", name="gravel", say=(needle.text,), needle="speech")
    if needle.kind == "card":
        return Scene("card", lines=(needle.text,), hold_s=4.0, needle="card")
    return Scene("photo", name=needle.text, hold_s=4.0, needle="photo")


def _narrator(request: Request, voices: Path, progress: Progress) -> Narrator:
    def narrate(scenes: Sequence[Scene]) -> Mapping[str, Spoken]:
        if not request.narration:
            return {}
        sentences = dict.fromkeys(text for scene in scenes for text in scene.say)
        return speak(sentences, voices, _counter("narrate", len(sentences), progress))

    return narrate


def _counter(part: str, total: int, progress: Progress) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(part, done, total)

    return count
