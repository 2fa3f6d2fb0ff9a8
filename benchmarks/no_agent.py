"""Whether the agent is worth its steps: the same model without it, on the same questions.

    python -m benchmarks.no_agent FOLDER --library DIR [--questions FILE] [--choice] [--limit N] [--json FILE]

Without the agent the model gets evenly spaced frames (32, or 64 of a film longer than five minutes) and the transcript
in one prompt. With `--choice` two rows need no language model at all: the option that is nearest to a passage of the
video, and the option that is nearest to the question. Any settings will do, such as a remote server. Answers are
appended to DIR/no_agent/, a file a row, and what is there is not asked again.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from agents.parts import AgentParts
from app.core.errors import MissingPart
from app.core.settings import load_settings
from app.core.timecode import clock
from app.core.types import (
    Answer,
    AnswerStatus,
    Citation,
    Frame,
    Message,
    SegmentKind,
    Usage,
    Video,
)
from app.evaluation.datasets.choices import lettered, read_letter
from app.evaluation.metrics.comparison import paired
from app.evaluation.metrics.scores import share
from app.evaluation.modes.views import evenly
from app.evaluation.report import interval, percent
from benchmarks.cli_runner import machine
from benchmarks.questions import AnswerFile, Asked, Product, Question, ask_missing, ingest, read_questions, timed
from benchmarks.report import keep

AGENT, BARE, NEAREST, BLIND = "agent", "no agent", "nearest option", "question alone"
FRAMES, FILM_FRAMES, FILM_S = 32, 64, 300.0
SIDE = 640
OUTPUT_TOKENS = 400
NOT_IN_VIDEO = "NOT IN VIDEO"
_CHARACTERS_A_TOKEN = 3
_ABOUT = (
    "You are given evenly spaced frames of a video with their times, and what is said in it. Answer the question from "
    f"them alone, as briefly as it allows and in its language. If they do not give the answer, reply {NOT_IN_VIDEO}."
)


def frame_times(video: Video) -> list[float]:
    """When the frames of the prompt are shown, seconds."""
    if video.media.video is None:
        return []
    return evenly(video.duration_s, FILM_FRAMES if video.duration_s > FILM_S else FRAMES)


def transcript(parts: AgentParts, video: Video, characters: int) -> str:
    """What is said, a line a sentence; evenly thinned out where it is longer than may be read."""
    lines = [f"{clock(one.span.start_s)} {one.text}" for one in parts.library.utterances(video.id)]
    length = sum(map(len, lines)) + len(lines)
    if length > characters:
        step = length / max(characters, 1)
        lines = [lines[int(place * step)] for place in range(int(len(lines) / step))]
    return "\n".join(lines) or "(nothing)"


def without_agent(parts: AgentParts, video: Video, question: Question, *, choice: bool) -> Answer:
    """One prompt, one reply. Raises MissingPart when no model could reply."""
    frames = list(parts.frames.at(Path(video.path), frame_times(video), max_side=SIDE))
    sees = parts.chat is not None and parts.chat.capabilities.images
    context = parts.chat.capabilities.context if parts.chat else FRAMES * 1000
    said = transcript(parts, video, _CHARACTERS_A_TOKEN * context // 2)
    options = question.options if choice else ()
    asked = f"Said in the video:\n{said}\n\nQuestion: {question.text}"
    if options:
        asked += f"\n{lettered(options)}\nReply with the letter of the right option only."
    if parts.chat is not None and (sees or parts.vision is None):
        pictures = _timed(frames) if sees else ()
        messages = [Message("system", _ABOUT), Message("user", (*pictures, asked))]
        completion = parts.chat.chat(messages, max_output=OUTPUT_TOKENS)
    elif parts.vision is not None:
        completion = parts.vision.look(frames, f"{_ABOUT}\n\n{asked}")
    else:
        raise MissingPart("No model is connected.", "Set LONGREEL_LLM_URL, or use another profile.")
    usage = Usage(steps=1, frames=len(frames), prompt_tokens=completion.prompt_tokens)
    return _answer(completion.text.strip(), options, video, usage)


def _timed(frames: Sequence[Frame]) -> tuple[str | Frame, ...]:
    return tuple(part for frame in frames for part in (f"{clock(frame.pts_s, tenths=True)}:", frame))


def _answer(text: str, options: Sequence[str], video: Video, usage: Usage | None = None) -> Answer:
    option = read_letter(text, options) if options else None
    declined = bool(re.search(NOT_IN_VIDEO, text, re.I)) or not text or (bool(options) and option is None)
    whole = Citation(video.id, video.media.whole, SegmentKind.VISUAL, "")
    if declined:
        return Answer(AnswerStatus.NOT_IN_VIDEO, text, usage=usage or Usage())
    return Answer(AnswerStatus.ANSWERED, text, None, (whole,), option, usage or Usage())


def nearest_option(parts: AgentParts, video: Video, question: Question) -> Answer:
    """The option whose vector is nearest to that of any sentence, text on the screen or caption of the video."""
    texts = [one.text for one in parts.library.utterances(video.id)]
    texts += [one.text for one in parts.library.segments(video.id) if one.kind is not SegmentKind.SPEECH]
    return _likeliest(parts, video, question.options, [text for text in texts if text.strip()] or [question.text])


def blind_option(parts: AgentParts, video: Video, question: Question) -> Answer:
    """The option whose vector is nearest to that of the question: what can be guessed without the video."""
    return _likeliest(parts, video, question.options, [question.text])


def _likeliest(parts: AgentParts, video: Video, options: Sequence[str], texts: Sequence[str]) -> Answer:
    likeness = parts.text_embedder.embed(list(options)) @ parts.text_embedder.embed(list(texts)).T
    return _answer(ascii_uppercase[int(likeness.max(axis=1).argmax())], options, video)


Row = Callable[[Question], Asked]


def rows_of(product: Product, *, choice: bool) -> dict[str, Row]:
    """The ways to answer that are compared; the first is the agent."""

    def of(way: Callable[[AgentParts, Video, Question], Answer]) -> Row:
        def ask(question: Question) -> Asked:
            return timed(question, choice, lambda: way(product.parts, product.video(question.video), question))

        return ask

    rows: dict[str, Row] = {
        AGENT: lambda question: product.ask(question, choice=choice),
        BARE: of(lambda parts, video, question: without_agent(parts, video, question, choice=choice)),
    }
    return {**rows, NEAREST: of(nearest_option), BLIND: of(blind_option)} if choice else rows


def report(answers: Mapping[str, Sequence[Asked]], choice: bool, model: str) -> dict[str, Any]:
    """The result as plain data."""
    main = answers[AGENT]
    modalities = sorted({one.question.modality for one in main})
    against = [
        _pair(AGENT, name, [one.right for one in main], [one.right for one in other])
        for name, other in answers.items()
        if name != AGENT
    ]
    form = "with their options" if choice else "openly"
    return {
        "title": "The agent against the same model without it",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.no_agent FOLDER --library DIR" + (" --choice" if choice else ""),
        "tables": [
            {
                "title": "Right answers",
                "columns": ["way", "questions", "right", "95 % interval", *modalities, "median seconds"],
                "rows": [[name, *_cells(some, modalities)] for name, some in answers.items()],
            },
            {
                "title": "The same questions, answered in two ways",
                "columns": ["ways", "questions", "only first right", "only second right", "difference", "p"],
                "rows": against,
            },
        ],
        "notes": [
            f"asked {form}; model: {model}",
            f"without the agent: {FRAMES} evenly spaced frames, {FILM_FRAMES} of films longer than five minutes, and "
            "the transcript, in one prompt",
            "p: McNemar's exact test, two-sided; aim: the agent is right at least as often",
        ],
        "right": {name: share(one.right for one in some).value for name, some in answers.items()},
    }


def _cells(answers: Sequence[Asked], modalities: Sequence[str]) -> list[str]:
    right = share(one.right for one in answers)
    parts = [[one.right for one in answers if one.question.modality == name] for name in modalities]
    median_s = statistics.median(one.seconds for one in answers) if answers else 0.0
    counts = [f"{sum(some)} of {len(some)}" for some in parts]
    return [str(right.whole), percent(right.value), interval(right.interval), *counts, f"{median_s:.1f}"]


def _pair(first: str, second: str, one: Sequence[bool], other: Sequence[bool]) -> list[str]:
    both = paired(one, other)
    counts = [str(both.questions), str(both.first_only), str(both.second_only)]
    return [f"{first} - {second}", *counts, f"{both.difference:+.1%}", f"{both.p:.3f}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads what is missing, asks what was not asked, prints the tables and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the videos")
    parser.add_argument("--library", type=Path, required=True, help="the library that is read into and asked")
    parser.add_argument("--questions", type=Path, help="default: qa.jsonl of the folder")
    parser.add_argument("--choice", action="store_true", help="ask with the options")
    parser.add_argument("--videos", default="", help="only these, with commas between them")
    parser.add_argument("--limit", type=int, default=0, help="the first so many questions")
    parser.add_argument("--json", type=Path, help="write the tables here")
    options = parser.parse_args(arguments)
    every = read_questions(options.questions or options.folder / "qa.jsonl")
    names = [name for name in options.videos.split(",") if name]
    questions = [one for one in every if not names or one.video in names][: options.limit or None]
    if not questions:
        print(f"No such question in {options.folder}.", file=sys.stderr)
        return 2
    ingest((question.video for question in questions), options.folder, options.library)
    product = Product(load_settings().model_copy(update={"data": options.library}))
    answers = {}
    for name, ask in rows_of(product, choice=options.choice).items():
        file = AnswerFile(options.library / "no_agent" / f"{name.replace(' ', '_')}.jsonl")
        answers[name] = ask_missing(questions, ask, file, choice=options.choice)
    chat = product.parts.chat
    keep(report(answers, options.choice, chat.model if chat else "none"), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
