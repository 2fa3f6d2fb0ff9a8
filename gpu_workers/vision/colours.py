"""The eleven basic colour words, by distance in CIELAB, where in a picture a colour lies, and how light colours are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in luminance (ITU-R BT.709)."""
GREYS = ("black", "grey", "white")
_SHADES = {
    "red": "ff0000 c81e1e 960f14 e03c31 7a1216 d84a4a b04848 5a0c10 cc4460 aa2846 5c1c22",
    "orange": "ff8c00 f57c1f d9701a ffa040",
    "yellow": "ffff00 f0d020 e6c84b fff27a c8b41e",
    "green": "00ff00 008000 1e5a1e 5fae3c 8cc850 3c8c5a a8e080 6b7f2a 9db832 26401c 4a6632",
    "blue": "0000ff 1e3c96 3c78c8 64a0e6 8cc8fa 143c64 0a1e50 00a0d2 4a5ad0 008b9a 000080 add8e6 9cc4cc",
    "purple": "800080 6a2c9a 9650c8 b478dc 501e64 7a4a9e",
    "pink": "ffb6c1 ff69b4 ff00ff e64a9b f5a0c8 ff8fa8",
    "brown": "8b4513 5a321e 785032 a0703c 3c2314 96684a b4885a",
    "black": "000000 101010 1c1c1c",
    "grey": "383838 585858 808080 a0a0a0 c0c0c0 d0d0d0",
    "white": "ffffff ececec faf8f0 e4e4e4",
}
"""Several shades for each word, sRGB: one anchor a word would call navy black and olive brown."""
NAMES = tuple(_SHADES)


def colour_names(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """For each pixel, shape (..., 3) in sRGB, the index of its colour word in `NAMES`, shape (...)."""
    import numpy as np

    words, anchors = [], []
    for index, shades in enumerate(_SHADES.values()):
        for shade in shades.split():
            words.append(index)
            anchors.append(tuple(bytes.fromhex(shade)))
    targets = _lab(np.array(anchors, dtype=np.float64))
    flat = _lab(pixels.reshape(-1, 3).astype(np.float64))
    distances = ((flat[:, None, :] - targets[None, :, :]) ** 2 * np.array([0.5, 1.0, 1.0])).sum(axis=2)
    nearest: NDArray[np.intp] = np.array(words, dtype=np.intp)[distances.argmin(axis=1)]
    return nearest.reshape(pixels.shape[:-1])


def shares(named: NDArray[np.intp]) -> dict[str, float]:
    """How much of the pixels each colour word takes, 0 to 1, largest first; words that do not occur are left out."""
    import numpy as np

    counts = np.bincount(named.ravel(), minlength=len(NAMES)) / max(named.size, 1)
    ordered = sorted(zip(NAMES, counts.tolist(), strict=True), key=lambda item: -item[1])
    return {name: share for name, share in ordered if share > 0}


def place_of(mask: NDArray[np.bool_]) -> str:
    """Where the marked pixels lie: left, right, top, bottom or centre, or "" when they are spread."""
    import numpy as np

    rows, columns = np.nonzero(mask)
    if not len(rows):
        return ""
    y, x = (rows + 0.5) / mask.shape[0], (columns + 0.5) / mask.shape[1]
    thirds: Sequence[tuple[str, NDArray[np.bool_]]] = (
        ("centre", (abs(x - 0.5) < 1 / 4) & (abs(y - 0.5) < 1 / 4)),
        ("left", x < 0.4),
        ("right", x > 0.6),
        ("top", y < 0.4),
        ("bottom", y > 0.6),
    )
    name, inside = max(thirds, key=lambda third: float(third[1].mean()))
    return name if inside.mean() > 0.75 else ""


def _lab(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB values 0 to 255, shape (n, 3)."""
    import numpy as np

    share = colours / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lab: NDArray[np.float64] = np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )
    return lab
