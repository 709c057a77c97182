"""Which groups are ours, and what the bot reads there."""

import json
from pathlib import Path

from sqlalchemy import inspect, text
from sqlmodel import Session

from bot.demo.actors import text_of
from services import binding
from services.imports import town_groups
from tests.acceptance.play import AUNT, LI, ZHAO, Play

LINES = 1_000


async def new_group(play: Play, owner: str, *others: str) -> int:
    made = await play.post(
        "chats",
        type="group",
        title="陌生群",
        members=[play.who(owner), *map(play.who, others)],
        bot_id=play.town.bot["id"],
        bot_role="member",
    )
    await play.quiet()
    return int(made["id"])


async def code(play: Play) -> str:
    group = town_groups()[2]
    return await play.town.service.database.write(
        lambda session: binding.make_code(
            session, None, group["grid"], group["place"], play.town.clock.now()
        )
    )


async def test_a_strange_group_is_told_once_and_left_after_ten_minutes(play: Play):
    strange = await new_group(play, ZHAO)
    await play.say(ZHAO, "@linli_bot 灯坏了", strange)
    await play.quiet()
    assert len(await play.texts(strange)) == 1
    assert await play.cases() == []
    await play.later(minutes=9)
    assert (await play.calls("leaveChat")) == []
    await play.later(minutes=2)
    assert [call["params"]["chat_id"] for call in await play.calls("leaveChat")] == [strange]


async def test_a_group_that_is_bound_in_time_is_not_left(play: Play):
    strange = await new_group(play, ZHAO)
    await play.say(ZHAO, f"/bind {await code(play)}", strange)
    await play.card(strange, "快乐苑2号楼")
    await play.later(minutes=30)
    assert (await play.calls("leaveChat")) == []


async def test_only_the_groups_own_administrator_binds_it(play: Play):
    strange = await new_group(play, ZHAO, AUNT)
    fresh = await code(play)
    await play.say(AUNT, f"/bind {fresh}", strange)
    await play.quiet()
    assert not await play.sees(strange, "快乐苑2号楼")
    await play.say(ZHAO, f"/bind {fresh}", strange)
    await play.card(strange, "快乐苑2号楼")


async def test_a_code_binds_one_group_only(play: Play):
    first, second = await new_group(play, ZHAO), await new_group(play, LI)
    fresh = await code(play)
    await play.say(ZHAO, f"/bind {fresh}", first)
    await play.card(first, "快乐苑2号楼")
    await play.say(LI, f"/bind {fresh}", second)
    await play.quiet()
    assert not await play.sees(second, "快乐苑2号楼")


async def test_a_group_that_becomes_a_supergroup_goes_on_in_the_new_chat(play: Play):
    moved = int((await play.post(f"chats/{play.group}/migrate"))["id"])
    await play.quiet()
    number = await play.report(AUNT, "8号楼2单元楼道灯坏了", moved)
    assert (await play.case(number)).source_chat == str(moved)


async def test_chatter_is_found_nowhere(play: Play, tmp_path: Path, capfd):
    """The first group made the bot an administrator, so that it hears everything."""
    words = [f"今晚吃什么好呢鸳鸯锅{n}号" for n in range(LINES)]
    for each in words:
        await play.say(AUNT, each, play.group)
    await play.quiet()
    assert await play.town.service.database.read(everything) != ""
    kept = await play.town.service.database.read(everything)
    logged = capfd.readouterr()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "鸳鸯锅" not in kept
    assert "鸳鸯锅" not in logged.out + logged.err
    assert "鸳鸯锅".encode() not in files
    assert json.dumps("鸳鸯锅").strip('"').encode() not in files


def everything(session: Session) -> str:
    """Every row of every table, as text."""
    connection = session.connection()
    tables = inspect(connection).get_table_names()
    found = []
    for table in tables:
        found += [str(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    return "\n".join(found)


async def test_the_card_says_plainly_what_is_read(play: Play):
    card = text_of(await play.card(play.group, "快乐苑东网格"))
    assert "/privacy" in card
    assert "别的不看也不存" in card
