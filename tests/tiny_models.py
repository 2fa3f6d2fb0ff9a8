"""Tiny models of real architectures with random weights, saved as their makers save them.

They are built from their configurations with a tokenizer of single bytes, so that the product's own loaders and
processors run without a download. What they write means nothing, but it is the same every time. Each is built once in a
process: every other test gets a copy of its files.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for part in m['content'] %}{% if part['type'] == 'image' %}IMAGE{% elif part['type'] == 'video' %}VIDEO"
    "{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAVA_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {% for part in m['content'] | selectattr('type', 'equalto', "
    "'image') %}<image>{% endfor %}{% for part in m['content'] | selectattr('type', 'equalto', 'video') %}<video>"
    "{% endfor %}{% for part in m['content'] | selectattr('type', 'equalto', 'text') %}{{ '\n' + part['text'] }}"
    "{% endfor %}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""LLaVA's templates move pictures before all words."""
QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
QWEN_CHAT = CHAT.replace("IMAGE", QWEN_IMAGE).replace("VIDEO", QWEN_IMAGE.replace("image", "video"))
MARKS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<image>", "<video>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>",
]  # fmt: skip
TEXT = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 4096,
}  # fmt: skip


def built_once(build: Callable[..., Path]) -> Callable[..., Path]:
    """A function that builds a model in a folder the first time, and copies the files when it is called again.

    A test may change `TEXT`, and then gets a model of its own.
    """
    built: dict[tuple[Any, ...], Path] = {}

    @functools.wraps(build)
    def copy(folder: Path, *options: Any) -> Path:
        key = (json.dumps(TEXT), *options)
        if key not in built:
            place = Path(tempfile.mkdtemp(prefix="tiny-model-"))
            atexit.register(shutil.rmtree, place, ignore_errors=True)
            built[key] = build(place, *options)
        shutil.copytree(built[key], folder, dirs_exist_ok=True)
        return folder

    return copy


def byte_tokenizer(kind: str, *, begin_end: bool = False, numbers: dict[str, int] | None = None, **options: Any) -> Any:
    """A fast tokenizer of transformers' class `kind` whose words are the 256 bytes; some may be given their number."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    words = [*MARKS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    fixed = numbers or {}
    words += [f"<unused {number}>" for number in range(len(words), max(fixed.values(), default=0) + 1)]
    free = (number for number in range(len(words)) if number not in fixed.values())
    made = Tokenizer(models.BPE({word: fixed[word] if word in fixed else next(free) for word in words}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    if begin_end:
        made.post_processor = processors.TemplateProcessing(
            single="<|im_start|> $A <end_of_utterance>",
            special_tokens=[(mark, made.token_to_id(mark)) for mark in ("<|im_start|>", "<end_of_utterance>")],
        )
    options = {"pad_token": MARKS[0], "eos_token": MARKS[2], "unk_token": None, "bos_token": None, **options}
    special = [mark for mark in MARKS if mark not in options.values()]
    return getattr(transformers, kind)(
        tokenizer_object=made,
        model_input_names=["input_ids", "attention_mask"],
        additional_special_tokens=special,
        **options,
    )


def vocabulary() -> int:
    return 256 + len(MARKS)


def _saved(folder: Path, config: Any, auto: str, *parts: Any, louder: float = 1.0) -> Path:
    """The model of a configuration, its weights from one seed; `louder` makes it prefer some words clearly."""
    import torch
    import transformers

    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = getattr(transformers, auto).from_config(config)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.ndim > 1 and "norm" not in name:
                    weight.mul_(louder)
    model.save_pretrained(folder)
    for part in parts:
        part.save_pretrained(folder)
    return folder


@built_once
def siglip(folder: Path) -> Path:
    from transformers import SiglipConfig, SiglipImageProcessorFast

    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = SiglipConfig(
        text_config={**sizes, "vocab_size": vocabulary(), "max_position_embeddings": 24, "projection_size": 32},
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
    )
    processor = SiglipImageProcessorFast(size={"height": 32, "width": 32})
    tokenizer = byte_tokenizer("PreTrainedTokenizerFast", model_max_length=24)
    return _saved(folder, config, "AutoModel", processor, tokenizer, louder=8.0)


@built_once
def clip(folder: Path) -> Path:
    from transformers import CLIPConfig, CLIPImageProcessorFast

    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": vocabulary(), "max_position_embeddings": 24, "eos_token_id": 11},
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    processor = CLIPImageProcessorFast(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    tokenizer = byte_tokenizer("PreTrainedTokenizerFast", begin_end=True, model_max_length=24)
    return _saved(folder, config, "AutoModel", processor, tokenizer, louder=8.0)


@built_once
def qwen3(folder: Path) -> Path:
    from transformers import Qwen3Config

    tokenizer = byte_tokenizer("Qwen2TokenizerFast")
    tokenizer.chat_template = CHAT
    config = Qwen3Config(**{**TEXT, "max_position_embeddings": 512}, vocab_size=vocabulary() + 4, eos_token_id=2)
    return _saved(folder, config, "AutoModelForCausalLM", tokenizer, louder=6.0)


def _bert_config(**options: Any) -> Any:
    from transformers import BertConfig

    sizes = {key: TEXT[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")}
    return BertConfig(**sizes, vocab_size=vocabulary(), max_position_embeddings=128, **options)


@built_once
def bert(folder: Path) -> Path:
    tokenizer = byte_tokenizer("PreTrainedTokenizerFast", begin_end=True)
    return _saved(folder, _bert_config(), "AutoModel", tokenizer, louder=3.0)


@built_once
def cross_encoder(folder: Path, labels: int = 1) -> Path:
    config = _bert_config(num_labels=labels)
    tokenizer = byte_tokenizer("PreTrainedTokenizerFast")
    return _saved(folder, config, "AutoModelForSequenceClassification", tokenizer, louder=3.0)


@built_once
def qwen2_5_vl(folder: Path) -> Path:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLProcessor, Qwen2VLImageProcessorFast, Qwen2VLVideoProcessor

    rope = {"rope_type": "default", "type": "mrope", "mrope_section": [1, 1, 2]}
    config = Qwen2_5_VLConfig(
        text_config={**TEXT, "vocab_size": vocabulary(), "rope_scaling": rope},
        vision_config={
            "depth": 2, "hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 48, "num_heads": 4,
            "patch_size": 14, "spatial_merge_size": 2, "window_size": 56, "fullatt_block_indexes": [1],
        },
        **_qwen_marks(),
    )  # fmt: skip
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessorFast(min_pixels=28 * 28, max_pixels=16 * 28 * 28),
        byte_tokenizer("Qwen2TokenizerFast"),
        Qwen2VLVideoProcessor(min_pixels=28 * 28, max_pixels=16 * 28 * 28),
        chat_template=QWEN_CHAT,
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


@built_once
def qwen2_vl(folder: Path) -> Path:
    from transformers import Qwen2VLConfig, Qwen2VLImageProcessorFast, Qwen2VLProcessor, Qwen2VLVideoProcessor

    rope = {"rope_type": "default", "type": "mrope", "mrope_section": [1, 1, 2]}
    config = Qwen2VLConfig(
        text_config={**TEXT, "vocab_size": vocabulary(), "rope_scaling": rope},
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 14},
        **_qwen_marks(),
    )
    processor = Qwen2VLProcessor(
        Qwen2VLImageProcessorFast(min_pixels=28 * 28, max_pixels=16 * 28 * 28),
        byte_tokenizer("Qwen2TokenizerFast"),
        Qwen2VLVideoProcessor(min_pixels=28 * 28, max_pixels=16 * 28 * 28),
        chat_template=QWEN_CHAT,
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


@built_once
def qwen3_vl(folder: Path) -> Path:
    from transformers import Qwen2VLImageProcessorFast, Qwen3VLConfig, Qwen3VLProcessor, Qwen3VLVideoProcessor

    rope = {"rope_type": "default", "mrope_section": [1, 1, 2]}
    config = Qwen3VLConfig(
        text_config={**TEXT, "vocab_size": vocabulary(), "rope_scaling": rope},
        vision_config={
            "depth": 2, "hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 48, "num_heads": 4,
            "patch_size": 16, "spatial_merge_size": 2, "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
        },
        **_qwen_marks(),
    )  # fmt: skip
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessorFast(patch_size=16, min_pixels=32 * 32, max_pixels=16 * 32 * 32),
        byte_tokenizer("Qwen2TokenizerFast"),
        Qwen3VLVideoProcessor(size={"shortest_edge": 32 * 32, "longest_edge": 512 * 32 * 32}),
        chat_template=QWEN_CHAT,
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


def _qwen_marks() -> dict[str, int]:
    names = {"vision_start": 3, "vision_end": 4, "image": 5, "video": 6}
    return {f"{name}_token_id": number for name, number in names.items()}


@built_once
def smolvlm(folder: Path) -> Path:
    from transformers import SmolVLMConfig, SmolVLMImageProcessor, SmolVLMProcessor, SmolVLMVideoProcessor

    config = SmolVLMConfig(
        text_config={**TEXT, "model_type": "llama", "vocab_size": vocabulary(), "pad_token_id": 0},
        vision_config={
            "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
            "image_size": 32, "patch_size": 8,
        },
        image_token_id=7, scale_factor=2, pad_token_id=0,
    )  # fmt: skip
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(size={"longest_edge": 64}, max_image_size={"longest_edge": 32}),
        byte_tokenizer("PreTrainedTokenizerFast", eos_token="<end_of_utterance>"),
        SmolVLMVideoProcessor(size={"longest_edge": 64}, max_image_size={"longest_edge": 32}, fps=1, num_frames=4),
        image_seq_len=4,
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


@built_once
def llava_onevision(folder: Path) -> Path:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionImageProcessorFast,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    config = LlavaOnevisionConfig(
        text_config={**TEXT, "model_type": "qwen2", "vocab_size": vocabulary()},
        vision_config={
            "model_type": "siglip_vision_model", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 4, "image_size": 32, "patch_size": 8, "vision_use_head": False,
        },
        image_token_index=7, video_token_index=8, image_grid_pinpoints=[[32, 64], [64, 32]],
    )  # fmt: skip
    size = {"height": 32, "width": 32}
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessorFast(size=size, image_grid_pinpoints=[[32, 64], [64, 32]]),
        byte_tokenizer("Qwen2TokenizerFast"),
        LlavaOnevisionVideoProcessor(size=size),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=LLAVA_CHAT,
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


@built_once
def owlv2(folder: Path) -> Path:
    from transformers import Owlv2Config, Owlv2ImageProcessorFast

    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = Owlv2Config(
        text_config={**sizes, "vocab_size": vocabulary(), "max_position_embeddings": 24, "eos_token_id": 11},
        vision_config={**sizes, "image_size": 64, "patch_size": 8},
        projection_dim=32,
    )
    processor = Owlv2ImageProcessorFast(size={"height": 64, "width": 64})
    tokenizer = byte_tokenizer("PreTrainedTokenizerFast", begin_end=True, model_max_length=24)
    return _saved(folder, config, "AutoModelForZeroShotObjectDetection", processor, tokenizer, louder=6.0)


@built_once
def grounding_dino(folder: Path) -> Path:
    from transformers import GroundingDinoConfig, GroundingDinoImageProcessorFast

    sizes = {key: TEXT[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")}
    config = GroundingDinoConfig(
        backbone_config={
            "model_type": "swin", "image_size": 64, "window_size": 4, "embed_dim": 8, "depths": [1, 1, 1, 1],
            "num_heads": [1, 2, 2, 2], "out_indices": [2, 3, 4],
        },
        text_config={**sizes, "vocab_size": 1100, "max_position_embeddings": 64},
        num_queries=12, d_model=32, encoder_layers=1, decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        encoder_attention_heads=4, decoder_attention_heads=4, max_text_len=64,
    )  # fmt: skip
    # The model knows where a name ends by BERT's own numbers of these three.
    numbers = {"<|im_start|>": 101, "<end_of_utterance>": 102, ".": 1012}
    processor = GroundingDinoImageProcessorFast(size={"shortest_edge": 128, "longest_edge": 192})
    tokenizer = byte_tokenizer("PreTrainedTokenizerFast", begin_end=True, numbers=numbers, model_max_length=64)
    return _saved(folder, config, "AutoModelForZeroShotObjectDetection", processor, tokenizer, louder=1.5)


def transnetv2(path: Path, *, sees_colours: bool = False) -> Path:
    """Weights of TransNetV2 in small; with `sees_colours` they are set by hand to find where the colours change."""
    import torch
    from safetensors.torch import save_file

    from gpu_workers.vision.shot_network import LOOKUP

    made = torch.Generator().manual_seed(3)
    filters, dense, view, before = 2, 16, 4, 3
    weights: dict[str, Any] = {}

    def linear(name: str, given: int, result: int) -> None:
        weights[f"{name}.weight"] = torch.randn(result, given, generator=made) / given**0.5
        weights[f"{name}.bias"] = torch.randn(result, generator=made) / 4

    for layer in range(3):
        own = filters * 2**layer
        for block in range(2):
            name = f"SDDCNN.{layer}.DDCNN.{block}"
            for far in (1, 2, 4, 8):
                shapes = ((2 * own, before, 1, 3, 3), (own, 2 * own, 3, 1, 1))
                for number, shape in enumerate(shapes):
                    weights[f"{name}.Conv3D_{far}.layers.{number}.weight"] = torch.randn(shape, generator=made) / 3
            before = 4 * own
            for part in ("weight", "bias", "running_mean", "running_var"):
                weights[f"{name}.bn.{part}"] = torch.rand(before, generator=made) + 0.5
    linear("frame_sim_layer.projection", 4 * filters * 7, 8)
    linear("frame_sim_layer.fc", LOOKUP, view)
    linear("color_hist_layer.fc", LOOKUP, view)
    linear("fc1", 2 * view + before * 3 * 6, dense)
    linear("cls_layer1", dense, 1)
    weights["cls_layer1.weight"] /= 100
    if sees_colours:
        for name in ("color_hist_layer.fc", "fc1", "cls_layer1"):
            weights[f"{name}.weight"].zero_()
            weights[f"{name}.bias"].zero_()
        # 1 minus the likeness to the next frame, through one number of each layer, against a half.
        weights["color_hist_layer.fc.weight"][0, LOOKUP // 2 + 1] = -1.0
        weights["color_hist_layer.fc.bias"][0] = 1.0
        weights["fc1.weight"][0, 0] = weights["cls_layer1.weight"][0, 0] = 1.0
        weights["cls_layer1.bias"][0] = -0.5
    save_file(weights, path)
    return path


EMBEDDERS: dict[str, Callable[[Path], Path]] = {"siglip": siglip, "clip": clip}
"""The architectures of picture embedders, by name."""
DETECTORS: dict[str, Callable[[Path], Path]] = {"owlv2": owlv2, "grounding_dino": grounding_dino}
"""The architectures of detectors of named things, by name."""
