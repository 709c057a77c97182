"""What people say to each other is nowhere: not in the database, its log, or ours."""

import io
from pathlib import Path

from bot import log
from bot.assembly import assemble
from bot.config import Settings
from tests.bot import toy
from tests.bot.conftest import Town, until

LINES = 1_000
WORD = "葡萄藤下"


async def test_a_thousand_lines_of_chatter_touch_no_disk(
    town: Town, settings: Settings, tmp_path: Path
):
    stream = io.StringIO()
    log.set_up("DEBUG", stream)
    people = [await town.person() for _ in range(3)]
    group = await town.group(*people, role="administrator", kind="supergroup")
    async with assemble(settings, doors=toy.DOORS) as service:
        for n in range(LINES):
            await town.say(group, people[n % 3], f"{WORD}{n}")
        await town.say(group, people[0], "@linli_bot 灯坏了")
        assert await until(lambda: town.texts(group), 60) == ["heard 灯坏了"]
        await service.settle()
        assert [text for _, text in await service.database.read(toy.heard)] == ["灯坏了"]
        assert_nowhere(tmp_path)
        if settings.database.url.startswith("postgresql"):
            rows = await service.database.read(lambda session: everything(session))
            assert "灯坏了" in rows
            assert WORD not in rows
    assert_nowhere(tmp_path)
    assert WORD not in stream.getvalue()
    assert "灯坏了" not in stream.getvalue()


def assert_nowhere(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            found = path.read_bytes()
            assert WORD.encode() not in found
            assert WORD.encode("unicode-escape") not in found


def everything(session) -> str:
    tables = session.connection().exec_driver_sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    return " ".join(
        str(session.connection().exec_driver_sql(f'SELECT * FROM "{name}"').all())
        for (name,) in tables.all()
    )
