"""Chapters and points as markers for editing programs: CMX 3600 edit list, and Final Cut Pro XML."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from xml.etree import ElementTree

from app.services.exports.material import Material
from app.services.exports.timecode import frame_at, rate_of, timecode
from app.services.exports.xml_text import legal


def edl(material: Material) -> str:
    """An edit list with locators, which DaVinci Resolve imports as markers. It starts at timecode 00:00:00:00.

    Non-drop at every rate, as the header says. Names are ASCII, because the format allows nothing else.
    """
    rate = rate_of(material.video)
    lines = [f"TITLE: {_ascii(material.video.title)[:70]}", "FCM: NON-DROP FRAME", ""]
    for number, (start_s, title, colour) in enumerate(_marks(material)[:999], 1):
        frame = frame_at(start_s, rate)
        at, after = timecode(frame, rate), timecode(frame + 1, rate)
        lines += [f"{number:03d}  001      V     C        {at} {after} {at} {after}"]
        lines += [f" |C:ResolveColor{colour} |M:{_ascii(title)[:80]} |D:1", ""]
    return "\n".join(lines)


def fcpxml(material: Material) -> str:
    """Final Cut Pro XML 1.9: the whole file as one clip, with a marker for each chapter and each point."""
    video, rate = material.video, rate_of(material.video)
    frames = max(1, frame_at(video.duration_s, rate))
    root = ElementTree.Element("fcpxml", version="1.9")
    resources = ElementTree.SubElement(root, "resources")
    pictures = video.media.video
    size = {"width": str(pictures.width), "height": str(pictures.height)} if pictures else {}
    ElementTree.SubElement(resources, "format", {"id": "r1", "frameDuration": _time(1, rate), **size})
    asset = {"id": "r2", "name": legal(video.title), "start": "0s", "duration": _time(frames, rate)}
    if pictures:
        asset |= {"hasVideo": "1", "format": "r1"}
    if video.media.audio:
        asset |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(video.media.audio[0].channels)}
    file = ElementTree.SubElement(resources, "asset", asset)
    ElementTree.SubElement(file, "media-rep", kind="original-media", src=material.file_address)
    event = ElementTree.SubElement(ElementTree.SubElement(root, "library"), "event", name="Longreel")
    project = ElementTree.SubElement(event, "project", name=legal(video.title))
    length = _time(frames, rate)
    sequence = ElementTree.SubElement(project, "sequence", format="r1", duration=length, tcStart="0s", tcFormat="NDF")
    spine = ElementTree.SubElement(sequence, "spine")
    clip = {"ref": "r2", "offset": "0s", "start": "0s", "duration": length, "name": legal(video.title)}
    parent = ElementTree.SubElement(spine, "asset-clip", {**clip, "tcFormat": "NDF"})
    for start_s, title, colour in _marks(material):
        start = _time(min(frame_at(start_s, rate), frames - 1), rate)
        mark = {"start": start, "duration": _time(1, rate), "value": legal(title)}
        if colour == "Blue":
            ElementTree.SubElement(parent, "chapter-marker", {**mark, "posterOffset": "0s"})
        else:
            ElementTree.SubElement(parent, "marker", mark)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{text}\n'


def _marks(material: Material) -> list[tuple[float, str, str]]:
    """Start, text and colour of each marker in time order: chapters are blue, summary points yellow."""
    marks = [(c.span.start_s, c.title, "Blue") for c in material.chapters]
    points = [p for s in material.sections for p in s.points if material.wanted is not None]
    marks += [(p.span.start_s, f"{p.label}: {p.text}" if p.label else p.text, "Yellow") for p in points]
    return sorted(marks, key=lambda mark: (mark[0], mark[2]))


def _time(frames: int, rate: Fraction) -> str:
    return f"{frames * rate.denominator}/{rate.numerator}s"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[|\x00-\x1f]", " ", plain).split()) or "Marker"
