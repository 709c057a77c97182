"""Commands that write work beside the running service; neither a kill nor a stranger matters."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlmodel import Session, func, select

import models.sqlite
from bench.load import SECRET
from bench.process import Running, running
from bench.standin import TOKEN, StandIn, standing_in
from bot.assembly import assemble
from bot.config import load
from bot.errands import asking
from bot.errands.hatch import TOO_LONG
from bot.errands.wire import socket_of
from models import Errand, Inbox, Lane, Outbox, Person, crash, errands, inbox
from models.database import Database, Job, open_database
from models.reading import open_reading
from models.sqlite import path_of
from services.vault import Vault
from tests.bot import toy
from tests.bot.conftest import until
from tests.bot.test_cli import linli as command
from tests.bot.test_cli import one_sentence
from tests.bot.test_dispatch import arrived
from tests.bot.test_importing import TOWN, town
from tests.conftest import BACKENDS
from tests.people import WEDNESDAY

BOT = TOKEN.partition(":")[0]
Ended = tuple[int | None, str, str]


@dataclass
class House:
    """A service as a process of its own, and commands beside it."""

    url: str
    standin: StandIn
    folder: Path
    key: str

    def settings(self) -> dict[str, str]:
        return {
            "TELEGRAM__TOKEN": TOKEN,
            "TELEGRAM__BASE_URL": self.standin.base_url,
            "TELEGRAM__LIMITS": "false",
            "TELEGRAM__WEBHOOK_URL": "http://127.0.0.1:1/telegram/webhook",
            "TELEGRAM__WEBHOOK_SECRET": SECRET,
            "DATABASE__URL": self.url,
            "WEB__PORT": "0",
            "FILES__FOLDER": str(self.folder / "files"),
            "VAULT__KEY": self.key,
        }

    def serving(self, crash_at: str = ""):
        env = {f"LINLI_{key}": value for key, value in self.settings().items()}
        env[crash.VARIABLE] = crash_at
        return running("tests.bot.toy_service", (), env, self.folder / "service.log")

    async def linli(self, *words: object) -> Ended:
        return await command(self.folder, *map(str, words), **self.settings())

    async def read(self, job: Job):
        database = open_reading(self.url)
        try:
            return await database.read(job)
        finally:
            await database.close()

    async def write(self, *jobs: Job) -> None:
        """Before the service is there."""
        database: Database = open_database(self.url)
        for job in jobs:
            await database.write(job)
        await database.close()


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    async with standing_in() as standin:
        yield House(database_url, standin, tmp_path, Vault.new_key())


def failed(count: int) -> Job:
    def job(session: Session) -> None:
        updates = [arrived(n, 70 + n, f"quiet {n}") for n in range(1, count + 1)]
        inbox.store(session, BOT, updates, WEDNESDAY, WEDNESDAY)
        session.execute(update(Inbox).values(state="failed", tries=3, error="Boom"))
        for lane in session.exec(select(Lane)):
            session.delete(lane)

    return job


def dead(session: Session) -> None:
    session.add(
        Outbox(
            bot=BOT,
            chat="71",
            made_at=WEDNESDAY,
            state="dead",
            error="x",
            payload={"text": "hello"},
        )
    )


def dead_ids(session: Session) -> list[str]:
    return [str(key) for key in session.exec(select(Outbox.id).where(Outbox.state == "dead"))]


def people(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Person)).one()


async def heard(house: House, count: int) -> list[tuple[str, str]]:
    async def all_of_them() -> list[tuple[str, str]]:
        found = await house.read(toy.heard)
        return found if len(found) >= count else []

    found: list[tuple[str, str]] = await until(all_of_them)
    return sorted(found)


async def test_what_failed_is_tried_again_by_the_running_service_at_once(house: House):
    await house.write(failed(3))
    async with house.serving():
        assert await house.linli("replay") == (0, "3 back in line\n", "")
        assert await heard(house, 3) == [(f"{70 + n}", f"quiet {n}") for n in (1, 2, 3)]
        assert await house.linli("replay") == (0, "0 back in line\n", "")


async def test_a_dead_message_is_sent_again_by_the_running_service(house: House):
    await house.write(dead)
    async with house.serving():
        (key,) = await house.read(dead_ids)
        assert await house.linli("dead", "--again", key) == (0, "1 settled\n", "")
        await until(lambda: asyncio.sleep(0, len(house.standin.sent) == 1))
        status, out, err = await house.linli("dead", "--drop", key)
        assert (status, out) == (1, "")
        assert len(err.splitlines()) == 1
    # and the same sentence without a service
    assert await house.linli("dead", "--drop", key) == (1, "", err)


async def test_lists_are_brought_in_and_codes_made_beside_the_running_service(house: House):
    async with house.serving():
        tried = await house.linli("import", "--dry-run", *town())
        assert (tried[0], tried[2]) == (0, "")
        assert "people.csv (people): would be 24 added" in tried[1]
        assert await house.read(people) == 0
        done = await house.linli("import", *town())
        assert (done[0], done[2]) == (0, "")
        assert "people.csv (people): 24 added" in done[1]
        assert await house.read(people) == 24
        invited = await house.linli("invite", "a01", "--bot", "linli_bot")
        assert "https://t.me/linli_bot?start=e-" in invited[1]
        nobody = await house.linli("invite", "nobody", "--bot", "linli_bot")
        assert (nobody[0], len(nobody[2].splitlines())) == (1, 1)
        code = await house.linli("bindcode", "320116001010001", "--bot", "linli_bot")
        assert "https://t.me/linli_bot?startgroup=b-" in code[1]
    assert not any("e-" in answer for answer in await house.read(kept))
    again = await house.linli("import", *town())
    assert "people.csv (people): 0 added, 0 changed, 24 unchanged, 0 ended" in again[1]


def kept(session: Session) -> list[str]:
    return list(session.exec(select(Errand.answer)))


async def test_a_broken_list_is_refused_by_row_and_column_as_without_a_service(
    house: House, tmp_path: Path
):
    bad = tmp_path / "staff.csv"
    bad.write_text('id,name,role,unit\nx,天,boss,320116\ny,"never closed', "utf-8")
    files = (TOWN / "divisions.csv", bad, TOWN / "duty.csv")
    async with house.serving():
        beside = await house.linli("import", *files)
        assert await house.read(people) == 0
    assert beside[0] == 1
    assert 'staff.csv, row 2, column role: "boss" won\'t do.' in beside[2]
    alone = await house.linli("import", *files)
    assert (alone[0], alone[2]) == (1, beside[2])


sqlite_only = pytest.mark.parametrize("database_url", BACKENDS[:1], indirect=True)


@sqlite_only
@pytest.mark.parametrize("point", crash.OF_COMMANDS)
async def test_a_service_that_is_killed_meanwhile_loses_doubles_and_halves_nothing(
    house: House, point: str
):
    await house.write(failed(3), dead)
    (key,) = await house.read(dead_ids)
    for words, answer in (
        (("replay",), "3 back in line\n"),
        (("dead", "--again", key), "1 settled\n"),
        (("import", TOWN / "divisions.csv"), "divisions.csv (divisions): 40 added"),
    ):
        async with house.serving(f"{point}:1") as service:
            status, out, err = await house.linli(*words)
            assert (status, err) == (0, "")
            assert out.startswith(answer)
            assert await service.child.wait() == -9
    async with house.serving():
        assert len(await heard(house, 3)) == 3
        await until(lambda: asyncio.sleep(0, len(house.standin.sent) == 1))
        await asyncio.sleep(0.3)
        assert len(await house.read(toy.heard)) == 3
        assert len(house.standin.sent) == 1


@sqlite_only
async def test_a_list_too_long_to_keep_the_service_waiting_is_refused_whole(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(models.sqlite, "JOB_SECONDS", 0.1)
    rows = ["code,parent,level,name", "320116,,district,六合区"]
    for street in range(1, 60):
        rows.append(f"320116{street:03d},320116,street,街道{street}")
        rows += [
            f"320116{street:03d}{each:03d},320116{street:03d},community,社区{each}"
            for each in range(1, 900)
        ]
    (tmp_path / "many.csv").write_text("\n".join(rows), "utf-8")
    settings = load(
        telegram={
            "token": TOKEN,
            "base_url": house.standin.base_url,
            "webhook_url": "http://127.0.0.1:1",
            "webhook_secret": SECRET,
        },
        database={"url": house.url},
        web={"port": 0},
        files={"folder": tmp_path},
    )
    async with assemble(settings, doors=toy.DOORS):
        status, _, err = await house.linli("import", tmp_path / "many.csv")
        assert (status, err) == (1, f"{TOO_LONG}\n")
        assert await house.linli("replay") == (0, "0 back in line\n", "")
    assert await house.read(kept) == ["0"]


@sqlite_only
async def test_only_who_may_write_the_file_may_knock_and_nonsense_is_refused(house: House):
    place = socket_of(path_of(house.url))
    async with house.serving() as service:
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        for said in (b"", b"nonsense", b'{"id":1}', b"{" * 100_000, another_release()):
            answer = await asyncio.to_thread(knock, place, said)
            assert answer == b"" or b'"cannot"' in answer
        assert await house.linli("replay") == (0, "0 back in line\n", "")
        assert service.complaints() == []
    assert not place.exists()


def another_release() -> bytes:
    return b'{"id":"0198c0de-0000-7000-8000-000000000000","errand":"shutdown","given":{}}'


def knock(place: Path, said: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(str(place))
        made.sendall(said)
        made.shutdown(socket.SHUT_WR)
        return made.recv(1 << 16)


@sqlite_only
async def test_what_a_killed_service_leaves_is_in_nobodys_way(house: House):
    await house.write(failed(1))
    async with AsyncExitStack() as stack:
        service: Running = await stack.enter_async_context(house.serving())
        service.child.kill()
        await service.child.wait()
    assert socket_of(path_of(house.url)).is_socket()
    assert await house.linli("replay") == (0, "1 back in line\n", "")
    async with house.serving():
        assert await house.linli("replay") == (0, "0 back in line\n", "")


@sqlite_only
def test_a_stranger_who_listens_there_is_told_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    file = path_of(house.url)
    place = socket_of(file)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
        assert asking._is_ours(place, file)
        owner = place.stat().st_uid
        true_stat = Path.stat

        def stat_of(path: Path, **how: bool):
            uid = owner + (path == place)
            found = true_stat(path, **how)
            return SimpleNamespace(st_uid=uid, st_mode=found.st_mode)

        monkeypatch.setattr(Path, "stat", stat_of)
        assert not asking._is_ours(place, file)


@sqlite_only
async def test_a_place_where_nothing_can_listen_keeps_no_service_from_running(
    house: House,
):
    socket_of(path_of(house.url)).write_text("somebody's")
    async with house.serving():
        status, _, err = await house.linli("replay")
        assert status == 1
        assert one_sentence(err)
        assert "in use by another Linli process" in err
    assert socket_of(path_of(house.url)).read_text() == "somebody's"


async def test_what_was_done_is_remembered_for_a_day(database: Database):
    old, new = uuid4(), uuid4()
    later = WEDNESDAY + errands.KEEP + timedelta(seconds=1)
    await database.write(lambda session: errands.keep(session, old, "1", WEDNESDAY))
    assert await database.read(lambda session: errands.answer_to(session, old)) == "1"
    await database.write(lambda session: errands.keep(session, new, "2", later))
    assert await database.read(kept) == ["2"]
