"""Inspect: looks at the file again in the stretch that matters, and keeps what was learned as segments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.agreement import FRAMES as SECOND_FRAMES
from agents.passages import Narrower, from_segment, merged, numbered
from agents.sampling import frames_of
from agents.state import AgentState, Passage, Plan, QuestionType, Work
from app.core.errors import Cancelled, LongreelError
from app.core.events import Inspected, Warned
from app.core.types import Segment, SegmentKind, TimeSpan, Video

READ_REACH_S = 0.5
"""Text read in one frame is taken to stand for this long on either side."""
UNSURE = 0.4
"""Speech recognised with less confidence is transcribed again."""
LINE_CONFIDENCE = 0.5
READ_FRAMES = 6
LOOK_FRAMES = 8
LOOK_SIDE = 768
"""Longest side of a frame that a vision model sees, in pixels."""

Action = Literal["read_text", "look", "transcribe"]


def inspect(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["reflect"]]:
    """Reads text at full resolution, asks the vision model, or transcribes again; a failed look is only a warning."""
    work = runtime.context
    work.budget.step()
    action = _chosen(state, work)
    passages = state["passages"]
    for video, span in candidate_spans(state):
        try:
            seen, learned = looked_again(action, state["question"], work, video, span)
        except Cancelled:
            raise
        except LongreelError as error:
            runtime.stream_writer(Warned(f"Looking again at {video.title} failed: {error}"))
            continue
        if learned:
            passages = _with(passages, learned, state, work)
        texts = {segment.text for segment in learned}
        found = tuple(p.hit for p in passages if p.text in texts)
        runtime.stream_writer(Inspected(str(video.id), span, action, seen, found))
    return Command(goto="reflect", update={"passages": passages, "tried": (*state["tried"], "inspect")})


def looked_again(
    action: Action, question: str, work: Work, video: Video, span: TimeSpan
) -> tuple[tuple[float, ...], list[Segment]]:
    """The times of the frames that a closer look saw, in seconds, and what is known by now: it is stored.

    Raises what the parts raise.
    """
    look = {"read_text": _read_text, "look": _look, "transcribe": _transcribe}[action]
    known = remembered(work, video, span, action)
    seen, made = look(question, work, video, span)
    if made:
        work.parts.library.add_segments(made)
        work.parts.retriever.add(made)
    return seen, [*known, *made]


def remembered(work: Work, video: Video, span: TimeSpan, action: Action) -> list[Segment]:
    """What earlier looks at a stretch have read or heard. What a vision model said was said about one question only."""
    if action == "look":
        return []
    reads = action == "read_text"
    kind = SegmentKind.SCREEN_TEXT if reads else SegmentKind.SPEECH
    model = work.parts.text_reader.model if reads else work.parts.transcriber.model
    found = work.parts.library.segments(video.id, kinds=(kind,), window=span)
    return [segment for segment in found if segment.question is not None and segment.model == model]


def can_inspect(state: AgentState, work: Work) -> bool:
    """Whether a closer look may help and the budget has frames for it."""
    plan = state["plan"]
    if hears_unsure(state) and SegmentKind.SCREEN_TEXT not in plan.sources:
        return True
    at_moment = plan.scope is not None and plan.scope.at is not None and SegmentKind.SPEECH not in plan.sources
    wants = plan.seen or SegmentKind.SCREEN_TEXT in plan.sources or bool(state.get("places")) or at_moment
    can = work.parts.vision_language_model is not None or not plan.seen
    return wants and can and work.budget.frames(1) > 0


def candidate_spans(state: AgentState) -> list[tuple[Video, TimeSpan]]:
    """Where to look: the moment or stretch that the question names, else where the best passages lie."""
    plan: Plan = state["plan"]
    videos = {v.id: v for v in state["videos"] if v.media.video is not None or hears_unsure(state)}
    if state.get("places"):
        return [(videos[id], TimeSpan(at, at)) for id, at in state["places"] if id in videos][:2]
    if plan.scope:
        found = []
        for video in videos.values():
            window = plan.scope.window(video.duration_s)
            if window and plan.scope.at is not None:
                window = TimeSpan(min(plan.scope.at, video.duration_s), min(plan.scope.at, video.duration_s))
            found += [(video, window)] if window else []
        return found[:2]
    best = [p for p in state["passages"] if p.video_id in videos][:2]
    if not best:
        return [(video, video.media.whole) for video in videos.values()][:1]
    return [(videos[p.video_id], p.span) for p in best if p.span.duration_s >= READ_REACH_S * 4]


def _chosen(state: AgentState, work: Work) -> Action:
    plan = state["plan"]
    if hears_unsure(state) and SegmentKind.SCREEN_TEXT not in plan.sources:
        return "transcribe"
    looks = work.parts.vision_language_model is not None and plan.question_type is not QuestionType.SCREEN_TEXT
    return "look" if looks and not state.get("places") else "read_text"


def hears_unsure(state: AgentState) -> bool:
    """Whether the best passage is speech that was hardly understood."""
    said = [p for p in state["passages"][:1] if p.kind is SegmentKind.SPEECH]
    return bool(said) and said[0].confidence < UNSURE


def _read_text(question: str, work: Work, video: Video, span: TimeSpan) -> tuple[tuple[float, ...], list[Segment]]:
    reader, made, seen = work.parts.text_reader, [], []
    known = [segment.span for segment in remembered(work, video, span, "read_text")]
    for frame in frames_of(question, video, span, work, max_side=0, wanted=READ_FRAMES, known=known):
        work.budget.check()
        seen.append(frame.pts_s)
        lines = [line for line in reader.read(frame) if line.confidence >= LINE_CONFIDENCE]
        text = "\n".join(line.text for line in lines)
        if text.strip():
            visible = TimeSpan(frame.pts_s, frame.pts_s).padded(READ_REACH_S, max(video.duration_s, frame.pts_s))
            made.append(_segment(question, video, SegmentKind.SCREEN_TEXT, visible, text, reader.model, frame.pts_s))
    return tuple(seen), _joined(made)


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    """Consecutive readings of the same text as one segment over their whole stretch."""
    kept: list[Segment] = []
    for segment in segments:
        if kept and kept[-1].text == segment.text:
            kept[-1] = replace(kept[-1], span=kept[-1].span.hull(segment.span))
        else:
            kept.append(segment)
    return kept


def _look(question: str, work: Work, video: Video, span: TimeSpan) -> tuple[tuple[float, ...], list[Segment]]:
    model = work.parts.vision_language_model
    assert model is not None
    wanted = min(LOOK_FRAMES, max(1, work.budget.frames(LOOK_FRAMES + SECOND_FRAMES) - SECOND_FRAMES))
    frames = frames_of(question, video, span, work, max_side=LOOK_SIDE, wanted=wanted)
    if not frames:
        return (), []
    said = work.budget.spend(model.look(frames, question)).text.strip()
    seen = tuple(f.pts_s for f in frames)
    middle = seen[len(seen) // 2]
    made = [_segment(question, video, SegmentKind.VISUAL, span, said, model.model, middle)] if said else []
    return seen, made


def _transcribe(question: str, work: Work, video: Video, span: TimeSpan) -> tuple[tuple[float, ...], list[Segment]]:
    if remembered(work, video, span, "transcribe"):
        return (), []
    wide = span.padded(2.0, video.duration_s)
    samples = work.parts.audio.samples(Path(video.path), wide)
    heard = work.parts.transcriber.transcribe(samples, language=video.language)
    moved = [u.moved(wide.start_s) for u in heard.utterances]
    return (), [
        _segment(question, video, SegmentKind.SPEECH, u.span, u.text, work.parts.transcriber.model, None) for u in moved
    ]


def _segment(
    question: str, video: Video, kind: SegmentKind, span: TimeSpan, text: str, model: str, frame_s: float | None
) -> Segment:
    about = question if kind is SegmentKind.VISUAL else ""
    key = f"{video.id}|{kind}|{span.start_s:.3f}|{span.end_s:.3f}|{model}|{about}"
    id = "look-" + hashlib.sha256(key.encode()).hexdigest()[:24]
    return Segment(id, video.id, kind, span, text, model, frame_s, question)


def _with(passages: Sequence[Passage], made: Sequence[Segment], state: AgentState, work: Work) -> tuple[Passage, ...]:
    narrower = Narrower(state["plan"].question, work.parts.library, work.parts.text_embedder)
    new = narrower.ranked(from_segment(s) for s in made)
    lift = 0.15
    lifted = [replace(p, score=min(1.0, p.score + lift)) for p in new]
    return numbered(sorted(merged([*passages, *lifted]), key=lambda p: (-p.score, p.span.start_s)))
