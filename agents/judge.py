"""The judge: does the cited evidence, by itself, state or show what an answer claims? Every claim passes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field

from agents.evidence import titled_line
from agents.llm import ask_json, weigh
from agents.looking import judge_frames
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from agents.state import Claim, JudgedClaim, Verdict3
from app.core.errors import Cancelled, LongreelError
from app.core.timecode import clock
from app.core.types import Frame, Message, Part, SegmentKind, TimeSpan, Video, VideoId, evenly, joined
from app.core.types.boxes import Box
from app.text.exact import exact_fault

ID = re.compile(r"E\d{1,4}")
MOST_CITED, JUDGED_FRAMES = 32, 16
"""Cited frames that a judge sees of one claim at most, and up to how many others between them fill it."""
SIDE = 768
MARGIN_S = 0.5
BETWEEN = 4
"""Frames of each event that the judge sees beside those cited, at most."""
NEAR_S = 3.0
"""Cited moments nearer than this are one event; the frames between them are shown too."""
YES, NO = 0.85, 0.2
"""Probabilities of "yes" from which, and below which, a small model's verdict counts as such. It judges what it has
just read out of the lines, after finding that they hold an answer: then a "no" is hardly better than chance unless it
is very sure."""
UNCHECKED = 0.4
CONFIDENCE: dict[Verdict3, float] = {"yes": 0.9, "unclear": 0.45, "no": 0.0}
NO_EVIDENCE = "It cites no evidence."
ONLY_HINTS = "It rests only on summaries or guesses by a machine, which prove nothing."


@dataclass(frozen=True, slots=True)
class Entailment:
    """A verdict, why, and how sure it is that the evidence states the claim, 0 to 1."""

    value: Verdict3
    reason: str
    confidence: float
    shown_by: tuple[str, ...] = ()
    """Ids of the lines that show it, where the judge names some."""


class Verdict(BaseModel):
    """What a judge replies."""

    reason: str = Field(max_length=600, description="one sentence: what the evidence says or shows about the answer")
    verdict: Verdict3
    shown_by: str = Field("", description="ids of the lines of evidence that show it, such as E3, E5")


@dataclass(frozen=True)
class Judge:
    """Judges claims from the evidence alone."""

    work: AgentRun
    videos: Mapping[VideoId, Video]
    by_likelihood: bool = False
    """Whether the chat model is asked for the probability of yes rather than for a reasoned verdict. Small models that
    explain themselves first say no to everything."""

    def judge(self, question: str, claim: Claim) -> JudgedClaim:
        """The verdict on one claim: of the first check that decides. One that could not run leaves it unclear.

        Raises Cancelled.
        """
        if not claim.passages:
            unknown = f" {', '.join(claim.unknown_ids)} do not exist." if claim.unknown_ids else ""
            return JudgedClaim(claim, "no", NO_EVIDENCE + unknown)
        if claim.by_code:
            return JudgedClaim(claim, "yes", "Code counted it.", CONFIDENCE["yes"])
        if not any(passage.proves for passage in claim.passages):
            return JudgedClaim(claim, "no", ONLY_HINTS)
        try:
            verdict = self.entails(question, claim)
        except Cancelled:
            self.work.budget.check()
            return JudgedClaim(claim, "unclear", "There was no time left to check it.", UNCHECKED)
        except LongreelError as error:
            return JudgedClaim(claim, "unclear", f"It could not be checked: {error.message}", UNCHECKED)
        # A supported claim keeps the cited words that show it; all of them where the judge names none.
        computed = {passage.key for finding in claim.findings for passage in finding.passages}
        showing = {one.key for one in claim.passages if one.id in verdict.shown_by and not one.is_picture}
        if verdict.value == "yes" and showing:
            shown = (one for one in claim.passages if one.is_picture or one.key in showing | computed)
            claim = replace(claim, passages=tuple(shown))
        return JudgedClaim(claim, verdict.value, verdict.reason, verdict.confidence)

    def entails(self, question: str, claim: Claim) -> Entailment:
        """What a model says of the evidence alone; yes only where quotations, codes and numbers are exact too."""
        work = self.work
        proofs = replace(claim, passages=tuple(passage for passage in claim.passages if passage.proves))
        pictures = [p for p in proofs.passages if p.is_picture and p.frame_s is not None and p.video_id in self.videos]
        if pictures and work.sees:
            return self.weigh_pictures(question, proofs)
        if work.parts.chat is None:
            return Entailment("unclear", "No language model is connected that could check it.", UNCHECKED)
        if self.by_likelihood:
            verdict = self.weigh_words(question, proofs)
        else:
            verdict = judge_by_schema(work, (_case(question, proofs, self.words_of(proofs)),))
        if verdict.value != "yes" or pictures:  # pictures are for a model to read
            return verdict
        texts = [*(passage.text for passage in proofs.passages), *(finding.text for finding in proofs.findings)]
        on_screen = [passage.text for passage in proofs.passages if passage.kind is SegmentKind.SCREEN_TEXT]
        titles = [self.videos[id].title for id in {p.video_id for p in proofs.passages} & self.videos.keys()]
        fault = exact_fault(proofs.text, texts, on_screen, titles)
        return Entailment("unclear", fault, UNCHECKED) if fault else verdict

    def weigh_words(self, question: str, claim: Claim) -> Entailment:
        """A verdict from the probability of "yes" as the model's first word."""
        lines = [*(f.text for f in claim.findings), *(titled_line(p, self.videos.values()) for p in claim.passages)]
        evidence = "\n".join(f"- {line}" for line in lines)
        prompt_text = f"Question: {question}\nAnswer: {claim.text}\n\nDoes the evidence state this answer? yes or no"
        ask = Message("user", f"Evidence:\n{evidence}\n\n{prompt_text}")
        messages = [Message("system", prompt("check")), *examples("check"), ask]
        shares = weigh(self.work, messages, ("yes", "no"))
        assert shares is not None
        share = shares["yes"]
        value: Verdict3 = "yes" if share >= YES else "no" if share < NO else "unclear"
        return Entailment(value, f"The model is {share:.0%} sure that the evidence states it.", share)

    def weigh_pictures(self, question: str, claim: Claim) -> Entailment:
        """A verdict on the cited frames and those between them, and on the words cited beside them."""
        work = self.work
        shown = _frames(work, claim, self.videos)
        if not shown:
            return Entailment("unclear", "The cited pictures could not be decoded.", CONFIDENCE["unclear"])
        if not work.chat_sees:
            # Not what the same model said of the pictures before: it looks with fresh eyes.
            beside = replace(claim, passages=tuple(one for one in claim.passages if not one.is_picture))
            value = judge_frames(work, [frame for _, frame in shown], question, claim.text, self.words_of(beside))
            return Entailment(value, "The vision model looked at the cited frames again.", CONFIDENCE[value])
        parts: list[Part] = [_case(question, claim, self.words_of(claim) or "The pictures below.")]
        lengths = {video.id: f"{video.title} is {clock(video.duration_s)} long." for video, _ in shown}
        parts.append(" ".join(lengths.values()))
        for video, frame in shown:
            parts += [f"{video.title} at {clock(frame.pts_s, tenths=True)}:", frame]
        return judge_by_schema(work, tuple(parts))

    def words_of(self, claim: Claim) -> str:
        """The words of the evidence, a line each; pictures without words are left out."""
        lines = [f"- {finding.text}" for finding in claim.findings]
        for one in claim.passages:
            if one.text:
                id = f"[{one.id}] " if one.id else ""
                span = f"{clock(one.span.start_s)}-{clock(one.span.end_s)}"
                lines.append(f"- {id}{span} {titled_line(one, self.videos.values())}")
        return "\n".join(lines)


def judge_by_schema(work: AgentRun, case: tuple[Part, ...]) -> Entailment:
    """A reasoned verdict on what is shown."""
    reply = ask_json(work, [Message("system", prompt("judge")), Message("user", case)], Verdict)
    ids = tuple(ID.findall(reply.shown_by.upper()))
    return Entailment(reply.verdict, reply.reason, CONFIDENCE[reply.verdict], ids)


def _case(question: str, claim: Claim, evidence: str) -> str:
    return f"Question: {question}\nAnswer under test: {claim.text}\nEvidence:\n{evidence}"


def _frames(work: AgentRun, claim: Claim, videos: Mapping[VideoId, Video]) -> list[tuple[Video, Frame]]:
    """The cited frames of each video, or parts of them, and others inside the cited events, in order of time."""
    cited_times: dict[tuple[VideoId, Box | None], set[float]] = {}
    for passage in claim.passages:
        if passage.is_picture and passage.frame_s is not None and passage.video_id in videos:
            cited_times.setdefault((passage.video_id, passage.box), set()).add(passage.frame_s)
    most = max(1, MOST_CITED // max(1, len(cited_times)))
    shown: list[tuple[Video, Frame]] = []
    for (id, box), cited in cited_times.items():
        times = sorted(cited)
        if len(times) > most:
            times = [times[int(at * len(times) / most)] for at in range(most)]
        else:
            events = joined((TimeSpan(max(0.0, time_s - MARGIN_S), time_s + MARGIN_S) for time_s in times), NEAR_S)
            more = min(JUDGED_FRAMES // len(cited_times) - len(times), BETWEEN * len(events))
            between = [t for t in evenly(events, more) if all(abs(t - other) > 0.1 for other in times)]
            times = sorted([*times, *between])
        shown += [(videos[id], frame) for frame in work.pictures.at(videos[id], times, SIDE, box)]
    return shown
