"""LLoVi (arXiv 2312.17235): captions of short clips, a summary that keeps the question in mind, an answer from it.

The form (C, Q) -> S -> A, the best of the paper: the summary of at most 500 words is written without the options, and
the answer from the summary alone. Where a benchmark gives spans, a third call names the interval that proves the
answer, as the paper does for NExT-GQA; only its first interval counts. The paper writes the summary at temperature 1.
"""

from __future__ import annotations

import re

from app.core.types import Answer, TimeSpan
from app.evaluation.modes.published import PublishedAgent, Work
from app.evaluation.modes.reply import cited_frames, cited_spans

WORDS, SUMMARY_TOKENS = 500, 1000
_INTERVAL = re.compile(r"\[\s*(\d+)\s*[,-]\s*(\d+)\s*\]")


class LLoVi(PublishedAgent):
    """Summary first, then the answer."""

    def solve(self, work: Work) -> Answer:
        """Two calls, three where spans are wanted."""
        lines = work.all_lines()
        shown = work.fitting(lines)
        summary = work.write(
            f"These lines describe consecutive moments of a video of {work.video.duration_s:.0f} seconds, in order of "
            f"time:\n{shown}\n\nSummarize the video in at most {WORDS} words. Keep this question in mind and give "
            f"every detail that helps to answer it, without answering it: {work.case.question}",
            max_output=SUMMARY_TOKENS,
        )
        reply = work.write(f"Summary of a video:\n{summary}\n\n{work.question}\n\n{work.wanted}")
        spans: list[TimeSpan] = []
        if work.case.evidence:
            numbered = [(span, f"{number}: {text}") for number, (span, text) in enumerate(lines)]
            proof = work.write(
                f"Numbered lines about a video, in order of time:\n{work.fitting(numbered)}\n\n{work.question}\n\nName "
                "the shortest interval of line numbers that proves the answer, as [first, last].",
                max_output=60,
            )
            if interval := _INTERVAL.search(proof):
                first, last = sorted((int(interval[1]), int(interval[2])))
                chosen = lines[first : last + 1]
                spans = [chosen[0][0].hull(chosen[-1][0])] if chosen else []
        return work.answer(reply, cited_spans(work.video, spans) if spans else cited_frames(work.video, []))
