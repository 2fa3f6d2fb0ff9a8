"""A detector as the judge of a search."""

from __future__ import annotations

import numpy as np

from app.core.settings import Models, Settings
from app.core.types import Detection, Frame
from gpu_workers.registry import Workers
from gpu_workers.selection.detecting import DetectorScorer
from gpu_workers.selection.tstar import TStarSelector
from gpu_workers.vision.fakes import FakeObjectDetector
from tests.unit.gpu_workers.selection.made_up import axis, shown

GREY, RED = (120, 120, 120), (255, 0, 0)


class Film:
    """A video that is grey but for some seconds, and keeps what was fetched."""

    def __init__(self, moments, size=(90, 160)):
        self.moments, self.size, self.fetched = moments, size, []

    def __call__(self, times_s):
        for time_s in times_s:
            self.fetched.append(time_s)
            image = np.full((*self.size, 3), GREY, np.uint8)
            if time_s in self.moments:
                image[30:60, 60:120] = RED
            yield Frame(time_s, image)


class Spy(FakeObjectDetector):
    def __init__(self):
        self.shapes = []

    def detect(self, frames, names, *, least):
        self.shapes += [frame.image.shape for frame in frames]
        return super().detect(frames, names, least=least)


def test_a_thing_in_a_cell_is_found_in_the_frame_of_that_cell():
    candidates = shown([axis(0)] * 30)
    for moment in (0, 5, 6, 17, 29):
        found = DetectorScorer(FakeObjectDetector()).glance(["a red cup", "blue"], candidates, Film({float(moment)}))
        assert found.shape == (30, 2)
        assert np.flatnonzero(found[:, 0]).tolist() == [moment] and not found[:, 1].any()


def test_many_frames_take_a_picture_for_each_64():
    spy = Spy()
    found = DetectorScorer(spy).glance(["red"], shown([axis(0)] * 150), Film({140.0}))
    assert np.flatnonzero(found[:, 0]).tolist() == [140]
    assert spy.shapes == [(8 * 95, 8 * 200, 3), (8 * 95, 8 * 200, 3), (5 * 95, 5 * 200, 3)]


def test_boxes_in_empty_cells_count_for_nothing():
    class Everywhere:
        model = "everywhere"

        def detect(self, frames, names, *, least):
            return [[Detection(names[0], 0.8, (0.9, 0.9, 1.0, 1.0))] for _ in frames]

    assert not DetectorScorer(Everywhere()).glance(["x"], shown([axis(0)] * 3), Film(set())).any()


def test_a_close_look_is_at_the_frame_alone():
    spy = Spy()
    sure = DetectorScorer(spy).verify(["red", "blue"], shown([axis(0)] * 3)[1], Film({1.0}, size=(900, 1600)))
    assert sure.tolist() == [0.9, 0.0]
    assert spy.shapes == [(338, 600, 3)]


def test_t_star_ends_when_the_detector_is_certain():
    film = Film({37.0, 38.0, 39.0})
    chosen = TStarSelector(DetectorScorer(FakeObjectDetector()), share=1.0).select(
        "red", shown([axis(0)] * 200), 4, fetch=film
    )
    assert {37, 38, 39} & set(chosen)
    assert len(film.fetched) < 200


def test_t_star_takes_the_detector_that_the_settings_name():
    chosen = Settings(models=Models(object_detector="fake", frame_embedder="fake", query_frame_selector="tstar"))
    workers = Workers(chosen)
    film = Film({120.0})
    assert 120 in workers.get("query_frame_selector").select("red", shown([axis(0)] * 200), 8, fetch=film)
    assert film.fetched
