"""The checks of a claim, in order. The first check that decides is final; see `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.judge.entailment import SURE, Entailment, judge_by_likelihood, judge_by_schema, judge_pictures
from agents.parts import AgentRun
from agents.state import Claim, JudgedClaim
from app.core.errors import Cancelled, LongreelError
from app.core.types import SegmentKind, Video, VideoId
from app.text.exact import exact_fault

NO_EVIDENCE = "It cites no evidence."
ONLY_HINTS = "It rests only on summaries or guesses by a machine, which prove nothing."


@dataclass(frozen=True)
class Judge:
    """Judges claims from the evidence alone."""

    work: AgentRun
    videos: Mapping[VideoId, Video]
    no_below: float | None = None
    """Where set, the chat model is asked for the probability of yes rather than for a reasoned verdict, and less than
    this is a "no". Small models that explain themselves first say no to everything."""

    def judge(self, question: str, claim: Claim) -> JudgedClaim:
        """The verdict on one claim. A check that could not run leaves it unclear. Raises Cancelled."""
        for check in CHECKS:
            try:
                verdict = check(self, question, claim)
            except Cancelled:
                self.work.budget.check()
                return JudgedClaim(claim, "unclear", "There was no time left to check it.", 0.4)
            except LongreelError as error:
                return JudgedClaim(claim, "unclear", f"It could not be checked: {error.message}", 0.4)
            if verdict is not None:
                return JudgedClaim(_narrowed(claim, verdict), verdict.value, verdict.reason, verdict.confidence)
        raise AssertionError("the last check always decides")


def _narrowed(claim: Claim, verdict: Entailment) -> Claim:
    """A supported claim with the cited words that show it; all of them where the judge names none."""
    computed = {passage.key for finding in claim.findings for passage in finding.passages}
    showing = {passage.key for passage in claim.passages if passage.id in verdict.shown_by and not passage.is_picture}
    if verdict.value != "yes" or not showing:
        return claim
    shown = (p for p in claim.passages if p.is_picture or p.key in showing or p.key in computed)
    return replace(claim, passages=tuple(shown))


def cites_evidence(judge: Judge, question: str, claim: Claim) -> Entailment | None:
    """A claim without evidence is not supported."""
    del judge, question
    if claim.passages or claim.findings:
        return None
    unknown = f" {', '.join(claim.unknown_ids)} do not exist." if claim.unknown_ids else ""
    return Entailment("no", NO_EVIDENCE + unknown, 0.0)


def rests_on_proof(judge: Judge, question: str, claim: Claim) -> Entailment | None:
    """Summaries, chapter titles and guessed tags hint where to look; they never prove."""
    del judge, question
    proves = claim.findings or any(passage.proves for passage in claim.passages)
    return None if proves else Entailment("no", ONLY_HINTS, 0.0)


def evidence_entails(judge: Judge, question: str, claim: Claim) -> Entailment:
    """What a model says that sees the evidence alone; yes only where quotations, codes and numbers are exact too."""
    work = judge.work
    proofs = replace(claim, passages=tuple(passage for passage in claim.passages if passage.proves))
    pictures = [p for p in proofs.passages if p.is_picture and p.frame_s is not None and p.video_id in judge.videos]
    if pictures and work.sees:
        verdict = judge_pictures(work, question, proofs, judge.videos)
    elif work.parts.chat is None:
        return Entailment("unclear", "No language model is connected that could check it.", 0.4)
    elif judge.no_below is not None:
        verdict = judge_by_likelihood(work, question, proofs, judge.no_below)
    else:
        verdict = judge_by_schema(work, question, proofs)
    if verdict.value != "yes" or pictures:  # pictures are for a model to read
        return verdict
    texts = [*(passage.text for passage in proofs.passages), *(finding.text for finding in proofs.findings)]
    on_screen = [passage.text for passage in proofs.passages if passage.kind is SegmentKind.SCREEN_TEXT]
    fault = exact_fault(proofs.text, texts, on_screen)
    return Entailment("unclear", fault, 0.4) if fault else verdict


def is_counted(judge: Judge, question: str, claim: Claim) -> Entailment | None:
    """A number that code counted, and answered with, needs no second opinion."""
    del judge, question
    return Entailment("yes", "Code counted it.", SURE) if claim.by_code else None


CHECKS: Sequence[Callable[[Judge, str, Claim], Entailment | None]] = (
    cites_evidence,
    is_counted,
    rests_on_proof,
    evidence_entails,
)
