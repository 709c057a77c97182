"""The chat door: a message or a press, one service call, a reply."""
