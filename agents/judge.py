"""The judge: does the cited evidence, by itself, state or show what an answer claims? Every claim passes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field

from agents.evidence import Passage, titled_line
from agents.llm import ask_json, weigh
from agents.looking import judge_frames
from agents.parts import AgentRun
from agents.policy import choose_policy
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

    def judge(self, question: str, claim: Claim) -> JudgedClaim:
        """The verdict of the first check that decides; one that could not run leaves it unclear. Raises Cancelled."""
        if not claim.passages:
            unknown = f" {', '.join(claim.unknown_ids)} do not exist." if claim.unknown_ids else ""
            return JudgedClaim(claim, "no", NO_EVIDENCE + unknown)
        if claim.by_code:
            return JudgedClaim(claim, "yes", "Code counted it.", CONFIDENCE["yes"])
        if not any(passage.proves for passage in claim.passages):
            return JudgedClaim(claim, "no", ONLY_HINTS)
        try:
            return self.entails(question, claim)
        except Cancelled:
            self.work.budget.check()
            return JudgedClaim(claim, "unclear", "There was no time left to check it.", UNCHECKED)
        except LongreelError as error:
            return JudgedClaim(claim, "unclear", f"It could not be checked: {error.message}", UNCHECKED)

    def entails(self, question: str, claim: Claim) -> JudgedClaim:
        """What a model says of the evidence alone; yes only where quotations, codes and numbers are exact too."""
        work, chat = self.work, self.work.parts.chat
        proofs = [passage for passage in claim.passages if passage.proves]
        pictures = [p for p in proofs if p.is_picture and p.frame_s is not None and p.video_id in self.videos]
        if pictures and work.sees:
            return self.by_pictures(question, claim, _frames(work, pictures, self.videos))
        if chat is None:
            return JudgedClaim(claim, "unclear", "No language model is connected that could check it.", UNCHECKED)
        # Small models that explain a verdict first say no to everything.
        by_probability = chat.capabilities.weighs and choose_policy(work.parts).mode == "pipeline"
        judged = self.by_probability(question, claim) if by_probability else self.by_reasons(question, claim)
        if judged.verdict != "yes" or pictures:  # pictures are for a model to read
            return judged
        texts = [*(passage.text for passage in proofs), *(finding.text for finding in claim.findings)]
        on_screen = [passage.text for passage in proofs if passage.kind is SegmentKind.SCREEN_TEXT]
        titles = [self.videos[id].title for id in {passage.video_id for passage in proofs} & self.videos.keys()]
        fault = exact_fault(claim.text, texts, on_screen, titles)
        return JudgedClaim(claim, "unclear", fault, UNCHECKED) if fault else judged

    def by_probability(self, question: str, claim: Claim) -> JudgedClaim:
        """A verdict from the probability of "yes" as the model's first word."""
        lines = [finding.text for finding in claim.findings]
        lines += [titled_line(passage, self.videos.values()) for passage in claim.passages if passage.proves]
        evidence = "\n".join(f"- {line}" for line in lines)
        prompt_text = f"Question: {question}\nAnswer: {claim.text}\n\nDoes the evidence state this answer? yes or no"
        ask = Message("user", f"Evidence:\n{evidence}\n\n{prompt_text}")
        shares = weigh(self.work, [Message("system", prompt("check")), *examples("check"), ask], ("yes", "no"))
        assert shares is not None
        share = shares["yes"]
        value: Verdict3 = "yes" if share >= YES else "no" if share < NO else "unclear"
        return JudgedClaim(claim, value, f"The model is {share:.0%} sure that the evidence states it.", share)

    def by_reasons(self, question: str, claim: Claim, shown: Sequence[Part] = ()) -> JudgedClaim:
        """A reasoned verdict on the cited words, and on what is shown beside them. A claim that they support keeps
        those that show it, or all of them where the judge names none."""
        evidence = self.words_of(claim) or "The pictures below."
        case = f"Question: {question}\nAnswer under test: {claim.text}\nEvidence:\n{evidence}"
        reply = ask_json(self.work, [Message("system", prompt("judge")), Message("user", (case, *shown))], Verdict)
        named = ID.findall(reply.shown_by.upper())
        showing = {one.key for one in claim.passages if one.id in named and not one.is_picture}
        if reply.verdict == "yes" and showing:
            showing |= {passage.key for finding in claim.findings for passage in finding.passages}
            claim = replace(claim, passages=tuple(p for p in claim.passages if p.is_picture or p.key in showing))
        return JudgedClaim(claim, reply.verdict, reply.reason, CONFIDENCE[reply.verdict])

    def by_pictures(self, question: str, claim: Claim, shown: Sequence[tuple[Video, Frame]]) -> JudgedClaim:
        """A verdict on the cited frames and those between them, and on the words cited beside them."""
        if not shown:
            return JudgedClaim(claim, "unclear", "The cited pictures could not be decoded.", CONFIDENCE["unclear"])
        if not self.work.chat_sees:
            # Not with what the same model said of these pictures before.
            words = self.words_of(replace(claim, passages=tuple(one for one in claim.passages if not one.is_picture)))
            value = judge_frames(self.work, [frame for _, frame in shown], question, claim.text, words)
            return JudgedClaim(claim, value, "The vision model looked at the cited frames again.", CONFIDENCE[value])
        lengths = {video.id: f"{video.title} is {clock(video.duration_s)} long." for video, _ in shown}
        parts: list[Part] = [" ".join(lengths.values())]
        for video, frame in shown:
            parts += [f"{video.title} at {clock(frame.pts_s, tenths=True)}:", frame]
        return self.by_reasons(question, claim, parts)

    def words_of(self, claim: Claim) -> str:
        """The words of the evidence, a line each; pictures without words are left out."""
        lines = [f"- {finding.text}" for finding in claim.findings]
        for one in claim.passages:
            if one.text and one.proves:
                id = f"[{one.id}] " if one.id else ""
                span = f"{clock(one.span.start_s)}-{clock(one.span.end_s)}"
                lines.append(f"- {id}{span} {titled_line(one, self.videos.values())}")
        return "\n".join(lines)


def _frames(work: AgentRun, pictures: Sequence[Passage], videos: Mapping[VideoId, Video]) -> list[tuple[Video, Frame]]:
    """The cited frames of each video, or parts of them, and others inside the cited events, in order of time."""
    cited_times: dict[tuple[VideoId, Box | None], set[float]] = {}
    for passage in pictures:
        cited_times.setdefault((passage.video_id, passage.box), set()).add(passage.frame_s or 0.0)
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
