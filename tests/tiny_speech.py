"""Tiny models of speech with random weights, saved as their makers save them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

LETTERS = "|'abcdefghijklmnopqrstuvwxyz"


def wav2vec2(folder: Path) -> Path:
    """A letter recogniser as whisperX aligns with."""
    import torch
    import transformers

    words = {mark: number for number, mark in enumerate(["<pad>", "<s>", "</s>", "<unk>", *LETTERS])}
    (folder / "letters.json").write_text(json.dumps(words), encoding="utf-8")
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(folder / "letters.json"))
    hearing = transformers.Wav2Vec2FeatureExtractor(feature_size=1, sampling_rate=16_000)
    transformers.Wav2Vec2Processor(feature_extractor=hearing, tokenizer=tokenizer).save_pretrained(folder)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_stride=(20, 16), conv_kernel=(20, 16), num_feat_extract_layers=2,
        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(7)
        transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    return folder


def whisper(folder: Path, tokenizer: Path) -> Path:
    """A Whisper for CTranslate2 that writes nonsense, with the tokenizer of a real one."""
    import ctranslate2
    import torch
    import transformers

    words = transformers.WhisperTokenizerFast(tokenizer_file=str(tokenizer))
    config = transformers.WhisperConfig(
        vocab_size=len(words), d_model=16, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(7)
        transformers.WhisperForConditionalGeneration(config).save_pretrained(folder / "torch")
    words.save_pretrained(folder / "torch")
    converter = ctranslate2.converters.TransformersConverter(str(folder / "torch"), copy_files=["tokenizer.json"])
    converter.convert(str(folder / "ct2"), quantization="int8")
    return folder / "ct2"


def audio_classifier(folder: Path) -> Path:
    """An Audio Spectrogram Transformer with a few of AudioSet's classes."""
    import torch
    import transformers

    labels = dict(enumerate(["Speech", "Singing", "Music", "Applause", "Dog"]))
    config = transformers.ASTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, max_length=128,
        num_mel_bins=32, id2label=labels, label2id={label: at for at, label in labels.items()},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(7)
        transformers.ASTForAudioClassification(config).save_pretrained(folder)
    transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=128).save_pretrained(folder)
    return folder


def pyannote_pipeline(folder: Path) -> Path:
    """A diarization pipeline that always hears one of three voices."""
    import numpy as np
    import torch

    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # pyannote misses torchcodec, which is not used
        torch.manual_seed(7)
        _save(folder / "segmentation", _segmentation())
        _save(folder / "embedding", _embedding())
    (folder / "plda").mkdir()
    made = np.random.default_rng(7)
    lda = np.linalg.qr(made.normal(size=(16, 8)))[0]
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=np.zeros(16), mean2=np.zeros(8), lda=lda)
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(8), tr=np.eye(8), psi=np.linspace(3, 1, 8))
    (folder / "config.yaml").write_text(PIPELINE, encoding="utf-8")
    return folder


PIPELINE = """
dependencies: {pyannote.audio: 4.0.0}
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation_step: 0.5
    segmentation: $model/segmentation
    segmentation_batch_size: 8
    embedding: $model/embedding
    embedding_batch_size: 8
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  segmentation: {threshold: 0.5, min_duration_off: 0.0}
  clustering: {threshold: 0.6, Fa: 0.07, Fb: 0.8}
"""


def _segmentation() -> Any:
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet

    small = {"hidden_size": 4, "num_layers": 1}
    model = PyanNet(lstm=small, linear=small)
    model.specifications = Specifications(
        Problem.MULTI_LABEL_CLASSIFICATION,
        Resolution.FRAME,
        duration=2.0,
        classes=["a", "b", "c"],
        permutation_invariant=True,
    )
    model.build()
    with torch.no_grad():
        model.classifier.bias.copy_(torch.tensor([9.0, -9.0, -9.0]))
    return model


def _embedding() -> Any:
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import XVectorSincNet

    model = XVectorSincNet(dimension=16)
    model.specifications = Specifications(Problem.REPRESENTATION, Resolution.CHUNK, duration=2.0, min_duration=1.0)
    return model


def _save(folder: Path, model: Any) -> None:
    """As lightning saves a checkpoint."""
    import torch

    folder.mkdir()
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": "2.4.0",
        "epoch": 0,
        "global_step": 0,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, folder / "pytorch_model.bin")
