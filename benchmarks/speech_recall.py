"""How many spoken words are found under music and effects, and how many are invented where nobody speaks.

    python -m benchmarks.speech_recall [--minutes 10] [--json FILE]

Sentences of the sample's narrator are mixed with made-up music, or with effects, so that the voice is louder by 20, 10,
5 and 0 dB. Words that the transcriber finds in the clean voice are the measure: a mixture can do no better. Then music
alone is read: every word in it is invented.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from app.core.ports import Transcriber
from app.core.settings import load_settings
from app.text.tokens import words
from benchmarks.cli_runner import machine
from benchmarks.report import keep
from benchmarks.sample import voice
from gpu_workers.registry import Workers

Sound = NDArray[np.float32]

RATE = 16_000
LEVELS_DB = (20, 10, 5, 0)
PAUSE_S = 1.5
PIECE_S = 120.0
"""Music is read in pieces of this length, as ingest reads it."""
SENTENCES = (
    "The committee met on Tuesday to discuss the new harbour.",
    "Nobody expected the vote to be so close in the end.",
    "Our guide carried three lanterns and a map of the caves.",
    "The recipe needs two cups of flour and a spoon of honey.",
    "Every winter the river freezes between the old bridges.",
    "She found the missing letter behind the kitchen clock.",
    "The last train to the coast leaves at a quarter past nine.",
    "They measured the temperature of the lake every hour.",
    "My grandfather repaired watches in a shop near the market.",
    "The orchestra will play outside if the weather is good.",
    "A strong wind blew the roof off the wooden barn.",
    "The museum bought the painting for eleven thousand dollars.",
)


def music(seconds: float, seed: int) -> Sound:
    """Chords of several voices with a bass, a beat and cymbals, which change every two seconds."""
    random = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    step = (at / 2.0).astype(int)
    roots = 110.0 * 2 ** (random.integers(0, 12, step[-1] + 1) / 12)
    phase = 2 * np.pi * np.cumsum(roots[step]) / RATE
    chord = sum(np.sin(phase * ratio + 0.3 * np.sin(2 * np.pi * 5 * at)) / ratio for ratio in (1, 2, 2.52, 3, 4, 5.04))
    beat = np.exp(-((at * 2) % 1) * 12) * np.sin(2 * np.pi * 60 * at) * 2
    cymbal = random.normal(size=len(at)) * np.exp(-((at * 4) % 1) * 20) * 0.5
    return np.asarray(0.15 * (chord + beat + cymbal), np.float32)


def effects(seconds: float, seed: int) -> Sound:
    """Wind, with knocks, crashes and whistles at random times."""
    random = np.random.default_rng(seed)
    sound = np.convolve(random.normal(size=round(seconds * RATE)), np.ones(40) / 40, "same")
    for start in random.uniform(0, max(0.1, seconds - 1.5), round(seconds)):
        at = np.arange(round(random.uniform(0.1, 1.2) * RATE)) / RATE
        kind = random.integers(3)
        tone = np.sin(2 * np.pi * random.uniform(300, 2500) * at) if kind == 0 else random.normal(size=len(at))
        hit = tone * np.exp(-at * random.uniform(3, 25))
        first = round(start * RATE)
        sound[first : first + len(hit)] += hit[: len(sound) - first]
    return np.asarray(0.2 * sound, np.float32)


def spoken(folder: Path) -> Sound:
    """All sentences with pauses, at 16 kHz."""
    said = voice.speak(SENTENCES, folder, lambda _: None)
    parts: list[Sound] = []
    for sentence in SENTENCES:
        sound = voice.samples(said[sentence].path).astype(np.float32) / np.iinfo(np.int16).max
        at = np.arange(int(len(sound) * RATE / voice.RATE)) * voice.RATE / RATE
        parts += [
            np.interp(at, np.arange(len(sound)), sound).astype(np.float32),
            np.zeros(round(PAUSE_S * RATE), np.float32),
        ]
    return np.concatenate(parts)


def mixed(speech: Sound, other: Sound, level_db: float) -> Sound:
    """The voice with something under it that is quieter by `level_db`, measured while somebody speaks."""
    heard = speech[np.abs(speech) > 0.01]
    gain = np.sqrt(np.mean(heard**2) / np.mean(other**2)) / 10 ** (level_db / 20)
    both = speech + gain * other[: len(speech)]
    return np.asarray(both / max(1.0, float(np.abs(both).max())), np.float32)


def recognised(transcriber: Transcriber, sound: Sound) -> list[str]:
    """The words of a sound, in lower case."""
    return words(" ".join(one.text for one in transcriber.transcribe(sound, languages=["en"]).utterances).lower())


def compared(wanted: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """Recall and word error rate."""
    edits = Levenshtein.editops(wanted, found)
    lost = sum(edit.tag in ("delete", "replace") for edit in edits)
    return {"recall": 1 - lost / len(wanted), "word_error_rate": len(edits) / len(wanted)}


def invented(transcriber: Transcriber, minutes: float) -> list[str]:
    """The words that are found in music and effects without a voice."""
    found: list[str] = []
    for piece in range(round(minutes * 60 / PIECE_S)):
        found += recognised(transcriber, (music if piece % 2 == 0 else effects)(PIECE_S, 1000 + piece))
    return found


def measure(transcriber: Transcriber, speech: Sound, minutes: float) -> dict[str, Any]:
    """The table of all mixtures, and what was invented."""
    started = time.process_time()
    clean = recognised(transcriber, speech)
    length_s = len(speech) / RATE
    rows = [_row("nothing", "clean", compared(words(" ".join(SENTENCES).lower()), clean))]
    for name, make in (("music", music), ("effects", effects)):
        for level_db in LEVELS_DB:
            found = recognised(transcriber, mixed(speech, make(length_s, level_db), level_db))
            rows.append(_row(name, str(level_db), compared(clean, found)))
            print(*rows[-1], flush=True)
    extra = invented(transcriber, minutes)
    return {
        "title": "Speech under music and effects",
        "machine": machine(),
        "command": f"python -m benchmarks.speech_recall --minutes {minutes:g}",
        "columns": ["under the voice", "voice is louder by, dB", "words found", "word error rate"],
        "rows": rows,
        "notes": [
            f"{length_s:.0f} s of speech by {transcriber.model}; mixtures are compared with the words that it finds in "
            "the clean voice, the clean voice with what was said",
            f"{len(extra)} words invented in {minutes:g} minutes of music and effects without a voice",
            f"{time.process_time() - started:.0f} s of CPU",
        ],
        "invented": extra,
    }


def _row(under: str, level: str, figures: dict[str, float]) -> list[str]:
    return [under, level, f"{figures['recall']:.0%}", f"{figures['word_error_rate']:.0%}"]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the music without speech")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        speech = spoken(Path(folder))
    keep(measure(Workers(load_settings()).get("transcriber"), speech, given.minutes), given.json)


if __name__ == "__main__":
    main()
