"""Finds weights by a Hugging Face name or a folder: on this machine first, else downloaded once; fails fast offline.

A name may end in @revision: `google/siglip2-base-patch16-224@main`. Downloads go to Hugging Face's own cache
(`HF_HOME`), so copies that other programs downloaded are used too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import MissingPart

PATIENCE_S = 10.0
"""How long the hub may take to list a model's files."""
WANTED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True, slots=True)
class Kind:
    """The files of a kind of model."""

    files: tuple[str, ...]
    """Patterns of the files to download."""
    is_complete: Callable[[Path], bool]
    """Whether a folder holds all the files."""


def title(weights: str) -> str:
    """The identity of a model in stored results: its hub name, or a folder name with a mark that follows its files."""
    place = Path(weights).expanduser()
    if not _is_local(weights):
        return weights
    digest = hashlib.sha256()
    for path in sorted(place.rglob("*")) if place.is_dir() else [place] if place.is_file() else []:
        digest.update(f"{path.name}:{path.stat().st_size}".encode())
        if path.name == "config.json":
            digest.update(path.read_bytes())
    return f"{place.name}@{digest.hexdigest()[:8]}"


def folder(weights: str, role: str, kind: Kind | None = None) -> Path:
    """The folder with a model's files, downloaded if needed; a transformers model unless `kind` is given.

    Raises MissingPart, which says what to do.
    """
    kind = kind or TRANSFORMERS
    if _is_local(weights):
        place = Path(weights).expanduser()
        if not kind.is_complete(place):
            raise MissingPart(f"The folder {place} does not contain a complete model.", _choose(role))
        return place
    name, _, revision = weights.partition("@")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    options: dict[str, Any] = {"revision": revision or None, "allow_patterns": list(kind.files)}
    try:
        place = Path(snapshot_download(name, local_files_only=True, **options))
    except LocalEntryNotFoundError:
        return _download(name, role, kind, options)
    return place if kind.is_complete(place) else _download(name, role, kind, options)


def architecture(folder: Path) -> str:
    """The kind of model that the configuration in a folder names; "" without one."""
    file = folder / "config.json"
    return str(json.loads(file.read_text("utf-8")).get("model_type", "")) if file.is_file() else ""


def here(weights: str) -> Path | None:
    """The folder or file if it is already on this machine, complete or not; nothing is downloaded."""
    place = Path(weights).expanduser()
    if _is_local(weights) or place.is_file():
        return place if place.exists() else None
    name, _, revision = weights.partition("@")
    from huggingface_hub import snapshot_download

    try:
        cached = snapshot_download(name, revision=revision or None, local_files_only=True, allow_patterns=list(WANTED))
    except (OSError, ValueError):
        return None
    return Path(cached)


def file(weights: str, role: str) -> Path:
    """One file: a path on this machine, or owner/name/file on the hub. Raises MissingPart."""
    place = Path(weights).expanduser()
    if place.is_file():
        return place
    owner, _, rest = weights.partition("/")
    name, _, filename = rest.partition("/")
    if _is_local(weights) or not filename:
        raise MissingPart(f"There is no file {weights}.", _choose(role))
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository = f"{owner}/{name}"
    try:
        return Path(hf_hub_download(repository, filename, local_files_only=True))
    except LocalEntryNotFoundError:
        with_file = f"{repository} {filename}"
    try:
        _check_reachable()
        return Path(hf_hub_download(repository, filename, etag_timeout=PATIENCE_S))
    except Exception as error:
        raise _unavailable(repository, with_file, role, error) from error


def is_complete(place: Path) -> bool:
    """Whether a folder holds a configuration and every weights file that its index lists."""
    if not (place / "config.json").is_file():
        return False
    index = place / "model.safetensors.index.json"
    if not index.is_file():
        return any(place.glob("*.safetensors"))
    names = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    return all((place / name).is_file() for name in names)


TRANSFORMERS = Kind(WANTED, is_complete)
CTRANSLATE2 = Kind(("*.json", "*.txt", "model.bin"), lambda place: (place / "model.bin").is_file())
PYANNOTE = Kind(("*.yaml", "*.bin", "*.npz"), lambda place: (place / "config.yaml").is_file())


def _download(name: str, role: str, kind: Kind, options: dict[str, Any]) -> Path:
    from huggingface_hub import snapshot_download

    try:
        _check_reachable()
        place = Path(snapshot_download(name, etag_timeout=PATIENCE_S, **options))
    except Exception as error:
        raise _unavailable(name, name, role, error) from error
    if kind.is_complete(place):
        return place
    raise MissingPart(f"The download of {name} is not complete.", f"Run 'hf download {name}', or {_set(role)}")


def _check_reachable() -> None:
    """Raises at once when the hub cannot be reached; its own client would retry for half a minute."""
    from huggingface_hub import constants, get_session

    get_session().head(constants.ENDPOINT, timeout=PATIENCE_S)


def _unavailable(name: str, download: str, role: str, error: Exception) -> MissingPart:
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return MissingPart(
            f"{name} can only be downloaded after you accept its licence.",
            f"Accept it at https://huggingface.co/{name} and run 'hf auth login', or {_set(role)}",
        )
    if isinstance(error, RepositoryNotFoundError) or type(error) is EntryNotFoundError:
        return MissingPart(f"The hub has no {download.replace(' ', '/')}.", _choose(role))
    return MissingPart(
        f"The weights {download.replace(' ', '/')} are not on this machine and the Hugging Face hub cannot be reached.",
        f"Run 'hf download {download}' where there is a network, or {_set(role)}",
    )


def _choose(role: str) -> str:
    return f"Correct LONGREEL_WEIGHTS__{role.upper()}: a Hugging Face name or a folder with its files."


def _set(role: str) -> str:
    return f"set LONGREEL_WEIGHTS__{role.upper()} to a folder that holds a model."


def _is_local(weights: str) -> bool:
    return weights.startswith(("/", ".", "~")) or Path(weights).is_dir()
