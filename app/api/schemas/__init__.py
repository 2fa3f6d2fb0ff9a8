"""The types on the wire: the requests and responses of the REST API, and what the CLI prints with --json.

Field names and units are a promise to other programs. These modules import pydantic and the kernel
only, so that a client needs nothing else.
"""

from app.api.schemas.answers import AnswerOut, AskIn, CitationOut, UsageOut, example_answer
from app.api.schemas.jobs import JobErrorOut, JobOut
from app.api.schemas.problems import HealthOut, ProblemOut, ReadyOut, error_of, problem_of
from app.api.schemas.search import ChosenOut, FoundOut
from app.api.schemas.videos import (
    ChapterOut,
    RegisterIn,
    SegmentOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
    WaveformOut,
    WordOut,
)

__all__ = [
    "AnswerOut",
    "AskIn",
    "ChapterOut",
    "ChosenOut",
    "CitationOut",
    "FoundOut",
    "HealthOut",
    "JobErrorOut",
    "JobOut",
    "ProblemOut",
    "ReadyOut",
    "RegisterIn",
    "SegmentOut",
    "SummaryOut",
    "UsageOut",
    "UtteranceOut",
    "VideoOut",
    "WaveformOut",
    "WordOut",
    "error_of",
    "example_answer",
    "problem_of",
]
