"""Every export is read again with a reader of its format, and says what the library says."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest

from app.core.errors import BadInput
from app.core.requests import SummaryRequest
from app.core.types import (
    Answer,
    AnswerStatus,
    Chapter,
    Citation,
    Digest,
    SegmentKind,
    TimeSpan,
    Utterance,
    VideoId,
    Word,
)
from app.services import subtitles
from app.services.exports import FORMATS, AnsweredQuestion, Material, Source, file_stem, link_from, named, of_digest
from app.services.exports.markdown import escaped
from app.services.exports.material import headline
from app.services.exports.overview import Entry, overview_text
from app.services.exports.timecode import frame_at, rate_of, timecode
from app.services.summarize import Point, Section
from tests.unit.services.summarize.library import a_video

NASTY = 'Costs <b>&</b> "gains" *now* [1](x) --> |pipe| \x07 ünï'
CHAPTERS = (
    Chapter(TimeSpan(0.4, 59.9), "Opening", "It begins."),
    Chapter(TimeSpan(59.9, 64.0), "A short one", ""),
    Chapter(TimeSpan(64.0, 3700.5), NASTY, "It goes on."),
)


def material(fps: float | None = 30000 / 1001) -> Material:
    video = replace(a_video(seconds=4000.0, fps=fps), title="Talk & <more>", path="/films/a b#1.mp4")
    quote = Citation(video.id, TimeSpan(61.5, 63.0), SegmentKind.SPEECH, NASTY, None, True)
    said = Utterance(TimeSpan(61.5, 63.0), NASTY, (Word("Costs", TimeSpan(61.5, 61.9), 0.8),), "Ann <x>")
    section = Section("Actions", None, (Point("Ann will call.", (quote,), "action"),))
    answer = Answer(AnswerStatus.ANSWERED, "It costs 5.", 0.9, (quote,))
    answers = (
        AnsweredQuestion("What does it cost?", answer),
        AnsweredQuestion("Who?", Answer(AnswerStatus.NOT_IN_VIDEO, "", 0.1)),
    )
    source = Source(media="films/a%20b%231.mp4", made_on=date(2031, 5, 4), heard_by="ears@2", answered_by="mind@3")
    return Material(video, (said,), CHAPTERS, (section,), answers, SummaryRequest(), "extractive", source)


def written(name: str, given: Material | None = None) -> str:
    return FORMATS[name].write(given or material()).decode()


def test_the_name_of_a_file_is_a_heading_in_words_and_other_titles_stay() -> None:
    named = replace(material(), video=replace(material().video, title="board_meeting_2"))
    assert written("md", named).startswith("# Board meeting 2\n") and "<title>Board meeting 2</title>" in written(
        "html", named
    )
    assert [headline(title) for title in ("The _plan_", "_private", "übung_1", "Talk")] == [
        "The _plan_",
        "_private",
        "Übung 1",
        "Talk",
    ]
    entry = Entry(VideoId("v"), "board_meeting_2", 60.0, {}, {"Who?": "Ann."})
    overview = overview_text(None, [entry, replace(entry, video_id=VideoId("w"))], [])
    assert overview.count("### Board meeting 2 (1:00)") == 2 and overview.count("**Board meeting 2**: Ann.") == 2


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="pdf") as refusal:
        named(["md", "pdf"])
    assert "srt-chapters" in refusal.value.hint


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_video_without_anything_can_be_written(name: str) -> None:
    assert isinstance(FORMATS[name].write(Material(a_video(), (), ())), bytes)


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_the_transcript_is_read_back_from_subtitles(name: str) -> None:
    [cue] = subtitles.parse(written(name))
    assert cue.span == TimeSpan(61.5, 63.0)
    assert "Costs" in cue.text


@pytest.mark.parametrize("name", ["srt-chapters", "vtt-chapters"])
def test_chapters_are_read_back_from_subtitles(name: str) -> None:
    cues = subtitles.parse(written(name))
    assert [cue.span for cue in cues] == [chapter.span for chapter in CHAPTERS]
    assert cues[0].text == "Opening"


def test_youtube_chapters_begin_at_zero_and_last_ten_seconds() -> None:
    lines = written("youtube").splitlines()
    assert lines[0] == "0:00:00 Opening"
    assert lines[1].startswith("0:01:04 Costs")
    assert len(lines) == 2
    assert written("youtube", replace(material(), video=a_video(seconds=600))).startswith("0:00 Opening")


def test_whisperx_json_has_segments_words_and_language() -> None:
    data = json.loads(written("whisperx"))
    assert data["language"] == "en"
    word = {"word": "Costs", "start": 61.5, "end": 61.9, "score": 0.8, "speaker": "Ann <x>"}
    assert data["word_segments"] == [word]
    [segment] = data["segments"]
    assert (segment["start"], segment["end"], segment["words"], segment["speaker"]) == (61.5, 63.0, [word], "Ann <x>")


def test_whisperx_json_is_read_back_with_words_and_speakers() -> None:
    [said] = subtitles.parse(written("whisperx"))
    [given] = material().utterances
    assert (said.span, said.words, said.speaker) == (given.span, given.words, given.speaker)
    assert said.text == " ".join(given.text.split())


def test_what_whisperx_wrote_is_written_as_it_was_read() -> None:
    words = [
        {"word": "Good", "start": 1.02, "end": 1.2, "score": 0.912, "speaker": "SPEAKER_01"},
        {"word": "morning.", "start": 1.24, "end": 1.61, "score": 0.877, "speaker": "SPEAKER_01"},
    ]
    spoken = {"start": 1.02, "end": 1.61, "text": "Good morning.", "words": words, "speaker": "SPEAKER_01"}
    unknown = {"start": 3.5, "end": 4.0, "text": "Hm.", "words": []}
    whole = {"segments": [spoken, unknown], "word_segments": words, "language": "en"}
    said = tuple(subtitles.parse(json.dumps(whole)))
    assert json.loads(written("whisperx", Material(a_video(), said, ()))) == whole


def test_json_keeps_the_citations_of_every_point_and_answer() -> None:
    data = json.loads(written("json"))
    [point] = data["summary"]["sections"][0]["points"]
    assert point["label"] == "action"
    for cited in (point["citations"][0], data["questions"][0]["citations"][0]):
        assert (cited["start_s"], cited["end_s"], cited["quote"]) == (61.5, 63.0, NASTY)
    assert [q["status"] for q in data["questions"]] == ["answered", "not_in_video"]
    assert [c["title"] for c in data["chapters"]] == [c.title for c in CHAPTERS]


def test_an_edit_list_is_non_drop_and_its_times_are_frames() -> None:
    lines = written("edl").splitlines()
    assert lines[1] == "FCM: NON-DROP FRAME"
    events = [line for line in lines if re.match(r"\d{3}  ", line)]
    rate = Fraction(30000, 1001)
    for event, start_s in zip(events, (0.4, 59.9, 61.5, 64.0), strict=True):
        at, after = event.split()[4:6]
        frames = [int(n) for n in at.split(":")]
        number = ((frames[0] * 60 + frames[1]) * 60 + frames[2]) * 30 + frames[3]
        assert abs(number / rate - Fraction(start_s)) <= Fraction(1, 2) / rate
        assert timecode(number + 1, rate) == after
    assert all(line.isascii() for line in lines)
    assert sum("|M:" in line and line.count("|") == 3 for line in lines) == 4


def test_timecode_counts_every_frame_past_the_minute_where_drop_frame_would_skip_two() -> None:
    rate = Fraction(30000, 1001)
    assert [timecode(n, rate) for n in (1799, 1800, 1801)] == ["00:00:59:29", "00:01:00:00", "00:01:00:01"]
    assert timecode(frame_at(3600.0, rate), rate) == "00:59:56:12"
    assert timecode(25 * 3661 + 7, Fraction(25)) == "01:01:01:07"


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(29.97, Fraction(30000, 1001)), (23.98, Fraction(24000, 1001)), (25.0, Fraction(25)), (None, Fraction(25)),
     (12.4, Fraction(12)), (59.94, Fraction(60000, 1001))],
)  # fmt: skip
def test_the_rate_is_the_standard_one_that_is_near(fps: float | None, rate: Fraction) -> None:
    assert rate_of(a_video(fps=fps)) == rate


def test_final_cut_xml_is_well_formed_and_its_times_are_whole_frames() -> None:
    root = ElementTree.fromstring(written("fcpxml"))
    step = root.find("resources/format").get("frameDuration")  # type: ignore[union-attr]
    assert step == "1001/30000s"
    assert root.find("resources/asset/media-rep").get("src") == "file:///films/a%20b%231.mp4"  # type: ignore[union-attr]
    clip = root.find("library/event/project/sequence/spine/asset-clip")
    assert clip is not None
    assert clip.get("tcFormat") == "NDF"
    marks = list(clip)
    assert [mark.tag for mark in marks] == ["chapter-marker", "chapter-marker", "marker", "chapter-marker"]
    for mark, start_s in zip(marks, (0.4, 59.9, 61.5, 64.0), strict=True):
        frames = Fraction(str(mark.get("start"))[:-1]) / Fraction(1001, 30000)
        assert frames.denominator == 1
        assert abs(float(frames * Fraction(1001, 30000)) - start_s) <= 0.5 * 1001 / 30000 + 1e-9
    assert marks[3].get("value") == " ".join(NASTY.replace("\x07", "").split())


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_has_a_player_and_links_to_times_and_no_markup_from_the_video() -> None:
    page = Page()
    page.feed(written("html"))
    tags = [tag for tag, _ in page.tags]
    assert "b" not in tags
    assert tags.count("script") == 1
    assert dict(page.tags)["video"]["src"] == "films/a%20b%231.mp4"
    times = {attrs["href"] for tag, attrs in page.tags if tag == "a"}
    assert {"#t=61.50", "#t=64.00"} <= times
    assert all(re.fullmatch(r"#t=\d+\.\d\d", str(time)) for time in times)
    assert 'Costs <b>&</b> "gains" *now* [1](x)' in page.text


def test_markdown_shows_texts_as_they_are() -> None:
    text = written("md")
    assert "# Talk \\& \\<more\\>" in text
    assert "[1:01-1:03](<films/a%20b%231.mp4#t=61.5>)" in text
    assert "The video does not say." in text
    assert escaped("1. not a list") == "1\\. not a list"
    assert escaped("- nor this") == "\\- nor this"


def test_a_word_document_is_read_back() -> None:
    document = docx.Document(io.BytesIO(FORMATS["docx"].write(material())))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[0] == "Talk & <more>"
    assert "Action: Ann will call. [1:01-1:03]" in texts
    assert "What does it cost?" in texts
    links = [one.target_ref for one in document.part.rels.values() if one.is_external]
    assert "films/a%20b%231.mp4#t=61.5" in links


@pytest.mark.parametrize("name", ["md", "html", "docx"])
def test_the_last_line_says_when_and_by_which_models_a_file_was_made(name: str) -> None:
    content = FORMATS[name].write(material())
    text = (
        "\n".join(p.text for p in docx.Document(io.BytesIO(content)).paragraphs)
        if name == "docx"
        else re.sub(r"\\|<[^>]*>", "", content.decode())
    )
    assert "4 May 2031 · sentences quoted from the video · transcript: ears@2 · answers: mind@3" in text
    assert "extractive" not in text and "file://" not in text


def test_times_link_to_a_server_when_its_address_is_given_and_to_nothing_when_there_is_nothing_to_play() -> None:
    given = material()
    served = replace(given, source=Source(server="https://reels.example/", media="films/a.mp4"))
    assert f"(<https://reels.example/?video={given.video.id}&t=61.5>)" in written("md", served)
    assert f'src="https://reels.example/v1/videos/{given.video.id}/media"' in written("html", served)
    bare = replace(given, source=Source())
    assert "Ann will call. \\[1:01-1:03\\]" in written("md", bare)
    assert 'src="a%20b%231.mp4"' in written("html", bare)
    imported = replace(bare, video=replace(bare.video, path=""))
    assert "<video" not in written("html", imported)


@pytest.mark.parametrize(
    ("folder", "address"),
    [("films", "a%20b.mp4"), (".", "films/a%20b.mp4"), ("notes", "../films/a%20b.mp4"), ("x/notes", "")],
)
def test_a_video_is_linked_from_near_folders_only(tmp_path: Path, folder: str, address: str) -> None:
    assert link_from(tmp_path / folder, str(tmp_path / "films" / "a b.mp4")) == address


def test_each_sentence_of_a_stored_summary_has_its_own_time() -> None:
    video, said = a_video(), ("Ms. Ortega opens the gate.", "The bridge costs 90 crowns.", "Nobody pays.")
    quotes = tuple(
        Citation(video.id, TimeSpan(10.0 * n, 10.0 * n + 5), SegmentKind.SPEECH, text) for n, text in enumerate(said)
    )
    given = of_digest(video, (), Digest(" ".join(said), (), quotes))
    points = given.sections[0].points
    assert [(p.text, [c.span.start_s for c in p.citations]) for p in points] == [
        (text, [10.0 * n]) for n, text in enumerate(said)
    ]
    assert given.heading == "Key sentences"
    rephrased = of_digest(video, (), Digest("Ms. Ortega opened the gate. The cost of the bridge is 90.", (), quotes))
    assert [p.citations[0].span.start_s for p in rephrased.sections[0].points] == [0.0, 10.0]
    assert rephrased.heading == "Summary"
    written_texts = tuple(replace(one, kind=SegmentKind.SCREEN_TEXT) for one in quotes)
    assert of_digest(video, (), Digest(" ".join(said), (), written_texts)).heading == "Written on the screen"


def test_a_refusal_is_one_short_sentence() -> None:
    refused = Answer(
        AnswerStatus.INSUFFICIENT, "", None, missing=("Connect a vision model.",), searched=("speech in A",)
    )
    text = written("md", replace(material(), answers=(AnsweredQuestion("Which colour?", refused),)))
    assert "### Which colour?\n\nThis could not be decided.\n\n---" in text


def test_a_section_says_how_many_points_it_leaves_out() -> None:
    given = material()
    section = replace(given.sections[0], left_out=3)
    assert "- and 3 more" in written("md", replace(given, sections=(section,)))


@pytest.mark.parametrize("letter", ["я", "語", "\U00020000"])
def test_a_long_title_in_any_script_gives_a_file_name_that_a_disk_takes(letter: str) -> None:
    stem = file_stem(letter * 300)
    assert stem == letter * len(stem) and 100 < len(stem.encode()) <= 200
