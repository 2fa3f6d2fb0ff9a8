"""The conversation as the model sees it: rendered from the state at each turn, so that it is never stored twice."""

from __future__ import annotations

import json
from collections.abc import Mapping

from agents.evidence import Finding, Passage
from agents.parts import AgentRun
from agents.prompts import prompt
from agents.state import AgentState, Note, Observation, Said
from agents.tools.base import named_videos
from app.core.timecode import clock
from app.core.types import Frame, Message, Part, VideoId
from app.core.types.boxes import Box
from app.text.options import letter

SIDE = 640
MOST_LISTED = 60


def render(state: AgentState, work: AgentRun) -> list[Message]:
    """The messages of the next turn."""
    names = {video.id: name for name, video in named_videos(state["videos"]).items()}
    ids = _Ids(state, names)
    shown = _shown_pictures(state, work)
    messages = [Message("system", prompt("loop"))]
    for turn in state["turns"]:
        cited = [
            f"{names.get(one.video_id, 'another video')} {clock(one.span.start_s)}-{clock(one.span.end_s)}: {one.quote}"
            for one in turn.answer.citations[:8]
        ]
        moments = f"\nThis rested on: {'; '.join(cited)}" if cited else ""
        messages.append(Message("user", f"Question: {turn.question}"))
        messages.append(Message("assistant", f"{turn.answer.text}{moments}"))
    messages.append(Message("user", _task(state)))
    for entry in state["log"]:
        if isinstance(entry, Said):
            messages.append(Message("assistant", entry.text, entry.calls))
        elif isinstance(entry, Note):
            messages.append(Message("user", entry.text))
        else:
            messages.append(Message("tool", _observed(entry, ids, shown), call_id=entry.call.id))
    return messages


class _Ids:
    """The names of evidence and videos in prompts."""

    def __init__(self, state: AgentState, videos: Mapping[VideoId, str]) -> None:
        self._passages = {passage.key: passage.id for passage in state["evidence"]}
        self._findings = {finding.text: finding.id for finding in state["findings"]}
        self._videos = videos

    def line(self, part: Passage | Finding) -> str:
        if isinstance(part, Finding):
            return f"[{self._findings.get(part.text, 'F?')}] {part.text}"
        return passage_line(part, self._passages.get(part.key, "E?"), self._videos[part.video_id])


def passage_line(passage: Passage, id: str, video: str) -> str:
    """One passage as a prompt shows it: id, video, time, what it is and what it says."""
    if passage.is_picture and not passage.text and passage.frame_s is not None:
        return f"[{id}] {video} at {clock(passage.frame_s, tenths=True)}: picture"
    times = f"{clock(passage.span.start_s, tenths=True)}-{clock(passage.span.end_s, tenths=True)}"
    return f"[{id}] {video} {times} {passage.line}"


def _observed(entry: Observation, ids: _Ids, shown: Mapping[object, Frame]) -> tuple[Part, ...]:
    """Text as it came; passages and findings a line each, pictures behind their line."""
    parts: list[Part] = []
    for part in entry.parts:
        text = part if isinstance(part, str) else ids.line(part)
        frame = shown.get(part.key) if isinstance(part, Passage) else None
        if isinstance(part, Passage) and part.is_picture and not part.text and frame is None:
            text += " (no longer shown)"
        if parts and isinstance(parts[-1], str):
            parts[-1] += f"\n{text}"
        else:
            parts.append(text)
        if frame is not None:
            parts.append(frame)
    return tuple(parts) or ("Nothing.",)


def _shown_pictures(state: AgentState, work: AgentRun) -> dict[object, Frame]:
    """The frames of the latest pictures, as many as the model's context has room for; earlier ones are left out."""
    if not work.chat_sees:
        return {}
    room = work.pictures_at_once
    latest: list[tuple[Passage, int]] = []
    for entry in reversed(state["log"]):
        if isinstance(entry, Observation):
            side = _side(entry)
            pictures = [p for p in entry.parts if isinstance(p, Passage) and p.is_picture and not p.text]
            latest += [(passage, side) for passage in reversed(pictures)]
        if len(latest) >= room:
            break
    by_part: dict[tuple[VideoId, int, Box | None], list[Passage]] = {}
    for passage, side in latest[:room]:
        by_part.setdefault((passage.video_id, side, passage.box), []).append(passage)
    videos = {video.id: video for video in state["videos"]}
    shown: dict[object, Frame] = {}
    for (id, side, box), passages in by_part.items():
        ordered = sorted(passages, key=lambda passage: passage.frame_s or 0.0)
        frames = work.pictures.by_time(videos[id], [passage.frame_s or 0.0 for passage in ordered], side, box)
        shown |= {one.key: frames[one.frame_s or 0.0] for one in ordered if (one.frame_s or 0.0) in frames}
    return shown


def _side(entry: Observation) -> int:
    """The size in which a look asked for its frames."""
    try:
        side = json.loads(entry.call.arguments or "{}").get("side", SIDE)
        return int(side) if 160 <= int(side) <= 1280 else SIDE
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return SIDE


def _task(state: AgentState) -> str:
    """The question with its options, the videos, and what the question is restricted to."""
    lines = [f"Question: {state['question']}"]
    if state["options"]:
        lines.append("Options:")
        lines += [f"{letter(at)}. {option}" for at, option in enumerate(state["options"])]
    lines.append("Videos:")
    named = named_videos(state["videos"])
    for name, video in list(named.items())[:MOST_LISTED]:
        track = video.media.video
        pictures = f"pictures of {track.width}x{track.height}" if track else "no pictures"
        sound = "sound" if video.media.audio else "no sound"
        language = f", speech in {video.language}" if video.language else ""
        lines.append(f"{name}: “{video.title}”, {clock(video.duration_s)} long, {pictures}, {sound}{language}")
    if len(named) > MOST_LISTED:
        lines.append(f"... up to V{len(named)}. Search them all to find the right one.")
    plan = state["plan"]
    if state["region"]:
        lines.append("It is about the part of the picture that `zoom` shows first: “this” and “here” mean that part.")
    if plan.scope and plan.by == "user":
        lines.append(f"Only this part counts, and tools keep to it: {plan.scope.words or 'the part that was chosen'}.")
    if plan.sources:
        lines.append(f"Only this evidence counts: {', '.join(plan.sources)}.")
    if plan.queries and plan.by == "user":
        lines.append(f"The user suggests searching for: {'; '.join(plan.queries)}.")
    return "\n".join(lines)
