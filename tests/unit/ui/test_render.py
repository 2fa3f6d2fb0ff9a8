from __future__ import annotations

import pytest

from app.api.schemas import VideoOut
from app.api.schemas.entities import EntityOut
from app.api.schemas.ratings import SavedAnswerOut
from app.api.schemas.status import CheckOut, StatusOut
from app.core.errors import BadInput
from app.core.events import (
    Called,
    Delta,
    Hit,
    Inspected,
    Planned,
    Searched,
    ToolStarted,
    Understood,
    Verified,
)
from app.core.types import AnswerStatus, SegmentKind, TimeSpan
from app.core.types.entities import EntityKind, MentionSource
from tests.unit.ui.samples import (
    NASTY,
    Tags,
    a_chapter,
    a_hit,
    a_job,
    a_line,
    a_segment,
    a_video,
    an_answer,
)
from ui.login import login_page
from ui.render import answers, library, markup, watch
from ui.render.citations import played
from ui.render.queue import queue
from ui.render.relevance import marks, relevance
from ui.render.status import status
from ui.render.templates import fill


def a_name(name: str, source: MentionSource = MentionSource.SAID) -> EntityOut:
    return EntityOut(id=name, kind=EntityKind.NAME, name=name, video_ids=["v"], mentions=3, sources=[source])


def nasty_pages() -> list[str]:
    video = a_video(NASTY)
    looked = Inspected(
        video.id, TimeSpan(0, 5), "look", (1.0,), (Hit("E1", video.id, TimeSpan(1, 2), "caption", NASTY),)
    )
    trace = [
        Understood(NASTY, NASTY + NASTY),
        Planned("loop", NASTY, (NASTY,)),
        Delta(NASTY),
        looked,
        Searched(NASTY, (a_hit("E2", 3),)),
    ]
    cited = [an_answer().citations[0].model_copy(update={"quote": NASTY})]
    answer = an_answer(text=NASTY, option_index=0, citations=cited, trace=trace, id=NASTY)
    saved = SavedAnswerOut(id="a", question=NASTY, video_ids=[], created_at="", answer=answer)
    check = CheckOut(name=NASTY, ok=False, detail=NASTY, command=NASTY)
    return [
        library.grid([video]),
        library.choices([video], video.id),
        queue([a_job("running", NASTY), a_job("failed", NASTY), a_job("cancelled", NASTY)]),
        watch.player(video, spoken=True),
        watch.timeline(video, [a_chapter(NASTY)], [a_line(NASTY)], [a_segment(NASTY)]),
        watch.recent([video]),
        watch.about(video, [a_line(NASTY)], [a_segment(NASTY)], [a_chapter(NASTY)]),
        watch.examples(video, [a_name(NASTY)], True, answers.asked_before([saved])),
        answers.answer(NASTY, answer, {video.id: video}, [NASTY, "b"]),
        answers.answer(NASTY, answer.model_copy(update={"status": AnswerStatus.NOT_IN_VIDEO}), {video.id: video}),
        answers.thinking(NASTY, trace, {video.id: video}),
        relevance(trace, cited, {video.id: video}),
        status(StatusOut(version="1", profile=NASTY, checks=[check])),
        markup.problem(BadInput(NASTY, NASTY)),
        markup.note(NASTY),
        fill("add.html") + fill("finding.html") + fill("head.html", has_key=True) + fill("question.html"),
    ]


@pytest.mark.parametrize("page", nasty_pages())
def test_no_text_becomes_markup_or_template(page: str) -> None:
    assert all("onerror" not in attributes for _, attributes in Tags(page).found)
    assert all(attributes.get("src") != "x" for _, attributes in Tags(page).found)
    assert "{" not in page and "${" not in page


def test_a_text_in_a_part_within_a_part_is_escaped_once() -> None:
    saved = SavedAnswerOut(id="a", question=NASTY, video_ids=[], created_at="", answer=an_answer())
    page = watch.examples(None, [], earlier=answers.asked_before([saved]))
    assert [found["data-question"] for _, found in Tags(page).found if "data-question" in found] == [NASTY]


def test_the_login_page_escapes_what_it_says() -> None:
    assert "<b>" not in login_page("<b>")
    assert 'type="password"' in login_page("")


def test_a_citation_is_a_button_that_plays_its_span() -> None:
    video = a_video()
    page = answers.answer("When?", an_answer(), {video.id: video})
    chip, card = (found for tag, found in Tags(page).found if tag == "button" and "data-jump" in found)
    assert chip["aria-label"] == "Source 1: play from 1:23"
    assert (card["data-jump"], card["data-t"], card["data-end"]) == (video.id, "83.200", "88.900")
    assert card["aria-label"] == "Play Film from 1:23: It opened to the public in March 1932."
    assert [found["src"] for tag, found in Tags(page).found if tag == "img"] == [
        f"v1/videos/{video.id}/thumbnail?t=84.000"
    ] * 2
    assert "1 source verified" in page and "86%" in page and "1:23 to 1:28" in page


@pytest.mark.parametrize(
    ("kind", "start_s", "end_s", "frame_s", "plays"),
    [
        (SegmentKind.SPEECH, 5.0, 65.0, None, (5.0, 65.0)),
        (SegmentKind.SPEECH, 5.0, 5.5, None, (5.0, 7.0)),
        (SegmentKind.SCREEN_TEXT, 5.0, 65.0, 40.0, (5.0, 15.0)),
        (SegmentKind.VISUAL, 5.0, 65.0, 6.0, (5.0, 15.0)),
        (SegmentKind.VISUAL, 5.0, 65.0, 40.0, (39.0, 49.0)),
        (SegmentKind.CAPTION, 5.0, 8.0, 6.0, (5.0, 8.0)),
        (SegmentKind.EVENT, 5.0, 30.0, 6.0, (5.0, 30.0)),
    ],
)
def test_of_a_picture_the_first_seconds_are_played_and_of_speech_all(
    kind: SegmentKind, start_s: float, end_s: float, frame_s: float | None, plays: tuple[float, float]
) -> None:
    times = {"kind": kind, "start_s": start_s, "end_s": end_s, "frame_s": frame_s}
    assert played(an_answer().citations[0].model_copy(update=times)) == plays


def test_an_answer_with_unchecked_sources_says_so() -> None:
    unchecked = an_answer().citations[0].model_copy(update={"verified": False})
    page = answers.answer("When?", an_answer(citations=[unchecked]), {})
    assert "0 of 1 source verified" in page and "not verified" in page


def test_each_claim_carries_the_moments_that_prove_it() -> None:
    first = an_answer().citations[0].model_copy(update={"start_s": 1.0, "end_s": 2.0})
    second = first.model_copy(update={"start_s": 40.0, "end_s": 41.0})
    trace = [
        Searched("q", (a_hit("E1", 40), a_hit("E2", 0))),
        Verified("Blue.", "unclear", "", ("E2",)),
        Verified("Red.", "yes", "", ("E1",)),
    ]
    page = answers.answer("Which?", an_answer(text="Red.\nBlue.", citations=[first, second], trace=trace), {})
    red, blue = page.split('<p class="lr-text">')[1:]
    assert "Source 2" in red and "Source 1" not in red and "Source 1" in blue
    page = answers.answer("Which?", an_answer(text="It is red. Blue.", citations=[first, second], trace=trace), {})
    assert page.count('<p class="lr-text">') == 1 and "Source 1" in page and "Source 2" in page


def test_a_refusal_says_what_was_searched_and_shows_no_confidence() -> None:
    refused = {"status": AnswerStatus.NOT_IN_VIDEO, "citations": [], "confidence": None}
    page = answers.answer("A cat?", an_answer(**refused, searched=["what is said", "32 frames"]), {})
    assert "Not in the video" in page and "Searched: what is said; 32 frames." in page
    assert "confidence" not in page
    looked = [Searched("cat", ()), Inspected("v", TimeSpan(60, 90), "look")]
    assert "lr-searched" not in answers.answer("A cat?", an_answer(**refused, trace=looked), {})


def test_what_could_not_be_decided_says_what_it_would_take() -> None:
    missing = ["No model looked at the pictures; set LONGREEL_VLM_URL."]
    undecided = an_answer(status=AnswerStatus.INSUFFICIENT, citations=[], confidence=None, missing=missing)
    page = answers.answer("Which colour?", undecided, {})
    assert f"To decide this: {missing[0]}" in page and "verified" not in page


def test_the_text_that_is_being_written_stands_below_the_steps() -> None:
    steps = [Planned("loop"), Delta("Old."), Searched("q", ()), Delta("It is "), Delta("red.")]
    page = answers.thinking("Which?", steps, {})
    assert "It is red." in page.split("</ol>")[1] and "Old." not in page
    assert "lr-writing" not in answers.thinking("Which?", steps[:3], {})


def test_a_tool_has_one_line_from_its_beginning_to_its_end() -> None:
    begun = [ToolStarted("search", "red", "c1"), ToolStarted("look", "0:10", "c2")]
    page = answers.thinking("Which?", [*begun, Called("search", "red", "E1", call_id="c1")], {})
    assert page.count("<li>") == 1 and page.count(">Searched (red)<") == 1
    assert "Searching" not in page and "Looking at the pictures (0:10)" in page


def test_a_closer_look_shows_the_pictures_it_looked_at() -> None:
    video = a_video()
    step = Inspected(video.id, TimeSpan(0, 60), "look", tuple(float(n) for n in range(8)))
    page = answers.thinking("Who?", [step], {video.id: video})
    shown = [found for tag, found in Tags(page).found if tag == "img"]
    assert len(shown) == 6 and shown[1]["alt"] == "Frame at 0:01" and "and 2 more" in page
    assert shown[1]["src"] == f"v1/videos/{video.id}/frame?t=1.000&side=320"


def test_a_citation_of_a_deleted_video_has_no_picture() -> None:
    page = answers.answer("When?", an_answer(), {})
    assert "<img" not in page and "9f86d081884c" in page


def test_the_strongest_thing_that_happened_to_a_moment_is_shown() -> None:
    trace = [
        Searched("q", (a_hit("E1", 0), a_hit("E2", 20), a_hit("E3", 40), a_hit("E4", 83))),
        Inspected(a_video().id, TimeSpan(20, 30), "look"),
        Verified("c", "no", "no", ("E3", "E1")),
        Verified("d", "yes", "", ("E1",)),
    ]
    cited = an_answer().citations[0].model_copy(update={"start_s": 83.0, "end_s": 93.0})
    assert [(mark.start_s, mark.state) for mark in marks(trace, [cited])] == [
        (0, "found"),
        (20, "looked"),
        (40, "rejected"),
        (83, "cited"),
    ]


def test_the_evidence_of_several_videos_has_a_row_for_each() -> None:
    one, other = a_video("One"), a_video("Other").model_copy(update={"id": "b" * 64})
    trace = [Searched("q", (a_hit("E1", 0), a_hit("E2", 0, other.id)))]
    page = relevance(trace, an_answer().citations, {one.id: one, other.id: other})
    assert [found["data-of"] for tag, found in Tags(page).found if "data-of" in found] == [one.id, other.id]
    assert relevance([], [], {}) == ""


@pytest.mark.parametrize(("ready", "width"), [(False, 640), (True, None)])
def test_videos_without_pictures_ask_for_none(ready: bool, width: int | None) -> None:
    video = a_video(ready=ready, width=width)
    seen = [a_segment("", SegmentKind.VISUAL)]
    page = library.grid([video]) + watch.player(video) + watch.timeline(video, [], [], seen)
    assert "thumbnail" not in page and "data-scenes" not in page


def test_a_video_that_is_being_read_stands_in_the_queue_only() -> None:
    assert "data-open" not in library.grid([a_video(ready=False)], [a_job("running")])
    assert "not finished" in library.grid([a_video(ready=False)], [a_job("cancelled")])


def test_the_lanes_lie_where_things_happen() -> None:
    page = watch.timeline(a_video(), [a_chapter("One", 0, 3723.9 / 4)], [a_line(start_s=3723.9 / 2)], [])
    assert "left:0.00%;width:25.00%" in page and 'd="M50.00 0h0.50' in page
    assert "On screen" not in page


def test_music_and_singing_have_their_own_lanes_and_speech_and_silence_have_none() -> None:
    heard = [
        a_segment(name, SegmentKind.SOUND).model_copy(update={"start_s": 3723.9 / 4, "end_s": 3723.9 / 2})
        for name in ("music", "speech", "silence")
    ]
    page = watch.timeline(a_video(), [], [], heard)
    assert "Music" in page and page.count('d="M25.00 0h25.00') == 1
    assert not {"Speech", "Silence", "Singing"} & set(page.replace("<", ">").split(">"))


def test_the_bar_is_divided_into_the_chapters() -> None:
    page = watch.timeline(a_video(), [a_chapter("One", 0, 930.975), a_chapter("Two", 930.975, 3723.9)], [], [])
    [bar] = [found for tag, found in Tags(page).found if found.get("role") == "slider"]
    assert (bar["aria-valuemax"], bar["aria-label"], bar["tabindex"]) == ("3723", "Position", "0")
    parts = [(found["data-name"], found["style"]) for tag, found in Tags(page).found if "data-name" in found]
    assert parts == [("One", "left:0.000%;width:25.000%"), ("Two", "left:25.000%;width:75.000%")]


def test_each_scene_shows_the_first_of_its_key_frames() -> None:
    found = [
        a_segment("", SegmentKind.VISUAL).model_copy(update={"start_s": start_s, "frame_s": frame_s})
        for start_s, frame_s in ((20, 31), (0, 4), (20, 25), (40, None))
    ]
    page = watch.timeline(a_video(), [], [], sorted(found, key=lambda one: (one.start_s, one.frame_s or 0)))
    assert [tag["data-scenes"] for _, tag in Tags(page).found if "data-scenes" in tag] == ["0.000:4.000 20.000:25.000"]
    assert "data-scenes" not in watch.timeline(a_video(), [], [], [])


def test_sound_is_drawn_once_it_was_read_and_missing_sound_is_told() -> None:
    assert f'data-wave="{a_video().id}"' in watch.timeline(a_video(), [], [], [])
    assert "data-wave" not in watch.timeline(a_video(ready=False), [], [], [])
    silent = a_video().model_copy(update={"has_audio": False})
    assert "No sound" in watch.timeline(silent, [], [], []) and "data-wave" not in watch.timeline(silent, [], [], [])


def test_the_player_has_only_the_controls_that_do_something() -> None:
    def controls(video: VideoOut, spoken: bool) -> list[str | None]:
        return [
            found["data-control"]
            for _, found in Tags(watch.player(video, spoken=spoken)).found
            if "data-control" in found
        ]

    always = ["play", "back", "forward"]
    assert controls(a_video(), True) == [*always, "mute", "captions", "picture", "full"]
    assert controls(a_video(width=None), False) == [*always, "mute"]
    assert controls(a_video().model_copy(update={"has_audio": False}), False) == [*always, "picture", "full"]


def test_the_transcript_is_the_captions() -> None:
    [track] = [found for tag, found in Tags(watch.player(a_video(), spoken=True)).found if tag == "track"]
    assert track["src"] == f"v1/videos/{a_video().id}/transcript?format=vtt" and track["srclang"] == "en"
    assert "<track" not in watch.player(a_video())


def test_the_examples_ask_about_names_that_are_said() -> None:
    names = [a_name("Audible", MentionSource.WRITTEN), a_name("Karl Marx"), a_name("Engels"), a_name("Hegel")]
    page = watch.examples(a_video(), names, True)
    asked = [found["data-ask"] for tag, found in Tags(page).found if tag == "button"]
    assert asked == [
        "What is said about Karl Marx?",
        "When is Engels mentioned?",
        "What is written on the screen?",
    ]
    assert "What is this video about?" in watch.examples(a_video(), [])
    assert "Which videos mention Karl Marx?" in watch.examples(None, names)


def test_a_question_asked_several_times_is_listed_once_with_its_last_answer() -> None:
    undecided = an_answer(text="It is not certain.", status=AnswerStatus.INSUFFICIENT, citations=[])
    asked = [("b", "Who?", an_answer(text="Ada. " * 30)), ("a", "Who?", undecided), ("c", "Why?", undecided)]
    saved = [
        SavedAnswerOut(id=id, question=question, video_ids=[], created_at="", answer=reply)
        for id, question, reply in asked
    ]
    page = answers.asked_before(saved)
    assert [found["data-show"] for tag, found in Tags(page).found if tag == "button"] == ["b", "c"]
    assert f"Answered: {'Ada. ' * 18}…" in page and "<small>Could not be decided</small>" in page


def test_empty_places_teach() -> None:
    assert "longreel ingest" in library.grid([])
    assert "No video is ready yet" in watch.recent([a_video(ready=False)])
    assert "Nobody speaks" in watch.about(a_video(), [], [], [])
    assert "still being processed" in watch.about(a_video(ready=False), [], [], [])
    assert "chapters appear once the video has been processed" in watch.about(a_video(), [], [], [])
    assert answers.asked_before([]) == ""
    assert "data-job" not in queue([a_job("finished"), a_job("cancelled")])


def test_a_failed_job_says_why_and_offers_another_try() -> None:
    page = queue([a_job("failed")])
    assert "It is empty. Give a film." in page and 'data-retry="j1"' in page
    assert 'data-cancel="j1"' in queue([a_job("queued")])
    assert 'data-retry="j1"' in queue([a_job("cancelled")])


def test_a_job_stays_in_sight_when_another_of_its_title_waits() -> None:
    page = queue([a_job("queued", id="j2"), a_job("running")])
    assert page.index('data-cancel="j1"') < page.index('data-cancel="j2"')


def test_a_failure_is_no_news_once_the_same_was_tried_again() -> None:
    again = a_job("finished", id="j2").model_copy(update={"created_at": "2026-01-02"})
    assert "Failed" not in queue([again, a_job("failed")])


def test_what_is_missing_stands_first_with_the_command_that_mends_it() -> None:
    checks = [CheckOut(name="python", ok=True, detail="3.11"), CheckOut(name="av", ok=False, detail="", command="pip")]
    page = status(StatusOut(version="1", profile="offline", checks=checks))
    assert "1 of 2 checks failed" in page and page.index(">av<") < page.index(">python<")
    assert "1 of\n  2 checks passed" in page or "1 of 2 checks passed" in page


def test_the_player_says_when_with_what_and_where_a_video_was_recorded() -> None:
    facts = {"recorded_at": "2026-05-03T10:00:00Z", "camera": "Acme <One>", "location": "+52.5+013.4/"}
    shown = watch.player(a_video().model_copy(update=facts))
    assert (
        "Recorded: 3 May 2026, 10:00 UTC" in shown and "Camera: Acme &lt;One&gt;" in shown and "+52.5+013.4/" in shown
    )
    assert "lr-origin" not in watch.player(a_video())
    dates = ["2026-05-03T10:00:00.5+02:00", "2026-05-03", "2026", "in spring"]
    words = ["3 May 2026, 10:00 UTC+02:00", "3 May 2026", "2026", "in spring"]
    assert [markup.date_in_words(date) for date in dates] == words


def test_a_player_starts_where_it_was_asked_to() -> None:
    [video] = [a for tag, a in Tags(watch.player(a_video(), 12.5, play=True)).found if tag == "video"]
    assert str(video["src"]).endswith("/media#t=12.500") and "autoplay" in video
    assert "autoplay" not in watch.player(a_video(), 12.5)
