"""A small town, played through the sandbox's user side, with the real service behind it."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from sqlmodel import Session, select

from bot.assembly import Service, assemble
from bot.clock import Clock
from bot.config import load
from bot.demo.actors import Json, Side, labels, number_in, picture, text_of
from bot.demo.controls import Stepper
from bot.demo.town import BOT, Resident, Town, people
from models import Case
from sandbox.server import serve
from services.imports import Outcome, import_rows
from services.texts import plain
from services.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)
# worker and backup of the first grid, its leader, the community's and the street's desk, who is
# rung for what nobody else may know, who administers, and the street's urban management
STAFF = ("w01", "w02", "l01", "s01", "s03", "n01", "a01", "d04")
AUNT, LIN, ZHAO, EMMA = "王阿姨", "小林", "老赵", "Emma"
LI, FANG = "刘奶奶", "方老师"
RESIDENTS = (
    Resident(AUNT, 0, started=True),
    Resident(LIN, 0, started=True),
    Resident(ZHAO, 0),
    Resident(EMMA, 0, "en", started=True),
    Resident(LI, 1),
)
BEFORE, AFTER = picture(bright=False), picture(bright=True)


@dataclass
class Play:
    """The town and short ways to act in it. People go by their name or by their staff id."""

    town: Town
    stepper: Stepper
    address: str
    since: dict[int, int] = field(default_factory=dict)
    photos: int = 0

    def who(self, name: str) -> int:
        """A person's number."""
        known = self.town.staff | self.town.residents
        return known[name]

    @property
    def group(self) -> int:
        """The group of building 8: the bot is an administrator and hears everything."""
        return self.town.groups[0]

    @property
    def third(self) -> int:
        """The group of building 10, where a story has bound it."""
        return self.town.groups[2]

    @property
    def second(self) -> int:
        """The group of building 9: the bot is a member with privacy mode on."""
        return self.town.groups[1]

    async def post(self, path: str, **body: Any) -> Any:
        return await self.town.side.post(path, **body)

    # --- saying ---

    async def say(self, name: str, text: str, chat: int | None = None, **more: Any) -> int:
        """Words in a chat (in private unless told otherwise); the message's number."""
        who = self.who(name)
        return await self.town.side.say(chat or who, who, text, **more)

    async def send(self, name: str, chat: int | None = None, **content: Any) -> int:
        """Anything else: photo, voice, album, location, sticker."""
        who = self.who(name)
        said = await self.post(f"chats/{chat or who}/messages", by=who, **content)
        await self.quiet()
        return int(said["messages"][0]["message_id"])

    async def report(self, name: str, text: str, chat: int | None = None) -> str:
        """`/report` in the group; the number that the bot's answer names."""
        where = chat or self.group
        seen = self.town.chat(where)
        await seen.look()
        said = await self.say(name, f"/report {text}", where)
        answer = await seen.until("-", after=said)
        await self.quiet()
        return number_in(answer) or ""

    # --- pressing ---

    async def tap(self, name: str, key: str, *words: str, chat: int | None = None) -> Json:
        """The button with the text of `key`, on the newest message with the words."""
        shown, data = await self.button(name, key, *words, chat=chat)
        return await self.press(name, shown, data, chat)

    async def pick(self, name: str, beginning: str, *words: str) -> Json:
        """The button whose label begins so, on the newest message that has it and the words."""
        message = await self.card(name, beginning, *words)
        found = ((label, data) for label, data in labels(message).items())
        data = next(data for label, data in found if label.startswith(beginning))
        return await self.press(name, int(message["message_id"]), data)

    async def button(
        self, name: str, key: str, *words: str, chat: int | None = None
    ) -> tuple[int, str]:
        """The message's number and the button's data; `key` may be the label itself."""
        label = key if not key[0].isascii() or " " in key else plain(key)
        message = await self.town.chat(chat or self.who(name)).until(label, *words)
        return int(message["message_id"]), labels(message)[label]

    async def press(self, name: str, message: int, data: str, chat: int | None = None) -> Json:
        """A press with any data; forged and old ones too."""
        who = self.who(name)
        answer = await self.town.side.press(chat or who, who, message, data)
        await self.quiet()
        return answer

    async def work(self, name: str, number: str, *keys: str) -> None:
        """One button after the other on a case's card."""
        for key in keys:
            await self.tap(name, key, number)

    async def photo(self, name: str) -> int:
        """A photo that nobody has sent before."""
        who = self.who(name)
        self.photos += 1
        sent = await self.town.side.photo(who, who, picture(True, self.photos))
        await self.quiet()
        return sent

    async def finish(self, name: str, number: str) -> None:
        """Three taps and a photo, or a preset note where that is what is asked."""
        await self.work(name, number, "btn.take", "btn.arrive", "btn.done")
        case = await self.case(number)
        if case.evidence == "photo":
            await self.photo(name)
        elif case.state not in ("done", "closed"):
            await self.tap(name, "note.fixed")

    async def bring(self, sheet: str, *rows: dict[str, str]) -> Outcome:
        """Lists as `linli import` brings them; the service looks anew at what is due."""

        def job(session: Session) -> Outcome:
            return import_rows(session, sheet, rows, self.town.clock.now())

        outcome = await self.town.service.database.write(job)
        assert not outcome.problems, outcome.problems
        return outcome

    # --- looking ---

    async def quiet(self) -> None:
        """Everything said so far was handled and answered.

        Updates are taken in order, so the answer to a later question proves the earlier ones.
        """
        who = self.town.residents[BYSTANDER]
        seen = self.town.chat(who)
        said = await self.town.side.say(who, who, "/help")
        await seen.until(after=said)
        assert await self.town.service.settle()

    async def card(self, chat: int | str, *words: str) -> Json:
        """The newest message of the bot in a chat that holds the words."""
        key = self.who(chat) if isinstance(chat, str) else chat
        return await self.town.chat(key).until(*words)

    async def texts(self, chat: int | str) -> list[str]:
        """Everything that the bot shows in a chat now, oldest first."""
        key = self.who(chat) if isinstance(chat, str) else chat
        seen = self.town.chat(key)
        await seen.look()
        shown = sorted(seen.messages.items())
        return [text_of(each) for _, each in shown if each["from"].get("is_bot")]

    async def lists(self, name: str, label: str) -> bool:
        """Whether a button with this label stands in somebody's private chat."""
        seen = self.town.chat(self.who(name))
        await seen.look()
        return any(label in labels(each) for each in seen.messages.values())

    async def fresh(self, chat: int | str) -> list[str]:
        """What was shown for the first time since the last look of this kind."""
        key = self.who(chat) if isinstance(chat, str) else chat
        seen = self.town.chat(key)
        await seen.look()
        before = self.since.get(key, 0)
        self.since[key] = max(seen.messages, default=0)
        return [
            text_of(each)
            for number, each in sorted(seen.messages.items())
            if number > before and each["from"].get("is_bot")
        ]

    async def forget(self, *chats: int | str) -> None:
        """From now on only what is new in these chats counts as fresh."""
        for chat in chats:
            await self.fresh(chat)

    async def sees(self, chat: int | str, *words: str) -> bool:
        """Whether the bot shows a text with all the words there now."""
        return any(all(word in text for word in words) for text in await self.texts(chat))

    async def case(self, number: str) -> Case:
        """The case's row as it is now."""

        def job(session: Session) -> Case:
            found = session.exec(select(Case).where(Case.number == number)).one()
            session.expunge(found)
            return found

        return await self.town.service.database.read(job)

    async def cases(self) -> list[Case]:
        """All of them, oldest first."""

        def job(session: Session) -> list[Case]:
            found = list(session.exec(select(Case)))
            session.expunge_all()
            return sorted(found, key=lambda case: case.opened_at)

        return await self.town.service.database.read(job)

    async def calls(self, method: str) -> list[Json]:
        """What the bot has asked the sandbox for."""
        found = await self.town.side.get("calls", after=0)
        return [each for each in found if each["method"] == method]

    # --- time ---

    async def later(self, **amount: float) -> None:
        """Step the clock on, through everything that is due on the way."""
        await self.stepper.to(self.stepper.local() + timedelta(**amount))
        await self.quiet()

    async def at(self, days: int, hour: int, minute: int = 0) -> None:
        """Step to a local time some days after today."""
        day = self.stepper.local() + timedelta(days=days)
        await self.stepper.to(day.replace(hour=hour, minute=minute, second=0, microsecond=0))
        await self.quiet()


BYSTANDER = "路人"


def media(data: bytes, name: str, mime: str) -> Json:
    """A file as the user side takes it."""
    return {"base64": base64.b64encode(data).decode(), "name": name, "mime": mime}


VOICE = media(b"OggS" + bytes(4_000), "v.ogg", "audio/ogg")


@asynccontextmanager
async def played(
    database_url: str,
    folder: Path,
    start: datetime = MONDAY,
    residents: Sequence[Resident] = RESIDENTS,
    groups: int = 2,
) -> AsyncIterator[Play]:
    """A peopled town at `start`, limits off, with so many of its groups bound."""
    clock = Clock()
    clock.set(start)
    async with serve("127.0.0.1", 0, clock=clock.now) as port, aiohttp.ClientSession() as http:
        address = f"http://127.0.0.1:{port}"
        side = Side(address, http)
        bot = await side.post("bots", username=BOT)
        await side.post("limits", enforced=False)
        async with _service(address, bot, clock, database_url, folder) as service:
            town = Town(side, service, clock, bot)
            await people(town, start, residents, STAFF, groups)
            town.residents[BYSTANDER] = await side.user(BYSTANDER)
            play = Play(town, Stepper(clock, service, str(ZONE)), address)
            await _show_where_they_live(play, residents)
            await play.quiet()
            await play.forget(*town.groups, *town.staff, *town.residents)
            yield play


async def _show_where_they_live(play: Play, residents: Sequence[Resident]) -> None:
    """Whoever has pressed a button in a group is known to live there."""
    for resident in residents:
        chat = play.town.groups[resident.home]
        shown, data = await play.button(resident.name, "binding.button.who", chat=chat)
        await play.town.side.press(chat, play.who(resident.name), shown, data)


@asynccontextmanager
async def _service(
    address: str, bot: Json, clock: Clock, database_url: str, folder: Path
) -> AsyncIterator[Service]:
    settings = load(
        telegram={"token": bot["token"], "base_url": f"{address}/bot", "limits": False},
        database={"url": database_url},
        web={"port": 0},
        files={"folder": folder / "files"},
        vault={"key": Vault.new_key()},
        policy={"check_share": 0.0},  # tests/handlers let somebody look by lot
    )
    async with assemble(settings, clock=clock) as service:
        yield service


async def until(check: Any, seconds: float = 15.0) -> Any:
    """Wait until the coroutine function `check` gives something true."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.05)
        return found
