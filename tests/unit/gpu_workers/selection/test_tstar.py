"""T* looks at few seconds, and at more where something was seen."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.interpolate import UnivariateSpline

from app.core.errors import MissingPart
from app.core.settings import Models, Settings
from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.registry import Workers
from gpu_workers.selection.tstar import TStarSelector
from tests.unit.gpu_workers.selection.made_up import Fetch, axis, never, shown

FAINT = 0.02
"""Below this a simulated detector sees nothing."""


class Detector:
    """Sees each thing in the seconds around its moments, fainter at a distance, and at half strength in a cell."""

    def __init__(self, moments, reach=30.0):
        self.moments, self.reach = moments, reach
        self.glances, self.names, self.verified = [], [], []

    def glance(self, names, candidates, fetch):
        self.glances += [int(c.pts_s) for c in candidates]
        self.names.append(tuple(names))
        return np.array([[self.seen(name, c.pts_s) / 2 for name in names] for c in candidates])

    def verify(self, names, candidate, fetch):
        self.verified.append(int(candidate.pts_s))
        return np.array([self.seen(name, candidate.pts_s) for name in names])

    def seen(self, name, time_s):
        moment = self.moments.get(name)
        sure = 0.9 - abs(time_s - moment) / self.reach if moment is not None else 0.0
        return sure if sure >= FAINT else 0.0


class Needles(Detector):
    """A haystack of half an hour: the target is in one scene of 40 s, cues in the three minutes to either side."""

    def __init__(self, seed):
        super().__init__({})
        self.moment = int(np.random.default_rng(seed).integers(200, 1600))

    def seen(self, name, time_s):
        far = abs(time_s - self.moment)
        if name == "target":
            return 0.85 if far <= 20 else 0.0
        return 0.5 * (1 - far / 180) if far < 180 else 0.0


VIDEO = shown([axis(0)] * 600)
HALF_HOUR = shown([axis(0)] * 1800)


def naming(text):
    return FakeVisionLanguageModel(lambda frames, question: text)


def published(detector, count, targets, cues, *, grid=4, share=0.5, certain=0.6, seed=0):
    """The paper's loop in other words: the scores, where it glanced and what it verified."""
    random = np.random.default_rng(seed)
    score, unseen, chance = np.full(count, 1e-6), np.ones(count), np.full(count, 1 / count)
    budget, cells, remaining = int(count * share), grid * grid, list(targets)
    glanced, verified = [], []
    while remaining and budget > 0:
        if unseen.all():
            picked = [(2 * i + 1) * count // (2 * cells) for i in range(cells)]
        else:
            wanted = (chance + min(cells, budget) / count) * unseen
            masked = wanted * (wanted >= np.percentile(wanted, 75))
            pool = masked if (masked > 0).sum() >= min(cells, budget) else wanted
            picked = sorted(random.choice(count, min(cells, budget), replace=False, p=pool / pool.sum()))
        budget -= len(picked)
        glanced += [int(at) for at in picked]
        cell = {at: {name: detector.seen(name, at) / 2 for name in [*remaining, *cues]} for at in picked}
        best = {at: max(c * (0.5 if n in cues else 1.0) for n, c in cell[at].items()) for at in picked}
        for at in picked:
            unseen[at], score[at] = 0, max(best[at], 1e-6)
        bar = np.percentile(list(best.values()), 75)
        for at in picked:
            if best[at] >= bar:
                for step in range(-5, 6):
                    if 0 <= at + step < count:
                        score[at + step] = max(score[at + step], score[at] / (abs(step) + 1))
        looked = np.flatnonzero(unseen == 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            curve = UnivariateSpline(looked, score[looked], s=0.5)(np.arange(count))
        chance = 1 / (1 + np.exp(-np.maximum(1 / count, curve)))
        chance /= chance.sum()
        for at in picked:
            if any(cell[at].get(name, 0) > 0 for name in remaining):
                verified.append(int(at))
                sure = {name: detector.seen(name, at) for name in remaining}
                score[at] = max(max(sure.values()), 1e-6)
                remaining = [name for name in remaining if sure[name] < certain]
    return score, glanced, verified


@pytest.mark.parametrize("seed", range(20))
def test_it_looks_where_the_published_loop_looks(seed):
    needles = Needles(seed)
    chosen = TStarSelector(needles, naming("target\ncue"), seed=seed).select("?", HALF_HOUR, 8, fetch=Fetch((1, 2)))
    score, glanced, verified = published(needles, 1800, ["target"], ["cue"], seed=seed)
    assert needles.glances == glanced and needles.verified == verified
    assert chosen == sorted(np.argsort(-score, kind="stable")[:8].tolist())


def test_the_search_of_half_an_hour_ends_early_in_all_of_twenty_haystacks():
    looks, close = [], []
    for seed in range(20):
        needles = Needles(seed)
        chosen = TStarSelector(needles, naming("target\ncue"), seed=seed).select("?", HALF_HOUR, 8, fetch=Fetch((1, 2)))
        looks.append(len(needles.glances))
        close.append(len(needles.verified))
        assert any(abs(index - needles.moment) <= 20 for index in chosen)
    # The figures of docs/selection.md; half of the seconds would be 900.
    assert (np.mean(looks), max(looks), set(close)) == (24, 32, {1})


def test_a_faint_target_in_a_cell_is_enough_for_a_close_look():
    faint = Detector({"cup": 300})
    assert faint.seen("cup", 300) / 2 < 0.6
    TStarSelector(faint, naming("cup"), share=1.0).select("?", VIDEO, 8, fetch=Fetch())
    assert faint.verified and len(faint.glances) < 300


def test_the_search_comes_near_a_moment_after_looking_at_a_part_of_the_video():
    detector = Detector({"cup": 437})
    chosen = TStarSelector(detector, naming("cup\ntable"), certain=1.0).select("?", VIDEO, 8, fetch=Fetch())
    assert all(abs(index - 437) <= 10 for index in chosen)
    assert len(detector.glances) == int(600 * 0.5) == len(set(detector.glances))


def test_looks_crowd_where_something_was_seen():
    detector = Detector({"cup": 437})
    TStarSelector(detector, naming("cup"), share=0.3, certain=1.0).select("?", VIDEO, 8, fetch=Fetch())
    near = sum(abs(index - 437) <= 60 for index in detector.glances)
    assert near / len(detector.glances) > 1.5 * 120 / 600


def test_all_targets_must_be_found_and_those_found_are_sought_no_more():
    two = Detector({"cup": 300, "dog": 20})
    TStarSelector(two, naming("cup, dog\ntable"), share=1.0).select("?", VIDEO, 8, fetch=Fetch())
    assert ("cup", "dog", "table") in two.names
    assert ("dog", "table") in two.names or ("cup", "table") in two.names


def test_cues_count_half():
    both = Detector({"cup": 100, "table": 500})
    chosen = TStarSelector(both, naming("cup\ntable"), share=1.0, certain=1.0).select("?", VIDEO, 4, fetch=Fetch())
    assert all(abs(index - 100) < 10 for index in chosen)


def test_seconds_are_searched_where_only_changed_frames_were_stored():
    frames = [one for one in VIDEO if one.pts_s in (0.0, 40.0, 430.0, 590.0, 599.0)]
    detector = Detector({"?": 500})
    chosen = TStarSelector(detector, share=1.0).select("?", frames, 2, fetch=never)
    assert 2 in chosen and min(abs(time_s - 500) for time_s in detector.verified) < 15


def test_the_model_that_names_is_shown_eight_even_frames():
    fetch = Fetch((980, 10))
    shapes = []
    model = FakeVisionLanguageModel(lambda frames, _: shapes.append([f.image.shape for f in frames]) or "cup")
    TStarSelector(Detector({}), model, grid=2, most=4).select("?", VIDEO, 4, fetch=fetch)
    assert fetch.times_s == [37.0 + 75 * place for place in range(8)]
    assert shapes == [[(490, 5, 3)] * 8]


@pytest.mark.parametrize("count", [5, 17, 40])
def test_videos_shorter_than_the_grid_are_searched_whole(count):
    detector = Detector({"?": 3})
    chosen = TStarSelector(detector, grid=8, share=1.0).select("?", VIDEO[:count], 4, fetch=never)
    assert 3 in chosen and len(chosen) == 4


def test_the_same_seed_gives_the_same_choice():
    def choice(seed):
        selector = TStarSelector(Detector({"?": 437}), most=64, seed=seed)
        return selector.select("?", VIDEO, 8, fetch=never)

    assert choice(1) == choice(1)


@pytest.mark.parametrize("detector", ["none", "ssd-mobilenet"])
def test_it_needs_a_detector_that_finds_anything_by_name(detector):
    chosen = Settings(models=Models(query_frame_selector="tstar", object_detector=detector))
    with pytest.raises(MissingPart, match="tstar needs a detector"):
        Workers(chosen).get("query_frame_selector")
