"""A part is called after what it repeats and the other parts do not."""

from __future__ import annotations

from app.text.keyphrases import key_phrases

BRIDGE = "The Cedar Street bridge is old. People love the Cedar Street bridge. The council is tired of the bridge."
ROOF = "The library roof leaks. The council wants a new library roof. The roof worries me."


def test_each_part_has_its_own_phrases_as_the_text_spells_them() -> None:
    bridge, roof = key_phrases([BRIDGE, ROOF])
    assert bridge[0] == "Cedar Street bridge"
    assert roof[0] == "library roof"
    assert not any("council" in phrase for phrase in (*bridge, *roof))


def test_what_occurs_once_is_no_phrase_and_a_verb_before_a_pronoun_is_in_none() -> None:
    assert key_phrases(["The ferry sailed to Norway."]) == [[]]
    (phrases,) = key_phrases(["The roof worries me. The roof worries us. The roof worries them."])
    assert phrases == ["roof"]


def test_no_phrases_share_a_word() -> None:
    (phrases,) = key_phrases([BRIDGE], most=4)
    words = [word for phrase in phrases for word in phrase.lower().split()]
    assert len(words) == len(set(words))
