"""The ways to answer: the agent, published agents, and controls. One file a way, one line of the registry."""
