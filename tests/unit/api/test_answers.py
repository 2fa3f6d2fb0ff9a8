from __future__ import annotations

from fastapi.testclient import TestClient

from app.api.schemas import AnswerOut
from app.api.schemas.ratings import SavedAnswerOut
from gpu_workers.base import Counters
from gpu_workers.cluster.states import ModelState, PoolState
from tests.unit.api.stand_in import StandIn


def asked(client: TestClient, question: str = "When did the bridge open?") -> AnswerOut:
    return AnswerOut.model_validate(client.post("/v1/ask", json={"question": question}).json())


def test_an_answer_can_be_read_again_by_its_id(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    given = asked(client)
    saved = SavedAnswerOut.model_validate(client.get(f"/v1/answers/{given.id}").json())
    assert (saved.question, saved.video_ids, saved.answer) == ("When did the bridge open?", [video.id], given)
    assert [one["id"] for one in client.get(f"/v1/videos/{video.id}/answers").json()] == [given.id]


def test_an_answer_that_an_earlier_version_stored_can_be_read(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    refused = {"status": "not_in_video", "text": "The video does not say.", "confidence": 0.2, "citations": []}
    trace = [
        {"type": "planned", "question_type": "fact", "queries": ["cat"], "sources": [], "mode": "guided"},
        {"type": "reflected", "sufficient": False, "confidence": 0.1, "missing": "a cat"},
        {"type": "verified", "claim": "A cat.", "supported": False, "reason": "", "evidence_ids": []},
    ]
    id = parts.library.save_answer("Where is the cat?", [video.id], refused, trace)
    thread = parts.longreel.ask.threads.start([video])
    parts.longreel.ask.threads.keep(thread, "Where is it?", id)
    saved = client.get(f"/v1/answers/{id}").json()["answer"]
    assert saved["confidence"] is None
    assert [step["type"] for step in saved["trace"]] == ["planned", "verified"]
    [turn] = client.get(f"/v1/threads/{thread.id}").json()["turns"]
    assert turn["answer"]["trace"] == saved["trace"]
    assert client.post("/v1/ask", json={"question": "And now?", "thread_id": thread.id}).status_code == 200


def test_the_last_rating_of_an_answer_counts(client: TestClient, parts: StandIn) -> None:
    parts.add()
    id = asked(client).id
    assert client.put(f"/v1/answers/{id}/rating", json={"verdict": "wrong_time"}).json()["verdict"] == "wrong_time"
    client.put(f"/v1/answers/{id}/rating", json={"verdict": "wrong", "note": " in 1933 "})
    [rating] = client.get("/v1/ratings").json()
    assert (rating["answer_id"], rating["verdict"], rating["note"]) == (id, "wrong", "in 1933")
    assert rating["question"] == "When did the bridge open?"


def test_a_rating_needs_an_answer_and_a_known_verdict(client: TestClient, parts: StandIn) -> None:
    parts.add()
    assert client.put(f"/v1/answers/{asked(client).id}/rating", json={"verdict": "meh"}).status_code == 422
    assert client.put("/v1/answers/none/rating", json={"verdict": "right"}).status_code == 404
    assert client.get("/v1/answers/none").json()["code"] == "not_found"


def test_the_status_names_profile_and_checks(client: TestClient) -> None:
    status = client.get("/v1/status").json()
    assert status["profile"] == "offline"
    assert {"python", "profile"} <= {check["name"] for check in status["checks"]}


def test_the_status_tells_what_each_model_did(client: TestClient, parts: StandIn) -> None:
    worker = parts.longreel.workers.get("transcriber")
    worker.counters.calls, worker.counters.seconds = 3, 1.5
    models = {one["model"]: one for one in client.get("/v1/status").json()["models"]}
    told = models[worker.model]
    assert (told["loaded"], told["bytes"]) == (False, 0)
    assert (told["calls"], told["seconds"], told["tokens"]) == (3, 1.5, 0)


def test_the_status_tells_how_each_pool_of_actors_stands(client: TestClient, parts: StandIn) -> None:
    model = ModelState("whisper", True, 7, Counters(seconds=1.5, calls=3))
    parts.longreel.pools = lambda: [PoolState("transcriber", 2, 1, 8, 2, 5, 4, (model,))]
    (pool,) = client.get("/v1/status").json()["pools"]
    assert (pool["name"], pool["replicas"], pool["most"], pool["queued"]) == ("transcriber", 2, 8, 5)
    assert (pool["models"][0]["model"], pool["models"][0]["seconds"]) == ("whisper", 1.5)
