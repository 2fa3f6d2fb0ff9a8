"""The language of each part of a sound follows the evidence, but not its slips."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.core.types import TimeSpan
from gpu_workers.speech.languages import (
    UNIT_S,
    JudgedSpan,
    candidates,
    in_language,
    most_likely,
    uncertain,
    units,
    weighed,
)


def heard(*shares, seconds=8.0):
    return [JudgedSpan(TimeSpan(n * seconds, (n + 1) * seconds), one) for n, one in enumerate(shares)]


EN, DE = {"en": 0.98, "de": 0.01, "cy": 0.01}, {"de": 0.97, "en": 0.02, "cy": 0.01}
UNSURE = {"cy": 0.5, "en": 0.3, "de": 0.2}


def test_clear_changes_are_followed_and_slips_are_not():
    assert most_likely(heard(EN, DE, DE, EN)) == ["en", "de", "de", "en"]
    assert most_likely(heard(EN, UNSURE, EN)) == ["en", "en", "en"]
    assert most_likely(heard(EN, DE, EN)) == ["en", "de", "en"]
    assert most_likely(heard(EN, DE, EN, seconds=0.5)) == ["en", "en", "en"]
    assert most_likely([]) == []


def test_the_expected_language_decides_where_the_evidence_is_weak():
    assert most_likely(heard(UNSURE)) == ["cy"]
    assert most_likely(heard(UNSURE), "en") == ["en"]
    assert most_likely(heard(DE), "en") == ["de"]


def test_only_allowed_languages_are_weighed_and_rare_ones_count_less():
    assert weighed({"la": 0.6, "de": 0.2, "en": 0.1}, ["de", "en"]) == pytest.approx({"de": 2 / 3, "en": 1 / 3})
    plain = weighed({"la": 0.6, "de": 0.2, "en": 0.2})
    assert max(plain, key=plain.get) == "de" and sum(plain.values()) == pytest.approx(1)
    assert weighed({"la": 0.6, "de": 0.4}, ["la"]) == {"la": 1.0}


def test_doubtful_runs_are_read_in_the_likeliest_languages_and_those_beside_them():
    spoken = heard(EN, UNSURE, UNSURE, DE)
    chosen = ["en", "cy", "cy", "de"]
    (run,) = uncertain(spoken, chosen)
    assert (run.start, run.stop) == (1, 3)
    assert list(candidates(spoken, chosen, run, 1)) == ["cy", "en", "de"]


def test_units_cover_all_voice_and_are_short():
    voice = [TimeSpan(0, 3), TimeSpan(3.4, 6), TimeSpan(9, 35), TimeSpan(35.2, 36)]
    found = units(voice)
    assert found[0] == TimeSpan(0, 6) and found[-1].end_s == 36
    assert all(unit.duration_s <= UNIT_S for unit in found)
    assert sum(unit.intersection_s(region) for unit in found for region in voice) == pytest.approx(3 + 2.6 + 26 + 0.8)


def test_a_region_is_divided_only_where_the_language_changes():
    voice = [TimeSpan(0, 3), TimeSpan(4, 30)]
    spoken = [JudgedSpan(unit, EN) for unit in units(voice)]
    assert in_language(voice, spoken, ["en"] * len(spoken)) == {"en": voice}
    parts = in_language(voice, spoken, ["en", "en", *["de"] * (len(spoken) - 2)])
    assert parts["en"][-1].end_s == parts["de"][0].start_s and parts["de"][-1] == TimeSpan(parts["de"][0].start_s, 30)
    assert all(one.end_s <= two.start_s for one, two in pairwise(parts["de"]))
