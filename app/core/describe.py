"""Events and refusals in words: the lines that the terminal, the page and MCP show."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.events import (
    Answered,
    Called,
    Drafted,
    Event,
    Failed,
    Heard,
    IngestFinished,
    Inspected,
    Planned,
    Searched,
    StageFinished,
    StageProgress,
    StageStarted,
    ToolStarted,
    Understood,
    Verified,
    Warned,
)
from app.core.timecode import clock
from app.core.types import AnswerStatus

STAGE_NAMES = {
    "download": "Downloading",
    "probe": "Checking the file",
    "audio": "Listening for speech",
    "transcribe": "Transcribing speech",
    "speakers": "Separating speakers",
    "sample": "Looking at the pictures",
    "faces": "Grouping faces",
    "sounds": "Recognising sounds",
    "objects": "Looking for things",
    "shots": "Finding the cuts",
    "segment": "Cutting into segments",
    "key_frames": "Choosing key frames",
    "screen_text": "Reading text on the screen",
    "caption": "Describing the pictures",
    "index": "Indexing",
    "object_index": "Indexing things",
    "sound_index": "Indexing sounds",
    "entities": "Listing names and things",
    "digest": "Writing chapters and summary",
    "summarize": "Summarizing",
    "answer": "Answering the questions",
}
"""The name of each stage of background work."""

VERDICTS = {"yes": "supported", "unclear": "not certain", "no": "not supported"}
"""The name of each verdict about a claim."""

SOURCES = {
    "speech": "said",
    "screen_text": "written on screen",
    "visual": "shown",
    "caption": "shown",
    "event": "shown",
    "object": "counted",
}
"""The kinds of evidence for an answer, as in "what is said, shown"."""

_TOOLS = {
    "browse": ("Reading the overview", "Read the overview"),
    "search": ("Searching", "Searched"),
    "read": ("Reading the transcript and screen text", "Read the transcript and screen text"),
    "look": ("Looking at the pictures", "Looked at the pictures"),
    "listen": ("Listening again", "Listened again"),
    "detect": ("Looking for things in the pictures", "Looked for things in the pictures"),
    "tally": ("Counting", "Counted"),
    "apart": ("Measuring the time between", "Measured the time between"),
    "answer": ("Writing the answer", "Wrote the answer"),
}
"""What each tool is doing, and what it has done."""

_LONGEST = 160


def describe(event: Event) -> str:
    """Describes an event in one line; for a piece of text, returns the text itself."""
    match event:
        case StageStarted() | StageProgress() | StageFinished() | IngestFinished() | Heard():
            return _of_reading(event)
        case Understood():
            return f"Understood as “{event.question}”"
        case Planned():
            return _planned(event)
        case ToolStarted() | Called():
            return _of_tool(event)
        case Searched() | Inspected():
            return _of_evidence(event)
        case Drafted():
            return f"Wrote an answer with {_count(len(event.claims), 'claim')}" if event.claims else "Found no answer"
        case Verified():
            reason = f" ({event.reason})" if event.reason else ""
            return f"Checked “{event.claim}”: {VERDICTS[event.verdict]}{reason}"
        case Answered():
            return "Answered"
        case Failed():
            return f"{event.message} {event.hint}".strip()
    return event.message if isinstance(event, Warned) else event.text


def explain_status(status: AnswerStatus, searched: Sequence[str], missing: Sequence[str]) -> str:
    """The explanation of a status: what was searched, what it would take to decide, or what an answer leaves out."""
    if status is AnswerStatus.ANSWERED:
        return " ".join(missing)
    if status is AnswerStatus.NOT_IN_VIDEO and searched:
        return f"Searched: {'; '.join(searched)}."
    if status is AnswerStatus.INSUFFICIENT and missing:
        return f"To decide this: {' '.join(missing)}"
    return ""


def _of_reading(event: StageStarted | StageProgress | StageFinished | IngestFinished | Heard) -> str:
    match event:
        case IngestFinished():
            return f"{event.title} is ready"
        case Heard():
            return f"Heard what is said from {clock(event.span.start_s)} to {clock(event.span.end_s)}"
        case StageStarted():
            return _stage_name(event.stage)
        case StageProgress():
            share = f": {event.done / event.total:.0%}" if event.total else ""
            return f"{_stage_name(event.stage)}{share}"
        case StageFinished():
            return f"{_stage_name(event.stage)}: done"


def _stage_name(stage: str) -> str:
    return STAGE_NAMES.get(stage, stage.replace("_", " ").capitalize())


def _planned(event: Planned) -> str:
    by = "The model chooses each step" if event.mode == "loop" else "Answering in a few fixed steps"
    parts = [f"{by} ({event.reason})" if event.reason else by]
    if event.queries:
        parts.append(f"searches for {', '.join(f'“{query}”' for query in event.queries)}")
    if event.sources:
        names = dict.fromkeys(SOURCES.get(source, source.replace("_", " ")) for source in event.sources)
        parts.append(f"only what is {', '.join(names)}")
    if event.window is not None:
        parts.append(f"only from {clock(event.window.start_s)} to {clock(event.window.end_s)}")
    return "; ".join(parts)


def _of_tool(event: ToolStarted | Called) -> str:
    unknown = event.tool.replace("_", " ")
    doing, done = _TOOLS.get(event.tool, (f"Using {unknown}", f"Used {unknown}"))
    arguments = f" ({_shortened(event.arguments)})" if event.arguments else ""
    if isinstance(event, ToolStarted):
        return f"{doing}{arguments}"
    if event.refused:
        return f"{doing}{arguments} was not possible: {_shortened(event.observation)}"
    return f"{done}{arguments}"


def _of_evidence(event: Searched | Inspected) -> str:
    if isinstance(event, Searched):
        return f"Searched for “{event.query}”: {_count(len(event.hits), 'moment')}"
    span = f"from {clock(event.span.start_s)} to {clock(event.span.end_s)}"
    done = {
        "read_text": f"Read the text on screen {span}",
        "look": f"Looked at {_count(len(event.frames_s), 'frame')} {span}",
        "transcribe": f"Listened again {span}",
    }[event.action]
    return f"{done}: {_count(len(event.found), 'finding')}" if event.found else f"{done}: nothing new"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
