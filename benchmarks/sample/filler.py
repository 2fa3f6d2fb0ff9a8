"""Invents chapter after chapter from tables, so that hours of sample do not repeat a sentence."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.sample.script import Question, Scene

TABLES = Path(__file__).with_name("filler.toml")


def chapters(seed: int, without: frozenset[str] = frozenset()) -> Iterator[tuple[list[Scene], Question]]:
    """An endless, repeatable row of invented chapters. `without`: names of photos that must not appear."""
    tables = tomllib.loads(TABLES.read_text(encoding="utf-8"))
    dice = random.Random(seed)  # noqa: S311 - repeatable variety, not a secret
    places = _names(dice, tables["place_starts"], tables["place_ends"])
    topics: list[dict[str, Any]] = []
    while True:
        if not topics:
            topics = list(tables["topic"])
            dice.shuffle(topics)
        yield _chapter(dice, topics.pop(), next(places), tables, without)


def _names(dice: random.Random, starts: list[str], ends: list[str]) -> Iterator[str]:
    """Every combination once, in a shuffled order; then again with a word before it."""
    for prefix in ("", "Upper ", "Old ", "North ", "Little ", "East "):
        names = [f"{prefix}{start}{end}" for start in starts for end in ends]
        dice.shuffle(names)
        yield from names
    raise RuntimeError("the tables of filler.toml hold no more names; add some")


def _chapter(
    dice: random.Random, topic: dict[str, Any], place: str, tables: dict[str, Any], without: frozenset[str]
) -> tuple[list[Scene], Question]:
    first, second = dice.sample(tables["people"], 2)
    slots = {
        "place": place,
        "person": first,
        "other": second,
        "month": dice.choice(tables["months"]),
        "year": dice.randint(1801, 2019),
        "few": dice.randint(4, 19),
        "some": dice.randint(21, 98),
        "many": dice.randint(112, 989),
        "most": dice.randint(1101, 9890),
    }
    title = topic["title"].format(**slots)
    body = [line.format(**slots) for line in topic["say"]]
    optional = [line.format(**slots) for line in dice.sample(topic["more"], k=min(3, len(topic["more"])))]
    photos = [name for name in tables["photos"] if name not in without]
    picture = Scene("clip", name=dice.choice(tables["clips"])) if dice.random() < 0.12 else None
    shown = picture or Scene("photo", name=dice.choice(photos))
    lines = tuple(line.format(**slots) for line in topic["lines"])
    scenes = [
        Scene("slide", title=title, lines=lines, say=tuple(body), chapter=title),
        Scene(shown.show, name=shown.name, say=tuple(optional)),
    ]
    return scenes, _question(dice, topic["ask"], slots)


def _question(dice: random.Random, ask: dict[str, str], slots: dict[str, Any]) -> Question:
    right = int(slots[ask["slot"]])
    options = {right}
    while len(options) < 4:
        options.add(max(1, right + dice.choice((-1, 1)) * dice.randint(1, max(3, right // 4))))
    shuffled = [str(option) for option in options]
    dice.shuffle(shuffled)
    return Question(
        question=ask["question"].format(**slots),
        answer=str(right),
        options=tuple(shuffled),
        modality=ask["modality"],
        evidence=((ask["kind"], ask["evidence"].format(**slots)),),
        accept=(rf"\b{right}\b",),
    )
