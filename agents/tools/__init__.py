"""The tools of the model: one file each, listed in `agents.tools.registry`."""
