"""A chat program's own requests, told apart from questions of its user."""

from __future__ import annotations

import pytest

from app.api.chat import pieces
from app.api.chat_tasks import task_reply


@pytest.mark.parametrize(
    ("prompt", "reply"),
    [
        ("Provide a concise, 5-word-or-less title for the conversation, using title case.", "Who speaks first"),
        ("Generate a short title for this chat.", "Who speaks first"),
        ('### Task:\nSuggest 3-5 follow-ups to the chat.\n{ "follow_ups": ["..."] }', '{"follow_ups": []}'),
        ('### Task:\nQueries for the chat history. {"queries": ["a"]}', '{"queries": []}'),
        ("### Task:\nGenerate an emoji for the conversation.", "Who speaks first"),
    ],
)
def test_a_request_about_the_conversation_gets_a_short_reply(prompt: str, reply: str) -> None:
    assert task_reply(prompt, ["Who speaks first?", "And then?"]) == reply


@pytest.mark.parametrize(
    "question",
    [
        "What is the title of the second slide?",
        "Which title does the speaker give the conversation with her sister?",
        "Do they create a title page in the video?",
        "What happens in the chat between the two men?",
        'What is written next to "title": on the screen?',
    ],
)
def test_a_question_about_a_video_is_not_taken_for_one(question: str) -> None:
    assert task_reply(question, []) is None


@pytest.mark.parametrize("text", ["", " ", "One.", "It opened in {1932}.\n\nSources:\n[1] Harbour, 0:08: a  b\n"])
def test_an_answer_in_pieces_is_the_same_answer(text: str) -> None:
    assert "".join(pieces(text)) == text
