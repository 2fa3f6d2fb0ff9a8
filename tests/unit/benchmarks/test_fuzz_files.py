"""The program that damages files: the same damage for the same seed, and states that mean what they say."""

from __future__ import annotations

import random

import pytest

from benchmarks.fuzz_files import DAMAGES, KINDS, SECONDS, STATES, FuzzCounts, FuzzOutcome, read, rows, write_source


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damage_changes_the_file_in_the_same_way_for_the_same_seed(damage):
    whole = bytes(range(256)) * 40
    results = []
    for seed in (1, 1, 2):
        data = bytearray(whole)
        damage(data, random.Random(f"{seed}"))
        results.append(bytes(data))
    assert results[0] == results[1] != results[2] and results[0] != whole


@pytest.mark.parametrize("kind", ["mp4", "ts", "h264", "ogg"])
def test_a_sound_file_is_read_to_its_end_and_a_ruined_one_is_refused(tmp_path, kind):
    path = write_source(tmp_path / f"a.{kind}")
    state, seen = read(path, SECONDS + 1.0)
    assert state == "read" and kind in KINDS
    assert float(seen.split()[0]) > 2.0
    assert read(path, 1.0)[0] == "false time"
    path.write_bytes(b"no media at all")
    assert read(path, SECONDS)[0] == "refused"


def test_the_table_counts_each_state_for_each_damage_and_for_all():
    tally = FuzzCounts([FuzzOutcome("mp4", "flip", "read", 1.0), FuzzOutcome("ts", "zero", "hung", 60.0)])
    table = {row[0]: row[1:] for row in rows(tally)}
    assert table["flip"] == [1, 1, 0, 0, 0, 0, 0, 1.0]
    assert table["all"][0] == 2 and table["all"][1 + STATES.index("hung")] == 1 and table["all"][-1] == 60.0
    assert [one.state for one in tally.bad()] == ["hung"]
