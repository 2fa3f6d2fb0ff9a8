"""Active Video Perception (arXiv 2512.05774): plan where to look, observe with times, reflect, three rounds at most.

The planner gives one action a round: what to look for, over the whole video or in regions, at how many frames a second
and how finely. The observer gives evidence with start and end. The reflector says whether it is enough and how sure it
is; at 0.7 and enough the loop stops. A reflection that cannot be read counts as 0.3. Frames are bounded by the model's
context, not by the paper's 2,048 coarse ones. Of a video without pictures its captions are observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.timecode import clock
from app.core.types import Answer, TimeSpan
from app.evaluation.datasets.choices import read_letter
from app.evaluation.modes.material import evenly
from app.evaluation.modes.published import PublishedAgent, Work, as_object
from app.evaluation.modes.reply import REFUSE, cited_frames, cited_spans

ROUNDS, ENOUGH, UNREADABLE = 3, 0.7, 0.3
MOST_FRAMES = {"low": 256, "medium": 64}
_NUMBER = {"type": "number"}
_SPAN = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_PLAN = {
    "type": "object",
    "properties": {
        "goal": {"type": "string"},
        "load_mode": {"enum": ["uniform", "region"]},
        "fps": {"type": "number", "minimum": 0.1, "maximum": 5},
        "spatial": {"enum": ["low", "medium"]},
        "regions": {"type": "array", "items": _SPAN},
    },
    "required": ["goal", "load_mode", "fps", "spatial", "regions"],
}
_EVIDENCE = {
    "type": "object",
    "properties": {
        "evidence": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"start": _NUMBER, "end": _NUMBER, "description": {"type": "string"}},
                "required": ["start", "end", "description"],
            },
        }
    },
    "required": ["evidence"],
}
_REFLECTION = {
    "type": "object",
    "properties": {
        "sufficient": {"type": "boolean"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "justification": {"type": "string"},
        "answer": {"type": "string"},
    },
    "required": ["sufficient", "confidence", "justification", "answer"],
}
_RULES = (
    "Give one action as JSON: goal (what to look for), load_mode (uniform: the whole video; region: only the regions), "
    "fps (0.1 to 5), spatial (low or medium), regions ([[start, end]] in seconds).\n"
    "- The question names a time range and asks for a fact: exactly this range.\n"
    "- It asks for a reason: this range with 15 to 30 s before and after.\n"
    "- It names one time t: [t, t+1]. A vague time: at least 30 s around it.\n"
    "- The opening or the end: the first or last 30 s.\n"
    "- Nothing is known of the time: uniform at 0.25 to 1 fps."
)


@dataclass(frozen=True, slots=True)
class _Observed:
    span: TimeSpan
    text: str

    def __str__(self) -> str:
        return f"[{clock(self.span.start_s)} - {clock(self.span.end_s)}] {self.text}"


@dataclass(slots=True)
class _Memory:
    evidence: list[_Observed] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        known = "\n".join(map(str, self.evidence)) or "nothing"
        return f"Known so far:\n{known}" + "".join(f"\nStill missing: {doubt}" for doubt in self.doubts[-1:])


class ActiveVideoPerception(PublishedAgent):
    """Rounds of plan, observe, reflect."""

    def solve(self, work: Work) -> Answer:
        """The answer of the last reflection, with the evidence of all rounds."""
        memory, answer = _Memory(), ""
        reply = "the letter of the best option" if work.case.options else f"a brief answer. {REFUSE}"
        for _ in range(ROUNDS):
            length = f"The video is {work.video.duration_s:.1f} seconds long."
            prompt = f"Plan how to watch a video. {length}\n{work.question}\n\n{memory}\n\n{_RULES}"
            memory.evidence += self._observe(work, plan=work.fill(prompt, _PLAN))
            reflection = work.fill(
                f"{memory}\n\n{work.question}\n\nIs this enough to answer? Reply with JSON: sufficient, confidence "
                f"(0 to 1), justification (what proves it, or what is missing), answer: {reply}",
                _REFLECTION,
            )
            answer = str(reflection.get("answer", "")) or answer
            confidence = _number(reflection.get("confidence"), UNREADABLE)
            if reflection.get("sufficient") is True and confidence >= ENOUGH:
                break
            memory.doubts.append(str(reflection.get("justification", "")))
        if work.case.options and read_letter(answer, work.case.options) is None:
            answer = work.write(f"{memory}\n\n{work.question}\n\n{work.wanted}", max_output=64)
        spans = [one.span for one in memory.evidence]
        return work.answer(answer, cited_spans(work.video, spans) if spans else cited_frames(work.video, work.seen_s))

    def _observe(self, work: Work, plan: Mapping[str, Any]) -> list[_Observed]:
        whole = TimeSpan(0.0, work.video.duration_s)
        regions = plan.get("regions") if plan.get("load_mode") == "region" else None
        spans = []
        for one in regions if isinstance(regions, list) else []:
            region = _span(one[0], one[1]) if isinstance(one, list) and len(one) == 2 else None
            clipped = region.clipped(whole) if region else None
            if clipped is not None:
                spans.append(clipped)
        spans = sorted(spans) or [whole]
        fps = min(5.0, max(0.1, _number(plan.get("fps"), 0.5)))
        most = work.shown.at_most(MOST_FRAMES.get(str(plan.get("spatial")), MOST_FRAMES["low"]))
        prompt = (
            f"Watch for this: {plan.get('goal') or work.case.question}\n{work.question}\n\nList what bears on the "
            'question as JSON: {"evidence": [{"start": s, "end": s, "description": "..."}]}, times in seconds. Do not '
            "answer it."
        )
        if heard := [line for line in work.said() if any(line[0].overlaps(span) for span in spans)]:
            prompt += f"\n\nWhat is said there:\n{work.fitting(heard, 0.2)}"
        counted = ((span, max(1, round(span.duration_s * fps))) for span in spans)
        times_s = [span.start_s + at for span, count in counted for at in evenly(span.duration_s, count)]
        times_s = [times_s[int(place)] for place in evenly(len(times_s), min(most, len(times_s)))]
        if work.sees:
            seen = as_object(work.look(times_s, prompt, schema=_EVIDENCE))
        else:
            captions = work.fitting(list(dict.fromkeys(work.captions_at(times_s))))
            seen = work.fill(f"Captions:\n{captions}\n\n{prompt}", _EVIDENCE)
        evidence, observed = [], seen.get("evidence", [])
        for item in observed if isinstance(observed, list) else []:
            text = str(item.get("description", "")).strip() if isinstance(item, dict) else ""
            span = _span(item.get("start"), item.get("end")) if text else None
            inside = next((part for one in spans if span and (part := span.clipped(one))), None)
            if inside:
                evidence.append(_Observed(inside, text))
        return evidence


def _span(start: object, end: object) -> TimeSpan | None:
    try:
        return TimeSpan(float(str(start)), float(str(end)))
    except ValueError:
        return None


def _number(value: object, otherwise: float) -> float:
    try:
        return float(str(value))
    except ValueError:
        return otherwise
