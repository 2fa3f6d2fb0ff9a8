"""Word times are corrected by a model of letters, or stay as they are with one notice."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.settings import Hardware, Settings, Weights
from app.core.types import TimeSpan
from gpu_workers.registry import Workers
from gpu_workers.speech import alignment
from gpu_workers.speech.alignment import WordAligner
from gpu_workers.speech.sentences import ModelWord
from tests.tiny_speech import LETTERS, wav2vec2

RATE = 16_000
FRAME_S = 0.02
HISS = (np.random.default_rng(1).normal(size=RATE * 6) * 0.05).astype(np.float32)


def words(*items):
    return [ModelWord(f" {text}", TimeSpan(start, end), 0.9) for text, start, end in items]


class Letters:
    """Hears letters exactly where it is told to; what it is given begins at `offset_s` of the sound."""

    def __init__(self, placed, offset_s):
        self.placed, self.offset_s = placed, offset_s

    def parameters(self):
        import torch

        yield torch.zeros(1)

    def __call__(self, waveform):
        import torch
        from transformers.modeling_outputs import CausalLMOutput

        logits = torch.zeros(1, round(waveform.shape[1] / RATE / FRAME_S), len(LETTERS) + 1)
        logits[..., 0] = 8.0
        for letter, time_s in self.placed:
            logits[0, round((time_s - self.offset_s) / FRAME_S), LETTERS.index(letter) + 1] = 20.0
        return CausalLMOutput(logits=logits)


def test_words_move_to_where_their_letters_are_heard():
    pytest.importorskip("whisperx")
    placed = [(letter, 1.3 + 0.1 * i) for i, letter in enumerate("tea")]
    placed += [("|", 1.7), *((letter, 2.2 + 0.1 * i) for i, letter in enumerate("cups"))]
    heard = words(("Tea", 1.0, 1.5), ("cups.", 1.5, 2.9))
    described = {"language": "en", "dictionary": {"<pad>": 0, **{c: i + 1 for i, c in enumerate(LETTERS)}}}
    described["type"] = "huggingface"
    found = alignment._aligned(HISS, heard, Letters(placed, 0.8), described)
    assert [one.written for one in found] == [" Tea", " cups."]
    assert found[0].span.start_s == pytest.approx(1.3, abs=0.05)
    assert found[0].span.end_s == pytest.approx(1.6, abs=0.15)
    assert found[1].span.start_s == pytest.approx(2.2, abs=0.05)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return wav2vec2(tmp_path_factory.mktemp("letters"))


def test_a_model_from_a_folder_aligns_every_word_inside_the_sound(tiny):
    aligner = WordAligner(Settings(weights=Weights(aligners={"en": str(tiny)})))
    assert aligner.is_wanted and "en=" in aligner.model
    heard = words(("Seven", 0.5, 0.9), ("boats", 0.9, 1.4), ("left.", 1.4, 2.0), ("At", 4.1, 4.3), ("10", 4.3, 4.7))
    found, note = aligner.align(HISS, heard, "en")
    assert note == "" and [one.written for one in found] == [one.written for one in heard]
    for one in found:
        assert 0 <= one.span.start_s <= one.span.end_s <= 6.0
    assert [one.span for one in found] != [one.span for one in heard]
    assert aligner.align(HISS, heard, "en")[0] == found
    aligner.unload()
    assert not aligner.is_loaded


def test_words_are_aligned_where_memory_has_room_for_one_speech_model_only(tiny):
    settings = Settings(
        profile="cpu", weights=Weights(aligners={"en": str(tiny)}), hardware=Hardware(device="cpu", memory_gb=1e-9)
    )
    workers = Workers(settings)
    transcriber = workers.get("transcriber")
    transcriber._load = lambda: "whisper"
    transcriber.warm_up()
    aligner = workers.shared("aligner", lambda: WordAligner(settings))
    aligned, note = aligner.align(HISS, words(("tea", 1.0, 1.5)), "en")
    assert [one.written for one in aligned] == [" tea"] and note == ""
    assert aligner.is_loaded and not transcriber.is_loaded


def test_a_language_without_a_model_keeps_whispers_times_and_says_so():
    aligner = WordAligner(Settings(weights=Weights(aligners={"de": "/nowhere/letters"})))
    heard = words(("Tee", 1.0, 1.5))
    for language in ("fr", "de"):
        found, note = aligner.align(HISS, heard, language)
        assert found == heard and f"'{language}'" in note and "LONGREEL_WEIGHTS__ALIGNERS" in note
        assert aligner.align(HISS, heard, language) == (found, note)


def test_the_offline_profile_does_not_align_and_the_others_do():
    assert not WordAligner(Settings()).is_wanted
    assert WordAligner(Settings(profile="cpu")).is_wanted
    plain, aligned = (
        Workers(Settings(weights=Weights(aligners=own))).get("transcriber").model for own in ({}, {"en": "a/b"})
    )
    assert plain == "whisper-base@1.0.0/int8" and aligned.startswith(plain) and aligned != plain


def test_the_profiles_with_a_hub_name_their_whisper():
    assert "faster-whisper-small" in Workers(Settings(profile="cpu")).get("transcriber").model
    assert "turbo" in Workers(Settings(profile="gpu")).get("transcriber").model
    own = Settings(profile="gpu", weights=Weights(transcriber="me/my-whisper"))
    assert Workers(own).get("transcriber").model.startswith("me/my-whisper")
