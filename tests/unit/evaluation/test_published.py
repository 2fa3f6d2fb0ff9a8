"""The published agents on a small video with a known answer: what each sends, and what it answers.

The film: a dog sleeps, boats pass, a man opens a red door for three seconds, a street is empty.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import Cancelled, MissingPart
from app.core.types import AnswerStatus, Completion, TimeSpan, ToolCall
from app.evaluation.modes.avp import ActiveVideoPerception
from app.evaluation.modes.drvideo import DrVideo
from app.evaluation.modes.dvd import TURNS, DeepVideoDiscovery
from app.evaluation.modes.lifelong_memory import LifelongMemory
from app.evaluation.modes.llovi import LLoVi
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles
from app.evaluation.modes.published import PublishedAgent
from app.evaluation.modes.videoagent import VideoAgentMode
from app.evaluation.modes.videotree import VideoTree
from gpu_workers.language.fakes import ChatRequest, FakeChat, FakeVisionLanguageModel
from tests.unit.evaluation.world import READS, SEES, a_video, features_of, parts_of
from tests.unit.evaluation.written import case

OPTIONS = ("a green box", "a red door", "a blue window")
DOOR = "a man opens a red door"
SCENES = ((0, 20, "a dog sleeps"), (20, 38, "boats pass"), (38, 41, DOOR), (41, 60, "a street is empty"))
CAPTIONS = [(float(start), float(end), text) for start, end, text in SCENES]
SEEN = [text for start, end, text in SCENES for _ in range(start, end)]
SAID = [(1.0, 3.0, "Wake up, dog.")]
AGENTS = (
    LLoVi, VideoAgentMode, VideoTree, DeepVideoDiscovery, ActiveVideoPerception, DrVideo, LifelongMemory,
)  # fmt: skip


def run(agent: type[PublishedAgent], chat: FakeChat, *, shown: ModeMaterial = DEFAULT, **more: Any) -> Any:
    video = a_video(60.0)
    asked = {"options": OPTIONS, "answer": 1, **more.pop("asked", {})}
    parts = parts_of(chat, video, **{"captions": CAPTIONS, "said": SAID, "seen": SEEN, **more})
    return agent(lambda: parts, shown)(case(**asked), video, lambda: False)


def call(name: str, **arguments: Any) -> Completion:
    return Completion("", calls=(ToolCall("c", name, json.dumps(arguments)),))


@pytest.mark.parametrize("agent", AGENTS)
def test_a_published_agent_needs_a_language_model_and_can_be_cancelled(agent: type[PublishedAgent]) -> None:
    video = a_video(60.0)
    with pytest.raises(MissingPart, match="language model"):
        agent(lambda: parts_of(None, video))(case(options=OPTIONS), video, lambda: False)
    with pytest.raises(Cancelled):
        agent(lambda: parts_of(FakeChat(), video, captions=CAPTIONS))(case(options=OPTIONS), video, lambda: True)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_model_that_writes_nonsense_chooses_nothing(agent: type[PublishedAgent]) -> None:
    answer = run(agent, FakeChat(rule=lambda _: "} no idea {", capabilities=SEES))
    assert (answer.status, answer.option_index) == (AnswerStatus.INSUFFICIENT, None)
    assert answer.usage.steps >= 1


def test_llovi_summarizes_for_the_question_and_answers_from_the_summary_alone() -> None:
    chat = FakeChat(["Somebody opens a door that is red.", "B"], capabilities=READS)
    answer = run(LLoVi, chat)
    summarized, answered = (request.text for request in chat.requests)
    assert DOOR in summarized and '"Wake up, dog."' in summarized and "Which?" in summarized
    assert not any(option in summarized.replace(DOOR, "") for option in OPTIONS)
    assert "door that is red" in answered and "B. a red door" in answered and "boats" not in answered
    assert (answer.status, answer.option_index, answer.usage.steps) == (AnswerStatus.ANSWERED, 1, 2)
    assert [one.span for one in answer.citations] == [TimeSpan(0, 60)]


def test_llovi_names_the_lines_that_prove_the_answer_where_spans_are_given() -> None:
    chat = FakeChat(["A door opens.", "B", "[3, 3] and [0, 1]"], capabilities=READS)
    answer = run(LLoVi, chat, asked={"evidence": [(38, 41)]})
    assert f"3: {DOOR}" in chat.requests[2].text
    assert [one.span for one in answer.citations] == [TimeSpan(38, 41)]


def test_llovi_reads_no_transcript_where_a_run_leaves_it_out() -> None:
    chat = FakeChat(["A door opens.", "B"], capabilities=READS)
    run(LLoVi, chat, shown=ModeMaterial(subtitles=Subtitles.NONE))
    assert "Wake up" not in chat.requests[0].text


def test_without_captions_frames_are_captioned_once_for_all_questions() -> None:
    video = a_video(60.0)

    def rule(request: ChatRequest) -> str:
        return DOOR if "one sentence" in request.text else "B"

    chat = FakeChat(rule=rule, capabilities=SEES)
    parts = parts_of(chat, video)
    agent = LLoVi(lambda: parts, ModeMaterial(frames=4))
    for _ in range(2):
        assert agent(case(options=OPTIONS), video, lambda: False).option_index == 1
    assert [len(request.frames) for request in chat.requests] == [1, 1, 1, 1, 0, 0, 0, 0]
    assert chat.requests[4].text.count(DOOR) == 4
    with pytest.raises(MissingPart, match="captions"):
        run(LLoVi, FakeChat(capabilities=READS), captions=())


def seeker(request: ChatRequest) -> str:
    """Knows the answer once the door was read, and looks for it in the right segment before."""
    known = DOOR in request.text
    if "How far" in request.text:
        return json.dumps({"confidence": 3 if known else 1})
    if "Name the segments" in request.text:
        return json.dumps({"frame_descriptions": [{"segment_id": 3, "description": "somebody opens a door"}]})
    return f'Let me think. {{"final_answer": {1 if known else 0}}}'


def test_videoagent_starts_from_five_frames_and_finds_the_one_that_it_misses() -> None:
    chat = FakeChat(rule=seeker, capabilities=READS)
    answer = run(VideoAgentMode, chat)
    first = chat.requests[0].text
    assert [f"frame {place}:" in first for place in (0, 15, 30, 44, 59)] == [True] * 5 and DOOR not in first
    assert "1: frames 0 to 15; 2: frames 15 to 30; 3: frames 30 to 44" in chat.requests[2].text
    assert f"frame 38: {DOOR}" in chat.requests[3].text
    assert (answer.option_index, answer.usage.steps, answer.usage.frames) == (1, 5, 6)
    assert [one.frame_s for one in answer.citations] == [0, 15, 30, 38, 44, 59]


def test_videoagent_stops_after_three_rounds_and_must_choose_in_the_last() -> None:
    looks = iter(["number7", "number5"])

    def rule(request: ChatRequest) -> str:
        if "How far" in request.text:
            return '{"confidence": 2}'
        if "Name the segments" in request.text:
            return json.dumps({"frame_descriptions": [{"segment_id": 1, "description": next(looks)}]})
        return '{"final_answer": "2"}'

    chat = FakeChat(rule=rule, capabilities=READS)
    answer = run(VideoAgentMode, chat, seen=[f"number{second}" for second in range(60)])
    assert answer.option_index == 2 and {5.0, 7.0} < {one.frame_s for one in answer.citations}
    assert sum("How far" in request.text for request in chat.requests) == 2
    assert sum("Think step by step" in request.text for request in chat.requests) == 3


def test_videoagent_answers_open_questions_and_refuses_them() -> None:
    open_question = {"options": (), "answer": None, "accept": ("door",)}
    told = FakeChat(['{"final_answer": "A door."}', '{"confidence": 3}'], capabilities=READS)
    assert run(VideoAgentMode, told, asked=open_question).text == "A door."
    refused = FakeChat(['{"final_answer": "The video does not say."}', '{"confidence": 3}'], capabilities=READS)
    assert run(VideoAgentMode, refused, asked=open_question).status is AnswerStatus.NOT_IN_VIDEO


def test_videotree_opens_the_clusters_that_bear_on_the_question() -> None:
    relevance = [3 if text == DOOR else 1 for _, _, text in SCENES]

    def rule(request: ChatRequest) -> str:
        if "relevance has" in request.text:
            return json.dumps({"answer": "B", "confidence": 50, "relevance": relevance})
        return "B" if DOOR in request.text else "A"

    chat = FakeChat(rule=rule, capabilities=READS)
    answer = run(VideoTree, chat)
    judged, read = chat.requests
    assert judged.text.count(DOOR) == 1 and read.text.count(DOOR) == 3, "three frames of the door once it is opened"
    assert read.text.index("a dog sleeps") < read.text.index(DOOR) < read.text.index("a street is empty")
    assert answer.option_index == 1
    assert [one.frame_s for one in answer.citations if 38 <= (one.frame_s or 0) < 41] == [38, 39, 40]


def test_videotree_widens_until_enough_frames_bear_on_the_question() -> None:
    different = [f"scene {chr(97 + n % 26)}{n} with thing{n}" for n in range(60)]

    def rule(close: int) -> Any:
        def reply(request: ChatRequest) -> str:
            if "relevance has" in request.text:
                return json.dumps({"answer": "A", "confidence": 1, "relevance": [3] * close + [1] * 40})
            return "A"

        return reply

    asked = []
    for close in (4, 0):
        chat = FakeChat(rule=rule(close), capabilities=READS)
        run(VideoTree, chat, seen=different)
        asked.append([request.text.split("relevance has ")[1].split()[0] for request in chat.requests[:-1]])
    assert asked == [["8"], ["8", "16", "32"]]


def test_dvd_browses_searches_inspects_and_finishes() -> None:
    chat = FakeChat(
        [
            call("global_browse", query="What happens?"),
            "A man opens something at 0:38.",
            call("clip_search", event_description="a man opens a door"),
            call("frame_inspect", question="What colour?", time_ranges=[["00:00:38", "00:00:41"]]),
            "The door is red.",
            call("finish", answer="B"),
        ],
        capabilities=SEES,
    )
    answer = run(DeepVideoDiscovery, chat)
    browsed, searched, inspected, finished = (chat.requests[n] for n in (1, 3, 4, 5))
    assert "What happens?" in browsed.text and not browsed.tools
    assert {tool.name for tool in searched.tools} == {"global_browse", "clip_search", "frame_inspect", "finish"}
    assert f"[0:38] to 0:41: {DOOR}" in searched.messages[-1].text
    assert [frame.pts_s for frame in inspected.frames] == pytest.approx([38.5, 39.5, 40.5], abs=0.05)
    assert finished.messages[-1].text == "The door is red."
    assert (answer.option_index, answer.usage.steps, answer.usage.frames) == (1, 6, 3)
    assert [one.span for one in answer.citations] == [TimeSpan(38, 41)]


def test_dvd_says_why_a_call_cannot_be_done_and_asks_to_finish_in_the_last_turn() -> None:
    chat = FakeChat(
        [
            call("look_harder"),
            call("frame_inspect", question="?", time_ranges=[["99:00", "100:00"], "now"]),
            Completion("", calls=(ToolCall("c", "clip_search", "{not json"),)),
            *["I still think that it is (B)."] * (TURNS - 3),
        ],
        capabilities=SEES,
    )
    answer = run(DeepVideoDiscovery, chat)
    results = [message.text for message in chat.requests[3].messages if message.role == "tool"]
    assert results == [
        "There is no function look_harder.",
        "Error: give time ranges inside the video, each [start, end] as HH:MM:SS.",
        "No clip was found.",
    ]
    assert len(chat.requests) == TURNS and "Call finish now" in chat.requests[-1].messages[-1].text
    assert answer.option_index == 1


def plan(**more: Any) -> str:
    return json.dumps({"goal": "a door", "load_mode": "uniform", "fps": 0.25, "spatial": "low", "regions": [], **more})


def test_avp_plans_observes_and_reflects_until_it_is_sure() -> None:
    chat = FakeChat(
        [
            plan(),
            json.dumps({"evidence": [{"start": 30, "end": 45, "description": "something opens"}]}),
            json.dumps({"sufficient": True, "confidence": 0.5, "justification": "which colour?", "answer": "A"}),
            plan(load_mode="region", fps=2, spatial="medium", regions=[[38, 41], [500, 600]]),
            json.dumps({"evidence": [{"start": 30, "end": 40, "description": "a red door opens"}, {"start": "x"}]}),
            json.dumps({"sufficient": True, "confidence": 0.9, "justification": "seen", "answer": "B"}),
        ],
        capabilities=SEES,
    )
    answer = run(ActiveVideoPerception, chat)
    planned, observed = chat.requests[3].text, chat.requests[4]
    assert "[0:30 - 0:45] something opens" in planned and "Still missing: which colour?" in planned
    assert len(chat.requests[1].frames) == 15, "a quarter of a frame a second over the whole minute"
    assert len(observed.frames) == 6 and all(38 <= frame.pts_s <= 41 for frame in observed.frames)
    assert (answer.option_index, answer.usage.steps, answer.usage.frames) == (1, 6, 21)
    assert [one.span for one in answer.citations] == [TimeSpan(30, 45), TimeSpan(38, 40)], "clipped to what was watched"


def test_avp_gives_up_after_three_rounds_and_then_chooses_from_its_evidence() -> None:
    unsure = json.dumps({"sufficient": False, "confidence": 0.2, "justification": "nothing", "answer": "?"})
    chat = FakeChat([plan(), '{"evidence": []}', unsure] * 3 + ["C"], capabilities=SEES)
    answer = run(ActiveVideoPerception, chat)
    assert len(chat.requests) == 10 and answer.option_index == 2
    assert {one.frame_s is not None for one in answer.citations} == {True}


def test_no_agent_shows_more_frames_than_a_run_allows() -> None:
    inspect = call("frame_inspect", question="?", time_ranges=[["0:00", "1:00"]])
    chat = FakeChat([inspect, "seen", call("finish", answer="B")], capabilities=SEES)
    assert run(DeepVideoDiscovery, chat, shown=ModeMaterial(frames=8)).usage.frames == len(chat.requests[1].frames) == 8
    unsure = json.dumps({"sufficient": False, "confidence": 0.2, "justification": "", "answer": "B"})
    chat = FakeChat([plan(fps=5), '{"evidence": []}', unsure] * 3, capabilities=SEES)
    run(ActiveVideoPerception, chat, shown=ModeMaterial(frames=8))
    assert {len(request.frames) for request in chat.requests} == {0, 8}
    assert (
        run(VideoAgentMode, FakeChat(rule=seeker, capabilities=READS), shown=ModeMaterial(frames=5)).usage.frames == 5
    )
    close = json.dumps({"answer": "A", "confidence": 1, "relevance": [3] * 40})
    chat = FakeChat([close, "B"], capabilities=READS)
    answer = run(VideoTree, chat, seen=[f"thing{n}" for n in range(60)], shown=ModeMaterial(frames=6))
    assert len(answer.citations) == 6 and len(chat.requests) == 2


def test_avp_observes_captions_where_there_are_no_pictures() -> None:
    sure = json.dumps({"sufficient": True, "confidence": 0.8, "justification": "seen", "answer": "B"})
    region = plan(load_mode="region", regions=[[38, 41]])
    evidence = json.dumps({"evidence": [{"start": 38, "end": 41, "description": "a red door"}]})
    chat = FakeChat([region, evidence, sure], capabilities=READS)
    answer = run(ActiveVideoPerception, chat)
    assert f"Captions:\n[0:38] {DOOR}\n" in chat.requests[1].text
    assert (answer.option_index, [one.span for one in answer.citations]) == (1, [TimeSpan(38, 41)])


def test_a_vision_model_looks_where_the_chat_model_cannot() -> None:
    eyes = FakeVisionLanguageModel(lambda frames, question: f"{len(frames)} frames: the door is red")
    chat = FakeChat(
        [call("frame_inspect", question="What?", time_ranges=[["0:38", "0:41"]]), call("finish", answer="B")],
        capabilities=READS,
    )
    answer = run(DeepVideoDiscovery, chat, vision=eyes)
    assert chat.requests[1].messages[-1].text == "3 frames: the door is red"
    assert answer.option_index == 1 and eyes.questions[0].endswith("Question: What?")


def test_without_stored_vectors_moments_are_found_by_their_captions() -> None:
    chat = FakeChat(rule=seeker, capabilities=READS)
    answer = run(VideoAgentMode, chat, seen=(), frame_embedder=None)
    assert answer.option_index == 1 and features_of(()) == []
