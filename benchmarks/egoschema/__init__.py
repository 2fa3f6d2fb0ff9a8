"""Four ways to answer EgoSchema's questions from published captions, with one language model."""
