"""Deep Video Discovery (arXiv 2505.18079): a model that browses, searches clips, inspects frames, and finishes.

The model calls one of four tools at a time, 15 times at most; the last turn asks it to finish. Browsing answers a
question from up to 300 clip captions beside the people and things of the video, searching gives up to 16 captions,
inspecting shows up to 50 frames of the ranges that the model names. The paper captions clips of ten seconds with a
model of its own and registers subjects as it goes; ours are the captions, transcript and names that ingest stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.core.timecode import clock, parse_clock
from app.core.types import Answer, Citation, Message, SegmentKind, TimeSpan, ToolCall, ToolSpec
from app.evaluation.modes.material import Subtitles, evenly
from app.evaluation.modes.published import Line, PublishedAgent, Work, as_number, as_object
from app.evaluation.modes.reply import cited_frames, cited_spans

TURNS, CLIPS, BROWSED_CLIPS, INSPECTED_FRAMES = 15, 16, 300, 50
OBSERVED_SHARE = 0.05
"""The share of the model's context that one observation may take."""
_SUBJECTS = 20
_SYSTEM = (
    "You answer questions about a video by calling functions, one at a time. Think about what is missing, call the "
    "function that finds it, read what it gives, and go on until the question is answered. Pass only what the question "
    "or earlier results say, and invent nothing."
)
_TASK = (
    "To learn what the video is about, call global_browse. To find a moment, call clip_search. If what you found lacks "
    "a detail, call frame_inspect with time ranges, and confirm every answer with it before you finish. The video is "
    "{length} long.\n\n{question}\n\nCall finish with {wanted}."
)
_TEXT = {"type": "string"}
_RANGES = {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": _TEXT}}


def _spec(name: str, description: str, **arguments: Mapping[str, Any]) -> ToolSpec:
    required = [name for name in arguments if name != "top_k"]
    return ToolSpec(name, description, {"type": "object", "properties": arguments, "required": required})


TOOLS = (
    _spec("global_browse", "Answers a question about the whole video; names its people and things.", query=_TEXT),
    _spec(
        "clip_search",
        "Finds clips by what happens or is said in them; gives their captions with times.",
        event_description=_TEXT,
        top_k={"type": "integer", "minimum": 1, "maximum": 64},
    ),
    _spec(
        "frame_inspect",
        "Looks at frames of time ranges, each [start, end] as HH:MM:SS, and answers a detailed question about them.",
        question=_TEXT,
        time_ranges=_RANGES,
    ),
    _spec("finish", "Gives the final answer.", answer=_TEXT),
)


class DeepVideoDiscovery(PublishedAgent):
    """A loop of tool calls."""

    def solve(self, work: Work) -> Answer:
        """The answer with which the model finishes, or the last that it wrote."""
        session = _Session(work)
        form = "the letter of the best option" if work.case.options else "a brief answer"
        task = _TASK.format(length=clock(work.video.duration_s), question=work.question, wanted=form)
        messages = [Message("system", _SYSTEM), Message("user", task)]
        reply = ""
        for turn in range(TURNS):
            if turn == TURNS - 1:
                messages.append(Message("user", "Call finish now with your answer."))
            done = work.ask(messages, tools=TOOLS)
            reply = done.text.strip() or reply
            messages.append(Message("assistant", done.text, done.calls))
            for call in done.calls:
                if call.name == "finish":
                    return work.answer(str(as_object(call.arguments).get("answer", "")), session.cited())
                messages.append(Message("tool", session.run(call), call_id=call.id))
        return work.answer(reply, session.cited())


class _Session:
    """The tools of one question, and where they led."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._kinds = [SegmentKind.CAPTION, SegmentKind.VISUAL]
        if work.shown.subtitles is not Subtitles.NONE:
            self._kinds.append(SegmentKind.SPEECH)
        self._inspected: list[TimeSpan] = []
        self._clips: list[TimeSpan] = []
        self._tools: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "global_browse": self._browse,
            "clip_search": self._search,
            "frame_inspect": self._inspect,
        }

    def run(self, call: ToolCall) -> str:
        """The result of a tool call; if it cannot be done, the reason."""
        tool = self._tools.get(call.name)
        return tool(as_object(call.arguments)) if tool else f"There is no function {call.name}."

    def cited(self) -> tuple[Citation, ...]:
        """The ranges that were inspected last, else the best clip that was found, else the whole video."""
        spans = self._inspected or self._clips[:1]
        return cited_spans(self._work.video, spans) if spans else cited_frames(self._work.video, [])

    def _found(self, text: str, limit: int) -> list[Line]:
        if not text.strip():
            return []
        evidence = self._work.parts.retriever.search(text, limit=limit, videos=[self._work.video.id], kinds=self._kinds)
        return [(one.segment.span, one.segment.text) for one in evidence if one.segment.question is None]

    def _search(self, arguments: Mapping[str, Any]) -> str:
        limit = as_number(arguments.get("top_k", CLIPS), 1, 64) or CLIPS
        lines = self._found(str(arguments.get("event_description", "")), limit)
        self._clips = [span for span, _ in lines]
        return "Clips:\n" + _fitting(self._work, lines) if lines else "No clip was found."

    def _browse(self, arguments: Mapping[str, Any]) -> str:
        query = str(arguments.get("query", ""))
        described = _fitting(self._work, self._found(query, BROWSED_CLIPS), 0.5)
        events = self._work.write(
            f"Descriptions of clips of a video with their times:\n{described}\n\n"
            f"Answer from them in detail, with times: {query}",
            max_output=512,
        )
        entities = self._work.parts.entities
        names = [one.name for one in entities.all(videos=[self._work.video.id])[:_SUBJECTS]] if entities else []
        return json.dumps({"subject_registry": names, "query_related_event": events}, ensure_ascii=False)

    def _inspect(self, arguments: Mapping[str, Any]) -> str:
        ranges, duration_s = arguments.get("time_ranges"), self._work.video.duration_s
        spans = []  # those of the ranges that can be read and begin inside the video
        for one in ranges if isinstance(ranges, list) else []:
            times = [parse_clock(str(part)) for part in one] if isinstance(one, list) and len(one) == 2 else []
            start, end = times if times else (None, None)
            if start is not None and end is not None and 0 <= start < duration_s and end >= start:
                spans.append(TimeSpan(start, min(max(end, start + 1.0), duration_s)))
        if not spans:
            return "Error: give time ranges inside the video, each [start, end] as HH:MM:SS."
        if not self._work.sees:
            return "Error: no model can look at pictures of this video."
        self._inspected = sorted(spans)
        prompt = (
            "Watch these frames closely: what happens in which order, details of things, what people do. Answer from "
            f"them alone, or say that they do not show it. Question: {arguments.get('question', '')}"
        )
        return self._work.look(
            _flattened(self._inspected, self._work.shown.at_most(INSPECTED_FRAMES)), prompt, max_output=512
        )


def _fitting(work: Work, lines: Sequence[Line], share: float = OBSERVED_SHARE) -> str:
    timed = [(span, f"to {clock(span.end_s)}: {' '.join(text.split())}") for span, text in lines]
    return work.fitting(sorted(timed), share)


def _flattened(spans: Sequence[TimeSpan], count: int) -> list[float]:
    """Times spread evenly over all spans as if they were one: one a second where that is fewer, at least one a span."""
    total = sum(span.duration_s for span in spans)
    count = min(count, max(len(spans), round(total)))
    times, passed = [], 0.0
    for span in spans:
        inside = [at for at in evenly(total, count) if passed <= at < passed + span.duration_s]
        times += [span.start_s + at - passed for at in inside]
        passed += span.duration_s
    return times
