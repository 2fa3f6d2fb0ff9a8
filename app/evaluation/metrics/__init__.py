"""What is measured of results: pure functions over cases and answers."""
