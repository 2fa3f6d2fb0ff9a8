"""One run of a benchmark: its videos, its questions in every mode, what came of each, the report."""
