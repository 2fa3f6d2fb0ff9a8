"""The commands of the `longreel` program, one module a subject."""
