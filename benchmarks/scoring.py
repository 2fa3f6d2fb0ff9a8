"""Whether answers are right: pure functions over a question with its truth and the answer's JSON."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE_S = 1.0
"""The given evidence spans are only good to about a second."""
REFUSED = "not_in_video"

Row = Mapping[str, Any]
"""A question with its truth: a line of qa.jsonl."""
Reply = Mapping[str, Any]
"""An answer as `longreel ask --json` prints it, or an object with `error`."""


def open_right(row: Row, reply: Reply) -> bool:
    """An open answer is right when any accepted expression is in it, or it refuses what cannot be answered."""
    if not row["answerable"]:
        return reply.get("status") == REFUSED
    text = reply.get("text") or ""
    return reply.get("status") == "answered" and any(re.search(a, text, re.I | re.S) for a in row["accept"])


def choice_right(row: Row, reply: Reply) -> bool:
    """The right option was chosen; for what cannot be answered a refusal is right as well."""
    if "error" in reply:
        return False
    return reply.get("option_index") == row["correct_index"] or (
        not row["answerable"] and reply.get("status") == REFUSED
    )


def citations_on_evidence(row: Row, reply: Reply) -> tuple[int, int]:
    """How many citations overlap any given span of evidence (within TOLERANCE_S), and how many there are."""
    citations = reply.get("citations") or ()
    hits = sum(
        any(
            one["start_s"] <= end + TOLERANCE_S and start - TOLERANCE_S <= one["end_s"]
            for start, end in row["evidence"]
        )
        for one in citations
    )
    return hits, len(citations)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with the replies to its open and its multiple-choice form."""

    row: Row
    open: Reply
    choice: Reply


def summary(asked: Sequence[Asked]) -> dict[str, Any]:
    """All figures of a run as plain data: shares are 0 to 1, None where there is nothing to count."""
    answerable = [one for one in asked if one.row["answerable"]]
    refusable = [one for one in asked if not one.row["answerable"]]
    cited = [citations_on_evidence(one.row, one.open) for one in answerable if one.open.get("status") == "answered"]
    replies = [reply for one in asked for reply in (one.open, one.choice)]
    seconds = [reply["usage"]["seconds"] for reply in replies if "usage" in reply]
    modalities = sorted({one.row["modality"] for one in asked})
    return {
        "by_modality": {name: _accuracy([a for a in asked if a.row["modality"] == name]) for name in modalities},
        "by_video": {
            name: _accuracy([a for a in asked if a.row["video"] == name])
            for name in dict.fromkeys(one.row["video"] for one in asked)
        },
        "all": _accuracy(asked),
        "citations": sum(total for _, total in cited),
        "citations_on_evidence": _share(sum(h for h, _ in cited), sum(t for _, t in cited)),
        "unanswerable_refused": _mean(one.open.get("status") == REFUSED for one in refusable),
        "answerable_refused": _mean(one.open.get("status") == REFUSED for one in answerable),
        "errors": sum("error" in reply for reply in replies),
        "median_s": round(statistics.median(seconds), 2) if seconds else None,
    }


def _accuracy(asked: Sequence[Asked]) -> dict[str, Any]:
    return {
        "questions": len(asked),
        "open": _mean(open_right(one.row, one.open) for one in asked),
        "choice": _mean(choice_right(one.row, one.choice) for one in asked),
    }


def _mean(flags: Iterable[bool]) -> float | None:
    values = list(flags)
    return _share(sum(values), len(values))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
