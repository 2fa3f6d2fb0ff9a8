"""The contract of LexicalIndex, over SQLite and the fake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.ports import LexicalIndex
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from retrieval.fakes import MemoryLexicalIndex
from retrieval.fts_index import SqliteLexicalIndex

ONE, TWO = VideoId("1" * 64), VideoId("2" * 64)


@pytest.fixture(params=["sqlite", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LexicalIndex]:
    if request.param == "memory":
        yield MemoryLexicalIndex()
        return
    sqlite = SqliteLexicalIndex(tmp_path / "new folder" / "lexical.sqlite")
    yield sqlite
    sqlite.close()


def segment(n: int, text: str, video: VideoId = ONE, kind: SegmentKind = SegmentKind.SPEECH) -> Segment:
    return Segment(f"{video[:4]}-{n}", video, kind, TimeSpan(10 * n, 10 * n + 10), text, "m")


def add(index: LexicalIndex, *texts: str) -> None:
    index.add([segment(n, text) for n, text in enumerate(texts)])


def found(index: LexicalIndex, text: str, limit: int = 10) -> list[str]:
    return [hit.text for hit, _ in index.search(text, limit=limit)]


def test_it_is_a_lexical_index(index: LexicalIndex) -> None:
    assert isinstance(index, LexicalIndex)


def test_an_empty_index_finds_nothing(index: LexicalIndex) -> None:
    assert index.search("anything", limit=5) == []


def test_texts_without_a_common_word_are_not_found(index: LexicalIndex) -> None:
    add(index, "the cat sleeps", "a dog barks")
    assert found(index, "What does that parrot eat?") == []


def test_more_shared_words_come_first_and_scores_fall(index: LexicalIndex) -> None:
    add(index, "the red car stops", "the red car hits a blue bus", "green fields", "a blue lake")
    hits = index.search("red car blue bus", limit=10)
    assert hits[0][0].text == "the red car hits a blue bus"
    scores = [score for _, score in hits]
    assert len(hits) == 3
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_words_are_found_in_other_forms(index: LexicalIndex) -> None:
    add(index, "two cars are jumping", "nothing here")
    assert found(index, "did the car jump?") == ["two cars are jumping"]


def test_accents_and_case_do_not_matter(index: LexicalIndex) -> None:
    add(index, "CAFÉ Müller", "tea room")
    assert found(index, "cafe muller") == ["CAFÉ Müller"]
    assert found(index, "CÀFE") == ["CAFÉ Müller"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What does C-c l v do?", "C-c l v shows the link"),
        ("which rate has 416x234", "416x234 264 kbps"),
        ("frame 026973?", "at 026973"),
        ("What is U+1F600?", "U+1F600 grinning"),
        ("Is .NET used?", "built on .NET"),
        ("C++ or not", "C++ in a day"),
        ("version 22.04.1", "Ubuntu 22.04.1 LTS"),
        ("東京", "東京タワーは高い"),
        ("机器学习是什么", "今天讨论机器学习是什么"),
        ("машины", "красные машины едут"),
    ],
)
def test_codes_and_other_scripts_are_found(index: LexicalIndex, question: str, text: str) -> None:
    add(index, "C-x l w", "416x235", "026974", "U+1F601", "the net result", "vitamin C", "22.05", "大阪", "карта", text)
    assert found(index, question)[0] == text


def test_a_quoted_part_lifts_the_text_that_has_it_as_it_stands(index: LexicalIndex) -> None:
    add(index, "river trade and wealth of cities", "trade wealth river", "stones", "cities", "wealth", "x y z")
    assert found(index, 'what is "trade wealth"')[0] == "trade wealth river"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Wann werden die Brücken geöffnet?", "Die Brücke am Hafen"),
        ("¿Cuándo abren los puentes?", "el puente del puerto"),
        ("桥什么时候开？", "港口大桥什么时候重新开放"),
        ("橋はいつ開きますか", "港の橋はいつも混んでいます"),
        ("다리는 언제 열리나요?", "항구의 다리는 월요일에"),
        ("สะพานเปิดเมื่อไหร่", "สะพานท่าเรือปิดอยู่"),
        ("متى يفتح الجسر؟", "الجسر القديم عند الميناء"),
        ("Когда откроют мосты?", "мосты через реку"),
    ],
)
def test_a_question_finds_a_text_in_its_language(index: LexicalIndex, question: str, text: str) -> None:
    add(
        index,
        "the museum is closed",
        "die Katze schläft",
        "木星很大",
        "猫が寝ている",
        "고양이",
        "แมว",
        "قطة",
        "кошка",
        text,
    )
    assert found(index, question)[0] == text


def test_a_rare_word_weighs_more_than_the_words_of_every_question(index: LexicalIndex) -> None:
    add(
        index, *(f"what does it say here and when does the {word} go" for word in ("bus", "train", "boat")), "the whale"
    )
    assert found(index, "When does the video say what the whale is?")[0] == "the whale"


def test_a_question_of_stop_words_only_is_searched_by_them(index: LexicalIndex) -> None:
    add(index, "to be or not to be", "nothing alike")
    assert found(index, "to be or not to be") == ["to be or not to be"]


def test_a_segment_comes_back_exactly(index: LexicalIndex) -> None:
    full = Segment("é'\"", ONE, SegmentKind.VISUAL, TimeSpan(1 / 3, 335 / 3), 'a "b" 😀\n\x00 word', "m", 1 / 3, "why?")
    index.add([full])
    assert [hit for hit, _ in index.search("word", limit=1)] == [full]


def test_the_same_id_replaces(index: LexicalIndex) -> None:
    index.add([segment(1, "old wording")])
    index.add([segment(1, "new text")])
    assert found(index, "wording") == []
    assert found(index, "text") == ["new text"]


def test_filters_keep_videos_kinds_and_overlapping_spans(index: LexicalIndex) -> None:
    kinds = [SegmentKind.SPEECH, SegmentKind.CAPTION]
    index.add([segment(n, f"word {n}", v, kinds[n % 2]) for v in (ONE, TWO) for n in range(50)])
    hits = index.search("word", limit=100, videos=[ONE], window=TimeSpan(95, 205), kinds=[SegmentKind.SPEECH])
    assert sorted(hit.id for hit, _ in hits) == sorted(f"1111-{n}" for n in (10, 12, 14, 16, 18, 20))
    assert len(index.search("word", limit=100, videos=[ONE, TWO])) == 100
    assert len(index.search("word", limit=7, videos=[TWO])) == 7
    assert index.search("word", limit=5, videos=[VideoId("3" * 64)]) == []


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_below_one_finds_nothing(index: LexicalIndex, limit: int) -> None:
    add(index, "word")
    assert index.search("word", limit=limit) == []


def test_a_removed_video_is_gone_and_may_come_back(index: LexicalIndex) -> None:
    index.add([segment(n, "word", v) for v in (ONE, TWO) for n in range(30)])
    index.remove(ONE)
    assert {hit.video_id for hit, _ in index.search("word", limit=100)} == {TWO}
    index.add([segment(1, "word again")])
    assert found(index, "again") == ["word again"]


def test_what_is_of_one_kind_can_be_removed_alone(index: LexicalIndex) -> None:
    index.add([segment(0, "word", kind=SegmentKind.SUMMARY), segment(1, "word"), segment(2, "word", TWO)])
    index.remove(ONE, [SegmentKind.SUMMARY])
    assert {hit.id for hit, _ in index.search("word", limit=9)} == {"1111-1", "2222-2"}


def test_what_is_indexed_of_a_video_can_be_listed(index: LexicalIndex) -> None:
    mine = [segment(1, "later"), segment(0, "earlier")]
    index.add([*mine, segment(0, "other", TWO)])
    assert index.videos() == {ONE, TWO}
    assert index.segments(ONE) == mine
    index.remove(ONE)
    assert index.videos() == {TWO}
    assert index.segments(ONE) == []


def test_removing_an_unknown_video_is_fine(index: LexicalIndex) -> None:
    index.remove(ONE)


HOSTILE = [
    "",
    " ",
    '"',
    "'",
    '"unclosed',
    "word AND",
    "OR OR NOT word",
    "NEAR(word other, 2)",
    "word*",
    "^word",
    "text:word",
    "{word} - (",
    "word) OR (",
    "a:b:c",
    "😀 word",
    "\x00word",
    "word\x00other",
    '"word\x00 other"',
    "\ud800 word",
    "%_",
    "'; DROP TABLE segment; --",
    "word " * 2000,
    "w" * 10_000,
    "-" * 10_000,
    "\u202eword",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_plain_text(index: LexicalIndex, text: str) -> None:
    add(index, "a word here", "AND OR NOT NEAR")
    hits = index.search(text, limit=5)
    assert len(hits) <= 2
    if "word" in text.split():
        assert "a word here" in [hit.text for hit, _ in hits]
    assert found(index, "here") == ["a word here"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.text(max_size=40))
def test_any_text_can_be_stored_and_any_text_searched(index: LexicalIndex, text: str, question: str) -> None:
    index.add([segment(1, text)])
    assert all(score > 0 for _, score in index.search(question, limit=5))


def test_threads_may_read_and_write_at_once(index: LexicalIndex) -> None:
    index.add([segment(n, "steady word", TWO) for n in range(50)])
    errors: list[Exception] = []

    def write(start: int) -> None:
        try:
            for n in range(20):
                index.add([segment(start + 10 * n + i, "fresh word") for i in range(10)])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    def read() -> None:
        try:
            for _ in range(30):
                assert len(index.search("steady", limit=50)) == 50
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    threads = [threading.Thread(target=write, args=(1000 * k,)) for k in (1, 2)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(index.search("fresh", limit=1000)) == 400
