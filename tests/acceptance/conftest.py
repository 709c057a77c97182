"""The fixture `play`: the small town, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.play import Play, played


@pytest.fixture
async def play(database_url: str, tmp_path: Path) -> AsyncIterator[Play]:
    """Monday morning in the small town."""
    async with played(database_url, tmp_path) as town:
        yield town
