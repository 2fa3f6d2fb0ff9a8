"""Longreel as a server of the Model Context Protocol: its tools, and the ways to reach them.

The only place that uses the `mcp` library. The tools call the REST API through `app.client`, on a running
server or in the same process, so both give the same answers.
"""
