"""What a model can do with videos: one file a tool, listed in `agents.tools.registry`."""
