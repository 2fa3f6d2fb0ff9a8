"""FrameFusion inside tiny models, against a port of the published loop that works token by token."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from app.core.errors import BadSettings
from app.core.types import Frame
from gpu_workers.vision.picture_tokens import shown
from gpu_workers.vision.token_attention import decoder_layers
from gpu_workers.vision.token_fusion import spots_of
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_eyes, tiny_models
from tests.unit.gpu_workers.vision.test_picture_tokens import inputs_of, made

LAYERS = 5
WORDS = 4


@pytest.fixture(scope="module", params=sorted(set(tiny_eyes.EYES) - {"gemma3"}))
def folder(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tiny_models.TEXT, "num_hidden_layers", LAYERS)
        return tiny_eyes.EYES[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def eyes(folder):
    model = made(folder)
    model.warm_up()
    return model


@pytest.fixture(scope="module")
def eager(folder):
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(folder, attn_implementation="eager").eval()


def look(changes) -> VisionPrompt:
    """Frames of one picture, of which some differ by so much noise."""
    generator = np.random.default_rng(3)
    picture = generator.integers(0, 256, (56, 84, 3))
    frames = []
    for number, change in enumerate(changes):
        noisy = picture + change * generator.normal(size=picture.shape)
        frames.append(Frame(float(number), noisy.clip(0, 255).astype(np.uint8)))
    return VisionPrompt(tuple(frames), "What is there?")


LOOKS = {"still": look([0, 60, 90, 0, 120]), "moving": look([0, 400, 150, 300, 500])}


def marked(eyes, inputs):
    config = eyes._loaded.model.config
    return inputs["input_ids"][0] == (config.video_token_id if eyes._loaded.format.as_videos else config.image_token_id)


def excess(shares, cost, layers):
    spent, left = 0.0, 1.0
    for share in shares:
        left *= 1 - share
        spent += left
    if len(shares) >= layers:
        return 0.0
    return min(1.0, max(0.0, 1 - (layers * cost - spent) / ((layers - len(shares)) * left)))


class Published:
    """The published loop for one prompt: lists of tokens, each with its spot, position and deep features."""

    def __init__(self, model, cost, asking):
        self.model, self.cost, self.asking = model, cost, asking
        self.layers = decoder_layers(model)
        self.shares, self.merging, self.pruning = [], True, True

    def step(self, tokens, attention=None):
        import torch

        pictures = [number for number, token in enumerate(tokens) if token["spot"] >= 0]
        if self.merging:
            before, like = {}, {}
            for spot in sorted({tokens[number]["spot"] for number in pictures}):
                row = [number for number in pictures if tokens[number]["spot"] == spot]
                for earlier, later in pairwise(row):
                    before[later] = earlier
                    like[later] = float(
                        torch.cosine_similarity(tokens[earlier]["state"], tokens[later]["state"], dim=0)
                    )
            merged = [number for number in like if like[number] >= 0.6]
            most = excess(self.shares, self.cost, len(self.layers))
            if len(merged) / len(pictures) < most:
                self.shares.append(len(merged) / len(pictures))
                self.merging = len(merged) / len(pictures) >= 0.1
            else:
                merged = sorted(like, key=lambda number: -like[number])[: int(most * len(pictures))]
                self.merging = self.pruning = False
            groups = {number: [number] for number in range(len(tokens)) if number not in merged}
            for number in sorted(merged):
                head = before[number]
                while head in merged:
                    head = before[head]
                groups[head].append(number)
            return [
                {
                    **tokens[head],
                    "state": torch.stack([tokens[number]["state"] for number in group]).mean(0),
                    "deep": [
                        torch.stack(each).mean(0) for each in zip(*(tokens[n]["deep"] for n in group), strict=True)
                    ],
                }
                for head, group in groups.items()
            ]
        if self.pruning and attention is not None:
            self.pruning = False
            scores = attention[:, -self.asking :].mean(dim=(0, 1)).tolist()
            count = max(1, round(len(pictures) * (1 - excess(self.shares, self.cost, len(self.layers)))))
            best = sorted(pictures, key=lambda number: -scores[number])[:count]
            return [token for number, token in enumerate(tokens) if token["spot"] < 0 or number in best]
        return tokens

    def read(self, tokens, cache):
        """The last token's state after all layers."""
        import torch

        for number, layer in enumerate(self.layers):
            if number == 0:
                tokens = self.step(tokens)
            states = torch.stack([token["state"] for token in tokens])[None]
            mask = torch.full((len(tokens), len(tokens)), float("-inf")).triu(1)[None, None]
            moved, weights = layer.self_attn(
                layer.input_layernorm(states),
                attention_mask=mask,
                position_embeddings=[torch.stack([t[axis] for t in tokens], dim=-2) for axis in ("cos", "sin")],
                past_key_values=cache,
            )
            ready = not self.merging
            for token, state in zip(tokens, (states + moved)[0], strict=True):
                token["state"] = state
            tokens = self.step(tokens, weights[0] if ready else None)
            states = torch.stack([token["state"] for token in tokens])[None]
            states = states + layer.mlp(layer.post_attention_layernorm(states))
            for token, state in zip(tokens, states[0], strict=True):
                token["state"] = state + token["deep"][number] if number < len(token["deep"]) else state
        return tokens[-1]["state"]

    def write(self, inputs, spots, count):
        """The scores of each written word, and how many keys each layer keeps of the prompt."""
        import torch
        from transformers import DynamicCache

        core = self.model.model
        text = core.language_model if hasattr(core, "language_model") else core.text_model
        seen = {}
        handle = text.register_forward_pre_hook(lambda _, args, given: seen.update(given), with_kwargs=True)
        self.model(**inputs)
        handle.remove()
        embeddings, deep = seen["inputs_embeds"], seen.get("deepstack_visual_embeds") or []
        places = seen.get("position_ids")
        length = embeddings.shape[1]
        places = torch.arange(length)[None] if places is None else places[-3:] if places.ndim == 3 else places
        cos, sin = text.rotary_emb(embeddings, places)
        passed, tokens = 0, []
        for number, spot in enumerate(spots.tolist()):
            features = [layer[passed] if spot >= 0 else 0 * embeddings[0, 0] for layer in deep]
            passed += spot >= 0
            state = {"state": embeddings[0, number], "cos": cos[..., number, :], "sin": sin[..., number, :]}
            tokens.append({**state, "spot": spot, "deep": features})
        cache, scores = DynamicCache(), []
        last = self.read(tokens, cache)
        kept = [layer.keys.shape[-2] for layer in cache.layers]
        for later in range(count):
            scores.append(self.model.lm_head(text.norm(last[None]))[0])
            states = text.embed_tokens(scores[-1].argmax()[None, None])
            place = places.max() + 1 + later
            position = text.rotary_emb(states, place.expand(*places.shape[:-1], 1))
            for layer in self.layers:
                states = (
                    states
                    + layer.self_attn(
                        layer.input_layernorm(states),
                        attention_mask=None,
                        position_embeddings=position,
                        past_key_values=cache,
                    )[0]
                )
                states = states + layer.mlp(layer.post_attention_layernorm(states))
            last = states[0, 0]
        return torch.stack(scores), kept


def generated(model, inputs, cost):
    import torch

    with torch.inference_mode(), shown(model, inputs, cost, by="framefusion") as fed:
        written = model.generate(
            **fed, max_new_tokens=WORDS, min_new_tokens=WORDS, output_logits=True, return_dict_in_generate=True
        )
    kept = [layer.keys.shape[-2] - WORDS + 1 for layer in written.past_key_values.layers]
    return torch.stack(written.logits)[:, 0], kept


@pytest.mark.parametrize(("name", "cost"), [("still", 0.7), ("moving", 0.5)])
def test_what_is_read_and_written_is_what_the_published_loop_reads_and_writes(eyes, eager, name, cost):
    import torch

    model, inputs = eyes._loaded.model, inputs_of(eyes, [LOOKS[name]])
    marks = marked(eyes, inputs)
    frames = len(LOOKS[name].frames)
    spots = spots_of(marks, [int(marks.sum()) // frames] * frames)
    asking = 4 if "qwen" in model.config.model_type else 1
    with torch.inference_mode():
        expected, lengths = Published(eager, cost, asking).write(inputs, spots, WORDS)
    scores, kept = generated(model, inputs, cost)
    assert kept == lengths
    # What hardly moves is merged before the first layer; what moves is pruned later, when little can be merged. In
    # LLaVA-OneVision, the marks at the ends of frames are alike and merged first.
    early = name == "still" or model.config.model_type == "llava_onevision"
    assert kept[0] < len(spots) if early else kept[0] > kept[-1]
    assert torch.allclose(scores, expected, atol=2e-3)


@pytest.fixture
def small(tmp_path):
    return made(tiny_eyes.qwen3_vl(tmp_path), tokens=0.4, tokens_by="framefusion")


def test_prompts_are_read_one_by_one_and_the_model_is_left_as_it_was(small):
    import torch

    assert small.model.endswith("/0.4-tokens-by-framefusion")
    small.warm_up()
    inputs = inputs_of(small, [LOOKS["moving"]])
    with torch.inference_mode():
        before = small._loaded.model(**inputs).logits
        looks = [*LOOKS.values(), VisionPrompt((), "Hello")]
        together = small.answer(looks, 2)
        assert together == [small.answer([look], 2)[0] for look in looks]
        assert torch.equal(small._loaded.model(**inputs).logits, before)


def test_frames_of_different_sizes_share_no_spots():
    import torch

    marks = torch.tensor([False, True, True, False, True, True, True, False, True, True])
    assert spots_of(marks, [2, 3, 2]).tolist() == [-1, 0, 1, -1, 2, 3, 4, -1, 0, 1]


def test_a_budget_that_the_first_layer_spends_leaves_a_token_instead_of_an_error(small):
    small.warm_up()
    inputs = inputs_of(small, [LOOKS["moving"]])
    marks = marked(small, inputs)
    assert int((~marks).sum()) < generated(small._loaded.model, inputs, 0.01)[1][-1] < len(marks)


def test_layers_with_other_parts_are_refused(tmp_path):
    model = made(tiny_eyes.gemma3(tmp_path), tokens=0.5, tokens_by="framefusion")
    with pytest.raises(BadSettings, match="cannot be chosen by framefusion"):
        model.warm_up()
