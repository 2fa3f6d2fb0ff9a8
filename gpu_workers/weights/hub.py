"""Weights by a Hugging Face name or a folder: found on this machine first, downloaded once, never waited for long.

A name may end in @revision: `google/siglip2-base-patch16-224@main`. Downloads go to Hugging Face's own cache
(`HF_HOME`), so that other programs' copies are used too.
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
"""How long the hub may take to say what a model consists of."""
WANTED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a model of some kind consists of."""

    files: tuple[str, ...]
    """Patterns of what is downloaded."""
    is_complete: Callable[[Path], bool]
    """Whether a folder holds all of it."""


def title(weights: str) -> str:
    """What results are filed under: the hub's name, or a folder's name with a mark that changes with its files."""
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
    """The folder with a model's files, downloaded if needed; a transformers model unless `kind` says otherwise.

    Raises MissingPart, which says what to do.
    """
    kind = kind or TRANSFORMERS
    if _is_local(weights):
        place = Path(weights).expanduser()
        if not kind.is_complete(place):
            raise MissingPart(f"The folder {place} holds no complete model.", _choose(role))
        return place
    name, _, revision = weights.partition("@")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted: dict[str, Any] = {"revision": revision or None, "allow_patterns": list(kind.files)}
    try:
        place = Path(snapshot_download(name, local_files_only=True, **wanted))
    except LocalEntryNotFoundError:
        return _downloaded(name, role, kind, wanted)
    return place if kind.is_complete(place) else _downloaded(name, role, kind, wanted)


def here(weights: str) -> Path | None:
    """The folder or file if it is on this machine already, complete or not; nothing is downloaded."""
    place = Path(weights).expanduser()
    if _is_local(weights) or place.is_file():
        return place if place.exists() else None
    name, _, revision = weights.partition("@")
    from huggingface_hub import snapshot_download

    try:
        found = snapshot_download(name, revision=revision or None, local_files_only=True, allow_patterns=list(WANTED))
    except (OSError, ValueError):
        return None
    return Path(found)


def file(weights: str, role: str) -> Path:
    """One file: a path on this machine, or owner/name/file of the hub. Raises MissingPart."""
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
        _knock()
        return Path(hf_hub_download(repository, filename, etag_timeout=PATIENCE_S))
    except Exception as error:
        raise _unavailable(repository, with_file, role, error) from error


def is_complete(place: Path) -> bool:
    """Whether a folder holds a configuration and every file of weights that its index names."""
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


def _downloaded(name: str, role: str, kind: Kind, wanted: dict[str, Any]) -> Path:
    from huggingface_hub import snapshot_download

    try:
        _knock()
        place = Path(snapshot_download(name, etag_timeout=PATIENCE_S, **wanted))
    except Exception as error:
        raise _unavailable(name, name, role, error) from error
    if kind.is_complete(place):
        return place
    raise MissingPart(f"The download of {name} is not complete.", f"Run 'hf download {name}', or {_set(role)}")


def _knock() -> None:
    """Raises at once when the hub is away; its own client would try again for half a minute."""
    from huggingface_hub import constants, get_session

    get_session().head(constants.ENDPOINT, timeout=PATIENCE_S)


def _unavailable(name: str, download: str, role: str, error: Exception) -> MissingPart:
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return MissingPart(
            f"{name} is given only to those who accepted its licence.",
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
