"""Draws what a scene shows: slides, code, cards and photos fill the whole picture."""

from __future__ import annotations

import random
import textwrap

from PIL import Image, ImageDraw, ImageFont, ImageOps

from benchmarks.sample import packaged
from benchmarks.sample.script import Scene

SIZE = (1280, 720)
"""Width and height of the video, pixels."""
_THEMES = (("#f7f4ec", "#22303c", "#9c3d2e"), ("#eef3f7", "#1d2b38", "#1f6f8b"), ("#f3f6ee", "#26332a", "#4d7c3a"))
_DARK = ("#14202b", "#f2efe6", "#e0b050")
_MARGIN = 90


def draw(scene: Scene, seed: int = 1) -> Image.Image:
    """The picture of a scene that is not a clip, RGB, SIZE. Raises BadInput for an unknown photo."""
    if scene.show == "photo":
        with Image.open(packaged.photo(scene.name)) as file:
            return ImageOps.fit(file.convert("RGB"), SIZE, Image.Resampling.LANCZOS)
    if scene.show == "card":
        return _card(scene.lines)
    theme = random.Random(f"{seed}/{scene.title}").choice(_THEMES)  # noqa: S311 - a colour, not a secret
    return _slide(scene, theme)


def _font(size: int, mono: bool = False, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(packaged.font(mono, bold)), size)


def _fitting(text: str, size: int, width: int, mono: bool = False, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The largest typeface up to `size` in which the text is not wider than `width` pixels."""
    while size > 18 and _font(size, mono, bold).getlength(text) > width:
        size -= 2
    return _font(size, mono, bold)


def _slide(scene: Scene, theme: tuple[str, str, str]) -> Image.Image:
    paper, ink, accent = theme
    image = Image.new("RGB", SIZE, paper)
    canvas = ImageDraw.Draw(image)
    width = SIZE[0] - 2 * _MARGIN
    canvas.text((_MARGIN, 70), scene.title, ink, _fitting(scene.title, 58, width, bold=True))
    canvas.rectangle((_MARGIN, 158, _MARGIN + 220, 164), accent)
    code = scene.show == "code"
    step = min(84, 480 // max(1, len(scene.lines)))
    longest = max(scene.lines, key=len, default="")
    font = _fitting(longest, 34 if code else min(42, step - 18), width - 40, mono=code)
    for number, line in enumerate(scene.lines):
        top = 205 + number * step
        if not code:
            canvas.ellipse((_MARGIN, top + 14, _MARGIN + 14, top + 28), accent)
        canvas.text((_MARGIN + (0 if code else 40), top), line, ink, font)
    return image


def _card(lines: tuple[str, ...]) -> Image.Image:
    paper, ink, accent = _DARK
    image = Image.new("RGB", SIZE, paper)
    canvas = ImageDraw.Draw(image)
    wrapped = [part for line in lines for part in textwrap.wrap(line, 36)]
    step = 110
    top = (SIZE[1] - step * len(wrapped)) // 2 + step // 2
    for number, line in enumerate(wrapped):
        font = _fitting(line, 72, SIZE[0] - 2 * _MARGIN, bold=True)
        colour = ink if number % 2 == 0 else accent
        canvas.text((SIZE[0] // 2, top + number * step), line, colour, font, anchor="mm")
    return image
