"""Runs the chunks of a video in this process, or on the actors of a Ray cluster."""
