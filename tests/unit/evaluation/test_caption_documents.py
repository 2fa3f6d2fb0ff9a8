"""DrVideo's document and LifelongMemory's digest, step by step, with a scripted model."""

from __future__ import annotations

import json

from app.core.types import AnswerStatus, TimeSpan
from app.evaluation.modes.drvideo import ROUNDS, DrVideo
from app.evaluation.modes.lifelong_memory import LifelongMemory
from app.evaluation.modes.material import ModeMaterial
from gpu_workers.language.fakes import ChatRequest, FakeChat
from tests.unit.evaluation.test_published import CAPTIONS, DOOR, OPTIONS, run
from tests.unit.evaluation.world import READS, SEES, a_video, parts_of
from tests.unit.evaluation.written import case

DETAIL = "Describe this frame of a video in detail."
MISSING = json.dumps({"sufficient": False, "missing": "the colour"})
ENOUGH = json.dumps({"sufficient": True, "missing": ""})


def requested(*frames: dict[str, object]) -> str:
    return json.dumps({"frames": frames})


def test_drvideo_describes_the_entries_nearest_to_the_question_first() -> None:
    def rule(request: ChatRequest) -> str:
        if "Does this document say enough" in request.text:
            return ENOUGH
        return f"seen at {int(request.frames[0].pts_s)}" if request.frames else "Answer: B"

    chat = FakeChat(rule=rule, capabilities=SEES)
    answer = run(DrVideo, chat, shown=ModeMaterial(frames=1))
    looked, planned, answered = chat.requests
    assert [int(frame.pts_s) for frame in looked.frames] == [39] and "Which?" in looked.text
    assert f"frame 2: {DOOR} Looked at again: seen at 39" in planned.text
    assert f"frame 2: {DOOR} Looked at again: seen at 39" in answered.text and "frame 1: boats pass" in answered.text
    assert '"Wake up, dog."' in answered.text and "B. a red door" in answered.text
    assert (answer.option_index, answer.usage.frames) == (1, 1)
    assert [one.frame_s for one in answer.citations] == [39.5]


def test_drvideo_augments_what_the_interaction_agent_asks_for_until_the_planner_has_enough() -> None:
    plans = iter([MISSING, ENOUGH])

    def rule(request: ChatRequest) -> str:
        if request.frames:
            return f"seen {len(chat.requests)}"
        if "Does this document say enough" in request.text:
            return next(plans)
        if "Name at most" in request.text:
            return requested(
                {"frame": 1, "type": "question", "question": "How many boats?"},
                {"frame": 2, "type": "caption", "question": "ignored"},
                {"frame": 99, "type": "caption", "question": ""},
                {"frame": 1, "type": "caption", "question": ""},
            )
        return "Answer: C"

    chat = FakeChat(rule=rule, capabilities=SEES)
    # Three frames may be seen: one is nearest to the question, two are left to ask for.
    answer = run(DrVideo, chat, shown=ModeMaterial(frames=3), captions=CAPTIONS[:3])
    looks = [(round(request.frames[0].pts_s), request.text) for request in chat.requests if request.frames]
    assert answer.option_index == 2 and answer.usage.frames == len(looks) == 3


def test_drvideo_ends_after_its_rounds_and_where_nothing_new_is_named() -> None:
    def rule(request: ChatRequest) -> str:
        if request.frames:
            return "seen"
        if "Does this document say enough" in request.text:
            return MISSING
        if "Name at most" in request.text:
            asked = request.text.count("Looked at again")
            return requested({"frame": asked, "type": "caption", "question": ""})
        return "Answer: A"

    many = [(float(second), second + 1.0, f"thing{second}") for second in range(60)]
    chat = FakeChat(rule=rule, capabilities=SEES)
    run(DrVideo, chat, captions=many, asked={"options": tuple(f"thing{n}" for n in range(55, 60))})
    assert sum("Name at most" in request.text for request in chat.requests) == ROUNDS
    plans = [request.text for request in chat.requests if "Does this document say enough" in request.text]
    assert ["This was missing before: the colour" in plan for plan in plans] == [False, *[True] * (ROUNDS - 1)]
    stuck = FakeChat(
        rule=lambda request: requested() if "Name at most" in request.text else rule(request), capabilities=SEES
    )
    run(DrVideo, stuck, captions=many)
    assert sum("Name at most" in request.text for request in stuck.requests) == 1


def test_drvideo_reads_captions_alone_where_no_model_sees() -> None:
    chat = FakeChat(["Answer: B"], capabilities=READS)
    answer = run(DrVideo, chat)
    assert answer.option_index == 1 and len(chat.requests) == 1 and answer.usage.frames == 0


SAME = [
    (0.0, 0.0, "#C C cuts an onion"),
    (2.0, 2.0, "#C C cuts an onion finely"),
    (4.0, 4.0, "#C C looks around"),
    (6.0, 6.0, "#C C cuts an onion finely now"),
    (8.0, 8.0, "boats pass"),
    (10.0, 10.0, "#O A man opens a red door"),
    (12.0, 12.0, "#O A man opens a red door"),
]


def test_lifelongmemory_merges_captions_that_say_the_same_and_answers_with_a_confidence() -> None:
    reply = json.dumps({"prediction": 1, "explanation": "A door opens.", "confidence": 3})
    chat = FakeChat(['"C cuts an onion."', reply], capabilities=READS)
    answer = run(LifelongMemory, chat, captions=SAME, said=())
    merged, answered = (request.text for request in chat.requests)
    assert merged.splitlines()[-3:] == ["C cuts an onion", "C cuts an onion finely", "C cuts an onion finely now"]
    # Each interval reaches a second, half the distance of captions, to either side.
    assert answered.splitlines()[1:4] == [
        "[0:00] (until 0:07) C cuts an onion.",
        "[0:07] (until 0:09) boats pass",
        "[0:09] (until 0:13) A man opens a red door",
    ]
    assert "looks around" not in answered and "#" not in answered
    assert "Option 1: a red door" in answered
    assert (answer.status, answer.option_index, answer.usage.steps) == (AnswerStatus.ANSWERED, 1, 2)


def test_lifelongmemory_writes_its_digest_once_for_all_questions() -> None:
    reply = json.dumps({"prediction": "2", "explanation": "", "confidence": 1})
    chat = FakeChat(["C cuts an onion.", reply, reply], capabilities=READS)
    video = a_video(60.0)
    parts = parts_of(chat, video, captions=SAME)
    agent = LifelongMemory(lambda: parts)
    answers = [agent(case(options=OPTIONS), video, lambda: False) for _ in range(2)]
    assert [one.option_index for one in answers] == [2, 2] and len(chat.requests) == 3


def test_lifelongmemory_recalls_intervals_where_a_benchmark_gives_spans() -> None:
    reply = json.dumps({"prediction": 1, "explanation": "", "confidence": 2})
    recalled = json.dumps(
        {"predictions": [[37, 42.5], [50, 900], [9, 3], ["NA"], "x"], "explanation": "", "confidence": 2}
    )
    chat = FakeChat([reply, recalled], capabilities=READS)
    answer = run(LifelongMemory, chat, asked={"evidence": [(38, 41)]})
    assert [one.span for one in answer.citations] == [TimeSpan(37, 42.5), TimeSpan(50, 60)]


def test_lifelongmemory_refuses_an_open_question_that_the_memory_does_not_answer() -> None:
    open_question = {"options": (), "answer": None, "accept": ("door",)}
    reply = json.dumps({"prediction": "The video does not say.", "explanation": "", "confidence": 3})
    answer = run(LifelongMemory, FakeChat([reply], capabilities=READS), asked=open_question)
    assert answer.status is AnswerStatus.NOT_IN_VIDEO
    nothing = json.dumps({"prediction": None, "explanation": "", "confidence": 1})
    answer = run(LifelongMemory, FakeChat([nothing], capabilities=READS), asked=open_question)
    assert answer.status is AnswerStatus.INSUFFICIENT
