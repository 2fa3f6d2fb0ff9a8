"""What an agent is compared with sees what it should, and its replies are read strictly."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from agents.parts import AgentParts
from app.core.errors import Cancelled, MissingPart
from app.core.types import Answer, AnswerStatus, Capabilities, Segment, SegmentKind, TimeSpan, Video
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles
from app.evaluation.modes.nearest import Blind, Nearest
from app.evaluation.modes.no_agent import NoAgent
from app.evaluation.modes.reply import REFUSAL
from app.evaluation.official import LONG_VIDEO_BENCH, MLVU, PLAIN, VIDEO_MME, Prompt
from gpu_workers.language.fakes import FakeChat, FakeVisionLanguageModel
from tests.unit.evaluation.world import SEES, Timed, a_video, parts_of
from tests.unit.evaluation.written import case

OPTIONS = ("a red kite", "a green boat", "a blue door", "a grey dog")
SAID = ("The boat comes in at noon.", "It is green.", "Nobody waits for it.")


SPOKEN = [(10.0 * place, 10.0 * place + 5, text) for place, text in enumerate(SAID)]
SHOWN = [(70.0, 75.0, "a grey dog on a pier")]


def world(chat: FakeChat | None, video: Video, said: Sequence[Timed] = SPOKEN, **more: Any) -> AgentParts:
    parts = parts_of(chat, video, said=said, captions=SHOWN, **more)
    looked = Segment("l", video.id, SegmentKind.CAPTION, TimeSpan(1, 2), "a red kite", "m", 1.0, "Which?")
    parts.library.add_segments([looked])
    return parts


def ask(
    chat: FakeChat,
    *,
    shown: ModeMaterial = DEFAULT,
    video: Video | None = None,
    prompt: Prompt = PLAIN,
    parts: Mapping[str, Any] | None = None,
    **more: Any,
) -> Answer:
    video = video or a_video()
    made = world(chat, video, **(parts or {}))
    return NoAgent(lambda: made, prompt, shown)(case(**more), video, lambda: False)


@pytest.mark.parametrize(("seconds", "count"), [(90.0, 32), (300.0, 32), (301.0, 64)])
def test_one_prompt_shows_even_frames_and_the_whole_transcript(seconds: float, count: int) -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    answer = ask(chat, video=a_video(seconds), options=OPTIONS)
    (request,) = chat.requests
    times = [frame.pts_s for frame in request.frames]
    assert len(times) == count == answer.usage.frames
    assert times[0] == pytest.approx(seconds / count / 2, abs=0.1)
    assert all(f"[0:{10 * place:02d}] {text}" in request.text for place, text in enumerate(SAID))
    assert "B. a green boat" in request.text
    assert (answer.status, answer.option_index, answer.confidence) == (AnswerStatus.ANSWERED, 1, None)
    assert len(answer.citations) == count and not any(one.verified for one in answer.citations)


def test_what_is_shown_can_be_chosen() -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    ask(chat, shown=ModeMaterial(4, Subtitles.NONE), options=OPTIONS)
    assert len(chat.requests[0].frames) == 4 and SAID[0] not in chat.requests[0].text


def test_a_model_that_accepts_no_pictures_reads_the_transcript_alone() -> None:
    chat = FakeChat(["(B)"], capabilities=Capabilities(context=8192))
    answer = ask(chat, options=OPTIONS)
    assert not chat.requests[0].frames and SAID[2] in chat.requests[0].text
    assert answer.option_index == 1 and answer.citations[0].span == a_video().media.whole


def test_a_transcript_that_does_not_fit_loses_lines_evenly() -> None:
    said = tuple(f"This is sentence number {place} of a very long talk." for place in range(900))
    chat = FakeChat(["B"], capabilities=Capabilities(context=4096))
    ask(
        chat,
        video=a_video(9000.0),
        options=OPTIONS,
        parts={"said": [(float(n), n + 1.0, text) for n, text in enumerate(said)]},
    )
    read = [place for place, text in enumerate(said) if text in chat.requests[0].text]
    assert 100 < len(read) < 300 and len(chat.requests[0].text.encode()) < 3 * 4096
    gaps = {later - earlier for earlier, later in itertools.pairwise(read)}
    assert read[0] < 10 and read[-1] > 890 and max(gaps) - min(gaps) <= 1


def test_frames_leave_half_of_the_context_to_the_text() -> None:
    chat = FakeChat(["B"], capabilities=Capabilities(images=True, context=4096))
    ask(chat, options=OPTIONS)
    request = chat.requests[0]
    assert 8 < len(request.frames) < 32 and SAID[2] in request.text
    assert {max(frame.image.shape[:2]) for frame in request.frames} <= set(range(1, 385))


@pytest.mark.parametrize("reply", ["", "I cannot tell.", "A or B"])
def test_a_reply_that_names_no_option_is_no_answer(reply: str) -> None:
    answer = ask(FakeChat([reply]), options=OPTIONS)
    assert (answer.status, answer.option_index, answer.citations) == (AnswerStatus.INSUFFICIENT, None, ())


def test_an_open_question_is_answered_or_refused_in_the_models_words() -> None:
    assert ask(FakeChat(["At noon."]), options=(), accept=("noon",)).text == "At noon."
    assert ask(FakeChat([f'"{REFUSAL}"']), options=(), answerable=False).status is AnswerStatus.NOT_IN_VIDEO


def test_captions_stand_in_for_the_pictures_of_an_imported_video() -> None:
    chat = FakeChat(["D"], capabilities=SEES)
    ask(chat, video=a_video(pictures=False), options=OPTIONS)
    assert "[1:10] a grey dog on a pier" in chat.requests[0].text
    assert "a red kite\n" not in chat.requests[0].text.split("Question")[0]


def test_a_prompt_needs_a_language_model_and_can_be_cancelled() -> None:
    video = a_video()
    with pytest.raises(MissingPart, match="language model"):
        NoAgent(lambda: world(None, video), PLAIN)(case(), video, lambda: False)
    with pytest.raises(Cancelled):
        NoAgent(lambda: world(FakeChat(), video), PLAIN)(case(), video, lambda: True)


def test_without_a_language_model_the_nearest_option_is_chosen_with_its_passage() -> None:
    video = a_video()
    parts = world(None, video)
    options = ("one red kite", "two blue doors", "nobody", "a grey dog")
    answer = Nearest(lambda: parts)(case(options=options), video, lambda: False)
    assert (answer.option_index, answer.text, answer.confidence) == (3, "a grey dog", None)
    assert [(one.quote, one.frame_s, one.verified) for one in answer.citations] == [
        ("a grey dog on a pier", 72.5, False)
    ]


def test_without_a_language_model_an_open_question_gets_the_nearest_passage() -> None:
    video = a_video()
    parts = world(None, video)
    asked = replace(case(options=(), accept=("noon",)), question="When does the boat come in?")
    answer = Nearest(lambda: parts)(asked, video, lambda: False)
    assert (answer.text, answer.citations[0].span) == (SAID[0], TimeSpan(0, 5))
    unheard = Nearest(lambda: parts, ModeMaterial(subtitles=Subtitles.NONE))(asked, video, lambda: False)
    assert unheard.text == "a grey dog on a pier"


def test_without_language_model_and_video_the_option_nearest_to_the_question_is_chosen() -> None:
    video = a_video()
    asked = replace(case(options=OPTIONS), question="Which dog is grey?")
    assert Blind(lambda: world(None, video))(asked, video, lambda: False).option_index == 3
    assert Blind(lambda: world(None, video))(case(options=()), video, lambda: False).status is AnswerStatus.INSUFFICIENT


def content(chat: FakeChat) -> list[str]:
    """The user's message, each frame as its time."""
    parts = chat.requests[0].messages[-1].parts
    return [part if isinstance(part, str) else f"<{part.pts_s:.0f}>" for part in parts]


def test_the_official_prompt_stands_alone() -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    ask(chat, shown=ModeMaterial(4, official=True), options=OPTIONS, prompt=VIDEO_MME)
    assert content(chat) == [
        *("<11>", "<34>", "<56>", "<79>"),
        f"This video's subtitles are listed below:\n{SAID[1]}",
        "Select the best answer to the following multiple-choice question based on the video and the subtitles. "
        "Respond with only the letter (A, B, C, or D) of the correct option.\n"
        "Which?\nA. a red kite\nB. a green boat\nC. a blue door\n"
        "D. a grey dog\nThe best answer is:",
    ]


def test_an_official_prompt_without_subtitles_does_not_speak_of_any() -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    ask(chat, shown=ModeMaterial(2, Subtitles.NONE, official=True), options=OPTIONS, prompt=VIDEO_MME)
    assert len(content(chat)) == 3 and "based on the video. Respond" in content(chat)[-1]


def test_official_subtitles_stand_between_frames_only_where_they_cover_one() -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    ask(chat, shown=ModeMaterial(4, official=True), options=OPTIONS, prompt=LONG_VIDEO_BENCH)
    assert content(chat)[:-1] == ["<11>", SAID[1], "<34>", "<56>", "<79>"]
    assert content(chat)[-1].startswith("Question: Which?\nA. a red kite") and content(chat)[-1].endswith(
        "choices directly."
    )


def test_an_official_prompt_without_subtitles_shows_none_and_has_its_system_message() -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    ask(chat, shown=ModeMaterial(2, official=True), options=OPTIONS, prompt=MLVU)
    assert [message.role for message in chat.requests[0].messages] == ["system", "user"]
    assert len(content(chat)) == 3 and content(chat)[-1].endswith("Only give the best option.\nBest option: (")


def test_subtitles_of_the_frames_leave_out_what_no_frame_covers() -> None:
    chat = FakeChat(["B"], capabilities=SEES)
    ask(chat, shown=ModeMaterial(4, Subtitles.FRAMES), options=OPTIONS)
    assert SAID[1] in chat.requests[0].text and SAID[0] not in chat.requests[0].text


def test_a_vision_model_is_asked_where_the_chat_model_accepts_no_pictures() -> None:
    eyes = FakeVisionLanguageModel(lambda frames, question: "B" if SAID[2] in question else "A")
    chat = FakeChat(capabilities=Capabilities(context=32_000))
    answer = ask(chat, options=OPTIONS, parts={"vision": eyes})
    assert (answer.option_index, answer.usage.frames, chat.requests) == (1, 32, [])
