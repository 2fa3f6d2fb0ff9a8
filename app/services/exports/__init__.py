"""Exports a video as files for people, players, editing programs and other tools."""

from app.services.exports.formats import FORMATS, Format, file_stem, named
from app.services.exports.material import AnsweredQuestion, Material, of_digest, of_summary
from app.services.exports.service import exported

__all__ = [
    "FORMATS",
    "AnsweredQuestion",
    "Format",
    "Material",
    "exported",
    "file_stem",
    "named",
    "of_digest",
    "of_summary",
]
