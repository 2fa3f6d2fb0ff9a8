"""What an agent is compared with sees what it should, and its replies are read strictly."""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest

from agents.parts import AgentParts
from app.core.errors import Cancelled, MissingPart
from app.core.settings import Agent
from app.core.types import (
    Answer,
    AnswerStatus,
    Capabilities,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    VideoStream,
)
from app.db.fakes import MemoryLibrary
from app.evaluation.datasets.choices import Prompt
from app.evaluation.modes.controls import REFUSAL, NearestAsker, PromptAsker, PromptMaterial
from gpu_workers.language.fakes import FakeChat, FakeTextEmbedder
from gpu_workers.media.fakes import FakeAudio, FakeFrames
from retrieval.fakes import MemoryRetriever
from tests.unit.evaluation.written import case

SEES = Capabilities(images=True, context=200_000)
OPTIONS = ("a red kite", "a green boat", "a blue door", "a grey dog")
SAID = ("The boat comes in at noon.", "It is green.", "Nobody waits for it.")


def a_video(seconds: float = 90.0, *, pictures: bool = True) -> Video:
    stream = VideoStream("h264", 1280, 720, 0, 25.0) if pictures else None
    return Video(VideoId("v" * 64), "Harbour", __file__, MediaInfo("mp4", seconds, 0.0, 1, stream), ready=True)


def parts_of(chat: FakeChat | None, video: Video, said: tuple[str, ...] = SAID) -> AgentParts:
    library = MemoryLibrary()
    library.add_video(video)
    spans = [TimeSpan(10.0 * place, 10.0 * place + 5) for place in range(len(said))]
    library.save_utterances(video.id, [Utterance(span, text, ()) for span, text in zip(spans, said, strict=True)])
    segments = [
        Segment(f"s{place}", video.id, SegmentKind.SPEECH, span, text, "m")
        for place, (span, text) in enumerate(zip(spans, said, strict=True))
    ]
    shown = Segment("c", video.id, SegmentKind.CAPTION, TimeSpan(70, 75), "a grey dog on a pier", "m", 72.0)
    looked = Segment("l", video.id, SegmentKind.CAPTION, TimeSpan(1, 2), "a red kite", "m", 1.0, "Which?")
    library.add_segments([*segments, shown, looked])
    return AgentParts(
        retriever=MemoryRetriever(),
        library=library,
        settings=Agent(),
        chat=chat,
        vision=None,
        text_embedder=FakeTextEmbedder(),
        reranker=None,
        text_reader=cast(Any, None),
        frames=FakeFrames(video.media),
        audio=FakeAudio(video.media),
        transcriber=cast(Any, None),
        features=lambda _: (),
    )


def ask(chat: FakeChat, *, shown: PromptMaterial | None = None, video: Video | None = None, **more: Any) -> Answer:
    video = video or a_video()
    parts = parts_of(chat, video, more.pop("said", SAID))
    return PromptAsker(lambda: parts, Prompt(), shown or PromptMaterial())(case(**more), video, lambda: False)


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
    ask(chat, shown=PromptMaterial(4, subtitles=False), options=OPTIONS)
    assert len(chat.requests[0].frames) == 4 and SAID[0] not in chat.requests[0].text


def test_a_model_that_accepts_no_pictures_reads_the_transcript_alone() -> None:
    chat = FakeChat(["(B)"], capabilities=Capabilities(context=8192))
    answer = ask(chat, options=OPTIONS)
    assert not chat.requests[0].frames and SAID[2] in chat.requests[0].text
    assert answer.option_index == 1 and answer.citations[0].span == a_video().media.whole


def test_a_transcript_that_does_not_fit_loses_lines_evenly() -> None:
    said = tuple(f"This is sentence number {place} of a very long talk." for place in range(900))
    chat = FakeChat(["B"], capabilities=Capabilities(context=4096))
    ask(chat, video=a_video(9000.0), options=OPTIONS, said=said)
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
        PromptAsker(lambda: parts_of(None, video), Prompt())(case(), video, lambda: False)
    with pytest.raises(Cancelled):
        PromptAsker(lambda: parts_of(FakeChat(), video), Prompt())(case(), video, lambda: True)


def test_without_a_language_model_the_nearest_option_is_chosen_with_its_passage() -> None:
    video = a_video()
    parts = parts_of(None, video)
    options = ("one red kite", "two blue doors", "nobody", "a grey dog")
    answer = NearestAsker(lambda: parts)(case(options=options), video, lambda: False)
    assert (answer.option_index, answer.text, answer.confidence) == (3, "a grey dog", None)
    assert [(one.quote, one.frame_s, one.verified) for one in answer.citations] == [
        ("a grey dog on a pier", 72.0, False)
    ]


def test_without_a_language_model_open_questions_stay_open() -> None:
    video = a_video()
    parts = parts_of(None, video)
    answer = NearestAsker(lambda: parts)(case(options=(), accept=("noon",)), video, lambda: False)
    assert answer.status is AnswerStatus.INSUFFICIENT and answer.missing
