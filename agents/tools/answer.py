"""answer: ends the work with a draft, which is then judged."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from agents.state import Sense
from agents.tools.base import tool_spec


class Statement(BaseModel):
    """One statement of an answer."""

    text: str = Field(max_length=2000, description="one statement, in the language of the question; no evidence ids")
    evidence: list[str] = Field(description="ids that state or show it, such as E3 or F1; only those that do")


class AnswerCall(BaseModel):
    """Arguments of answer."""

    statements: list[Statement] = Field(
        max_length=20, description="one for each part of the question, each with its own evidence"
    )
    stated: Literal["yes", "no", "unsure"] = Field(
        description="yes: the video gives the answer; no: it does not; unsure: you could not find out"
    )
    option: str = Field("", max_length=200, description="for multiple choice: the letter of the option")
    could_be_in: list[Sense] = Field(
        [], description="for no and unsure: where the answer would be if the video gave it"
    )


ANSWER = tool_spec(
    "answer",
    "Ends the work with the answer. Every statement cites the evidence that states or shows it. A question of two "
    "parts needs two statements. If the video does not give the answer, leave the statements empty or say in one what "
    "is missing, and set stated to no; set it to unsure when you could not look or listen where the answer may be.",
    AnswerCall,
)
"""Not a `Tool`: nothing is carried out, and the graph turns the arguments into a draft."""
