"""Loads official annotation files into cases. Each benchmark is one file and one line in the registry."""
