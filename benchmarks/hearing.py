"""Summaries of a generated hearing with known content: `python -m benchmarks.hearing --hours 3 [--srt FILE]`.

Between its items of business lies the talk of any such evening, from many small parts, so that no two sentences of
three hours are the same. Everything that minutes must hold is known: motions, how they end, who is to do what, and what
stays open. Traps are set on purpose: proposals that are not adopted, votes that were taken elsewhere, titles with a
full stop, names that sound alike. The transcript goes straight into a library in memory; no language model is used,
as in the offline profile.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.ports import TextEmbedder
from app.core.requests import Length, Style, SummaryRequest
from app.core.settings import load_settings
from app.core.types import Chapter, MediaInfo, TimeSpan, Utterance, Video, VideoId
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.services.digest import make_digest
from app.services.subtitles import to_srt
from app.services.summarize import Point, SummarizeService, SummaryParts
from app.services.transcript_sentences import transcript_sentences
from benchmarks.cli_runner import machine
from benchmarks.report import table
from benchmarks.summaries import coverage, repetition
from gpu_workers.registry import Workers

PEOPLE = ("Ms. Ortega", "Mr. Lindqvist", "Dr. Amadi", "Mrs. Okafor", "Mr. Lindgren", "Ms. Petrov", "Dr. Castellano")
CHAIR = "Ms. Brandt"
SUBJECTS = (
    ("the Cedar Street bridge", "the bridge repair contract", "Harlow Paving", "the north abutment"),
    ("the library roof", "the roof replacement bid", "Summit Roofing", "the reading room ceiling"),
    ("the water rates", "the new rate schedule", "the utility office", "the tier for large families"),
    ("the farmers market", "the market permit", "the growers association", "the parking behind the church"),
    ("the bus shelters", "the shelter design", "Metro Transit", "the stop at Fifth Avenue"),
    ("the skate park", "the skate park lease", "the youth league", "the lights after ten"),
    ("the flood wall", "the flood wall easement", "the county engineer", "the pump house key"),
    ("the senior center", "the kitchen grant application", "the state health department", "the freezer"),
    ("the fire station", "the ladder truck purchase", "Pierce Motors", "the station doors"),
    ("the noise ordinance", "the amended noise ordinance", "the hotel owners", "the measuring devices"),
    ("the recycling route", "the recycling agreement", "Green Loop", "the glass containers"),
    ("the school crossing", "the crossing guard budget", "the school district", "the flashing lights"),
    ("the cemetery fence", "the fence estimate", "Ironside Fencing", "the western gate"),
    ("the town archive", "the scanning contract", "the historical society", "the glass plates"),
    ("the dog park", "the dog park rules", "the neighbors on Elm Court", "the second water bowl"),
    ("the ferry dock", "the dock inspection report", "Bayside Marine", "the rusted cleats"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = ("March", "April", "May", "June", "September", "October")
OPENERS: tuple[str, ...] = (
    "I walked past it last week and",
    "My neighbors keep asking me about this, and",
    "From where I sit,",
)
OPENERS += ("If you look at the second page,", "When we talked about this two years ago,", "Speaking only for myself,")
OPENERS += ("The photographs show it well:", "In the winter it was worse:", "Compared with other towns our size,")
MIDDLES: tuple[str, ...] = (
    "{a} looks tired",
    "{a} costs more than people think",
    "nobody plans for {a}",
    "{d} worries me most",
)
MIDDLES += ("{c} has been patient with us", "{d} was never meant to last", "people grew up with {a}")
MIDDLES += (
    "the numbers for {a} are hard to read",
    "{c} answers the phone quickly",
    "I would like {a} to be there for my children",
)
ENDS: tuple[str, ...] = (
    "and the rain does not help.",
    "which is why I came tonight.",
    "as the report says on page {n}.",
    "at least on weekends.",
)
ENDS += (
    "more so since {month}.",
    "and that is about {n} people a day.",
    "whatever the weather does.",
    "to put it mildly.",
)


@dataclass(frozen=True)
class Business:
    """One thing that minutes must hold: its kind, who is behind it, what must be in it, and when it is said."""

    kind: str
    """motion, vote, decision, action or open question."""
    who: str
    words: tuple[str, ...]
    """All of them belong into the sentence of the minutes."""
    span: TimeSpan


@dataclass(frozen=True)
class Hearing:
    """What is said, and what of it belongs into the minutes."""

    said: tuple[Utterance, ...]
    items: tuple[Business, ...]
    topics: tuple[tuple[str, TimeSpan], ...]
    """The subject of each part."""


class _Writer:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a reproducible text, no secret
        self.at = 0.0
        self.said: list[Utterance] = []
        self.items: list[Business] = []

    def say(self, speaker: str, text: str) -> TimeSpan:
        length = 0.8 + len(text.split()) / 2.6
        span = TimeSpan(round(self.at, 2), round(self.at + length, 2))
        self.said.append(Utterance(span, text, speaker=speaker))
        self.at = span.end_s + self.dice.uniform(0.3, 1.6)
        return span

    def note(self, kind: str, who: str, span: TimeSpan, *words: str) -> None:
        self.items.append(Business(kind, who, words, span))

    def talk(self, subject: Sequence[str], until_s: float) -> None:
        while self.at < until_s:
            speaker = self.dice.choice(PEOPLE)
            a, _, c, d = subject
            middle = self.dice.choice(MIDDLES).format(a=a, c=c, d=d)
            end = self.dice.choice(ENDS).format(n=self.dice.randint(12, 480), month=self.dice.choice(MONTHS))
            self.say(speaker, f"{self.dice.choice(OPENERS)} {middle}, {end}")

    def motion(self, subject: Sequence[str]) -> None:
        """A motion, a second, and a vote with a known end."""
        mover, second = self.dice.sample(PEOPLE, 2)
        amount = f"{self.dice.randint(12, 940)},{self.dice.randint(100, 999)}"
        act = self.dice.choice(("approve", "table", "postpone", "adopt"))
        rest = {"approve": f" for ${amount}", "postpone": f" to {self.dice.choice(MONTHS)}"}.get(act, "")
        span = self.say(mover, f"I move that we {act} {subject[1]}{rest}.")
        self.note("motion", mover, span, act, subject[1])
        self.say(second, "Second.")
        if self.dice.random() < 0.5:
            self.say(self.dice.choice(PEOPLE), f"Before we vote, {MIDDLES[1].format(a=subject[0])}.")
        yes = self.dice.randint(1, 6)
        outcome = "carries" if yes >= 4 else "fails"
        span = self.say(CHAIR, f"The motion {outcome}, {yes} to {7 - yes}.")
        self.note("vote", CHAIR, span, outcome, str(yes))

    def action(self, subject: Sequence[str]) -> None:
        who = self.dice.choice(PEOPLE)
        day, month = self.dice.choice(DAYS), self.dice.choice(MONTHS)
        what = self.dice.choice(("send the revised figures to", "meet with", "report back on", "write a letter to"))
        target = subject[0] if what == "report back on" else subject[2]
        span = self.say(CHAIR, f"{who} will {what} {target} by {day}, {month} {self.dice.randint(2, 28)}.")
        self.note("action", who, span, who.split()[-1], what.split()[0], day)

    def decision(self, subject: Sequence[str]) -> None:
        span = self.say(CHAIR, f"We agreed to keep {subject[3]} as it is until {self.dice.choice(MONTHS)}.")
        self.note("decision", CHAIR, span, "agreed", subject[3])

    def question(self, subject: Sequence[str]) -> None:
        span = self.say(CHAIR, f"The question of who pays for {subject[3]} remains open.")
        self.note("open question", CHAIR, span, "who pays", subject[3])

    def trap(self, subject: Sequence[str]) -> None:
        """What sounds like business and is none."""
        speaker = self.dice.choice(PEOPLE)
        self.say(speaker, self.dice.choice((
            f"If we approved {subject[1]} tomorrow, nobody would be ready.",
            f"Other towns have voted on {subject[0]}, and we have not.",
            f"We will see whether {subject[2]} calls.",
            f"I would never move that we sell {subject[0]}.",
        )))  # fmt: skip


def hearing(hours: float = 3.0, seed: int = 1, subjects: int = len(SUBJECTS)) -> Hearing:
    """A hearing of this length about so many subjects."""
    writer = _Writer(seed)
    chosen = list(SUBJECTS[:subjects])
    writer.dice.shuffle(chosen)
    each_s = hours * 3600 / len(chosen)
    topics: list[tuple[str, TimeSpan]] = []
    for number, subject in enumerate(chosen):
        begins = writer.at
        writer.say(CHAIR, f"Item {number + 1} on tonight's agenda is {subject[0]}.")
        steps = [writer.motion, writer.action, writer.decision, writer.question, writer.trap]
        writer.dice.shuffle(steps)
        for place, step in enumerate(steps, 1):
            writer.talk(subject, begins + each_s * place / (len(steps) + 1))
            step(subject)
        writer.talk(subject, begins + each_s)
        topics.append((subject[0], TimeSpan(begins, writer.at)))
    return Hearing(tuple(writer.said), tuple(writer.items), tuple(topics))


def minutes_found(points: Sequence[Point], items: Sequence[Business]) -> dict[str, tuple[int, int, int]]:
    """For each kind: how many items the minutes hold in the right words, by whom, and how many points are none."""
    counted = {}
    for kind in dict.fromkeys(item.kind for item in items):
        own = [p for p in points if p.label == kind]
        known = [item for item in items if item.kind == kind]
        held = sum(any(_is(p, item) for p in own) for item in known)
        wrong = sum(not any(_is(p, item) for item in known) for p in own)
        counted[kind] = (held, len(known), wrong)
    return counted


def _is(point: Point, item: Business) -> bool:
    same = point.who == item.who and all(word in point.text for word in item.words)
    return same and any(citation.span.intersection_s(item.span) > 0 for citation in point.citations)


def invented(text: str) -> set[str]:
    """Persons in a text that are nobody in the hearing."""
    named = set(re.findall(r"(?:Mr|Ms|Mrs|Dr)\.? [A-Z][a-z]+", text))
    return named - {*PEOPLE, CHAIR}


def headed(chapters: Sequence[Chapter], one: Hearing) -> float:
    """The share of chapters whose title holds the subject that most of the chapter is about."""
    right = 0
    for chapter in chapters:
        name, _ = max(one.topics, key=lambda topic: chapter.span.intersection_s(topic[1]))
        right += name.removeprefix("the ").casefold() in chapter.title.casefold()
    return right / max(1, len(chapters))


def measure(one: Hearing, embedder: TextEmbedder) -> list[list[Any]]:
    """The rows of the table."""
    database = MemoryDatabase()
    library = SqlLibrary(database)
    end = one.said[-1].span.end_s
    video = Video(VideoId("a" * 64), "Hearing", "", MediaInfo("", end, 0.0, 0, None, ()), "en", "", ready=True)
    library.add_video(video)
    library.save_utterances(video.id, one.said)
    made = make_digest(
        video.id, end, transcript_sentences(one.said), embedder, None, words=120, chapter_done=lambda *_: None
    )
    library.save_digest(video.id, made)
    library.set_ready(video.id, "en")
    parts = SummaryParts(embedder, None, SqlStageStore(database), translates=False)
    service = SummarizeService(lambda: parts, library)
    rows: list[list[Any]] = [["chapters", f"{headed(made.chapters, one):.0%} of {len(made.chapters)} titled", "", ""]]
    spans = [span for _, span in one.topics]
    for style in Style:
        summary = service.summarize(video, SummaryRequest(Length.PAGE, style))
        found = minutes_found(summary.points, one.items) if style is Style.MINUTES else {}
        rows += [
            [f"minutes: {kind}", f"{held} of {known}", f"{wrong} wrong", ""]
            for kind, (held, known, wrong) in found.items()
        ]
        names = len(invented(summary.text))
        rows.append([
            str(style), f"{coverage(summary.points, spans):.0%} of topics", f"{names} invented names",
            f"{len(summary.text.split())} words, {repetition(summary.text):.0%} repeated",
        ])  # fmt: skip
    return rows


def main() -> None:
    """Measures, prints the table, writes the subtitles if wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--srt", type=Path, help="also write what is said as subtitles")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    one = hearing(chosen.hours, chosen.seed)
    if chosen.srt:
        chosen.srt.write_text(to_srt(one.said), encoding="utf-8")
    result = {
        "title": "Summaries of a generated hearing",
        "machine": machine(),
        "columns": ["what", "found", "wrong", "size"],
        "rows": measure(one, Workers(load_settings()).get("text_embedder")),
        "notes": [
            f"{chosen.hours:g} hours, seed {chosen.seed}; an item counts only with its words, its person, its time"
        ],
    }
    print(table(result))
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
