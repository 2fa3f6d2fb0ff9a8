"""The agent's steps and the stages of ingest in plain words."""

from __future__ import annotations

import json

from app.core.events import (
    Called,
    Drafted,
    Event,
    Inspected,
    Planned,
    Reflected,
    Searched,
    Understood,
    Verified,
    Warned,
)

STAGES_JSON = json.dumps(
    {
        "download": "Downloading",
        "probe": "Looking at the file",
        "audio": "Listening for speech",
        "transcribe": "Writing down what is said",
        "speakers": "Telling voices apart",
        "sample": "Looking at the pictures",
        "faces": "Telling faces apart",
        "shots": "Finding the cuts",
        "segment": "Cutting into segments",
        "key_frames": "Choosing key frames",
        "screen_text": "Reading text on the screen",
        "caption": "Describing the pictures",
        "index": "Indexing",
        "entities": "Noting names and things",
        "digest": "Writing chapters and summary",
        "summarize": "Summarizing",
        "answer": "Answering the questions",
    }
)

ACTIONS = {"read_text": "Read the text on screen", "look": "Looked closely", "transcribe": "Listened again"}


def clock(seconds: float) -> str:
    """Seconds as 7:05 or 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def tell(event: Event) -> str:
    """One line about a step."""
    match event:
        case Understood():
            return f"Understood as “{event.question}”"
        case Planned():
            return _planned(event)
        case Called():
            return _called(event)
        case Searched():
            count = len(event.hits)
            return f"Searched for “{event.query}”: {count} {'moment' if count == 1 else 'moments'}"
        case Inspected():
            found = f", found {len(event.found)}" if event.found else ", found nothing new"
            return f"{ACTIONS[event.action]} from {clock(event.span.start_s)} to {clock(event.span.end_s)}{found}"
        case Reflected():
            return _reflected(event)
        case Drafted():
            return f"Wrote an answer with {len(event.claims)} {'claim' if len(event.claims) == 1 else 'claims'}"
        case Verified():
            verdict = "supported" if event.supported else "not supported"
            return f"Checked “{event.claim}”: {verdict}" + (f" ({event.reason})" if event.reason else "")
        case Warned():
            return event.message
        case _:
            return event.type.replace("_", " ").capitalize()


def _planned(event: Planned) -> str:
    window = ""
    if event.window is not None:
        window = f", between {clock(event.window.start_s)} and {clock(event.window.end_s)}"
    freely = "; the model chooses each step" if event.mode == "free" else ""
    return f"Will look for {', '.join(f'“{query}”' for query in event.queries)}{window}{freely}"


def _called(event: Called) -> str:
    refused = f", which it could not do: {event.observation}" if event.refused else ""
    return f"The model used the tool “{event.tool.replace('_', ' ')}” ({event.arguments}){refused}"


def _reflected(event: Reflected) -> str:
    if event.sufficient:
        return "The evidence is enough"
    return f"Not enough yet: {event.missing}" if event.missing else "Not enough yet"
