"""Whether evidence states what an answer claims: the checks that every claim passes before a user sees it."""

from agents.judge.judge import Judge

__all__ = ["Judge"]
