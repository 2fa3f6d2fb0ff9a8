"""Official annotation files, each loaded into cases: one file a benchmark, one line of the registry."""
