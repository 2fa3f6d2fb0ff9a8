"""The agent with the offline profile's real models on written videos: what it must answer, and what it must refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.events import Answered, Called, Planned
from app.core.settings import Agent
from app.core.types import Answer, VideoId, from_json
from benchmarks.agent_cases import Result, agent_of, read_cases, run

pytestmark = pytest.mark.slow

ANSWERED = ("pottery-1", "pottery-6", "pottery-16", "databases-6", "council-1", "council-8", "council-13")
REFUSED = ("pottery-12", "databases-12", "council-10", "silent-2", "blank-2")


@pytest.fixture(scope="module")
def ask() -> Callable[[str], Result]:
    """Asks one of the benchmark's cases."""
    from app.core.settings import load_settings
    from gpu_workers.registry import Workers

    settings = load_settings({})
    workers = Workers(settings)
    videos, cases = read_cases()
    named: dict[str, dict[str, Any]] = {case["case"]: case for case in cases}
    agent, library = agent_of(
        videos.values(), workers.get("text_embedder"), workers.get("language_model"), settings.agent
    )
    return lambda name: next(run(agent, library, [named[name]]))


@pytest.mark.parametrize("case", ANSWERED)
def test_what_the_video_tells_is_answered_with_a_citation_on_the_place(ask: Callable[[str], Result], case: str) -> None:
    result = ask(case)
    assert result.right, result
    assert result.cited, result


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_video_does_not_tell_is_refused(ask: Callable[[str], Result], case: str) -> None:
    result = ask(case)
    assert not result.answered, result


def test_a_model_that_chooses_its_steps_ends_within_them_with_an_answer_or_an_honest_refusal() -> None:
    from app.core.settings import load_settings
    from gpu_workers.registry import Workers

    workers = Workers(load_settings({}))
    videos, _ = read_cases()
    settings = Agent(mode="free", max_steps=1, max_seconds=60)
    agent, library = agent_of(
        [videos["pottery"]], workers.get("text_embedder"), workers.get("language_model"), settings
    )
    events = list(agent.ask("How long does the bowl have to dry?", [library.video(VideoId("pottery"))]))
    planned, last = events[0], events[-1]
    assert isinstance(planned, Planned) and planned.mode == "free"
    assert sum(isinstance(event, Called) for event in events) <= settings.max_steps
    assert isinstance(last, Answered)
    answer = from_json(Answer, last.answer)
    assert answer.usage.steps <= settings.max_steps + 1, "rules add one search where the model does not answer"
    assert bool(answer.citations) is (answer.status == "answered")
    assert all(citation.verified for citation in answer.citations)
