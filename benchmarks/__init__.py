"""Programs that measure Longreel. They drive it only through its command line."""
