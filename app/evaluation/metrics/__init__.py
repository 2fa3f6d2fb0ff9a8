"""The metrics: pure functions over cases and answers."""
