"""What a person at a terminal sees of an answer on its way."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import pytest
from rich.console import Console

from app.api.schemas import AnswerOut, CitationOut
from app.commands.batch_table import BatchTable
from app.core.events import (
    Delta,
    Event,
    Hit,
    Searched,
    StageFinished,
    StageProgress,
    StageStarted,
    ToolStarted,
    Verified,
    Warned,
)
from app.core.types import AnswerStatus, SegmentKind, TimeSpan
from app.terminal import IngestDisplay, show_answer, show_step


def shown(*events: Event) -> str:
    console = Console(file=io.StringIO(), width=200)
    for event in events:
        show_step(console, event)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_warning_is_shown_as_it_is_written() -> None:
    assert "Not read to the end yet: [red]Talk[/]." in shown(Warned("Not read to the end yet: [red]Talk[/]."))


def test_steps_are_shown_without_how_they_began_and_pieces_of_text() -> None:
    hit = Hit("E1", "v", TimeSpan(8, 11), "speech", "It opened\nin 1932.")
    checked = Verified("It opened in 1932.", "unclear", "")
    assert shown(ToolStarted("search", "bridge"), Searched("bridge", (hit,)), Delta("It"), checked).splitlines() == [
        "  Searched for “bridge”: 1 moment",
        "    0:08-0:11 speech: It opened in 1932.",
        "  Checked “It opened in 1932.”: not certain",
    ]


def test_a_refusal_has_no_confidence_and_says_what_was_searched() -> None:
    console = Console(file=io.StringIO(), width=200)
    refused = AnswerOut(status=AnswerStatus.NOT_IN_VIDEO, text="It does not say.", searched=["what is said"])
    show_answer(console, refused, {})
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    assert "Searched: what is said." in told and "confidence" not in told


@pytest.mark.parametrize("name", ["Talk [dQw4w9WgXcQ].mp4", "a]b.mp4", "[/bold] #1 %41?.mp4", "lone \udcff.mp4"])
def test_an_answer_links_to_a_file_of_any_name(name: str) -> None:
    console = Console(file=io.StringIO(), width=200, force_terminal=True, highlight=False)
    cited = CitationOut(video_id="v", start_s=8, end_s=11, kind=SegmentKind.SPEECH, quote="It opened [in] 1932.")
    answer = AnswerOut(status=AnswerStatus.ANSWERED, text="In 1932 [sic].", citations=[cited])
    show_answer(console, answer, {"v": ("Talk [1]", f"/films/{name}")})
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "In 1932 [sic]." in printed and "Talk [1]" in printed and "It opened [in] 1932." in printed
    (link,) = re.findall(r"file://(\S*?)#t=8\.0", printed)
    assert unquote(link) == f"/films/{name}".replace("\udcff", "?")


def test_without_a_terminal_a_stage_has_a_line_for_each_tenth_and_100_percent_comes_last() -> None:
    console = Console(file=io.StringIO(), width=200)
    with IngestDisplay(console) as display:
        display(StageStarted("transcribe", 200, "s"))
        for second in range(1, 201):
            display(StageProgress("transcribe", second, 200, "s"))
        display(StageFinished("transcribe", 4.2, "12 sentences"))
    assert isinstance(console.file, io.StringIO)
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert [line[1] for line in lines] == [f"{share}%" for share in range(10, 101, 10)]
    assert lines[-1][2:] == ["4.2", "s", "12", "sentences"]


def test_a_batch_without_a_terminal_has_a_line_for_each_tenth_and_100_percent_comes_last() -> None:
    console = Console(file=io.StringIO(), width=200)
    with BatchTable(console, ["talk.mp4"]) as table:
        table.begin(0)
        table.on_event(StageStarted("transcribe", 300, "s"))
        for second in range(1, 301):
            table.on_event(StageProgress("transcribe", second, 300, "s"))
        table.on_event(StageFinished("transcribe", 4.2, "12 sentences"))
        table.end(0)
    assert isinstance(console.file, io.StringIO)
    *stages, last = console.file.getvalue().splitlines()
    assert [line.split()[2] for line in stages] == [f"{share}%" for share in range(10, 101, 10)]
    assert last.startswith("[1/1] talk.mp4: done")
