"""Which sounds are heard in a video: as evidence in words, and as answers that code gives.

A question names a sound in any language; it meets the names that taggers know in the space of the text embedder.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.evidence.known_questions import clearest, known_questions
from agents.evidence.passage import Finding, Passage
from agents.parts import AgentRun
from app.core.ports import VideoLibrary
from app.core.timecode import clock, span_clock
from app.core.types import SegmentKind, TimeSpan, Video
from app.text.languages import guess_language
from app.text.phrases import phrase

MOST_SPANS = 8
"""Spans of a sound that are named in one line."""
ALWAYS = ("music", "singing")
"""Sounds that every tagger knows, so that their absence means something."""
MOMENT_S = 2.0
"""The longest part of a video that is a moment."""
START, END, LONG, THERE, WHEN = "start", "end", "long", "there", "when"
"""Facts of `known_questions.toml`."""
LIKE, CLEARER, DISTINCT = 0.72, 0.08, 0.05
"""How near a question must be to one that code can answer, and by how much nearer than to any that it cannot, and than
to one about another sound or another fact. Chosen on 59 written questions in five languages, some of which led to
further templates."""


def sound_passages(library: VideoLibrary, video: Video, span: TimeSpan) -> list[Passage]:
    """For each kind of sound one line with the times at which it is heard in a span, and one for what is never heard.

    Nothing where the sounds of the video are not known.
    """
    segments = library.segments(video.id, kinds=(SegmentKind.SOUND,))
    if not segments:
        return []
    passages, absent = [], []
    for name in dict.fromkeys((*ALWAYS, *(one.text for one in segments))):
        heard = [one.span for one in segments if one.text == name and one.span.overlaps(span)]
        if heard:
            times = ", ".join(map(span_clock, heard[:MOST_SPANS]))
            more = f" and {len(heard) - MOST_SPANS} more times" if len(heard) > MOST_SPANS else ""
            # Its span is that of the first time, where one would listen.
            passages.append(Passage(video.id, SegmentKind.SOUND, heard[0], f"{name} {times}{more}"))
        else:
            absent.append(name)
    if absent:
        passages.append(Passage(video.id, SegmentKind.SOUND, span, f"no {' and no '.join(absent)}"))
    return passages


def answer_by_sounds(work: AgentRun, question: str, scope: Sequence[tuple[Video, TimeSpan]]) -> Finding | None:
    """When a sound is heard, or whether it is, in figures and in one word of the question's language; None where the
    question asks for something else, or where the sounds are not known."""
    if len(scope) != 1:
        return None
    ((video, span),) = scope
    segments = work.parts.library.segments(video.id, kinds=(SegmentKind.SOUND,))
    if not segments:
        return None
    examples, embedder = known_questions("sounds"), work.parts.text_embedder
    names = {*ALWAYS, *(one.text for one in segments if one.text not in ("speech", "silence"))}
    nearness = {name: examples.nearness(question, embedder, [name]) for name in sorted(names)}
    near = {(name, fact): likeness for name, (facts, _) in nearness.items() for fact, likeness in facts.items()}
    meant = clearest(near, max(other for _, other in nearness.values()), CLEARER, DISTINCT, LIKE)
    if meant is None:
        return None
    name, fact = meant
    heard = [one.span for one in segments if one.text == name and one.span.intersection_s(span) > 0]
    line = f"{name} " if heard else f"no {name}"
    passages = [one for one in sound_passages(work.parts.library, video, span) if line in one.text]
    language = guess_language(question)
    if not heard:
        return Finding(phrase("no", language), tuple(passages)) if fact == THERE and passages else None
    # At a moment the whole sound is meant, in a longer part what is heard there.
    inside = [one if span.duration_s <= MOMENT_S else one.clipped(span) or one for one in heard]
    times = ", ".join(map(span_clock, inside[:MOST_SPANS]))
    texts = {
        START: ", ".join(clock(one.start_s) for one in heard[:MOST_SPANS]),
        END: ", ".join(clock(one.end_s) for one in heard[:MOST_SPANS]),
        LONG: f"{sum(one.duration_s for one in inside):.0f} s ({times})",
        THERE: f"{phrase('yes', language)} ({times})",
        WHEN: times,
    }
    return Finding(texts[fact], tuple(passages))
