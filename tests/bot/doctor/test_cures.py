"""A file that can't be used is one sentence with its cure, at start and in the doctor."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.assembly import explained
from bot.cannot import Cannot
from bot.config import load
from bot.doctor.examine import database
from bot.doctor.finding import Mark
from models.migrate import migrate
from models.sqlite import writing_engine
from tests.bot.doctor.test_machine import as_nobody


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process may grow beyond `room` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def sentence(url: str) -> str:
    """What is said when tables are made there."""
    with pytest.raises(Cannot) as caught, explained(url):
        await migrate(url)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


async def test_a_full_disk(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/linli.db"
    with full_disk(64 * 1024):
        assert "full" in await sentence(url)


async def test_a_read_only_disk():
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/linli.db"
        Path(folder).chmod(0o555)
        with as_nobody():
            assert "mount the disk for writing" in await sentence(url)


async def test_a_database_of_a_newer_release(sqlite_template: Path, tmp_path: Path):
    path = tmp_path / "linli.db"
    path.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{path}"
    await _stamp(url, "9999")
    assert "newer release" in await sentence(url)
    found, _, _ = await database(load(database={"url": url}))
    assert [each.about for each in found if each.mark is Mark.BAD] == ["migrations"]


async def _stamp(url: str, revision: str) -> None:
    with writing_engine(url).begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


async def test_the_doctor_reads_where_nothing_can_be_written(sqlite_template: Path):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "linli.db"
        path.write_bytes(sqlite_template.read_bytes())
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        with as_nobody():
            found, _, _ = await database(load(database={"url": f"sqlite:///{path}"}))
    assert {each.about: each.mark for each in found}["migrations"] is Mark.GOOD
