"""Six ways to answer EgoSchema's questions from published captions: four with one language model, two without."""
