from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.sentences import one_line, split_sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "Ms. Okafor opened the bridge.",
        "Dr. Ho and Mr. Li met J. K. Rowling.",
        "Platform No. 5 is closed.",
        "He moved to the U.S. in May.",
        "It grew by 3.5 percent.",
        "Use a tool, e.g. a hammer.",
        "She asked “Why?” and left.",
        "Am 3. Mai öffnet die Brücke.",
        "Das kostet z. B. 5 Euro.",
        "1. Open the lid.",
        "Wait... what happened?",
    ],
)
def test_a_sentence_stays_whole(sentence: str) -> None:
    assert split_sentences(f"{sentence} Then it rained.") == [sentence, "Then it rained."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("桥开了。人们来了！真的吗？是。", ["桥开了。", "人们来了！", "真的吗？", "是。"]),
        ("متى يفتح الجسر؟ لا أعرف.", ["متى يفتح الجسر؟", "لا أعرف."]),
        ("पुल खुला। लोग आए।", ["पुल खुला।", "लोग आए।"]),
        ("Is it open? No. That is over.", ["Is it open?", "No.", "That is over."]),
        ("It opened in 1999. Then it closed.", ["It opened in 1999.", "Then it closed."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("A heading\n\nThe text", ["A heading", "The text"]),
    ],
)
def test_sentences_end_at_their_signs(text: str, expected: list[str]) -> None:
    assert split_sentences(text) == expected


@given(st.text(alphabet=st.characters() | st.sampled_from(".!?。 \nA")))
def test_nothing_but_spaces_is_lost(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def test_lines_become_one_with_a_semicolon_only_where_no_sign_divides_them() -> None:
    assert one_line("Keys:\n C-c (emacs).\n\n Write a poem\nby hand") == "Keys: C-c (emacs). Write a poem; by hand"
