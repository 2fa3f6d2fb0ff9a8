"""Tokens that the question's words attend to, against transformers' own eager attention."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gpu_workers.vision.picture_tokens import shown
from gpu_workers.vision.token_attention import attention_of_words, most_attended, reference_layer
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_eyes
from tests.unit.gpu_workers.vision.test_picture_tokens import LOOKS, frame, inputs_of, made, written


@pytest.fixture(scope="module", params=sorted(tiny_eyes.EYES))
def folder(request, tmp_path_factory):
    return tiny_eyes.EYES[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def eyes(folder):
    model = made(folder)
    model.warm_up()
    return model


@pytest.mark.parametrize(
    ("kind", "depth", "kinds", "expected"),
    [
        ("qwen2_5_vl", 28, None, 20),
        ("internvl", 32, None, 15),
        ("llava_onevision", 28, None, 20),
        # Gemma 3: every sixth layer sees more than the last thousand words.
        ("gemma3", 34, (["sliding_attention"] * 5 + ["full_attention"]) * 6, 23),
    ],
)
def test_the_layer_is_the_published_one_and_sees_all_words(kind, depth, kinds, expected):
    config = SimpleNamespace(
        model_type=kind, get_text_config=lambda: SimpleNamespace(layer_types=kinds and kinds[:depth])
    )
    core = SimpleNamespace(language_model=SimpleNamespace(layers=range(depth)))
    assert reference_layer(SimpleNamespace(config=config, model=core)) == expected


def marked(eyes, inputs):
    config = eyes._loaded.model.config
    mark = config.video_token_id if eyes._loaded.format.as_videos else config.image_token_id
    return (inputs["input_ids"] == mark) & (inputs["attention_mask"] == 1)


def published(weights, row):
    """The published rule in loops, for one prompt: of each picture token the greatest attention of a later word."""
    where = [place for place, is_picture in enumerate(row) if is_picture]
    found = []
    for place in where:
        values = [float(head[word][place]) for head in weights for word in range(where[-1] + 1, len(row))]
        found.append(max(values))
    return found


def test_scores_are_the_attention_that_the_model_itself_works_out(eyes, folder):
    import torch
    from transformers import AutoModelForImageTextToText

    inputs = inputs_of(eyes, LOOKS[:1])
    places = marked(eyes, inputs)
    with torch.inference_mode():
        (ours,) = attention_of_words(eyes._loaded.model, inputs, places)
        eager = AutoModelForImageTextToText.from_pretrained(folder, attn_implementation="eager").eval()
        theirs = eager(**inputs, output_attentions=True).attentions[reference_layer(eager)]
    assert torch.allclose(ours, torch.tensor(published(theirs[0].tolist(), places[0].tolist())), atol=1e-4)
    assert len(set(ours.tolist())) > 3


def test_prompts_of_several_lengths_get_the_scores_that_each_gets_alone(eyes):
    import torch

    with torch.inference_mode():
        inputs = inputs_of(eyes)
        together = attention_of_words(eyes._loaded.model, inputs, marked(eyes, inputs))
        for look, scores in zip(LOOKS, together, strict=True):
            one = inputs_of(eyes, [look])
            if look.frames:
                (alone,) = attention_of_words(eyes._loaded.model, one, marked(eyes, one))
                assert torch.allclose(scores, alone, atol=1e-4)
            else:
                assert len(scores) == 0


def test_the_tokens_with_the_most_attention_stay_wherever_they_lie():
    import torch

    frames = [torch.arange(6.0).reshape(3, 2), torch.arange(6.0, 14.0).reshape(4, 2)]
    # The last score of each frame is that of its end, which always stays.
    scores = torch.tensor([0.1, 0.9, 0.2, 1.0, 0.8, 0.3, 0.7, 0.6, 1.0])
    (one, first), (other, second) = most_attended(frames, scores, 0.5, ends=1)
    assert (one.tolist(), other.tolist()) == ([1], [0, 2])
    assert first.tolist() == frames[0][1:2].tolist() and second.tolist() == frames[1][[0, 2]].tolist()


def test_answers_together_are_those_that_each_gets_alone_and_the_model_is_left_as_it_was(folder):
    import torch

    model = made(folder, tokens=0.4, tokens_by="attention")
    assert model.model.endswith("/0.4-tokens-by-attention")
    whole = inputs_of_loaded(model)
    before = written(model._loaded.model, whole)[1]
    together = model.answer(LOOKS, 6)
    assert together == [model.answer([look], 6)[0] for look in LOOKS]
    assert torch.equal(written(model._loaded.model, whole)[1], before)


def inputs_of_loaded(model):
    model.warm_up()
    return inputs_of(model)


def test_a_tenth_of_many_tokens_is_read_at_a_share_of_a_tenth(eyes):
    import torch

    inputs = inputs_of(eyes, [VisionPrompt(tuple(frame(float(n)) for n in range(10)), "What is there?")])
    with torch.inference_mode(), shown(eyes._loaded.model, inputs, 0.1, by="attention") as fed:
        after, before = int(marked(eyes, fed).sum()), int(marked(eyes, inputs).sum())
        assert written(eyes._loaded.model, fed)[0].shape[1] > 0
    ends = 10 if eyes._loaded.format.as_videos and before == 50 else 0
    assert after == max(1, int(0.1 * (before - ends))) + ends
