"""The ways to answer: the agent, published agents, and controls. Each is one file and one line in the registry."""
