"""Exports for programs: the transcript in whisperX's format, and everything as one JSON object."""

from __future__ import annotations

import json
from typing import Any

from app.core.types import Citation, TimeSpan
from app.services.exports.material import Material
from app.services.summarize.shapes import Point


def whisperx(material: Material) -> str:
    """whisperX's JSON: segments with words, a list of all words, and the language. Times are in seconds."""
    segments, every_word = [], []
    for utterance in material.utterances:
        speaker = {"speaker": utterance.speaker} if utterance.speaker else {}
        words = [
            {"word": word.text, **_times(word.span), "score": round(word.probability, 3), **speaker}
            for word in utterance.words
        ]
        segments.append({**_times(utterance.span), "text": utterance.text, "words": words, **speaker})
        every_word += words
    data = {"segments": segments, "word_segments": every_word, "language": material.video.language}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _times(span: TimeSpan) -> dict[str, float]:
    return {"start": round(span.start_s, 3), "end": round(span.end_s, 3)}


def document(material: Material) -> dict[str, Any]:
    """Summary, chapters and answers with their citations, as plain data."""
    video, request = material.video, material.wanted
    return {
        "video": {"id": video.id, "title": video.title, "duration_s": video.duration_s, "language": video.language},
        "summary": {
            "length": str(request.length) if request else None,
            "style": str(request.style) if request else None,
            "language": (request.language if request else None) or video.language,
            "model": material.model or None,
            "sections": [
                {
                    "title": section.title,
                    "start_s": section.span.start_s if section.span else None,
                    "end_s": section.span.end_s if section.span else None,
                    "points": [point_record(point) for point in section.points],
                    "left_out": section.left_out,
                }
                for section in material.sections
            ],
        },
        "chapters": [
            {
                "start_s": c.span.start_s,
                "end_s": c.span.end_s,
                "title": c.title,
                "summary": c.summary,
                "citations": [citation_record(one) for one in c.citations],
            }
            for c in material.chapters
        ],
        "made": {
            "on": material.source.made_on.isoformat() if material.source.made_on else None,
            "transcript": material.source.heard_by or None,
            "answers": material.source.answered_by or None,
        },
        "questions": [
            {
                "question": one.question,
                "status": str(one.answer.status),
                "text": one.answer.text,
                "confidence": one.answer.confidence,
                "citations": [citation_record(citation) for citation in one.answer.citations],
                "searched": list(one.answer.searched),
                "missing": list(one.answer.missing),
            }
            for one in material.answers
        ],
    }


def as_json(material: Material) -> str:
    """`document` as text."""
    return json.dumps(document(material), ensure_ascii=False, indent=2) + "\n"


def point_record(point: Point) -> dict[str, Any]:
    """A point with its citations, as plain data."""
    return {
        "text": point.text,
        "label": point.label,
        "who": point.who,
        "citations": [citation_record(one) for one in point.citations],
    }


def citation_record(citation: Citation) -> dict[str, Any]:
    """A citation as in the REST API."""
    return {
        "video_id": citation.video_id,
        "start_s": citation.span.start_s,
        "end_s": citation.span.end_s,
        "kind": str(citation.kind),
        "quote": citation.quote,
        "frame_s": citation.frame_s,
        "verified": citation.verified,
        "confidence": citation.confidence,
    }
