"""Checks what is installed and what is missing, and names the command that fixes it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import LongreelError
from app.core.folders import earlier_folders
from app.core.settings import Settings
from app.core.types import Video
from app.services.library import LibraryService
from app.services.reindex import Reindexer
from gpu_workers.language.openai_server import shown_address
from gpu_workers.memory.check import fits
from gpu_workers.registry import PROFILES, Workers
from gpu_workers.vision.opencv_faces import OpenCVFaces
from gpu_workers.weights import packaged

LEAST_FREE_GB = 5.0
REINDEX = "longreel reindex"
PREPARE = "longreel doctor --prepare"
NAMED = 3
"""How many ids of differing segments are shown."""
PACKAGES = {
    "chromadb": "",
    "gradio": "",
    "langgraph": "",
    "av": "offline",
    "faster_whisper": "offline",
    "ncnn": "offline",
    "onnxruntime": "offline",
    "rapidocr": "offline",
    "xllamacpp": "offline",
}
"""What every profile imports, and the extra that installs it; "" is Longreel itself."""
LINKED = {"xllamacpp": "libgomp1"}
"""Packages that load a library of the system, and the Debian package that has it. Small images lack it."""
GPU_PACKAGES = {"decord": "gpu", "torch": "gpu", "transformers": "gpu", "whisperx": "gpu"}
"""What the profiles `cpu` and `gpu` import beside it."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    command: str = ""
    """The command that fixes it; empty if nothing is wrong."""


def examine(settings: Settings) -> list[Check]:
    """Looks at everything the chosen profile needs, loading no model."""
    workers, roles = Workers(settings), PROFILES[settings.profile]
    shown = ", ".join(f"{role}={workers.name(role)}" for role in roles)
    profile = Check("profile", True, f"{settings.profile}: {shown}")
    try:
        for role in roles:
            workers.get(role)
    except LongreelError as error:
        profile = Check("profile", False, error.message, error.hint)
    addresses = {
        "language server": (settings.llm_url, settings.llm_model),
        "vision server": (settings.vlm_url, settings.vlm_model),
        "server of text vectors": (settings.embedding_url, settings.embedding_model),
        "server of picture vectors": (settings.frame_embedding_url, settings.frame_embedding_model),
    }
    servers = [
        Check(name, True, f"{model or 'its only model'} at {shown_address(url)}")
        for name, (url, model) in addresses.items()
        if url
    ]
    return [
        Check("python", sys.version_info >= (3, 11), platform.python_version()),
        *_packages(settings),
        *[
            Check(f"model {one.name}", one.state != "missing", one.state, one.command if one.state == "missing" else "")
            for one in packaged.status(settings)
            if one.needed
        ],
        profile,
        *(_memory(settings) if profile.ok else []),
        *(_recognition(settings) if profile.ok else []),
        *(servers if settings.llm_url else [Check("language server", True, "not used"), *servers]),
        _disk(settings.home, "LONGREEL_HOME"),
        _disk(settings.data, "LONGREEL_DATA"),
        *[Check("folder of an earlier version", True, sentence) for sentence in earlier_folders(settings.home)],
    ]


def examine_library(reindexer: Reindexer, library: LibraryService) -> list[Check]:
    """Compares what the stores hold, video by video and model by model, and reads every store once."""
    problems = reindexer.problems()
    if problems:
        return [Check("index", False, problem, REINDEX) for problem in problems]
    checks = [
        Check(f"index of {id[:12]}", False, "not in the library; an older backup?", REINDEX)
        for id in reindexer.unknown()
    ]
    for video, compared in reindexer.compare():
        for one in compared:
            differences = {"missing": one.missing, "unknown": one.extra, "outdated": one.changed}
            detail = f"{one.expected} segments" + "".join(
                f", {len(ids)} {what} ({', '.join(ids[:NAMED])}{' ...' if len(ids) > NAMED else ''})"
                for what, ids in differences.items()
                if ids
            )
            name = f"{one.index} of {_name(video)}"
            checks.append(Check(name, one.matches, detail, "" if one.matches else REINDEX))
        lost = len(library.lost_thumbnails(video.id))
        if video.media.video is not None:
            detail = f"{lost} missing or cut off" if lost else "complete"
            checks.append(Check(f"thumbnails of {_name(video)}", not lost, detail, REINDEX if lost else ""))
    return checks or [Check("library", True, "empty")]


def examine_models(settings: Settings) -> list[Check]:
    """Reads every prepared model and compares it with what was written."""
    return [
        Check(f"content of {name}", False, "cut off or damaged; it will be prepared again", PREPARE)
        for name in packaged.damaged(settings)
    ] or [Check("content of models", True, "unchanged")]


def _name(video: Video) -> str:
    return f"{video.title} ({video.id[:12]})"


def _packages(settings: Settings) -> list[Check]:
    checks = []
    for name, extra in (PACKAGES | (GPU_PACKAGES if settings.profile in ("cpu", "gpu") else {})).items():
        present = importlib.util.find_spec(name) is not None
        detail = "installed" if present else "not installed"
        command = "" if present else f"pip install 'longreel[{extra}]'" if extra else "pip install 'longreel'"
        if present and name in LINKED:
            try:
                importlib.import_module(name)
            except ImportError as error:
                present, detail, command = False, str(error), f"apt-get install {LINKED[name]}"
        checks.append(Check(f"package {name}", present, detail, command))
    return checks


def _recognition(settings: Settings) -> list[Check]:
    """What can be heard in a video, and whether faces are found."""
    workers = Workers(settings)
    tagger = workers.get("sound_tagger") if settings.ingest.sounds else None
    sounds = f"; {', '.join(tagger.names)} by {tagger.model}" if tagger else "; other sounds are not recognised"
    hearing = Check("hearing", True, f"words by {workers.get('transcriber').model}{sounds}")
    if not settings.ingest.faces:
        return [hearing]
    finder = workers.get("face_finder")
    lacking = finder.lacking() if isinstance(finder, OpenCVFaces) else None
    if lacking:
        return [hearing, Check("faces", False, lacking.message, lacking.hint)]
    return [hearing, Check("faces", finder is not None, finder.model if finder else "no model finds faces")]


def _memory(settings: Settings) -> list[Check]:
    """Whether each model fits into the memory of its device, and whether all do together."""
    try:
        report = fits(settings, Workers(settings))
    except LongreelError as error:
        return [Check("memory", False, error.message, error.hint)]
    checks = []
    for fit in report:
        kind = fit.place.dtype if fit.place.quantisation == "none" else fit.place.quantisation
        size = "size unknown" if fit.weights is None else _gb(fit.weights)
        if fit.working:
            size += f" in {kind}, about {_gb(fit.working)} more when it runs"
        detail = f"{fit.model}: {size}; {_gb(fit.free)} free on {fit.place.device}"
        command = f"export {fit.setting}" if fit.setting else ""
        checks.append(Check(f"memory {' and '.join(fit.roles)}", fit.fits, detail, command))
    for device in dict.fromkeys(fit.place.device for fit in report):
        together = [fit for fit in report if fit.place.device == device]
        needed = sum(fit.weights or 0 for fit in together) + max(fit.working for fit in together)
        most = max((fit.weights or 0) + fit.working for fit in together)
        free, budget = together[0].free, settings.hardware.memory_gb * 1e9
        # A budget lets more be configured than fit: the models then take turns.
        fit_together = needed <= free or 0 < budget <= free
        detail = f"all models together: {_gb(needed)}; {_gb(free)} free on {device}"
        command = f"export LONGREEL_HARDWARE__MEMORY_GB={0.9 * free / 1e9:.1f}" if most <= free else ""
        checks.append(Check(f"memory {device}", fit_together, detail, "" if fit_together else command))
    return checks


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 0.95e9 else f"{count / 1e6:.0f} MB"


def _disk(folder: Path, variable: str) -> Check:
    existing = next(p for p in [folder, *folder.parents] if p.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = os.access(existing, os.W_OK)
    detail = f"{folder}: {free:.0f} GB free" if writable else f"{folder} cannot be written"
    if not writable:
        return Check("disk", False, detail, f"chmod u+w {existing}")
    if free <= LEAST_FREE_GB:
        return Check("disk", False, detail, f"free {LEAST_FREE_GB:g} GB, or set {variable} to a folder on another disk")
    return Check("disk", True, detail)
