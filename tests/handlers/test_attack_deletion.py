"""Somebody asks to be forgotten after a busy week, and a thief takes the disk."""

import asyncio
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

import models.sqlite
from bot.sieve import Sieve
from handlers import updates, wiring
from models import Case, Inbox, Lane, inbox
from models.database import open_database
from models.inbox import Arrived
from services.clock import sweep
from services.equipment import Equipment
from services.privacy import AFTERWARDS
from services.vault import Vault
from tests.handlers.test_attack_hands import delivered
from tests.people import ADDRESSES, BOT, GROUP_CHAT, Street, peopled
from tests.services.test_privacy import everything_stored

NAME, ADDRESS, PHONE = "欧阳秘密", "8800110017", "13977776666"
WORDS = (
    "3号楼2单元楼道灯坏了欧阳说的",
    "灯在1702门口一闪一闪",
    "改过的话说走廊黑漆漆",
    "改天再说的悄悄话",
)
# long enough, or with letters, so that no key or instant holds one by chance
TRACES = (NAME, ADDRESS, PHONE, "1702门口", *WORDS)


class Week:
    """What Telegram sends, through the inbox as it is stored, to the handlers."""

    def __init__(self, session: Session) -> None:
        self.street = peopled(session)
        self._sieve = Sieve(BOT, wiring.COMMANDS)
        self._number = 100

    def comes(self, **update: Any) -> None:
        street, self._number = self.street, self._number + 1
        found = updates.decode(json.dumps({"update_id": self._number} | update).encode())
        assert found is not None
        for each in self._sieve.pass_through([found], street.now):
            arrived = Arrived(each.update_id, updates.chat_of(each) or "", updates.kept(each))
            inbox.store(street.session, BOT.bot, [arrived], street.now, street.now)
            row = street.session.exec(select(Inbox).where(Inbox.state == "new")).one()
            event = updates.event(each, BOT)
            assert event is not None
            wiring.handle(street.session, event, BOT, street.now)
            row.state, row.done_at = "done", street.now
            street.session.execute(delete(Lane))
            street.session.flush()

    def message(self, name: str, text: str, private: bool = False, **more: Any) -> dict[str, Any]:
        number = ADDRESS if name == NAME else ADDRESSES[name]
        sender = {"id": int(number), "is_bot": False, "first_name": name}
        chat = {"id": int(GROUP_CHAT), "type": "group", "title": "x"}
        if private:
            chat = {"id": int(number), "type": "private"}
        self._number += 1
        words = {"text": text, "entities": _entities(text)} if text else {}
        return {"message_id": self._number, "chat": chat, "from": sender, "date": 1} | words | more

    def says(self, name: str, text: str, private: bool = False, **more: Any) -> dict[str, Any]:
        said = self.message(name, text, private, **more)
        self.comes(message=said)
        return said

    def presses(self, name: str, label: str, private: bool = False, **more: Any) -> None:
        number = ADDRESS if name == NAME else ADDRESSES[name]
        data = self.street.button(number if private else GROUP_CHAT, label)
        card = self.message(name, "", private) | more
        self.comes(
            callback_query={"id": "1", "from": card.pop("from"), "message": card, "data": data}
        )


def _entities(text: str) -> list[dict[str, Any]]:
    if text.startswith("/"):
        return [{"type": "bot_command", "offset": 0, "length": len(text.split(" ")[0])}]
    return [{"type": "mention", "offset": 0, "length": len(text.split(" ")[0])}]


def busy_week(session: Session) -> Street:
    """A report, an edit, a neighbour who quotes and joins, words for the worker, a draft."""
    week = Week(session)
    street = week.street
    week.says(NAME, "/start", private=True)
    said = week.says(NAME, f"/report {WORDS[0]}")
    week.comes(edited_message=said | {"text": f"/report {WORDS[0]}{WORDS[2]}"})
    week.says("陈叔", f"@{BOT.username} 我也看见了", reply_to_message=said)
    mention = {"type": "text_mention", "offset": 11, "length": 2, "user": said["from"]}
    week.says(
        "陈叔", f"@{BOT.username} 他说的对", entities=[*_entities(f"@{BOT.username} "), mention]
    )
    delivered(street)
    week.presses("陈叔", "我也遇到", reply_to_message=said)
    week.presses("李强", "接单", private=True)
    delivered(street)
    week.says(NAME, "", private=True, contact={"phone_number": PHONE, "user_id": int(ADDRESS)})
    case = street.case()
    week.comes(
        callback_query={
            "id": "2",
            "from": said["from"],
            "message": {"message_id": 5, "chat": said["chat"]},
            "data": "report",
        }
    )
    street.now += timedelta(hours=13)  # at night: what the worker is told waits for the morning
    add = f"add~{case.district}~" + _key(case)
    private = {"id": int(ADDRESS), "type": "private"}
    query = {"id": "3", "from": said["from"], "message": {"message_id": 6, "chat": private}}
    week.comes(callback_query=query | {"data": add})
    week.says(NAME, WORDS[1], private=True)
    week.says(NAME, WORDS[3], private=True)
    week.says(NAME, "/delete", private=True)
    session.flush()
    return street


def _key(case: Case) -> str:
    from services.buttons import key22

    return key22(case.id)


def forgotten(street: Street) -> None:
    """They press *delete everything*; the clock and the deliverer do the rest."""
    week = Week.__new__(Week)
    week.street, week._sieve, week._number = street, Sieve(BOT, wiring.COMMANDS), 9000
    week.presses(NAME, "删除", private=True)
    for _ in range(40):
        delivered(street)
        sweep(street.session, street.now)
    street.now += 2 * AFTERWARDS
    sweep(street.session, street.now)
    sweep(street.session, street.now)
    street.session.flush()


def left_of(text: str) -> list[str]:
    return [each for each in TRACES if each in text]


def test_the_week_leaves_every_trace_that_must_go(session: Session) -> None:
    busy_week(session)
    assert set(left_of(everything_stored(session))) >= set(TRACES) - {PHONE}


def test_no_row_of_any_table_holds_a_trace(session: Session) -> None:
    street = busy_week(session)
    forgotten(street)
    session.expire_all()
    assert left_of(everything_stored(session)) == []


def test_the_case_goes_on_for_who_joined_it_and_who_works_on_it(session: Session) -> None:
    street = busy_week(session)
    forgotten(street)
    case = street.case()
    assert (case.owner, case.state) == (street.key("李强"), "taken")
    assert case.number in " ".join(street.texts("李强"))


async def test_the_disk_holds_no_trace_not_even_in_the_log_or_in_free_pages(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.sqlite, "IDLE_SECONDS", 0.05)
    # a whole week in one unit of work, which no service would try
    monkeypatch.setattr(models.sqlite, "JOB_SECONDS", 60.0)
    path = Path(shutil.copy(sqlite_template, tmp_path / "linli.db"))
    equipment = Equipment(vault=Vault(Vault.new_key()))
    database = open_database(f"sqlite:///{path}", equipment)
    street = await database.write(busy_week)
    assert left_of(on_disk(path))

    def goes(session: Session) -> None:
        street.session = session
        forgotten(street)

    await database.write(goes)
    async with asyncio.timeout(20):
        while left_of(on_disk(path)):
            await asyncio.sleep(0.05)
    assert await database.read(lambda session: len(session.exec(select(Case)).all())) == 1
    await database.close()


def on_disk(path: Path) -> str:
    """Every byte of the database, its log and its index of it, as a text to search in."""
    files = [path, Path(f"{path}-wal"), Path(f"{path}-shm")]
    whole = b"".join(each.read_bytes() for each in files if each.exists())
    # JSON on disk writes letters as their numbers
    return re.sub(
        rb"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)).encode("utf-8", "replace"), whole
    ).decode("utf-8", "replace")
