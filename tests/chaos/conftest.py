"""The toy service on a sandbox, as tests/bot has it."""

from tests.bot.conftest import service, settings, town

__all__ = ["service", "settings", "town"]
