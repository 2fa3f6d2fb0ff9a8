"""A short fixed order of steps, for models that cannot drive the loop: understand, gather, see, respond, judge."""
