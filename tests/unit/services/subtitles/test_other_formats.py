"""Formats beside SubRip and WebVTT."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput
from app.services import subtitles

EVENTS = """[Script Info]
Title: Harbour

[{styles}]
Format: Name, Fontname

[Events]
Format: {first}, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: {zero},0:00:01.00,0:00:02.50,Default,,0,0,0,,{{\\i1}}Hello{{\\i0}},\\Nthere
Comment: {zero},0:00:01.00,0:00:02.50,Default,,0,0,0,,a note
Dialogue: {zero},0:00:04.00,0:00:05.00,Default,,0,0,0,,{{\\p1}}m 0 0 l 9 9{{\\p0}}
Dialogue: {zero},0:00:06.00,0:00:07.00,Default,,0,0,0,,Bye
"""
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:p="http://www.w3.org/ns/ttml#parameter" p:frameRate="25" p:tickRate="1000">
<body><div begin="1s">
<p begin="0s" end="1.5s">Hello,<br/>there</p>
<p begin="00:00:05:00" dur="1000t">B<span>y</span>e</p>
</div></body></tt>"""
FILES = {
    "ass": EVENTS.format(styles="V4+ Styles", first="Layer", zero="0"),
    "ssa": EVENTS.format(styles="V4 Styles", first="Marked", zero="Marked=0"),
    "microdvd with its rate": "{1}{1}20\n{20}{50}{y:i}Hello,|there\n{120}{140}Bye\n",
    "microdvd": "{DEFAULT}{}{C:$0000ff}\n{25}{62}Hello,|there\n{150}{175}Bye\n",
    "mpl2": "[10][25]Hello,|/there\n[60][70]Bye\n",
    "sbv": "0:00:01.000,0:00:02.500\nHello,\nthere\n\n0:00:06.000,0:00:07.000\nBye\n",
    "subviewer 2": "[INFORMATION]\n[TITLE]Harbour\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF,[SIZE]18\n"
    "00:00:01.00,00:00:02.50\nHello,[br]there\n\n00:00:06.00,00:00:07.00\nBye\n",
    "subrip that a machine translated": "1\n00: 00: 01, 000 --> 00: 00: 02, 500\nHello,\nthere\n\n"
    "2\n00: 00: 06, 000 --> 00: 00: 07, 000\nBye\n",
    "ass that begins with a comment": "; made by hand\n" + EVENTS.format(styles="V4+ Styles", first="Layer", zero="0"),
    "ttml": TTML,
    "dfxp": TTML.replace("http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1"),
    "sami": "<SAMI><BODY>\n<SYNC Start=1000><P>Hello,<br>there\n<SYNC Start=2500><P>&nbsp;\n<SYNC Start=6000><P>Bye",
    "tmplayer": "00:00:01:Hello,|there\n00:00:06:Bye\n",
    "whisper jax": "[00:01.000 -> 00:02.500]  Hello, there\n[00:06.000 -> 00:07.000]  Bye\n",
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_cues(name: str) -> None:
    warnings: list[str] = []
    hello, bye = subtitles.parse(FILES[name], fps=25.0, warn=warnings.append)
    assert ([hello.text, bye.text], warnings) == (["Hello, there", "Bye"], [])
    assert (hello.span.start_s, bye.span.start_s) == (1.0, 6.0)
    guessed = name in ("sami", "tmplayer")
    assert (hello.span.end_s, bye.span.end_s) == pytest.approx((2.5, 7.0), abs=0.5 if guessed else 0.03)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("ass", "Dialogue: 0,0:00:xx.00,0:00:05.00,Default,,0,0,0,,bad\n"),
        ("ass", "Dialogue: 0,0:00:09.00,0:00:05.00,Default,,0,0,0,,bad\n"),
        ("microdvd", "{oops}{75}bad\n"),
        ("mpl2", "[oops][75]bad\n"),
        ("tmplayer", "0x:00:07:bad\n"),
        ("sami", "<SYNC Start=oops><P>bad\n"),
        ("sbv", "\n0:00:09.000,0:00:07.000\nbad\n"),
    ],
)
def test_a_bad_cue_of_any_format_is_left_out_and_named(name: str, bad: str) -> None:
    warnings: list[str] = []
    text = FILES[name].rstrip("\n") + "\n" + bad
    cues = subtitles.parse(text, fps=25.0, warn=warnings.append)
    assert [cue.text for cue in cues] == ["Hello, there", "Bye"]
    [warning] = warnings
    assert f"Line {len(text.splitlines()) - (name == 'sbv')} " in warning


def test_a_bad_paragraph_of_timed_text_is_left_out_and_named() -> None:
    warnings: list[str] = []
    cues = subtitles.parse(TTML.replace("</div>", '<p begin="soon" end="2s">bad</p></div>'), warn=warnings.append)
    assert [cue.text for cue in cues] == ["Hello, there", "Bye"]
    assert "Paragraph 3 has no time range: soon to 2s." in warnings[0]


def test_the_name_of_an_actor_is_the_speaker() -> None:
    text = FILES["ass"].replace("Default,,", "Default,Ann,", 1)
    assert [cue.speaker for cue in subtitles.parse(text)] == ["Ann", None]


def test_a_line_that_is_drawn_twice_for_its_shadow_is_one_cue() -> None:
    bye = FILES["ass"].splitlines()[-1]
    assert len(subtitles.parse(f"{FILES['ass']}{bye.replace('Bye', '{}Bye'.format('{' + chr(92) + 'blur4}'))}\n")) == 2


def test_frames_without_a_rate_are_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match="count frames") as refusal:
        subtitles.parse(FILES["microdvd"])
    assert "{1}{1}25" in (refusal.value.hint or "")


@pytest.mark.parametrize(
    "text", ["[00:12.00]A song\n", "<transcript><text start='1'>x</text></transcript>", "# Notes\n"]
)
def test_another_format_is_refused_with_one_sentence_that_names_the_formats(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        subtitles.parse(text)
    assert all(name in (refusal.value.hint or "") for name in ("SubRip", "WebVTT", "TTML", "SubStation", "MicroDVD"))


def test_entities_of_its_own_make_xml_no_subtitles() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + TTML.partition("\n")[2]
    with pytest.raises(BadInput):
        subtitles.parse(bomb)
