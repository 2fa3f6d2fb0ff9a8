"""The only home of language: words, sentences, numbers, times and what language a text is in.

Pure functions over strings. They load none of our models and open no store.
"""
