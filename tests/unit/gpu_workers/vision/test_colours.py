from __future__ import annotations

import numpy as np
import pytest

from gpu_workers.vision.colours import NAMES, colour_names, place_of, shares

CSS = {
    "red": "dc143c b22222 cc3333 ff2020",
    "orange": "ffa500 ff7518",
    "yellow": "ffd700 fff44f f4e409",
    "green": "228b22 2e8b57 7cfc00 556b2f 90ee90 aadd55",
    "blue": "4169e1 87ceeb 000080 1e90ff add8e6 4682b4",
    "purple": "8a2be2 4b0082 9370db ba55d3",
    "pink": "ffc0cb ff1493 ff80c0 e6007e ff00ff",
    "brown": "a0522d 654321 8b5a2b",
    "black": "0a0a0a 141418",
    "grey": "708090 696969 a9a9a9 d3d3d3",
    "white": "f5f5f5 fffff0",
}


@pytest.mark.parametrize(("word", "shade"), [(word, shade) for word, all_ in CSS.items() for shade in all_.split()])
def test_shades_get_the_word_that_people_use(word, shade):
    pixel = np.array([[tuple(bytes.fromhex(shade))]], dtype=np.uint8)
    assert NAMES[int(colour_names(pixel)[0, 0])] == word


def test_shares_add_up_and_the_largest_comes_first():
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[:3] = (255, 0, 0)
    assert list(shares(colour_names(pixels)).items()) == [("black", 0.7), ("red", 0.3)]


@pytest.mark.parametrize(
    ("rows", "columns", "place"),
    [
        (slice(0, 20), slice(0, 5), "left"),
        (slice(0, 20), slice(16, 20), "right"),
        (slice(0, 4), slice(0, 20), "top"),
        (slice(16, 20), slice(0, 20), "bottom"),
        (slice(8, 12), slice(8, 12), "centre"),
        (slice(0, 20), slice(0, 20), ""),
        (slice(0, 0), slice(0, 0), ""),
    ],
)
def test_a_thing_is_where_most_of_it_lies(rows, columns, place):
    mask = np.zeros((20, 20), dtype=np.bool_)
    mask[rows, columns] = True
    assert place_of(mask) == place
