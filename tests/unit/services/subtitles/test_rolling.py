"""Rolling captions: each line once, at the time it is spoken."""

from __future__ import annotations

from app.services import subtitles

LINES = ["the train leaves at nine", "from platform four", "please have your tickets ready", "and mind the gap"]


def clock(seconds: float) -> str:
    return f"00:{int(seconds // 60):02d}:{seconds % 60:06.3f}"


def cue(start: float, end: float, *lines: str) -> str:
    return f"{clock(start)} --> {clock(end)} align:start position:0%\n" + "\n".join(lines) + "\n"


def youtube(*, stamps: bool) -> str:
    """Each line is spoken in two seconds, held for a hundredth, and shown again above the next one."""
    cues, above = [], " "
    for number, line in enumerate(LINES):
        start = 0.24 + 2 * number
        words = line.split()
        step = 1.9 / len(words)
        timed = "".join(f"<{clock(start + step * at)}><c> {word}</c>" for at, word in enumerate(words[1:], 1))
        cues.append(cue(start, start + 1.99, above, words[0] + timed if stamps else line))
        cues.append(cue(start + 1.99, start + 2.0, line, " "))
        above = line
    return "WEBVTT\nKind: captions\n\n" + "\n".join(cues)


def starts(text: str) -> list[tuple[float, str]]:
    return [(said.span.start_s, said.text) for said in subtitles.parse(text)]


ONCE = [(0.24, LINES[0]), (2.24, LINES[1]), (4.24, LINES[2]), (6.24, LINES[3])]


def test_each_line_of_youtubes_captions_comes_once_when_it_is_spoken() -> None:
    assert starts(youtube(stamps=True)) == ONCE


def test_its_words_have_the_times_that_the_file_tells() -> None:
    second = subtitles.parse(youtube(stamps=True))[1]
    assert [(word.text, round(word.span.start_s, 2)) for word in second.words] == [
        ("from", 2.24),
        ("platform", 2.87),
        ("four", 3.51),
    ]


def test_captions_that_lost_their_word_times_are_read_the_same() -> None:
    assert starts(youtube(stamps=False)) == ONCE


def test_lines_that_roll_up_three_at_a_time_come_once() -> None:
    cues = [cue(at, at + 1, *LINES[max(0, at - 2) : at + 1]) for at in range(4)]
    assert starts("\n".join(cues).replace(".", ",")) == list(zip([0.0, 1.0, 2.0, 3.0], LINES, strict=True))


def test_a_line_that_grows_word_by_word_is_one_line() -> None:
    words = LINES[0].split()
    cues = [cue(at, at + 1, " ".join(words[: at + 1])) for at in range(len(words))]
    [said] = subtitles.parse("\n".join(cues))
    assert (said.text, said.span.start_s, said.span.end_s) == (LINES[0], 0.0, 5.0)
    assert [word.span.start_s for word in said.words] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_what_is_said_again_in_other_subtitles_stays() -> None:
    cues = [cue(0, 1, "No."), cue(1, 2, "No."), cue(2, 3, "No."), cue(3, 4, "Yes."), cue(4, 5, "Yes. And now?")]
    assert [text for _, text in starts("\n".join(cues))] == ["No.", "No.", "No.", "Yes.", "Yes. And now?"]


def test_a_line_that_comes_again_after_a_pause_was_said_again() -> None:
    text = youtube(stamps=True) + "\n" + cue(60, 62, LINES[3])
    assert starts(text)[-2:] == [ONCE[-1], (60.0, LINES[3])]
