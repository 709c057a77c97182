"""The Bot API methods that the sandbox implements, by name.

Every module of this package registers its own; what is in none of them answers 501.
"""

from __future__ import annotations

from sandbox.methods import callbacks, chats, commands, edits, files, messages, polls, updates
from sandbox.methods.call import METHODS, Call

__all__ = ["METHODS", "Call", "callbacks", "chats", "commands", "edits", "files", "messages",
           "polls", "updates"]  # fmt: skip
