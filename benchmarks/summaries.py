"""How good summaries are on generated samples: `python -m benchmarks.summaries SAMPLE.mp4... [--json FILE]`.

The samples must be in the library (LONGREEL_DATA), and their truth files lie beside them. Measured for each length
and style: the share of ground-truth topics (slides of ten seconds and more) that a cited moment touches; the share of
points whose words were said or written, by the truth, at their own citations; how many keep to their length; the
share of word triples that repeat. `--together` measures one summary of all samples instead of one of each. The models
are those of the environment's settings.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.bootstrap import Services, build
from app.core.requests import Length, Style, SummaryRequest
from app.core.settings import load_settings
from app.core.types import Citation, TimeSpan, Video, VideoId
from app.services.summarize import CollectionSummary, Point, VideoSummary
from benchmarks.cli_runner import machine, truth
from benchmarks.report import table

TOPIC_S = 10.0
"""Slides shown for less than this only announce a part."""
NEAR_S = 1.5
"""How far the recogniser's times may be from the truth's."""
PRECISE = 0.7
"""The share of a point's longer words that the truth must hold at its citations; recognition mishears some."""
COLUMNS = [
    "minutes",
    "model",
    "length",
    "style",
    "topics covered",
    "citations right",
    "within length",
    "words",
    "repeated",
    "s",
]

NOTES = (
    "a line has room for one point, a paragraph for about seven, a page for about thirty, which bounds the coverage",
    "a citation is right when the truth holds 70 % of the longer words of its point at its time; misheard words count",
)


@dataclass(frozen=True)
class Facts:
    """The ground truth of a sample."""

    topics: tuple[TimeSpan, ...]
    texts: tuple[tuple[TimeSpan, str], ...]
    """Everything said or written, with its time."""


def facts_of(data: Mapping[str, Any]) -> Facts:
    """The facts of a truth file."""
    texts = [(TimeSpan(one["start_s"], one["end_s"]), str(one["text"])) for one in (*data["said"], *data["written"])]
    slides = {TimeSpan(one["start_s"], one["end_s"]) for one in data["written"]}
    return Facts(tuple(sorted(s for s in slides if s.duration_s >= TOPIC_S)), tuple(texts))


def coverage(points: Sequence[Point], topics: Sequence[TimeSpan]) -> float:
    """The share of topics during which a citation lies for a second or more."""
    cited = [citation.span for point in points for citation in point.citations]
    return sum(any(span.intersection_s(topic) >= 1.0 for span in cited) for topic in topics) / max(1, len(topics))


def covered(points: Sequence[Point], facts: Mapping[VideoId, Facts]) -> float:
    """The share of the topics of all videos during which a citation of that video lies."""
    total = sum(len(of.topics) for of in facts.values())
    return sum(coverage(_citing(points, id), of.topics) * len(of.topics) for id, of in facts.items()) / max(1, total)


def _citing(points: Sequence[Point], id: VideoId) -> list[Point]:
    return [replace(p, citations=tuple(c for c in p.citations if c.video_id == id)) for p in points]


def is_right(point: Point, facts: Mapping[VideoId, Facts]) -> bool:
    """Whether the truth holds most of a point's words at the times that it cites."""
    own = _words(point.text)
    there = {word for citation in point.citations for word in _words(_told_at(citation, facts[citation.video_id]))}
    return len(own & there) >= PRECISE * len(own)


def repetition(text: str) -> float:
    """The share of word triples that came before."""
    words = re.findall(r"\w+", text.lower())
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return 1 - len(set(triples)) / len(triples) if triples else 0.0


def _told_at(citation: Citation, facts: Facts) -> str:
    near = citation.span.padded(NEAR_S)
    return " ".join(text for span, text in facts.texts if span.overlaps(near))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W_]+", text.lower()) if len(word) > 3}


Made = VideoSummary | CollectionSummary


def measure(
    longreel: Services, samples: Sequence[tuple[Video, Facts]], wanted: SummaryRequest, *, together: bool
) -> list[Any]:
    """One row of the table: the mean over the samples, or one summary of them all."""
    started = time.monotonic()
    made: list[tuple[Made, dict[VideoId, Facts]]] = []
    if together:
        summary = longreel.summaries.together([video for video, _ in samples], wanted)
        made = [(summary, {video.id: facts for video, facts in samples})]
    else:
        made = [(longreel.summaries.summarize(video, wanted), {video.id: facts}) for video, facts in samples]
    seconds = (time.monotonic() - started) / len(made)
    right = [is_right(point, facts) for summary, facts in made for point in summary.points]
    words = [len(summary.text.split()) for summary, _ in made]
    return [
        round(sum(video.duration_s for video, _ in samples) / 60),
        " ".join(sorted({summary.model for summary, _ in made})),
        f"{wanted.length} of {len(samples)} together" if together else str(wanted.length),
        str(wanted.style),
        f"{statistics.mean(covered(summary.points, facts) for summary, facts in made):.0%}",
        f"{sum(right) / max(1, len(right)):.0%} of {len(right)}",
        f"{sum(0 < count <= wanted.length.words for count in words)} of {len(words)}",
        round(statistics.mean(words)),
        f"{statistics.mean(repetition(summary.text) for summary, _ in made):.1%}",
        round(seconds, 1),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints the table, writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", nargs="+", type=Path, help="sample files, with their truth beside them")
    parser.add_argument("--lengths", default=",".join(Length))
    parser.add_argument("--styles", default=",".join(Style))
    parser.add_argument("--together", action="store_true", help="one summary of all samples")
    parser.add_argument("--add", action="store_true", help="add the rows to those that the file has")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    longreel = build(load_settings())
    samples = [(longreel.library.find(path.stem), facts_of(truth(path))) for path in options.samples]
    rows = [
        measure(longreel, samples, SummaryRequest(Length(length), Style(style)), together=options.together)
        for length in options.lengths.split(",")
        for style in options.styles.split(",")
    ]
    topics = sum(len(facts.topics) for _, facts in samples)
    notes = [f"{', '.join(path.stem for path in options.samples)}: {topics} topics", *NOTES]
    if options.add and options.json and options.json.is_file():
        before = json.loads(options.json.read_text("utf-8"))
        rows, notes = [*before["rows"], *rows], list(dict.fromkeys([*before["notes"], *notes]))
    result = {
        "title": "Summaries of generated samples",
        "machine": machine(),
        "columns": COLUMNS,
        "rows": rows,
        "notes": notes,
    }
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
