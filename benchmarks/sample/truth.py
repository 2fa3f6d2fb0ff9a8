"""The ground truth of a sample: what is said, shown and written when, and questions with evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.sample.script import Question
from benchmarks.sample.timeline import Shot


def truth(shots: Sequence[Shot], questions: Sequence[Question], video: str) -> dict[str, Any]:
    """Plain data for the JSON file beside the video. Questions whose evidence is not in these shots are left out."""
    found: dict[str, Any] = {
        "video": video,
        "duration_s": shots[-1].end_s,
        "said": [_entry(line.start_s, line.end_s, text=line.text) for shot in shots for line in shot.lines],
        "shown": [
            _entry(shot.start_s, shot.end_s, name=shot.scene.name, kind=shot.scene.show)
            for shot in shots
            if shot.scene.name
        ],
        "written": [
            _entry(shot.start_s, shot.end_s, text=text)
            for shot in shots
            if shot.scene.show in ("slide", "code", "card")
            for text in (shot.scene.title, *shot.scene.lines)
            if text
        ],
        "chapters": _chapters(shots),
        "music": [_entry(shot.start_s, shot.end_s) for shot in shots if shot.scene.sound == "music"],
        "silence": [_entry(shot.start_s, shot.end_s) for shot in shots if shot.scene.sound == "silence"],
        "needles": [_needle(shot) for shot in shots if shot.scene.needle],
    }
    found["questions"] = [row for question in questions if (row := _row(question, found, video))]
    return found


def _entry(start_s: float, end_s: float, **what: str) -> dict[str, Any]:
    return {"start_s": round(start_s, 3), "end_s": round(end_s, 3), **what}


def _chapters(shots: Sequence[Shot]) -> list[dict[str, Any]]:
    """From each scene that begins a chapter to the next one; what comes before the first belongs to it."""
    begun = [(shot.start_s, shot.scene.chapter) for shot in shots if shot.scene.chapter]
    starts = [0.0, *(start for start, _ in begun[1:])]
    ends = [*starts[1:], shots[-1].end_s]
    return [_entry(start, end, title=title) for start, end, (_, title) in zip(starts, ends, begun, strict=False)]


def _needle(shot: Shot) -> dict[str, Any]:
    scene = shot.scene
    text = {"speech": " ".join(scene.say), "card": " ".join(scene.lines), "photo": scene.name}[scene.needle]
    start, end = (
        (shot.lines[0].start_s, shot.lines[-1].end_s)
        if scene.needle == "speech" and shot.lines
        else (shot.start_s, shot.end_s)
    )
    return _entry(start, end, kind=scene.needle, text=text)


def _row(question: Question, found: dict[str, Any], video: str) -> dict[str, Any] | None:
    """A line of the form that `quality` reads."""
    spans = []
    for kind, piece in question.evidence:
        key = "name" if kind == "shown" else "text"
        spans += [[item["start_s"], item["end_s"]] for item in found[kind] if piece in item[key]]
    if question.evidence and not spans:
        return None
    row = {
        "video": video,
        "question": question.question,
        "answer": question.answer,
        "options": list(question.options),
        "correct_index": question.options.index(question.answer),
        "evidence": sorted(spans),
        "modality": question.modality,
        "answerable": bool(question.evidence),
    }
    return row | {"accept": list(question.accept)} if question.accept else row
