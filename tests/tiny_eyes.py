"""Tiny vision-language models of every architecture that the product loads, with chat templates like their makers'."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.tiny_models import (
    CHAT,
    LLAVA_CHAT,
    TEXT,
    _saved,
    built_once,
    byte_tokenizer,
    llava_onevision,
    qwen2_5_vl,
    qwen3_vl,
    smolvlm,
    vocabulary,
)

TOWER = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}


@built_once
def internvl(folder: Path) -> Path:
    from transformers import GotOcr2ImageProcessorFast, InternVLConfig, InternVLProcessor, InternVLVideoProcessor

    config = InternVLConfig(
        text_config={**TEXT, "model_type": "qwen2", "vocab_size": vocabulary()},
        vision_config={**TOWER, "image_size": [32, 32], "patch_size": [8, 8], "use_absolute_position_embeddings": True},
        image_token_id=5,
        image_seq_length=4,
    )
    size = {"height": 32, "width": 32}
    marks = {
        "start_image_token": "<|vision_start|>", "end_image_token": "<|vision_end|>",
        "context_image_token": "<|image_pad|>", "video_token": "<|video_pad|>",
    }  # fmt: skip
    processor = InternVLProcessor(
        GotOcr2ImageProcessorFast(size=size, crop_to_patches=True, min_patches=1, max_patches=12),
        byte_tokenizer("Qwen2TokenizerFast", extra_special_tokens=marks),
        InternVLVideoProcessor(size=size),
        image_seq_length=4,
        chat_template=CHAT.replace("IMAGE", "<|image_pad|>\n").replace("VIDEO", "<|video_pad|>\n"),
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


@built_once
def gemma3(folder: Path) -> Path:
    from transformers import Gemma3Config, Gemma3ImageProcessorFast, Gemma3Processor

    config = Gemma3Config(
        text_config={
            **TEXT, "vocab_size": vocabulary(), "query_pre_attn_scalar": 8, "sliding_window": 64,
            "layer_types": ["sliding_attention", "full_attention"], "pad_token_id": 0, "eos_token_id": 2,
            "bos_token_id": 1, "tie_word_embeddings": False,
        },
        vision_config={**TOWER, "image_size": 32, "patch_size": 8, "vision_use_head": False},
        tie_word_embeddings=False,
        mm_tokens_per_image=4, boi_token_index=7, eoi_token_index=9, image_token_index=5,
    )  # fmt: skip
    marks = {"boi_token": "<image>", "eoi_token": "<fake_token_around_image>", "image_token": "<|image_pad|>"}
    processor = Gemma3Processor(
        Gemma3ImageProcessorFast(size={"height": 32, "width": 32}),
        byte_tokenizer("GemmaTokenizerFast", add_bos_token=False, extra_special_tokens=marks),
        image_seq_length=4,
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=4.0)


@built_once
def aria(folder: Path) -> Path:
    from transformers import AriaConfig, AriaImageProcessor, AriaProcessor

    config = AriaConfig(
        text_config={
            **TEXT, "model_type": "aria_text", "vocab_size": vocabulary(), "moe_num_experts": 4, "moe_topk": 2,
            "moe_num_shared_experts": 1, "pad_token_id": 0, "eos_token_id": 2, "bos_token_id": 1,
        },
        vision_config={**TOWER, "image_size": 980, "patch_size": 70},
        projector_patch_to_query_dict={49: 4, 196: 8},
        image_token_index=7,
    )  # fmt: skip
    processor = AriaProcessor(
        AriaImageProcessor(),
        byte_tokenizer("PreTrainedTokenizerFast", extra_special_tokens={"image_token": "<image>"}),
        size_conversion={490: 4, 980: 8},
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


@built_once
def llava_next_video(folder: Path) -> Path:
    from transformers import (
        LlavaNextImageProcessorFast,
        LlavaNextVideoConfig,
        LlavaNextVideoProcessor,
        LlavaNextVideoVideoProcessor,
    )

    config = LlavaNextVideoConfig(
        text_config={**TEXT, "model_type": "llama", "vocab_size": vocabulary(), "pad_token_id": 0},
        vision_config={
            **TOWER, "model_type": "clip_vision_model", "image_size": 32, "patch_size": 8, "projection_dim": 16,
        },
        image_token_index=7, video_token_index=8, image_seq_length=16, video_seq_length=4,
        image_grid_pinpoints=[[32, 64], [64, 32]],
    )  # fmt: skip
    processor = LlavaNextVideoProcessor(
        LlavaNextVideoVideoProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        LlavaNextImageProcessorFast(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}, image_grid_pinpoints=[[32, 64], [64, 32]]
        ),
        byte_tokenizer("LlamaTokenizerFast", add_bos_token=False, legacy=False),
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LLAVA_CHAT,
    )
    return _saved(folder, config, "AutoModelForImageTextToText", processor, louder=15.0)


EYES: dict[str, Callable[[Path], Path]] = {
    "aria": aria,
    "gemma3": gemma3,
    "internvl": internvl,
    "llava_next_video": llava_next_video,
    "llava_onevision": llava_onevision,
    "qwen2_5_vl": qwen2_5_vl,
    "qwen3_vl": qwen3_vl,
    "smolvlm": smolvlm,
}
"""The architectures of vision-language models, by name."""
BOTH_FORMATS = ("llava_onevision", "smolvlm")
"""One that takes frames as videos, and one that takes them as pictures: enough where the architecture is not tested."""
