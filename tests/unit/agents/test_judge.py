"""The judge: what it is shown, and what code checks after it."""

from __future__ import annotations

import pytest

from agents.evidence import Passage
from agents.judge import Judge
from agents.state import Claim, JudgedClaim
from app.core.types import Capabilities, SegmentKind, TimeSpan, VideoId
from gpu_workers.language.fakes import FakeChat, FakeVisionLanguageModel
from tests.unit.agents.parts import READS, Desk, verdict

V = VideoId("v")


def said(text: str, kind: SegmentKind = SegmentKind.SPEECH, *, proves: bool = True) -> Passage:
    return Passage(V, kind, TimeSpan(0, 1), text, proves=proves)


def judged(chat: FakeChat, claim: Claim) -> JudgedClaim:
    desk = Desk(chat=chat)
    return Judge(desk.context().work, {}).judge("What does it cost?", claim)


def test_the_judge_sees_the_question_the_claim_and_the_cited_evidence_alone() -> None:
    chat = FakeChat([verdict("yes", "It says so.")], capabilities=READS)
    one = judged(chat, Claim("Two euros.", (said("It costs two euros."),)))
    assert (one.verdict, one.reason) == ("yes", "It says so.")
    text = chat.requests[0].text
    assert (
        "Question: What does it cost?\nAnswer under test: Two euros.\nEvidence:\n- 0:00-0:01 said: It costs two" in text
    )


def test_hints_prove_nothing_and_cost_no_call() -> None:
    chat = FakeChat(capabilities=READS)
    one = judged(chat, Claim("Two euros.", (said("Prices: two euros", SegmentKind.SUMMARY, proves=False),)))
    assert one.verdict == "no" and not chat.requests


def test_hints_beside_proof_are_not_shown_to_the_judge() -> None:
    chat = FakeChat([verdict("yes")], capabilities=READS)
    hint = said("all about prices", SegmentKind.SUMMARY, proves=False)
    judged(chat, Claim("Two euros.", (said("It costs two euros."), hint)))
    assert "all about prices" not in chat.requests[0].text


@pytest.mark.parametrize(("share", "expected"), [(0.95, "yes"), (0.7, "unclear"), (0.05, "no")])
def test_a_small_model_is_judged_by_its_probability_of_yes(share: float, expected: str) -> None:
    chat = FakeChat(weights=lambda *_: {"yes": share, "no": 1 - share}, capabilities=Capabilities(context=8000))
    assert judged(chat, Claim("Two euros.", (said("It costs two euros."),))).verdict == expected


@pytest.mark.parametrize("capabilities", [READS, Capabilities(context=8000)])
def test_of_several_videos_the_judge_sees_which_one_each_line_is_from(capabilities: Capabilities) -> None:
    replies = FakeChat([verdict("yes")], weights=lambda *_: {"yes": 0.9, "no": 0.1}, capabilities=capabilities)
    desk = Desk(chat=replies)
    videos = (desk.video, desk.add("Week 2"))
    lines = [Passage(videos[0].id, SegmentKind.SPEECH, TimeSpan(0, 1), "Today we meet Gauss.")]
    lines += [Passage(videos[1].id, SegmentKind.SPEECH, TimeSpan(0, 1), "Today we meet Euler.")]
    court = Judge(desk.context().work, {one.id: one for one in videos})
    one = court.judge("Which lecture is about Euler?", Claim("Week 2.mp4 is.", tuple(lines)))
    assert one.verdict == "yes"
    assert "v.mp4, said: Today we meet Gauss." in replies.requests[0].text
    assert "Week 2.mp4, said: Today we meet Euler." in replies.requests[0].text


def test_a_verdict_of_yes_does_not_pass_the_title_of_a_video_that_is_not_cited() -> None:
    desk = Desk(chat=FakeChat([verdict("yes")], capabilities=READS))
    second = desk.add("second")
    one = Judge(desk.context().work, {desk.video.id: desk.video, second.id: second}).judge(
        "Which lecture is about Euler?",
        Claim("It is second.mp4.", (Passage(desk.video.id, SegmentKind.SPEECH, TimeSpan(0, 1), "We meet Euler."),)),
    )
    assert one.verdict == "unclear" and "second.mp4" in one.reason


def test_a_verdict_of_yes_does_not_pass_a_wrong_quotation() -> None:
    chat = FakeChat([verdict("yes")], capabilities=READS)
    one = judged(chat, Claim("She says “the bridge is closed”.", (said("The bridge is open to everybody."),)))
    assert one.verdict == "unclear" and "word for word" in one.reason


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("YES", "yes"),
        ("**No.** The door is open.", "no"),
        ("I cannot tell. UNCLEAR.", "unclear"),
        ("It is not clear from the frames.", "unclear"),
        ("Unknown", "unclear"),
        ("The eyes are blue, so no.", "no"),
        ("There are no clouds, so yes.", "unclear"),
        ("Yes: there is no cloud.", "yes"),
    ],
)
def test_the_verdict_of_a_vision_model_is_read_from_whole_words(reply: str, expected: str) -> None:
    one, _ = judged_by_eyes(reply)
    assert one.verdict == expected


def test_a_vision_model_judges_with_the_words_that_are_cited_beside_the_pictures() -> None:
    _, eyes = judged_by_eyes("YES", said("The blue one is mine."))
    (asked,) = eyes.questions
    assert "Said or written beside them:\n- 0:00-0:01 said: The blue one is mine.\n" in asked
    assert "a blue car" not in asked  # what it said of the pictures itself


def judged_by_eyes(reply: str, *beside: Passage) -> tuple[JudgedClaim, FakeVisionLanguageModel]:
    """A claim that cites a picture, which the vision model had described, judged by that model."""
    eyes = FakeVisionLanguageModel(rule=lambda *_: reply)
    desk = Desk(chat=FakeChat(capabilities=READS), vision=eyes)
    picture = Passage(desk.video.id, SegmentKind.VISUAL, TimeSpan(4, 6), "a blue car", 5.0)
    claim = Claim("A blue car.", (picture, *beside))
    return Judge(desk.context().work, {desk.video.id: desk.video}).judge("What does she own?", claim), eyes
