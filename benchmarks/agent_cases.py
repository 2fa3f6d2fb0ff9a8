"""How well the agent answers hand-made questions about small written videos, many of them without an answer.

    python -m benchmarks.agent_cases [--no-language-model] [--only TEXT] [--steps N] [--json FILE]

With `--steps` the cases are asked under each limit of `LONGREEL_AGENT__MAX_STEPS` from 1 to N, so that the default is
measured. An answer that took fewer steps than a limit allows is the same under it, and is not asked for again.

The cases lie in `agent_cases.jsonl`: lines with "case" are questions (of one video or several, and "before" what was
asked in the same conversation), the others videos given by what is said, written and tagged in them. The agent, the
search and the models are the product's; only the media file is missing, so nothing can be looked at again.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import AgentParts, VideoAgent
from app.core.events import Answered, Understood
from app.core.ports import LanguageModel, TextEmbedder
from app.core.settings import Agent, load_settings
from app.core.types import (
    Answer,
    AnswerStatus,
    Frame,
    MediaInfo,
    Segment,
    SegmentKind,
    TextLine,
    TimeSpan,
    Transcript,
    Turn,
    Utterance,
    Video,
    VideoId,
    from_json,
)
from app.db.fakes import MemoryLibrary
from gpu_workers.registry import Workers
from retrieval.fakes import MemoryLexicalIndex, MemorySegmentIndex
from retrieval.retriever import HybridRetriever

CASES = Path(__file__).with_suffix(".jsonl")
_MODELS = {SegmentKind.SCREEN_TEXT: "case", SegmentKind.CAPTION: "offline-tags"}
SEGMENT_S = 25.0
"""Sentences are indexed in pieces of about this length, as ingest makes them."""


class NoMedia:
    """Stands in for everything that reads the media file, of which these cases have none."""

    model = "none"

    def sample(self, path: Path, *, span: TimeSpan, every_s: float, max_side: int) -> Iterator[Frame]:
        """No frames."""
        del path, span, every_s, max_side
        return iter(())

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int) -> Iterator[Frame]:
        """No frames."""
        del path, times_s, max_side
        return iter(())

    def survey(self, path: Path, *, chunk_s: float) -> Any:
        """Never asked for."""
        raise NotImplementedError(path, chunk_s)

    def samples(self, path: Path, span: TimeSpan) -> NDArray[np.float32]:
        """Silence."""
        del path
        return np.zeros(round(span.duration_s * 16_000), np.float32)

    def may_hold_text(self, frame: Frame) -> bool:
        """Never."""
        del frame
        return False

    def transcribe(self, samples: NDArray[np.float32], *, language: str | None, translate: bool = False) -> Transcript:
        """Nothing."""
        del samples, translate
        return Transcript((), language)

    def read(self, frame: Frame) -> list[TextLine]:
        """Nothing."""
        del frame
        return []


@dataclass(frozen=True)
class Result:
    """One question, what was answered, and whether that is right."""

    case: str
    type: str
    question: str
    answerable: bool
    answered: bool
    right: bool
    cited: bool | None
    """Whether a citation overlaps the given evidence; None when there is nothing to compare."""
    text: str
    seconds: float
    tokens: int
    steps: int
    """Searches and looks that it took."""


def read_cases(path: Path = CASES) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The videos by name, and the questions."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["video"]: row for row in rows if "case" not in row}, [row for row in rows if "case" in row]


def video_of(row: Mapping[str, Any]) -> Video:
    """A written video as one of the library."""
    media = MediaInfo("mp4", float(row["duration_s"]), 0.0, 0, None)
    return Video(VideoId(row["video"]), row["title"], f"{row['video']}.mp4", media, "en", "", True)


def segments_of(row: Mapping[str, Any]) -> list[Segment]:
    """What ingest would have made of a written video."""
    id = VideoId(row["video"])
    made = [_speech_segment(id, run) for run in _runs(row["speech"])]
    for kind, key in ((SegmentKind.SCREEN_TEXT, "screen_text"), (SegmentKind.CAPTION, "captions")):
        for start, end, text in row[key]:
            made.append(Segment(f"{id}-{key}-{start}", id, kind, TimeSpan(start, end), text, _MODELS[kind], start))
    return made


def _speech_segment(id: VideoId, run: Sequence[Sequence[Any]]) -> Segment:
    text = " ".join(text for _, _, text in run)
    return Segment(f"{id}-{run[0][0]}", id, SegmentKind.SPEECH, TimeSpan(run[0][0], run[-1][1]), text, "case")


def _runs(said: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    run: list[Sequence[Any]] = []
    for sentence in said:
        if run and sentence[1] - run[0][0] > SEGMENT_S:
            yield run
            run = []
        run.append(sentence)
    if run:
        yield run


def agent_of(
    rows: Iterable[Mapping[str, Any]], embedder: TextEmbedder, model: LanguageModel | None, settings: Agent
) -> tuple[VideoAgent, MemoryLibrary]:
    """An agent over a library of written videos."""
    library = MemoryLibrary()
    retriever = HybridRetriever(embedder, None, MemorySegmentIndex(), MemoryLexicalIndex())
    for row in rows:
        video = library.add_video(video_of(row))
        library.save_utterances(video.id, [Utterance(TimeSpan(s, e), text) for s, e, text in row["speech"]])
        segments = segments_of(row)
        library.add_segments(segments)
        if segments:
            retriever.add(segments)
    none = NoMedia()
    return VideoAgent(AgentParts(retriever, library, embedder, settings, model, None, none, none, none, none)), library


def judge(case: Mapping[str, Any], answer: Answer, seconds: float) -> Result:
    """Compares an answer with what a case accepts."""
    answered = answer.status is AnswerStatus.ANSWERED
    if "options" in case:
        right = answer.option_index == case.get("option_index")
    elif case["answerable"]:
        right = answered and any(re.search(pattern, answer.text, re.IGNORECASE) for pattern in case["accept"])
    else:
        right = not answered
    spans = [TimeSpan(*span) for span in case["spans"]]
    cited = any(c.span.overlaps(s) for c in answer.citations for s in spans) if answered and spans else None
    tokens = answer.usage.prompt_tokens + answer.usage.output_tokens
    return Result(
        case["case"], case["type"], case["question"], case["answerable"], answered, right, cited, answer.text,
        seconds, tokens, answer.usage.steps,
    )  # fmt: skip


def run(agent: VideoAgent, library: MemoryLibrary, cases: Iterable[Mapping[str, Any]]) -> Iterator[Result]:
    """Asks every question of its own videos."""
    for case in cases:
        yield judge(case, *answered(agent, library, case))


def by_limit(
    limits: Iterable[int],
    ask: Callable[[int, Sequence[Mapping[str, Any]]], Iterable[Result]],
    cases: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[int, list[Result], int]]:
    """For each limit of steps, highest first, the results under it, and how many cases had to be asked.

    `ask`: asks cases under a limit. A case is asked again only where the last answer took more steps than are allowed.
    """
    known: dict[str, Result] = {}
    for limit in sorted(limits, reverse=True):
        wanted = [case for case in cases if case["case"] not in known or known[case["case"]].steps > limit]
        known.update((result.case, result) for result in ask(limit, wanted))
        yield limit, [known[case["case"]] for case in cases], len(wanted)


def answered(agent: VideoAgent, library: MemoryLibrary, case: Mapping[str, Any]) -> tuple[Answer, float]:
    """The answer to a case and its seconds, after the questions that came before it in its conversation."""
    videos = [library.video(VideoId(name)) for name in case.get("videos", [case.get("video")])]
    turns: list[Turn] = []
    for question in case.get("before", ()):
        turns.append(_asked(agent, question, videos, turns))
    started = time.monotonic()
    turn = _asked(agent, case["question"], videos, turns, tuple(case.get("options", ())))
    return turn.answer, time.monotonic() - started


def _asked(
    agent: VideoAgent, question: str, videos: Sequence[Video], turns: Sequence[Turn], options: Sequence[str] = ()
) -> Turn:
    events = list(agent.ask(question, videos, options=options, turns=turns))
    whole = next((event.question for event in events if isinstance(event, Understood)), question)
    last = events[-1]
    assert isinstance(last, Answered)
    return Turn(question, whole, from_json(Answer, last.answer))


def summary(results: Sequence[Result]) -> dict[str, float]:
    """Shares and medians. A refusal counts as found when the question has no answer."""
    answerable = [r for r in results if r.answerable]
    open_ended = [r for r in results if r.type != "choice"]
    refused = [r for r in open_ended if not r.answered]
    unanswerable = [r for r in open_ended if not r.answerable]
    cited = [r.cited for r in results if r.cited is not None]
    return {
        "questions": len(results),
        "right": _share([r.right for r in results]),
        "right_of_answerable": _share([r.right for r in answerable]),
        "refusal_recall": _share([not r.answered for r in unanswerable]),
        "refusal_precision": _share([not r.answerable for r in refused]),
        "citation_overlap": _share(cited),
        "mean_steps": round(statistics.fmean([r.steps for r in results]), 2) if results else 0.0,
        "median_seconds": statistics.median([r.seconds for r in results]) if results else 0.0,
        "median_tokens": statistics.median([r.tokens for r in results]) if results else 0.0,
    }


def _share(flags: Sequence[bool | None]) -> float:
    return round(sum(bool(flag) for flag in flags) / len(flags), 3) if flags else 0.0


def main() -> None:
    """Runs the cases and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--no-language-model", action="store_true", help="quote evidence instead of phrasing answers")
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    parser.add_argument("--steps", type=int, default=0, help="run them under each limit of steps from 1 to this")
    parser.add_argument("--json", type=Path, help="also write results here")
    options = parser.parse_args()
    settings = load_settings()
    workers = Workers(settings)
    model = None if options.no_language_model else workers.get("language_model")
    videos, cases = read_cases()
    chosen = [case for case in cases if options.only in case["case"]]

    def ask(limit: int, wanted: Iterable[Mapping[str, Any]]) -> Iterator[Result]:
        limited = settings.agent.model_copy(update={"max_steps": limit})
        for result in run(*agent_of(videos.values(), workers.get("text_embedder"), model, limited), wanted):
            mark = "ok  " if result.right else "BAD "
            print(
                f"{mark}{result.seconds:5.1f} s {result.case:14} {result.question}\n           {result.text}",
                flush=True,
            )
            yield result

    data: dict[str, Any]
    if options.steps:
        limits = list(by_limit(range(1, options.steps + 1), ask, chosen))
        rows = [{"limit": limit, "asked": asked, **summary(results)} for limit, results, asked in reversed(limits)]
        print("\n".join("  ".join(f"{name} {value:.3g}" for name, value in row.items()) for row in rows))
        data = {"limits": rows}
    else:
        results = list(ask(settings.agent.max_steps, chosen))
        totals = summary(results)
        print("\n".join(f"{name:22} {value:8.3f}" for name, value in totals.items()))
        data = {"totals": totals, "results": [asdict(result) for result in results]}
    if options.json:
        options.json.write_text(json.dumps(data, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
