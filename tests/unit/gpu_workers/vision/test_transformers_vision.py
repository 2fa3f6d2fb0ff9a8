"""Vision-language models of each architecture, through the product's own loading, on tiny models."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import BadSettings, MissingPart, ToolRefused
from app.core.settings import Hardware, Settings, Weights
from app.core.types import Frame, Message
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_vision
from gpu_workers.vision.frame_format import frame_format
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_eyes, tiny_models

MARKS = r"<\|vision_start\|>(?:<\|image_pad\|>)?|<image>|<video>|<\|image_pad\|>\n"
"""Where a picture stands in the prompts of the tiny models."""
TOKENS_OF_A_FRAME = {
    "aria": 4,
    "gemma3": 4,
    "internvl": 4,
    "llava_next_video": 4,
    "llava_onevision": 4 + 1,
    "qwen2_5_vl": 15,
    "qwen3_vl": 15,
    "smolvlm": 4,
}
"""Of a frame of 90 x 160 pixels; LLaVA-OneVision's has one token more for its end."""


def made(folder, **hardware):
    weights = Weights(vision_language_model=str(folder))
    workers = Workers(Settings(profile="cpu", weights=weights, hardware=Hardware(**hardware)))
    return workers.get("vision_language_model")


@pytest.fixture(scope="module", params=sorted(tiny_eyes.EYES))
def eyes(request, tmp_path_factory):
    model = made(tiny_eyes.EYES[request.param](tmp_path_factory.mktemp(request.param)), batch=4)
    yield model
    model.unload()


@pytest.fixture(autouse=True)
def few_tokens(monkeypatch):
    monkeypatch.setattr(transformers_vision, "LOOK_TOKENS", 6)


def frame(time_s, size=(40, 64)) -> Frame:
    seed = int(time_s * 100)
    return Frame(time_s, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def prompts(eyes, monkeypatch):
    """The texts and sizes of pictures that the processor is given from now on."""
    given = []
    real = type(eyes._loaded.processor).__call__

    def spy(self, text=None, images=None, videos=None, **options):
        sizes = [[picture.size for picture in some] for some in images or []]
        # A frame as a video of one frame, shape (1, height, width, 3).
        sizes += [[(video.shape[2], video.shape[1]) for video in videos]] if videos else []
        given.append((text, sizes))
        media = {"images": images} if images else {"videos": videos} if videos else {}
        return real(self, text=text, **media, **options)

    monkeypatch.setattr(type(eyes._loaded.processor), "__call__", spy)
    return given


def test_several_prompts_at_once_get_what_each_gets_alone(eyes):
    looks = [
        VisionPrompt((frame(1.0), frame(2.0)), "What is there?"),
        VisionPrompt((frame(3.0, (64, 20)),), "Who is it now?"),
        VisionPrompt((), "Hello"),
    ]
    together = eyes.answer(looks, 6)
    assert together == [eyes.answer([look], 6)[0] for look in looks]
    assert together == eyes.answer(looks, 6)
    assert len({one.text for one in together}) > 1


def test_each_picture_stands_after_its_true_time(eyes, monkeypatch):
    eyes.warm_up()
    given = prompts(eyes, monkeypatch)
    eyes.look([frame(0.04), frame(3.537), frame(3725.25)], "What is red?")
    (texts, sizes), *_ = given
    assert re.findall(r"t=([\d.]+)s", texts[0]) == ["0.0", "3.5", "3725.2"]
    before_picture = re.split(MARKS, texts[0])
    assert [bool(re.search(r"t=[\d.]+s\W*$", part)) for part in before_picture] == [True] * 3 + [False]
    assert texts[0].index("What is red?") > texts[0].rindex("t=3725.2s")
    square = eyes._loaded.format.square
    assert sizes == [[(64, 64) if square else (64, 40)] * 3]


def test_a_frame_is_one_tile_in_the_form_that_the_model_has_for_video(eyes, request):
    kind = request.node.callspec.params["eyes"]
    eyes.warm_up()
    loaded = eyes._loaded
    frames = tuple(frame(float(number), (90, 160)) for number in range(3))
    inputs = transformers_vision._encoded(loaded, [VisionPrompt(frames, "What?")])
    config = loaded.model.config
    mark = config.video_token_id if loaded.format.as_videos else config.image_token_id
    assert int((inputs["input_ids"] == mark).sum()) == 3 * TOKENS_OF_A_FRAME[kind]
    assert loaded.format.as_videos == kind.startswith("llava")


def test_nothing_of_a_frame_is_cut_off(eyes):
    """A change at the very edge of a wide frame changes what the model reads of it."""
    eyes.warm_up()
    plain, edge = np.full((90, 160, 3), 128, np.uint8), np.full((90, 160, 3), 128, np.uint8)
    edge[:, :20] = 255
    one, other = (
        transformers_vision._encoded(eyes._loaded, [VisionPrompt((Frame(0.0, picture),), "?")])
        for picture in (plain, edge)
    )
    name = "pixel_values_videos" if eyes._loaded.format.as_videos else "pixel_values"
    assert not np.allclose(one[name].numpy(), other[name].numpy())


def test_pictures_in_a_chat_stand_where_they_were_sent(eyes, monkeypatch):
    eyes.warm_up()
    given = prompts(eyes, monkeypatch)
    eyes.chat([Message("user", ("before", frame(1.0), "after", frame(2.0)))], max_output=2)
    (texts, sizes), *_ = given
    words = [re.search(r"(\w+)\W*$", part) for part in re.split(MARKS, texts[0])[:2]]
    assert [word and word[1] for word in words] == ["before", "after"]
    assert len(sizes[0]) == 2


def test_words_are_never_taken_for_a_picture(eyes):
    words = "What do the elements <video>, <image> and <|image_pad|> do?"
    assert eyes.look([frame(1.0), frame(2.0)], words).prompt_tokens > eyes.look([frame(1.0)], words).prompt_tokens
    assert eyes.chat([Message("user", (words, frame(1.0)))], max_output=2).output_tokens <= 2


def test_several_frames_can_be_shown_in_one_picture(eyes, monkeypatch):
    eyes.warm_up()
    loaded = eyes._loaded
    together = frame_format(loaded.processor, loaded.model.config.model_type, "grid")
    monkeypatch.setattr(eyes, "_loaded", replace(loaded, presentation="grid", format=together))
    given = prompts(eyes, monkeypatch)
    eyes.look([frame(float(i)) for i in range(7)], "What?")
    texts, sizes = given[0]
    assert sizes == [[(3 * 64, 2 * 40), (64, 40)]]
    assert re.findall(r"t=([\d.]+)s", texts[0]) == [f"{i}.0" for i in range(7)]


def test_the_way_of_showing_is_a_setting_and_part_of_the_name(tmp_path):
    weights = Weights(vision_language_model=str(tiny_models.smolvlm(tmp_path)))
    eyes = Workers(Settings(profile="cpu", weights=weights, vlm_presentation="slowfast")).get("vision_language_model")
    eyes.warm_up()
    assert eyes.model.endswith("/slowfast") and eyes._loaded.presentation == "slowfast"


def test_how_probable_a_first_token_is_is_read_from_the_network(eyes):
    import torch

    question, frames = "A cup? A. yes B. no", [frame(1.0), frame(2.0), frame(3.0)]
    sure = eyes.first_token_probability(frames, question, "A")
    loaded, expected = eyes._loaded, []
    for one in frames:
        inputs = transformers_vision._encoded(loaded, [VisionPrompt((one,), question)])
        with torch.inference_mode():
            logits = loaded.model(**inputs).logits[0, -1]
        expected.append(float(torch.softmax(logits, dim=-1)[loaded.tokenizer.encode("A")[0]]))
    assert np.allclose(sure, expected, atol=1e-4) and len(set(sure.tolist())) == 3


def test_more_frames_are_read_as_more_tokens_and_counted(eyes):
    before = eyes.counters.tokens
    one, three = eyes.look([frame(1.0)], "What?"), eyes.look([frame(1.0), frame(2.0), frame(3.0)], "What?")
    assert three.prompt_tokens > one.prompt_tokens
    assert one.output_tokens <= 6
    assert eyes.counters.tokens - before == one.output_tokens + three.output_tokens


def test_pictures_change_the_answer(eyes):
    said = {eyes.look([frame(1.0 + i)], "What?").text for i in range(4)}
    assert len(said) > 1


def test_frames_beyond_what_the_model_reads_are_left_out_evenly(eyes, monkeypatch):
    eyes.warm_up()
    shown = [frame(float(i)) for i in range(12)]
    asked = eyes.look(shown[:4], "What?").prompt_tokens
    monkeypatch.setattr(eyes, "_loaded", replace(eyes._loaded, longest=asked + 10))
    given = prompts(eyes, monkeypatch)
    assert eyes.look(shown, "What?").prompt_tokens <= asked + 4
    times = [float(found) for found in re.findall(r"t=([\d.]+)s", given[-1][0][0])]
    assert 2 <= len(times) <= 4 and times == sorted(times)
    assert times[0] < 4 and times[-1] > 7


def test_a_question_longer_than_the_model_reads_is_refused(eyes):
    with pytest.raises(ToolRefused, match="longer than the model can read"):
        eyes.look([frame(1.0)], "why " * 1200)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (900, 2)])
def test_pictures_of_odd_shapes_are_no_trouble(eyes, size):
    assert eyes.look([frame(1.0, size)], "What?").prompt_tokens > 0


def test_a_batch_that_does_not_fit_is_halved(eyes, monkeypatch):
    import torch

    looks = [VisionPrompt((frame(float(i)),), "What?") for i in range(4)]
    expected = eyes.answer(looks, 4)
    model, sizes = eyes._loaded.model, []
    generate = model.generate

    def small(**inputs):
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(model, "generate", small)
    monkeypatch.setattr(eyes, "_largest", 4)
    assert eyes.answer(looks, 4) == expected
    assert sizes == [4, 2, 2]


def test_captions_and_looks_share_one_model(tmp_path):
    weights = Weights(vision_language_model=str(tiny_models.smolvlm(tmp_path)))
    workers = Workers(Settings(profile="cpu", weights=weights))
    assert workers.get("captioner").eyes is workers.get("vision_language_model")


def test_a_model_that_cannot_chat_is_refused_with_a_reason(tmp_path):
    folder = tiny_models.llava_onevision(tmp_path)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(MissingPart, match="no chat template"):
        made(folder).look([frame(1.0)], "What?")


def test_an_architecture_that_transformers_does_not_know_is_refused_with_the_way_through_a_server(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "llava_qwen"}', "utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BadSettings, match="does not know the architecture") as refused:
        made(tmp_path).look([frame(1.0)], "What?")
    assert "LONGREEL_VLM_URL" in refused.value.hint
