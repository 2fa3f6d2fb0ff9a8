"""The agent is compared with the same model that gets frames and transcript in one prompt."""

from __future__ import annotations

import pytest

from agents.parts import AgentParts
from app.core.errors import MissingPart
from app.core.settings import Agent
from app.core.types import (
    Answer,
    AnswerStatus,
    Capabilities,
    Citation,
    MediaInfo,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    VideoStream,
)
from app.db.fakes import MemoryLibrary
from benchmarks.no_agent import (
    AGENT,
    BARE,
    blind_option,
    frame_times,
    nearest_option,
    report,
    transcript,
    without_agent,
)
from benchmarks.questions import Asked, Question
from benchmarks.scripted import CASES, MadeUpFrames, ScriptedEyes, read_cases
from gpu_workers.language.fakes import FakeChat, FakeTextEmbedder
from gpu_workers.media.fakes import FakeAudio
from gpu_workers.speech.fakes import FakeTranscriber
from gpu_workers.vision.fakes import FakeTextReader
from retrieval.fakes import MemoryRetriever

QUESTION = Question("v.mp4", "Who sings?", "Ada", "speech", options=("Bo plays", "Ada sings loud"), correct_index=1)


def replies(text: str, *, images: bool) -> FakeChat:
    return FakeChat(rule=lambda _: text, capabilities=Capabilities(images=images, context=32_000))


def world(chat: FakeChat | None, duration_s: float = 60.0, *, eyes: bool = False) -> tuple[AgentParts, Video]:
    library = MemoryLibrary()
    media = MediaInfo("mp4", duration_s, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0))
    video = library.add_video(Video(VideoId("a" * 64), "v", "/v.mp4", media, "en", "", True))
    library.save_utterances(video.id, [Utterance(TimeSpan(n, n + 1), f"Line {n}: Ada sings") for n in range(30)])
    parts = AgentParts(
        retriever=MemoryRetriever(),
        library=library,
        settings=Agent(),
        chat=chat,
        vision=ScriptedEyes(read_cases(CASES)[0]) if eyes else None,
        text_embedder=FakeTextEmbedder(),
        reranker=None,
        text_reader=FakeTextReader(),
        frames=MadeUpFrames(duration_s),
        audio=FakeAudio(),
        transcriber=FakeTranscriber(),
        features=lambda _: (),
    )
    return parts, video


@pytest.mark.parametrize(("duration_s", "count"), [(60.0, 32), (900.0, 64)])
def test_a_model_with_eyes_gets_evenly_spaced_frames_and_the_transcript(duration_s: float, count: int) -> None:
    chat = replies("Ada.", images=True)
    parts, video = world(chat, duration_s)
    answer = without_agent(parts, video, QUESTION, choice=False)
    frames = chat.requests[0].frames
    assert [frame.pts_s for frame in frames] == frame_times(video) and len(frames) == count
    assert "Line 29: Ada sings" in chat.requests[0].text
    assert (answer.status, answer.text, answer.usage.frames) == (AnswerStatus.ANSWERED, "Ada.", count)


def test_a_model_without_eyes_gets_the_transcript_alone() -> None:
    chat = replies("NOT IN VIDEO", images=False)
    parts, video = world(chat)
    assert without_agent(parts, video, QUESTION, choice=False).status is AnswerStatus.NOT_IN_VIDEO
    assert chat.requests[0].frames == ()


def test_a_vision_model_is_asked_where_the_chat_model_has_no_eyes() -> None:
    parts, video = world(replies("", images=False), eyes=True)
    assert without_agent(parts, video, QUESTION, choice=False).text != ""


def test_without_any_model_nothing_can_be_compared() -> None:
    parts, video = world(None)
    with pytest.raises(MissingPart):
        without_agent(parts, video, QUESTION, choice=False)


def test_an_option_is_read_from_its_letter() -> None:
    parts, video = world(replies("B", images=True))
    assert without_agent(parts, video, QUESTION, choice=True).option_index == 1


def test_a_long_transcript_is_thinned_out_evenly() -> None:
    parts, video = world(None)
    lines = transcript(parts, video, 200).splitlines()
    assert 5 < len(lines) < 12
    assert lines[0].endswith("Line 0: Ada sings") and int(lines[-1].split("Line ")[1].split(":")[0]) >= 24


def test_options_are_chosen_by_cosine_alone() -> None:
    parts, video = world(None)
    assert nearest_option(parts, video, QUESTION).option_index == 1
    other = Question("v.mp4", "What does Bo play?", "", "speech", options=("Ada sings", "Bo"), correct_index=1)
    assert blind_option(parts, video, other).option_index == 1


def asked(number: int, right: bool) -> Asked:
    cited = (Citation(VideoId("a"), TimeSpan(0, 1), SegmentKind.SPEECH, ""),)
    question = Question("v.mp4", f"Q{number}", "Ada", "speech", accept=("ada",))
    return Asked(question, False, Answer(AnswerStatus.ANSWERED, "Ada" if right else "Bo", 0.9, cited), 2.0)


def test_the_report_pairs_the_questions() -> None:
    answers = {
        AGENT: [asked(number, number < 8) for number in range(10)],
        BARE: [asked(number, number == 9) for number in range(10)],
    }
    made = report(answers, choice=False, model="m")
    assert made["right"] == {AGENT: 0.8, BARE: 0.1}
    assert made["tables"][0]["rows"][0][-2:] == ["8 of 10", "2.0"]
    assert made["tables"][1]["rows"] == [["agent - no agent", "10", "8", "1", "+70.0%", "0.039"]]
