"""The conversation as the model sees it: rendered from the state at each turn, so that it is never stored twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agents.evidence import Finding, Passage
from agents.parts import PICTURE_TOKENS, AgentRun
from agents.prompts import prompt
from agents.state import AgentState, Note, Observation, Said
from agents.tools.base import named_videos
from agents.tools.look import Look
from app.core.timecode import clock
from app.core.types import Frame, Message, Part, VideoId, text_tokens
from app.core.types.boxes import Box
from app.text.options import letter

SIDE = 640
"""Longest side of the pictures that `zoom` shows, once they are decoded again."""
MOST_LISTED = 60
TEXT_SHARE, FILLED_SHARE = 0.4, 0.7
"""The share of a model's context that texts of tools may take, and the one that they and pictures may take together."""
NO_ROOM = "(no longer shown; call it again)"


def render(state: AgentState, work: AgentRun) -> list[Message]:
    """The messages of the next turn."""
    names = {video.id: name for name, video in named_videos(state["videos"]).items()}
    ids: dict[object, str] = {passage.key: passage.id for passage in state["evidence"]}
    ids |= {finding.key: finding.id for finding in state["findings"]}
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
            messages.append(Message("tool", _observed(entry, ids, names, shown), call_id=entry.call.id))
    left = min(work.context * TEXT_SHARE, work.context * FILLED_SHARE - len(shown) * PICTURE_TOKENS)
    results = [at for at, message in enumerate(messages) if message.role == "tool"]
    for at in reversed(results):
        size = text_tokens(messages[at].text)
        if size > left and at != results[-1] and len(messages[at].parts) == 1:
            messages[at] = replace(messages[at], content=NO_ROOM)
        else:
            left -= size
    return messages


def _observed(
    entry: Observation, ids: Mapping[object, str], names: Mapping[VideoId, str], shown: Mapping[object, Frame]
) -> tuple[Part, ...]:
    """Text as it came; passages and findings a line each, pictures behind their line."""
    parts: list[Part] = []
    for part in entry.parts:
        frame = shown.get(part.key) if isinstance(part, Passage) else None
        if isinstance(part, str):
            text = part
        elif isinstance(part, Finding):
            text = f"[{ids.get(part.key, 'F?')}] {part.text}"
        else:
            text = f"[{ids.get(part.key, 'E?')}] {names[part.video_id]} "
            if part.is_picture and not part.text and part.frame_s is not None:
                gone = " (no longer shown)" if frame is None else ""
                text += f"at {clock(part.frame_s, tenths=True)}: picture{gone}"
            else:
                span = part.span
                text += f"{clock(span.start_s, tenths=True)}-{clock(span.end_s, tenths=True)} {part.line}"
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
    latest: list[tuple[Passage, int]] = []
    for entry in reversed(state["log"]):
        if isinstance(entry, Observation):
            pictures = [p for p in entry.parts if isinstance(p, Passage) and p.is_picture and not p.text]
            looked = pictures and entry.call.name == "look"
            side = Look.model_validate_json(entry.call.arguments).side if looked else SIDE
            latest += [(passage, side) for passage in reversed(pictures)]
    by_part: dict[tuple[VideoId, int, Box | None], list[Passage]] = {}
    for passage, side in latest[: work.pictures_at_once]:
        by_part.setdefault((passage.video_id, side, passage.box), []).append(passage)
    videos = {video.id: video for video in state["videos"]}
    shown: dict[object, Frame] = {}
    for (id, side, box), passages in by_part.items():
        frames = work.pictures.by_time(videos[id], sorted(one.frame_s or 0.0 for one in passages), side, box)
        shown |= {one.key: frames[time_s] for one in passages if (time_s := one.frame_s or 0.0) in frames}
    return shown


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
