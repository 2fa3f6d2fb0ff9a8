"""Longreel as a server of the Model Context Protocol: the tools, and the doors to them.

The only home of the `mcp` library. The tools speak to the REST API through `app.client`, whether it
runs elsewhere or in the same process, so every door gives the same answers.
"""
