"""T* looks at few frames, and at more where something was seen."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.selection.tstar import TStarSelector
from tests.unit.gpu_workers.selection.made_up import Fetch, axis, never, shown


class Detector:
    """Sees each thing in the frames around its moment, fainter at a distance, and keeps where it looked."""

    certain = 0.6

    def __init__(self, moments):
        self.moments = moments
        self.glances, self.names, self.verified = [], [], []

    def glance(self, names, candidates, fetch):
        self.glances += [int(c.pts_s) for c in candidates]
        self.names.append(tuple(names))
        return np.array([[self._seen(name, c.pts_s) for name in names] for c in candidates])

    def verify(self, names, candidate, fetch):
        self.verified.append(int(candidate.pts_s))
        return np.array([self._seen(name, candidate.pts_s) for name in names])

    def _seen(self, name, time_s):
        far = abs(time_s - self.moments[name]) if name in self.moments else np.inf
        return max(0.0, 0.9 - far / 30)


VIDEO = shown([axis(0)] * 600)


def naming(text):
    return FakeVisionLanguageModel(lambda frames, question: text)


def test_the_search_comes_near_a_moment_after_looking_at_a_part_of_the_video():
    detector = Detector({"cup": 437})
    chosen = TStarSelector(detector, naming("cup\ntable"), grid=4, share=0.3).select("?", VIDEO, 8, fetch=Fetch())
    assert all(abs(index - 437) <= 10 for index in chosen)
    assert len(detector.glances) <= 180 == int(600 * 0.3)
    assert len(set(detector.glances)) == len(detector.glances)


def test_looks_crowd_where_something_was_seen():
    detector = Detector({"cup": 437})
    detector.certain = np.inf
    TStarSelector(detector, naming("cup"), grid=4, share=0.3).select("?", VIDEO, 8, fetch=Fetch())
    near = sum(abs(index - 437) <= 60 for index in detector.glances)
    assert near / len(detector.glances) > 2 * 120 / 600


def test_a_verified_target_ends_the_search_and_all_must_be_found():
    one = Detector({"cup": 300})
    TStarSelector(one, naming("cup"), grid=4, share=1.0).select("?", VIDEO, 8, fetch=Fetch())
    assert one.verified and len(one.glances) < 300
    two = Detector({"cup": 300, "dog": 20})
    TStarSelector(two, naming("cup, dog\ntable"), grid=4, share=1.0).select("?", VIDEO, 8, fetch=Fetch())
    assert ("cup", "dog", "table") in two.names
    assert ("dog", "table") in two.names or ("cup", "table") in two.names


def test_cues_count_half():
    both = Detector({"cup": 100, "table": 500})
    both.certain = np.inf
    chosen = TStarSelector(both, naming("cup\ntable"), grid=4, share=1.0).select("?", VIDEO, 4, fetch=Fetch())
    assert all(abs(index - 100) < 10 for index in chosen)


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
        selector = TStarSelector(Detector({"?": 437}), grid=4, most=64, seed=seed)
        return selector.select("?", VIDEO, 8, fetch=never)

    assert choice(1) == choice(1)
