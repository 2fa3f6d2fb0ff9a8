"""Calls that find and answer."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas import FoundOut
from app.api.schemas.plans import PlanBody
from app.api.schemas.ratings import RatingOut, SavedAnswerOut, Verdict
from app.api.schemas.threads import ConversationOut, ThreadOut
from app.client.calls.call import PAGE, STREAMED, Call, model, models, nothing, quoted, video_path
from app.core.types import SegmentKind


def search(
    query: str,
    names: Sequence[str],
    kinds: Sequence[SegmentKind | str],
    start_s: float,
    end_s: float | None,
    limit: int,
    collection: str,
    speaker: str,
) -> Call[list[FoundOut]]:
    """The moments that fit a text best."""
    where = {"video": list(names), "collection": collection, "kind": [str(kind) for kind in kinds], "speaker": speaker}
    params = {"q": query, **where, "start_s": start_s, "end_s": end_s, "limit": limit}
    return Call("GET", "/v1/search", models(FoundOut), params)


def plan(question: str, thread: str) -> Call[PlanBody]:
    """How a question would be answered."""
    return Call("POST", "/v1/plan", model(PlanBody), json={"question": question, "thread_id": thread or None})


def ask(
    question: str,
    names: Sequence[str],
    options: Sequence[str],
    collection: str,
    thread: str,
    plan: PlanBody | None,
    run: str,
) -> Call[None]:
    """A question, its answer as a stream."""
    where = {"videos": list(names), "collection": collection or None, "thread_id": thread or None}
    how = {"plan": plan.model_dump(mode="json") if plan else None, "run_id": run}
    asked = {"question": question, "options": list(options), **where, **how}
    return Call("POST", "/v1/ask", nothing, json=asked, headers=STREAMED)


def start_thread(names: Sequence[str], title: str, collection: str) -> Call[ThreadOut]:
    """A new conversation."""
    asked = {"title": title, "videos": list(names), "collection": collection or None}
    return Call("POST", "/v1/threads", model(ThreadOut), json=asked)


def threads(limit: int) -> Call[list[ThreadOut]]:
    """Conversations, the one used last first."""
    return Call("GET", "/v1/threads", models(ThreadOut), {"limit": min(limit, PAGE)})


def thread(id: str) -> Call[ConversationOut]:
    """One conversation with its turns."""
    return Call("GET", f"/v1/threads/{quoted(id)}", model(ConversationOut))


def delete_thread(id: str) -> Call[None]:
    """Forgets a conversation."""
    return Call("DELETE", f"/v1/threads/{quoted(id)}", nothing)


def answer(id: str) -> Call[SavedAnswerOut]:
    """An answer that was given."""
    return Call("GET", f"/v1/answers/{quoted(id)}", model(SavedAnswerOut))


def answers(name: str) -> Call[list[SavedAnswerOut]]:
    """What was asked about a video, newest first."""
    return Call("GET", video_path(name, "/answers"), models(SavedAnswerOut))


def rate(id: str, verdict: Verdict, note: str) -> Call[RatingOut]:
    """Says whether an answer is right."""
    path = f"/v1/answers/{quoted(id)}/rating"
    return Call("PUT", path, model(RatingOut), json={"verdict": verdict, "note": note})


def ratings() -> Call[list[RatingOut]]:
    """What people said of answers, newest first."""
    return Call("GET", "/v1/ratings", models(RatingOut))
