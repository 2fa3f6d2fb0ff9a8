"""Measuring Longreel on benchmarks: official annotation files in, a report out."""
