"""The tools, each as a model uses it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from agents.evidence import Finding, Passage
from agents.evidence.passage import merge_findings, merge_passages
from agents.plans import Plan
from agents.tools.answer import ANSWER
from agents.tools.base import Outcome
from agents.tools.registry import TOOLS, available_tools, run_tool
from app.core.errors import ToolRefused
from app.core.types import FrameFeatures, Segment, SegmentKind, TimeSpan, ToolCall
from app.text.time_expressions import TimeScope
from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.selection.maxinfo import MaxInfoSelector
from gpu_workers.vision.fakes import FakeObjectDetector
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import DRIVES, READS, Desk, agent_chat


def run(desk: Desk, name: str, **arguments: object) -> Outcome:
    context = desk.context(**{key: arguments.pop(key) for key in ("evidence", "plan") if key in arguments})
    return run_tool(ToolCall("c1", name, json.dumps(arguments)), context)


def texts(outcome: Outcome) -> list[str]:
    return [part.text for part in outcome.parts if isinstance(part, Passage)]


def test_every_tool_says_what_it_does_and_has_a_schema_without_references() -> None:
    for spec in (*(tool.spec() for tool in TOOLS), ANSWER):
        assert len(spec.description) > 40
        assert "$ref" not in str(spec.parameters) and spec.parameters["type"] == "object"


def test_search_returns_single_sentences_with_their_own_times() -> None:
    outcome = run(Desk(MEETING, SLIDES), "search", queries=["the cost of the bridge"], sources=["speech"], k=1)
    assert texts(outcome) == ["The cost of the bridge is two point four million euros."]
    assert [one.sense for one in outcome.inspected] == ["speech"]


def test_search_finds_with_any_of_its_wordings() -> None:
    outcome = run(Desk(MEETING, SLIDES), "search", queries=["zebra", "library sundays"], k=8)
    assert any("Sundays" in text for text in texts(outcome))


def test_a_search_that_finds_nothing_says_so() -> None:
    assert run(Desk(), "search", queries=["bridge"]).parts == ("Nothing was found.",)


def test_read_gives_all_that_is_said_and_written_in_order() -> None:
    outcome = run(Desk(MEETING, SLIDES), "read", video="V1")
    starts = [part.span.start_s for part in outcome.parts if isinstance(part, Passage)]
    assert starts == sorted(starts) and len(starts) == len(MEETING) + len(SLIDES)
    assert {one.sense for one in outcome.inspected} == {"speech", "screen_text"}


def test_read_takes_clock_times_and_gives_long_spans_in_pages() -> None:
    long = [(float(at), at + 0.5, f"sentence {at} " + "x" * 400) for at in range(60)]
    desk = Desk(long)
    first, second = (run(desk, "read", video="V1", start_s="0:00", end_s="1:00", page=page) for page in (1, 2))
    assert "Page 1 of 3. Next: page 2." in str(first.parts[0])
    assert len({*texts(first), *texts(second)}) == len(texts(first)) + len(texts(second))


def test_text_on_the_screen_comes_once_however_often_it_was_read() -> None:
    growing = [(0, 2, "MENU"), (2, 4, "MENU\nSoup 4.50"), (4, 6, "MENU\nSoup 4.50\nPie 6")]
    assert texts(run(Desk(screen=growing), "read", video="V1")) == ["MENU", "Soup 4.50", "Pie 6"]


def test_a_name_under_two_headings_appears_under_both() -> None:
    cards = [(0, 2, "STORY\nAda Lovelace\nEDITING\nAda Lovelace"), (2, 4, "LIGHTING\nGrace Hopper\nAda Lovelace")]
    first, second = texts(run(Desk(screen=cards), "read", video="V1"))
    assert first == "STORY / Ada Lovelace / EDITING / Ada Lovelace"
    assert second == "LIGHTING / Grace Hopper / Ada Lovelace"


def test_a_name_that_scrolls_stays_one_line_and_comes_again_under_the_next_heading() -> None:
    credits = ["STORY", "Ada Lovelace", "EDITING", "Grace Hopper", "LIGHTING", "Ada Lovelace", "SOUND", "Mary Shaw"]
    scrolling = [(at, at + 1, "\n".join(credits[at : at + 4])) for at in range(5)]
    read = " / ".join(texts(run(Desk(screen=scrolling), "read", video="V1")))
    assert read == " / ".join(credits)


def test_lines_that_differ_in_a_key_or_a_score_are_two_lines() -> None:
    keys = [(0, 2, "Voice keys: C-c l v (editor)"), (2, 4, "Model keys: C-c l m (editor)"), (4, 6, "Score 3 : 1")]
    again = [(6, 8, "Score 3 : 2"), (8, 10, "Scare 3 : 2")]
    read = texts(run(Desk(screen=[*keys, *again]), "read", video="V1"))
    assert read == ["Voice keys: C-c l v (editor)", "Model keys: C-c l m (editor)", "Score 3 : 1", "Score 3 : 2"]


def test_browse_only_hints() -> None:
    outcome = run(Desk(MEETING), "browse", video="V1")
    assert "v.mp4: pictures, speech." in str(outcome.parts[0])
    proof = [part.text for part in outcome.parts if isinstance(part, Passage) and part.proves]
    assert proof == ["file: 10:00 long"]


def test_look_is_offered_only_where_something_can_see() -> None:
    sees = Desk(chat=agent_chat([], capabilities=DRIVES)).context().work
    blind = Desk(chat=agent_chat([], capabilities=READS)).context().work
    assert "look" in available_tools(sees)
    assert "look" not in available_tools(blind)


def test_a_separate_vision_model_describes_short_runs_of_frames() -> None:
    eyes = FakeVisionLanguageModel(rule=lambda frames, _: f"{len(frames)} frames from {frames[0].pts_s:.1f} s")
    desk = Desk(chat=agent_chat([], capabilities=READS), vision=eyes)
    spans = [{"start_s": 0, "end_s": 16}]
    outcome = run(desk, "look", video="V1", spans=spans, fps=0.5, goal="cars")
    seen = [part for part in outcome.parts if isinstance(part, Passage)]
    assert len(seen) == 2 and all(part.span.duration_s <= 13 for part in seen)
    assert seen[0].text == "4 frames from 1.0 s"
    stored = desk.library.segments(desk.video.id, kinds=(SegmentKind.VISUAL,))
    assert [one.question for one in stored] == ["cars", "cars"]


@pytest.mark.parametrize("reply", ["NOTHING", "Nothing.", " **NOTHING** "])
def test_a_vision_model_that_sees_nothing_of_it_gives_no_evidence(reply: str) -> None:
    eyes = FakeVisionLanguageModel(rule=lambda *_: reply)
    outcome = run(Desk(chat=agent_chat([], capabilities=READS), vision=eyes), "look", video="V1", goal="cars")
    assert not texts(outcome) and "saw nothing" in str(outcome.parts[-1])


def test_the_word_nothing_on_a_sign_is_seen() -> None:
    eyes = FakeVisionLanguageModel(rule=lambda *_: "A sign says NOTHING COMPARES.")
    outcome = run(
        Desk(chat=agent_chat([], capabilities=READS), vision=eyes), "look", video="V1", frames=1, goal="signs"
    )
    assert texts(outcome) == ["A sign says NOTHING COMPARES."]


def test_looking_at_few_frames_of_a_long_video_does_not_cover_it() -> None:
    desk = Desk(chat=agent_chat([], capabilities=DRIVES), duration_s=3600)
    few = run(desk, "look", video="V1", frames=4)
    many = run(desk, "look", video="V1", frames=64)
    assert [one.span for one in many.inspected if one.sense == "pictures"] == [TimeSpan(0, 3600)]
    assert sum(one.span.duration_s for one in few.inspected if one.sense == "pictures") < 1000


def test_looks_at_both_ends_of_a_video_do_not_cover_what_lies_between() -> None:
    ends = [{"start_s": 0, "end_s": 5}, {"start_s": 3595, "end_s": 3600}]
    looked = run(Desk(chat=agent_chat([], capabilities=DRIVES), duration_s=3600), "look", video="V1", spans=ends)
    assert {one.span for one in looked.inspected} == {TimeSpan(0, 5), TimeSpan(3595, 3600)}


def test_frames_that_cannot_be_decoded_cover_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(chat=agent_chat([], capabilities=DRIVES), duration_s=3600)
    decode = desk.frames.at
    monkeypatch.setattr(
        desk.frames, "at", lambda path, times_s, **how: decode(path, [one for one in times_s if one < 1800], **how)
    )
    looked = run(desk, "look", video="V1", frames=64)
    assert 1800 <= max(one.span.end_s for one in looked.inspected) < 2000


def test_of_a_long_text_only_the_page_that_was_read_counts_as_read() -> None:
    desk = Desk([(float(at), at + 0.5, f"sentence {at} " + "x" * 400) for at in range(60)], duration_s=60)
    first, second, third = (run(desk, "read", video="V1", page=page).inspected[0].span for page in (1, 2, 3))
    assert (first.start_s, third.end_s) == (0, 60)
    assert 0 < first.end_s == second.start_s < second.end_s == third.start_s < 60


def test_texts_that_were_read_again_cover_the_time_around_them() -> None:
    desk = Desk(screen=[(0, 1, "START"), (3599, 3600, "END")], duration_s=3600)
    assert sum(one.span.duration_s for one in run(desk, "scan", video="V1", times=[0, 3600]).inspected) < 300
    with pytest.raises(ToolRefused, match="No moment lies within 0:00-1:00:00"):
        run(desk, "scan", video="V1", times=["2:05:00"])


def test_a_search_of_one_part_of_many_videos_gives_the_best_and_passes_over_those_that_are_shorter() -> None:
    desk = Desk()
    some = [desk.add(f"talk{at}", [(20, 25, f"Trees of number {at}.")], duration_s=60 + at) for at in range(9)]
    last = desk.add("last", [(20, 25, "The bridge is closed.")], duration_s=100)
    short = desk.add("short", [(2, 5, "The bridge is closed.")], duration_s=10)
    plan = Plan("?", scope=TimeScope(15, 40, ""), by="user")
    context = desk.context(videos=(short, *some, last), plan=plan)
    arguments = {"queries": ["the bridge is closed"], "k": 3, "span": {"start_s": 18, "end_s": 30}}
    found = texts(run_tool(ToolCall("c1", "search", json.dumps(arguments)), context))
    assert found[0] == "The bridge is closed." and len(found) == 3


def test_guessed_descriptions_take_no_places_of_a_search() -> None:
    said = [(at * 10.0, at * 10 + 5.0, f"The bridge is closed on day {at}.") for at in range(12)]
    desk = Desk(said)
    desk.retriever.add(
        Segment(f"g{at}", desk.video.id, SegmentKind.CAPTION, TimeSpan(at, at + 1), "bridge closed", "offline-tags", at)
        for at in range(30)
    )
    assert len(run(desk, "search", queries=["bridge closed"], k=8).parts) >= 8


def test_a_look_at_what_differs_takes_maxinfos_frames_of_all_stored_vectors_of_the_span() -> None:
    scenes = np.random.default_rng(5).normal(size=(6, 32)).astype(np.float32)
    scene_of = np.repeat(np.arange(6), [600, 900, 2, 900, 598, 600])
    features = [FrameFeatures(float(second), scenes[scene], scenes[scene]) for second, scene in enumerate(scene_of)]
    desk = Desk(chat=agent_chat([], capabilities=DRIVES), duration_s=3600, features=features)
    desk.parts = replace(desk.parts, frame_selector=MaxInfoSelector())
    span = {"start_s": 600, "end_s": 2900}
    outcome = run(desk, "look", video="V1", spans=[span], frames=8, distinct=True)
    shown = [part.frame_s for part in outcome.parts if isinstance(part, Passage)]
    assert {int(scene_of[int(time_s)]) for time_s in shown if time_s is not None} == {1, 2, 3, 4}
    assert "those that differ most" in str(outcome.parts[0])
    nothing_stored = run(desk, "look", video="V1", spans=[{"start_s": 600.2, "end_s": 600.8}], distinct=True)
    assert any(isinstance(part, Passage) for part in nothing_stored.parts)


def test_scan_reads_the_screen_at_moments_that_ingest_did_not_read() -> None:
    desk = Desk(screen=[(10, 20, "Score 3 : 1")])
    outcome = run(desk, "scan", video="V1", times=["0:15", 40])
    (passage,) = (part for part in outcome.parts if isinstance(part, Passage))
    assert passage.kind is SegmentKind.SCREEN_TEXT and passage.text == "Score 3 : 1" and passage.frame_s == 15.0
    assert passage.span == TimeSpan(14.5, 15.5)
    assert [one.sense for one in outcome.inspected] == ["screen_text"]


def test_scan_says_when_nothing_can_be_read() -> None:
    assert run(Desk(screen=[(10, 20, "Score")]), "scan", video="V1", times=[40]).parts == (
        "No text can be read there.",
    )


def test_listen_stores_what_it_hears() -> None:
    desk = Desk(MEETING, heard="The toll is three euros.")
    outcome = run(desk, "listen", video="V1", start_s=100, end_s=110)
    (heard,) = [part for part in outcome.parts if isinstance(part, Passage)]
    assert heard.text == "The toll is three euros." and heard.span.start_s == 98.0
    assert any(one.text == heard.text for one in desk.library.segments(desk.video.id))


def test_what_was_heard_again_is_found_and_read_beside_the_transcript_and_counted_once() -> None:
    desk = Desk([(100.0, 108.0, "The troll in the tower is free.")], heard="The toll in the tower is three euros.")
    run(desk, "listen", video="V1", start_s=100, end_s=110)
    assert "The toll in the tower is three euros." in texts(run(desk, "search", queries=["toll three euros"]))
    both = ["The toll in the tower is three euros.", "The troll in the tower is free."]
    assert texts(run(desk, "read", video="V1")) == both
    assert "1 times" in str(run(desk, "tally", term="tower", source="speech").parts[0])


def test_listen_takes_five_minutes_and_stays_within_the_part_and_the_evidence_that_count() -> None:
    desk, scope = Desk(MEETING, heard="Hello."), TimeScope(100.0, 500.0, "")
    heard = run(desk, "listen", video="V1", start_s=100, end_s=400, plan=Plan("q", scope=scope, by="user"))
    assert [part.span for part in heard.parts if isinstance(part, Passage)] == [TimeSpan(100.0, 402.0)]
    with pytest.raises(ToolRefused, match="Only this evidence counts: screen_text"):
        plan = Plan("q", sources=(SegmentKind.SCREEN_TEXT,), by="user")
        run(desk, "listen", video="V1", start_s=100, end_s=110, plan=plan)


def test_listen_refuses_a_video_without_sound_and_spans_that_are_too_long() -> None:
    with pytest.raises(ToolRefused, match="no sound"):
        run(Desk(screen=SLIDES), "listen", video="V1", start_s=0, end_s=5)
    with pytest.raises(ToolRefused, match="at most 300 seconds"):
        run(Desk(MEETING), "listen", video="V1", start_s=0, end_s=500)


def test_detect_counts_things_frame_by_frame() -> None:
    from dataclasses import replace

    desk = Desk(screen=[(0, 600, "x")])
    desk.parts = replace(desk.parts, detector=FakeObjectDetector())
    outcome = run(desk, "detect", video="V1", things=["text"], frames=4)
    assert "of 4 frames" in str(outcome.parts[0])


def test_tally_counts_a_word_as_often_as_it_is_said() -> None:
    outcome = run(Desk(MEETING), "tally", term="the library", source="speech")
    (finding,) = [part for part in outcome.parts if isinstance(part, Finding)]
    assert finding.text == "“the library” is said 4 times, counted word by word."


def test_tally_counts_nothing_where_no_words_are_known() -> None:
    with pytest.raises(ToolRefused, match="nothing is known of what is said there"):
        run(Desk(screen=SLIDES), "tally", term="the library", source="speech")


def test_tally_of_one_of_several_videos_says_which() -> None:
    desk = Desk(MEETING)
    both = desk.context(videos=(desk.video, desk.add("second", [(1.0, 2.0, "The library opens.")])))
    (finding, *_) = run_tool(ToolCall("c1", "tally", '{"term": "library", "video": "V2"}'), both).parts
    assert isinstance(finding, Finding)
    assert finding.text == "“library” is said 1 times in second.mp4, counted word by word."


@pytest.mark.parametrize("ids", [["E1", "E3", "E3"], ["[E3]", "e1"]])
def test_tally_counts_the_evidence_that_is_named(ids: list[str]) -> None:
    known = merge_passages((), [_passage(1), _passage(2), _passage(3)])
    (finding,) = run(Desk(), "tally", ids=ids, evidence=known).parts
    assert isinstance(finding, Finding) and finding.text.startswith("2 pieces of evidence: ")


@pytest.mark.parametrize("tool", ["tally", "apart"])
def test_a_range_of_ids_names_all_of_it(tool: str) -> None:
    known = merge_passages((), [_passage(at) for at in range(1, 7)])
    (finding,) = run(Desk(), tool, ids=["E1", "E3-E6"], evidence=known).parts
    assert isinstance(finding, Finding) and [one.id for one in finding.passages] == ["E1", "E3", "E4", "E5", "E6"]


@pytest.mark.parametrize("tool", ["tally", "apart"])
@pytest.mark.parametrize("unknown", ["E9", "E2-E9", "the first"])
def test_evidence_that_does_not_exist_is_not_left_out_in_silence(tool: str, unknown: str) -> None:
    known = merge_passages((), [_passage(1), _passage(2)])
    with pytest.raises(ToolRefused, match="There is no evidence"):
        run(Desk(), tool, ids=["E1", "E2", unknown], evidence=known)


def test_apart_orders_evidence_and_gives_the_seconds_between() -> None:
    known = merge_passages((), [_passage(90), _passage(10)])
    (finding,) = run(Desk(), "apart", ids=["E1", "E2"], evidence=known).parts
    assert isinstance(finding, Finding)
    assert finding.text == "In order of time: E2, E1. E2 at 0:10.0, then 80.0 s later E1. E1 is at 1:30.0."


def test_ids_are_given_once_and_in_order() -> None:
    first = merge_passages((), [_passage(5), _passage(1)])
    again = merge_passages(first, [_passage(1), _passage(9)])
    assert [one.id for one in again] == ["E1", "E2", "E3"] and again[:2] == first
    found = merge_findings(merge_findings((), [Finding("a", ())]), [Finding("a", ()), Finding("b", ())])
    assert [one.id for one in found] == ["F1", "F2"]


def test_of_several_spans_those_that_lie_in_the_video_are_shown() -> None:
    spans = [{"start_s": 5, "end_s": 6}, {"start_s": 700, "end_s": 710}]
    outcome = run(Desk(chat=agent_chat([], capabilities=DRIVES)), "look", video="V1", spans=spans, frames=2)
    assert [part.frame_s for part in outcome.parts if isinstance(part, Passage)] == [5.25, 5.75]


def test_a_short_event_in_an_hour_is_among_the_frames_of_one_look() -> None:
    from agents.tools.frames import FrameChooser
    from gpu_workers.selection.hybrid import HybridSelector

    generator = np.random.default_rng(7)
    wanted = np.eye(64, dtype=np.float32)[0]

    class Perfect:
        model = "perfect@1"

        def embed_query(self, text: str) -> np.ndarray:
            return wanted

    features = []
    for second in range(3600):
        vector = generator.normal(size=64).astype(np.float32)
        concept = vector / np.linalg.norm(vector) + (2.0 * wanted if 1700 <= second < 1705 else 0)
        concept /= np.linalg.norm(concept)
        features.append(FrameFeatures(float(second), concept, concept))
    embedder = Perfect()
    chooser = FrameChooser(embedder, HybridSelector(embedder), lambda _: ())  # type: ignore[arg-type]
    times = chooser.choose("the event", features, [TimeSpan(0, 3600)], 16)
    assert len(times) == 16 and any(1700 <= time_s <= 1705 for time_s in times)


def _passage(start_s: float) -> Passage:
    span = TimeSpan(start_s, start_s + 1)
    return Passage(Desk().video.id, SegmentKind.SPEECH, span, f"said at {start_s}")
