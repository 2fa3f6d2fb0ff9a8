"""Summaries, conversations, batches, evaluations and the bin as HTML."""

from __future__ import annotations

import pytest

from app.api.schemas import JobErrorOut, SummaryOut
from app.api.schemas.batches import BatchOut
from app.api.schemas.collections import BinnedOut, CollectionOut
from app.api.schemas.evaluations import BinOut, EvaluationOut, ModeCostOut, ModeOut, ShareOut
from app.api.schemas.schedules import OutcomeOut, ScheduleOut
from app.api.schemas.status import PoolOut, SettingOut, StatusOut
from app.api.schemas.summaries import CollectionSummaryOut, MadeSummaryOut, PointOut, SectionOut, VideoLineOut
from app.api.schemas.threads import ConversationOut, ThreadOut, TurnOut
from app.core.events import StageProgress, Understood
from app.jobs.states import JobState
from app.services.exports import FORMATS
from tests.unit.ui.samples import NASTY, Tags, a_chapter, a_job, a_speaker, a_video, an_answer
from ui.render import answers, batches, library, status, summaries, together, watch
from ui.render.conversations import conversations
from ui.render.evaluations import evaluations
from ui.render.queue import queue
from ui.render.templates import NOTHING


def a_summary(*titles: str, text: str = "It opened.", model: str = "extractive") -> MadeSummaryOut:
    point = PointOut(text=text, label="", citations=an_answer().citations)
    sections = [SectionOut(title=title, start_s=0, end_s=65, points=[point]) for title in titles]
    return MadeSummaryOut(
        video_id=a_video().id, length="page", style="notes", language=None, model=model, sections=sections
    )


def a_thread(id: str = "t1", title: str = "When?", turns: int = 1) -> ThreadOut:
    return ThreadOut(id=id, title=title, video_ids=[], created_at="", used_at="2026-01-02T03:04:05", turn_count=turns)


def a_conversation(*questions: str) -> ConversationOut:
    turns = [TurnOut(question=one, understood=one, asked_at="", answer=an_answer(id=one)) for one in questions]
    return ConversationOut(**a_thread().model_dump(), turns=turns)


def a_batch(state: str, *children: str, title: str = "Film") -> BatchOut:
    return BatchOut(
        id="b1",
        state=JobState(state),
        total=len(children),
        finished=children.count("finished"),
        failed=children.count("failed"),
        done_share=0.5,
        error=None,
        created_at="2026-01-02T03:04:05",
        finished_at=None,
        children=[a_job(child, title) for child in children],
    )


def an_evaluation(label: str = "speech") -> EvaluationOut:
    half, nothing = ShareOut(value=0.5, interval=(0.25, 0.75), part=5, of=10), ShareOut(value=None, part=0, of=0)
    mode = ModeOut(
        questions=10,
        errors=0,
        accuracy=half,
        proven=half,
        citation_precision=nothing,
        citation_recall=nothing,
        refusal_recall=nothing,
        wrong_refusals=half,
        calibration_error=0.1,
        reliability=[BinOut(low=0.8, high=0.9, answers=4, confidence=0.85, right=0.75)],
        by_label={"type": {label: half}},
        cost=ModeCostOut(seconds=2, median_seconds=1.5, frames=None, prompt_tokens=0, output_tokens=0),
    )
    return EvaluationOut(name=label, title=label, benchmark="own", made_at="", notes=[label], modes={"full": mode})


def a_watch(folder: str, error: JobErrorOut | None = None) -> ScheduleOut:
    last = OutcomeOut(at="", new=2, waiting=0, jobs=[], error=error)
    when = {"cron": None, "every_s": 300, "next_at": "2026-01-02T03:04:05", "created_at": ""}
    return ScheduleOut.model_validate(
        {"id": "s1", "folder": folder, "collection": None, "summary": None, "paused": False, "last": last, **when}
    )


def a_collection(name: str, id: str = "c1", size: int = 2) -> CollectionOut:
    return CollectionOut(id=id, name=name, size=size, created_at="")


def a_collection_summary(text: str) -> CollectionSummaryOut:
    video, told = a_video(), a_summary("", text=text)
    lines = [
        VideoLineOut(video_id=video.id, title=video.title, point=told.sections[0].points[0]),
        VideoLineOut(video_id="b" * 64, title="New", point=None),
    ]
    return CollectionSummaryOut(
        length="line", style="neutral", language=None, model="extractive", sections=told.sections, videos=lines
    )


def a_setting(name: str, value: str, *, source: str = "default", default: str = "", hidden: bool = False) -> SettingOut:
    told = {"part": name.partition("__")[0].lower(), "variable": f"LONGREEL_{name}", "value": value, "hidden": hidden}
    return SettingOut.model_validate({**told, "default": default, "source": source, "allowed": value, "meaning": value})


def nasty_views() -> list[str]:
    video = a_video(NASTY).model_copy(update={"tags": [NASTY]})
    videos = {video.id: video}
    digest = SummaryOut(summary=NASTY, chapters=[], citations=an_answer().citations)
    chosen = summaries.SummaryForm(NASTY, NASTY, NASTY)
    gone = BinnedOut(video=video, deleted_at="", gone_at="")
    waiting = [a_job("queued", NASTY, "j1"), a_job("queued", NASTY + "2", "j2")]
    return [
        library.grid([video], [], [gone]),
        queue(waiting, [a_watch(NASTY)]),
        status.settings([a_setting(NASTY, NASTY, source="environment", default=NASTY)]),
        summaries.panel(summaries.written(a_summary(NASTY, text=NASTY, model=NASTY), videos), chosen),
        together.panel([a_collection(NASTY)], "", chosen, together.written(a_collection_summary(NASTY), [video])),
        summaries.stored(video, digest),
        watch.about(video, [], [], [a_chapter(NASTY)], [a_speaker(NASTY, NASTY), a_speaker(NASTY, None, NASTY)]),
        conversations(a_conversation(NASTY, NASTY), [a_thread("t2", NASTY)]),
        batches.form([video]),
        library.choices([video], video.id),
        batches.batches([a_batch("running", "running", "failed", title=NASTY)], []),
        evaluations([an_evaluation(NASTY)]),
    ]


@pytest.mark.parametrize("view", nasty_views())
def test_no_text_becomes_markup_or_template(view: str) -> None:
    assert all("onerror" not in attributes for _, attributes in Tags(view).found)
    assert all(attributes.get("src") != "x" for _, attributes in Tags(view).found)
    assert "{" not in view and "${" not in view


def test_every_sentence_of_a_summary_plays_its_moments() -> None:
    video = a_video()
    view = summaries.written(a_summary("One", "Two"), {video.id: video})
    chips = [a for tag, a in Tags(view).found if tag == "button"]
    assert [chip["aria-label"] for chip in chips] == ["Source 1: play from 1:23", "Source 2: play from 1:23"]
    assert "One <small>0:00 to 1:05</small>" in view and "Key sentences" in view
    assert "Written by tiny" in summaries.written(a_summary("One", model="tiny"), {})


def test_a_collections_sentences_tell_their_video_and_its_videos_a_sentence_each() -> None:
    video = a_video()
    view = together.written(a_collection_summary("A storm."), [video])
    chips = [a["aria-label"] for tag, a in Tags(view).found if tag == "button"]
    assert chips == ["Source 1: play from 1:23", "Source 2: play from 1:23"]
    assert f"<small>{video.title}</small>" in view
    assert f"<b>{video.title}</b>: A storm." in view and "<b>New</b>: <small>not summarized yet" in view


def test_a_collection_is_chosen_by_its_id_and_empty_ones_are_not_offered() -> None:
    found = [a_collection("Films", "c1"), a_collection("Talks", "c2"), a_collection("Empty", "c3", size=0)]
    view = together.panel(found, "c2", summaries.SummaryForm("page", "notes"), together.waiting(None), busy=True)
    assert [a["value"] for tag, a in Tags(view).found if "selected" in a] == ["c2", "page", "notes"]
    assert "Empty" not in view and "Waiting for its turn" in view and "disabled" in view
    assert "1 of 2 videos" in together.waiting(StageProgress("summarize", 1, 3, "videos"))
    assert "a tag in the library" in together.panel(found[2:], "", summaries.SummaryForm())


def test_a_single_section_without_a_title_is_running_text() -> None:
    view = summaries.written(a_summary(""), {})
    assert "<h3>" not in view and "<li" not in view
    assert "nothing to summarize" in summaries.written(a_summary(), {})


def test_the_form_of_a_summary_keeps_what_was_chosen() -> None:
    view = summaries.panel(NOTHING, summaries.SummaryForm("page", "notes", "de"), busy=True)
    assert [a["value"] for tag, a in Tags(view).found if "selected" in a] == ["page", "notes"]
    assert 'value="de"' in view and 'aria-busy="true"' in view and "disabled" in view


def test_a_video_can_be_downloaded_in_every_format() -> None:
    assert {name for files in summaries.FILES.values() for name, _, _ in files} == set(FORMATS)
    links = [a["href"] for tag, a in Tags(watch.about(a_video(), [], [], [])).found if tag == "a"]
    assert links[0] == f"v1/videos/{a_video().id}/export?format=md" and len(links) == len(FORMATS)
    assert "files appear once the video has been processed" in watch.about(a_video(ready=False), [], [], [])


def test_a_question_that_points_back_says_what_it_was_taken_for() -> None:
    view = answers.answer("And then?", an_answer(trace=[Understood("And then?", "What came then?")]), {}, thread="t1")
    assert "Understood as: What came then?" in view and 'data-thread="t1"' in view
    assert "Understood" not in answers.answer("When?", an_answer(), {})


def test_a_conversation_lists_its_questions_once_there_are_several() -> None:
    assert "can refer back" in conversations(a_conversation("When?"), [])
    shown = [a for _, a in Tags(conversations(a_conversation("When?", "And then?"), [])).found if "data-show" in a]
    assert [one["data-question"] for one in shown] == ["When?", "And then?"]


def test_earlier_conversations_can_be_gone_on_with_or_forgotten() -> None:
    view = conversations(a_conversation("When?"), [a_thread(), a_thread("t2", "Who?", 3), a_thread("t3", "", 0)])
    assert [a["data-thread"] for _, a in Tags(view).found if "data-thread" in a] == ["t2"]
    assert 'data-forget="t2"' in view and "3 questions, 2026-01-02 03:04" in view
    assert conversations(None, []) == ""


def test_a_batch_offers_what_can_be_done_with_it() -> None:
    assert "data-endbatch" in batches.batches([a_batch("running", "running")], [])
    assert 'href="v1/batches/b1/results"' in batches.batches([a_batch("finished", "finished")], [])
    again = batches.batches([a_batch("cancelled", "cancelled", "failed")], [])
    assert "data-againbatch" in again and "It is empty. Give a film." in again and "1 failed" in again
    named = a_video("Named")
    assert "Named" in batches.batches([a_batch("queued", "queued", title=named.id)], [named])
    assert "No batch yet" in batches.batches([], []) and "Add videos" in batches.form([])


def test_an_evaluation_is_told_in_bars_and_in_words() -> None:
    view = evaluations([an_evaluation()])
    assert '<i style="width:50.0%"></i><i class="lr-whisker" style="left:25.0%;width:50.0%"></i>' in view
    assert "50% <small>of 10</small>" in view and 'aria-label="85% sure, 75% right"' in view
    assert "Correct citations" not in view
    assert "longreel eval own" in evaluations([])


def test_watched_folders_say_what_the_last_look_came_to() -> None:
    assert "2 new at the last check, next check 2026-01-02 03:04" in queue([], [a_watch("/films")])
    gone = JobErrorOut(code="bad_input", message="It is gone.", hint="Mount it.")
    assert "It is gone. Mount it." in queue([], [a_watch("/films", gone)])


def test_deleted_videos_can_be_restored() -> None:
    gone = BinnedOut(video=a_video("Gone"), deleted_at="", gone_at="2026-01-09T00:00:00")
    view = library.grid([], [], [gone])
    assert "data-restore" in view and "data-purge" in view and "2026-01-09" in view and "first video" in view


def test_tags_are_buttons_with_the_number_of_their_videos() -> None:
    tagged = a_video("One").model_copy(update={"tags": ["Talks", "art"]})
    view = library.grid([tagged, a_video("Two")])
    assert [a["data-tag"] for _, a in Tags(view).found if "data-tag" in a] == ["", "art", "Talks"]
    assert "Talks 1" in view and "All 2" in view


def test_each_voice_has_a_form_for_its_name() -> None:
    page = watch.about(a_video(), [], [], [], [a_speaker("Speaker 1", None, "Anna"), a_speaker("Speaker 2", "Bo")])
    assert "Who speaks: Speaker 1, Bo" in page
    given = [found["value"] for tag, found in Tags(page).found if tag in ("input", "option")]
    assert given == ["", "Anna", "Bo"]
    assert "lr-voice" not in watch.about(a_video(), [], [], [])


def test_waiting_jobs_stand_in_the_order_of_the_queue_and_all_but_the_first_can_go_to_the_top() -> None:
    jobs = [a_job("queued", name, name).model_copy(update={"priority": n % 2}) for n, name in enumerate("dcba")]
    found = [a for _, a in Tags(queue(jobs)).found]
    assert [a["data-job"] for a in found if "data-job" in a] == ["a", "c", "b", "d"]
    assert [a["data-top"] for a in found if "data-top" in a] == ["c", "b", "d"]
    assert "data-top" not in queue([a_job("queued"), a_job("running", "Other", "j2")])


def test_a_setting_is_told_with_the_line_that_changes_it() -> None:
    one = a_setting("AGENT__MAX_STEPS", "3 x", source="environment", default="5")
    view = status.settings([one, a_setting("SERVER__API_KEY", "", hidden=True)])
    assert [a["data-line"] for _, a in Tags(view).found if "data-line" in a] == [
        "export LONGREEL_AGENT__MAX_STEPS='3 x'",
        "export LONGREEL_SERVER__API_KEY=...",
    ]
    assert "environment</b>; default 5" in view and "set, hidden" in view


def test_pools_of_actors_stand_in_the_status_where_there_are_any() -> None:
    found = StatusOut(version="1", profile="cpu", checks=[])
    assert "actors" not in status.status(found)
    pools = [
        PoolOut(name=name, replicas=2, starting=n, most=8, busy=3, queued=5, restarts=4, models=[])
        for n, name in enumerate(("", NASTY))
    ]
    shown = status.status(found.model_copy(update={"pools": pools}))
    assert '<th scope="row">all others</th><td>2 of 8</td><td>3</td><td>5</td><td>4</td>' in shown
    assert "<td>2 of 8, 1 starting</td>" in shown
    assert "img" not in {tag for tag, _ in Tags(shown).found}


def test_what_has_ended_can_be_dismissed_and_says_what_stays() -> None:
    jobs = [a_job(state, state, state) for state in ("running", "queued", "failed", "cancelled", "finished")]
    buttons = [a for tag, a in Tags(queue(jobs)).found if tag == "button"]
    named = {a["data-dismiss"]: a["aria-label"] for a in buttons if "data-dismiss" in a}
    assert named == {"failed": "Dismiss failed", "cancelled": "Dismiss cancelled", "finished": "Dismiss finished"}
    assert any("data-dismissended" in a for a in buttons)
    assert "their videos stay" in queue(jobs)
    assert "data-dismissended" not in queue(jobs[:2])


def test_an_idle_queue_says_so() -> None:
    assert "Nothing is in progress." in queue([a_job("finished")])
    assert "Nothing is in progress." not in queue([a_job("running")])
