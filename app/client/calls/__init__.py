"""Every call of the REST API as data: what to send, and how to read what comes back.

Both clients, the blocking one and the asynchronous one, only carry these over the wire.
"""
