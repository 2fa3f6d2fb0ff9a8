"""Exports a video as files for people, players, editing programs and other tools."""

from app.services.exports.formats import FORMATS, Format, file_stem, named
from app.services.exports.material import AnsweredQuestion, Material, Slide, Source, link_from, of_digest, of_summary
from app.services.exports.service import exported, heard_by, with_slides

__all__ = [
    "FORMATS",
    "AnsweredQuestion",
    "Format",
    "Material",
    "Slide",
    "Source",
    "exported",
    "file_stem",
    "heard_by",
    "link_from",
    "named",
    "of_digest",
    "of_summary",
    "with_slides",
]
