"""Subtitles in, utterances out, and back."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.core.types import TimeSpan, Utterance, Word
from app.services import subtitles

SRT = """1
00:00:01,000 --> 00:00:03,500
Hello there.

2
00:01:00,250 --> 00:01:02,000
Two lines
of text.
"""


def said(data):
    return [(cue.span.start_s, cue.span.end_s, cue.text) for cue in subtitles.parse(data)]


def test_srt_gives_a_cue_for_each_time_range():
    assert said(SRT) == [(1.0, 3.5, "Hello there."), (60.25, 62.0, "Two lines of text.")]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SRT.encode(),
        SRT.replace("\n", "\r\n").encode(),
        SRT.replace("\n", "\r").encode(),
        SRT.encode("utf-16"),
        SRT.replace(",", "."),
        SRT.replace("\n\n", "\n"),
        SRT.replace("1\n00", "00").replace("2\n00", "00"),
        "\n\n" + SRT.replace("\n", "\n\n"),
        SRT.replace("2\n00", "\ufeff2\n00"),
    ],
    ids=[
        "BOM",
        "CRLF",
        "CR",
        "UTF-16",
        "dots",
        "no blank lines",
        "no counters",
        "double blank lines",
        "two files in one",
    ],
)
def test_srt_as_it_is_found_in_the_wild_reads_the_same(data):
    assert said(data) == said(SRT)


def test_old_western_files_keep_their_accents():
    assert subtitles.parse("1\n00:00:00,0 --> 00:00:01,5\ncafé\n".encode("cp1252"))[0].text == "café"


def test_short_milliseconds_are_tenths_and_hundredths():
    assert said("00:00:01,5 --> 00:00:02,25\nx")[0][:2] == (1.5, 2.25)


def test_a_number_that_is_spoken_is_no_counter():
    assert said("1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n") == [
        (1.0, 2.0, "42"),
        (3.0, 4.0, "7"),
    ]


def test_cues_are_sorted_and_may_overlap():
    data = "00:00:05,000 --> 00:00:09,000\nlate\n\n00:00:01,000 --> 00:00:06,000\nearly\n"
    assert said(data) == [(1.0, 6.0, "early"), (5.0, 9.0, "late")]


def test_tags_and_entities_leave_the_text():
    data = r"00:00:01,000 --> 00:00:02,000" + "\n{\\an8}<i>Tom</i> &amp; <font color='red'>Jerry</font>: 1 < 2\n"
    assert said(data)[0][2] == "Tom & Jerry: 1 < 2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("if a<b and c>d", "if a<b and c>d"),
        ("<c.yellow.bg_blue>one</c> <lang en>two</lang> <b>three</b> <br/>four", "one two three four"),
        ("<ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby> one", "漢字 one"),
        ("\u202bשלום\u202c עולם\u200f &rlm;x&lrm;y", "שלום עולם xy"),
    ],
)
def test_only_what_is_said_stays(text, words):
    assert said(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n")[0][2] == words


def test_a_time_that_was_rounded_up_to_a_whole_minute_is_read():
    assert said("00:00:59,500 --> 00:00:60,000\nx\n") == [(59.5, 60.0, "x")]


def test_an_arrow_in_the_text_is_text():
    assert said("00:00:01,000 --> 00:00:02,000\nA --> B\n")[0][2] == "A --> B"


def test_cues_without_text_are_left_out():
    assert said("1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nx\n") == [(3.0, 4.0, "x")]


VTT = """WEBVTT - a title
Kind: captions

NOTE written by hand

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 line:0 position:20% align:start
<v.loud Ann Lee>Hi <c.blue>there</c>!</v>
<v Bob>Hello <00:00:01.500>Ann.

01:00:00.000 --> 01:00:01.000
plain
"""


def test_webvtt_names_the_speakers_and_drops_settings_notes_and_styles():
    cues = subtitles.parse(VTT)
    assert [(cue.speaker, cue.text, cue.span.start_s) for cue in cues] == [
        ("Ann Lee", "Hi there!", 1.0),
        ("Bob", "Hello Ann.", 1.0),
        (None, "plain", 3600.0),
    ]


def test_webvtt_without_cues_is_empty():
    assert subtitles.parse("WEBVTT\n") == []


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("", 1),
        ("This is a letter.\nIt says nothing.\n", 1),
        ("1\n00:00:05,000 --> 00:00:02,000\nx\n", 2),
        ("1\n00:75:00,000 --> 00:76:00,000\nx\n", 2),
        ("WEBVTT\n\nnow --> then\nx\n", 3),
        (f"1\n{'9' * 5000}:00:00,000 --> 00:00:02,000\nx\n", 2),
    ],
)
def test_nonsense_is_refused_with_its_line(data, line):
    with pytest.raises(BadInput, match=rf"[Ll]ine {line}\b") as refusal:
        subtitles.parse(data)
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("1\nhello\n00:00:01,000 --> 00:00:02,000\nx\n", 2),
        ("1\n00:00:01,000 --> 00:00:02,000\nx\n\n2\n00:00:xx,000 --> 00:00:05,000\ny\n", 6),
        ("1\n00:00:04,000\ny\n\n2\n00:00:01,000 --> 00:00:02,000\nx\n", 2),
        ("1\n00:00:05,000 --> 00:00:02,000\ny\n\n2\n00:00:01,000 --> 00:00:02,000\nx\n", 2),
        ("WEBVTT\n\nnow --> then\ny\n\n00:01.000 --> 00:02.000\nx\n", 3),
    ],
)
def test_one_bad_cue_is_left_out_and_named_and_the_others_are_read(data, line):
    warnings = []
    [cue] = subtitles.parse(data, warn=warnings.append)
    assert (cue.text, cue.span) == ("x", TimeSpan(1.0, 2.0))
    [warning] = warnings
    assert warning.startswith("One subtitle could not be read and was left out.") and f"Line {line} " in warning


def test_of_many_bad_cues_the_first_are_named_and_the_others_counted():
    warnings = []
    bad = "".join(f"00:00:0{second},000 --> oops\ny\n\n" for second in range(2, 9))
    subtitles.parse(f"00:00:01,000 --> 00:00:02,000\nx\n\n{bad}", warn=warnings.append)
    [warning] = warnings
    assert "7 subtitles" in warning and "Line 4 " in warning and "And 4 more." in warning


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x00\x00\x01\xba" * 200, b"\x00\x01" * 500])
def test_binary_data_is_refused(data):
    with pytest.raises(BadInput):
        subtitles.parse(data)


@pytest.mark.parametrize("arrow", ["->", "-->", "\u2013>", "\u2192"])
def test_a_short_arrow_is_an_arrow(arrow):
    assert said(f"1\n00:00:01,000 {arrow} 00:00:02,000\nx\n") == [(1.0, 2.0, "x")]


def test_a_line_of_spaces_does_not_end_a_webvtt_cue_that_goes_on():
    assert said("WEBVTT\n\n00:01.000 --> 00:02.000\n \nx\n\n00:03.000 --> 00:04.000\ny\n") == [
        (1.0, 2.0, "x"),
        (3.0, 4.0, "y"),
    ]


def test_words_with_times_of_their_own_have_them():
    [cue] = subtitles.parse("WEBVTT\n\n00:01.000 --> 00:02.000\nso <00:01.200>it <00:01.500><c>goes on</c>\n")
    spans = [(word.text, round(word.span.start_s, 3), round(word.span.end_s, 3)) for word in cue.words]
    assert spans == [("so", 1.0, 1.2), ("it", 1.2, 1.5), ("goes", 1.5, 1.75), ("on", 1.75, 2.0)]


def test_a_time_within_a_text_without_spaces_does_not_split_it():
    [cue] = subtitles.parse("WEBVTT\n\n00:01.000 --> 00:02.000\n橋は<00:01.200><c>三月</c>\n")
    assert cue.text == "橋は三月"


def test_hundreds_of_thousands_of_cues_that_overlap_take_seconds():
    cues = (f"00:00:{at // 1000 % 60:02d},{at % 1000:03d} --> 00:01:30,000\nline {at}\n\n" for at in range(60_000))
    started = time.monotonic()
    assert len(subtitles.parse("".join(cues))) == 60_000
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("piece", ["<v ", "{\\", "<", "{1}{2}", "&", "<00:01.000>", "00:", "--> ", "[1][2]", "\x0b"])
def test_a_hostile_line_takes_no_time(piece):
    data = f"00:00:01,000 --> 00:00:02,000\n{piece * (1_000_000 // len(piece))}\n"
    started = time.monotonic()
    with contextlib.suppress(BadInput):
        subtitles.parse(data)
    assert time.monotonic() - started < 5


def test_words_that_whisperx_could_not_place_stay_in_their_sentence():
    words = [{"word": "In", "start": 1.0, "end": 1.2, "score": 0.5}, {"word": "1932"}]
    later = {"start": 5, "end": 6, "text": " Later.", "speaker": "SPEAKER_00"}
    told = {"segments": [later, {"start": 1.0, "end": 2.0, "text": " In  1932", "words": words}], "language": "en"}
    first, second = subtitles.parse(json.dumps(told).encode())
    assert (first.text, first.words) == ("In 1932", (Word("In", TimeSpan(1.0, 1.2), 0.5),))
    assert (second.text, second.span, second.speaker) == ("Later.", TimeSpan(5, 6), "SPEAKER_00")


def test_one_unreadable_segment_of_a_transcript_is_left_out_with_a_warning():
    good = {"start": 0, "end": 1, "text": "Good.", "words": None}
    bad = [{"start": 5, "end": 4, "text": "Backwards."}, {"end": 8, "text": "No start."}]
    unclear = {"start": 9, "end": 10, "text": "An odd word.", "words": [{"word": "odd", "start": 9.5, "end": 9.1}]}
    transcript, warnings = {"segments": [good, *bad, unclear]}, []
    assert subtitles.is_transcript(transcript)
    heard = subtitles.parse(json.dumps(transcript), warn=warnings.append)
    assert [(one.text, one.words) for one in heard] == [("Good.", ()), ("An odd word.", ())]
    assert len(warnings) == 1 and "2 subtitles" in warnings[0] and "Segment 2 " in warnings[0]


def test_half_of_an_emoji_in_a_transcript_becomes_a_question_mark():
    half = "hi \ud83d"
    segment = {"start": 0, "end": 1, "text": half, "words": [{"word": half, "start": 0, "end": 1}], "speaker": half}
    (said,) = subtitles.parse(json.dumps({"segments": [segment]}))
    assert {said.text, said.words[0].text, said.speaker} == {"hi ?"}


def test_a_word_whose_score_is_no_number_counts_as_sure():
    words = '[{"word": "In", "start": 1.0, "end": 1.2, "score": NaN}]'
    (said,) = subtitles.parse(f'{{"segments": [{{"start": 1, "end": 2, "text": "In", "words": {words}}}]}}')
    assert said.words == (Word("In", TimeSpan(1.0, 1.2), 1.0),)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"segments": ' + "[" * 100_000,
        "{}",
        '{"segments": 1}',
        '{"segments": ["x"]}',
        '{"segments": [{"start": 2, "end": 1, "text": "x"}]}',
        '{"segments": [{"start": NaN, "end": 1, "text": "x"}]}',
    ],
)
def test_other_json_is_no_transcript(text):
    with pytest.raises(BadInput, match="whisperX"):
        subtitles.parse(text)


LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
TEXTS = st.lists(LETTERS, min_size=1, max_size=5).map(" ".join)
NOBODY = st.none()
TIMES = st.integers(0, 400_000_000)


@st.composite
def spoken(draw, texts=TEXTS, speakers=NOBODY):
    times = sorted(draw(st.lists(st.tuples(TIMES, st.integers(200, 60_000)), max_size=6)))
    return [
        Utterance(TimeSpan(start / 1000, (start + length) / 1000), draw(texts), speaker=draw(speakers))
        for start, length in times
    ]


@given(spoken(speakers=st.none() | st.sampled_from(["Ann", "Bob & Co.", "Zoë van Dam"])))
def test_what_is_written_as_webvtt_reads_the_same(utterances):
    assert subtitles.parse(subtitles.to_vtt(utterances)) == utterances


PLAIN = st.text("abc XYZ.!?'12é中-", min_size=1).map(lambda text: " ".join(text.split())).filter(bool)


@given(spoken(texts=PLAIN).filter(bool))
def test_what_is_written_as_srt_reads_the_same(utterances):
    assert subtitles.parse(subtitles.to_srt(utterances)) == utterances


HEADS = st.sampled_from(
    ["", "WEBVTT\n\n", "[Script Info]\n", "{1}{1}25\n", "<SAMI>", "<tt>", "[1][2]", "0:00:01.000,0:00:02.000\n", "{"]
)
PIECES = st.sampled_from(
    [
        "00:00:01,000 --> 00:00:02,000\n",
        "00:01.000 --> 00:00.500\n",
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,",
        "{25}{50}",
        "<sync start=1000><p>",
        '<p begin="1s" end="2s">',
        "</p></tt>",
        "<00:01.500>",
        "[10][20]",
        "-->",
        "\n\n",
        "x",
    ]
)


@given(
    st.text() | st.binary() | st.builds(lambda head, *rest: head + "".join(*rest), HEADS, st.lists(PIECES | st.text()))
)
def test_any_file_is_read_or_refused(data):
    try:
        cues = subtitles.parse(data, fps=25.0)
    except BadInput as refusal:
        assert refusal.hint and "\n" not in refusal.message
        return
    assert all(cue.text and cue.text == " ".join(cue.text.split()) for cue in cues)
    assert [cue.span.start_s for cue in cues] == sorted(cue.span.start_s for cue in cues)
    assert all(cue.span.start_s <= word.span.start_s <= cue.span.end_s for cue in cues for word in cue.words)
