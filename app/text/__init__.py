"""Everything about language: words, sentences, numbers, times, and the language of a text.

Pure functions over strings. They load none of our models and open no store.
"""
