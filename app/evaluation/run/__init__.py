"""One run of a benchmark: its videos, its questions in every mode, their results, the report."""
