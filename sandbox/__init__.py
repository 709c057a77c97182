"""A Telegram of one's own: a Bot API server, a user side to script and a console, in one process.

It holds everything in memory, listens on the loopback address only and knows nothing of any bot
that talks to it. `sandbox.server.create_app` and `sandbox.server.serve` are the ways in.
"""
