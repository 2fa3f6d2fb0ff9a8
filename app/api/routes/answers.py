"""Stored answers, and people's ratings of them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

from fastapi import APIRouter, Request, Response

from app.api.deps import LongreelDep, VideoDep
from app.api.pages import CursorQuery, LimitQuery, link_next, page
from app.api.schemas import AnswerOut
from app.api.schemas.ratings import RateIn, RatingOut, SavedAnswerOut
from app.core.stored_answers import load_answer, load_trace
from app.db.saved_answers import Rating, SavedAnswer

router = APIRouter(tags=["questions"])


@router.get("/answers/{answer}", summary="Get an answer")
def get_answer(answer: str, longreel: LongreelDep, response: Response) -> SavedAnswerOut:
    """The question, the answer with its citations, and the agent's steps. `Last-Modified` is the time of the answer."""
    saved = longreel.library.answer(answer)
    response.headers["Last-Modified"] = formatdate(saved.created_at, usegmt=True)
    return _saved(saved)


@router.get(
    "/videos/{video}/answers",
    summary="List the answers about a video, newest first",
)
def list_answers(
    video: VideoDep,
    longreel: LongreelDep,
    request: Request,
    response: Response,
    limit: LimitQuery = 1000,
    cursor: CursorQuery = "",
) -> list[SavedAnswerOut]:
    """Includes questions about several videos, if the answer or its search used this one. `Link` leads to the next
    page."""
    answers = longreel.library.answers(video.id)
    chosen, following = page(answers, lambda one: (one.created_at, one.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [_saved(saved) for saved in chosen]


@router.put("/answers/{answer}/rating", summary="Rate an answer")
def rate_answer(answer: str, body: RateIn, longreel: LongreelDep) -> RatingOut:
    """The rating is stored for evaluation. It replaces an earlier rating of the same answer."""
    return _rating(longreel.library.rate(answer, body.verdict, body.note.strip()))


@router.get("/ratings", summary="List ratings, newest first")
def list_ratings(
    longreel: LongreelDep, request: Request, response: Response, limit: LimitQuery = 1000, cursor: CursorQuery = ""
) -> list[RatingOut]:
    """Each with its question and the id of the answer, for evaluation. `Link` leads to the next page."""
    ratings = longreel.library.ratings()
    chosen, following = page(ratings, lambda one: (one.created_at, one.answer_id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [_rating(rating) for rating in chosen]


def _saved(saved: SavedAnswer) -> SavedAnswerOut:
    return SavedAnswerOut(
        id=saved.id,
        question=saved.question,
        video_ids=list(saved.video_ids),
        created_at=_utc(saved.created_at),
        answer=AnswerOut.of(load_answer(saved.answer), load_trace(saved.trace), saved.id),
    )


def _rating(rating: Rating) -> RatingOut:
    words = {"question": rating.question, "verdict": rating.verdict, "note": rating.note}
    return RatingOut.model_validate({**words, "answer_id": rating.answer_id, "created_at": _utc(rating.created_at)})


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
