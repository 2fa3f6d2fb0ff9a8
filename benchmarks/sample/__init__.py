"""Makes a long narrated video whose content is known to the second, from a seed.

    python -m benchmarks.sample --out sample.mp4 --minutes 12 --seed 1

`script` says what is shown and said, `filler` invents more of it for any length, `voice` narrates,
`pictures` draws, `timeline` gives everything its time, `encode` writes the file and `truth` writes
down what is in it.
"""
