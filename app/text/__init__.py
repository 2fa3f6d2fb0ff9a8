"""The only home of language: words, sentences, numbers, times and what language a text is in.

Pure functions over strings. Nothing here loads a model of ours, opens a store or knows what a video is.
"""
