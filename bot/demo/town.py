"""Peopling a town through the doors that real people use.

Lists come in as `linli import` brings them, staff enrol by their deep links, groups are bound
by their own administrators with one-time codes.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from bot.assembly import Service
from bot.clock import Clock
from bot.demo.actors import Chat, Json, Side
from models import Person
from services import binding, enrolment
from services.imports import LISTS, Outcome, load_list, town_groups
from services.imports.cells import Row

BOT = "linli_bot"
WEEKS = 3  # of duty from the week of the first day on


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who lives in the building of the town's group number `home`.

    `started`: has opened the bot's private chat before.
    """

    name: str
    home: int
    language: str = "zh-hans"
    started: bool = False


# invented, with the building where each lives (the order of services/data/town/groups.json)
RESIDENTS = (
    Resident("王阿姨", 0, started=True),
    Resident("小林", 0, started=True),
    Resident("老赵", 0),
    Resident("Emma", 0, "en", started=True),
    Resident("刘奶奶", 1),
    Resident("阿杰", 1, started=True),
    Resident("陳伯", 2, "zh-hant", started=True),
    Resident("小满", 2),
    Resident("方老师", 3, started=True),
    Resident("店主老吴", 4, started=True),
    Resident("庄大姐", 5, started=True),
)


@dataclass
class Town:
    """Who is there, and where. Users and chats are the sandbox's numbers."""

    side: Side
    service: Service
    clock: Clock
    bot: Json
    staff: dict[str, int] = field(default_factory=dict)
    residents: dict[str, int] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    chats: dict[int, Chat] = field(default_factory=dict)

    def chat(self, key: int) -> Chat:
        """What one chat shows; kept, so that each look brings only what is new."""
        if key not in self.chats:
            self.chats[key] = Chat(self.side, key)
        return self.chats[key]

    def layout(self) -> list[Json]:
        """The first windows: a resident in their group, its worker, its supervisor."""
        if not self.groups or not self.residents:
            return []
        windows = [{"chat": self.groups[0], "user": self.residents["王阿姨"]}]
        return windows + [
            {"chat": self.staff[ref], "user": self.staff[ref]}
            for ref in ("w01", "s01")
            if ref in self.staff
        ]

    async def settle(self) -> None:
        """Until the service has nothing left to do."""
        await self.service.settle()

    async def say(self, chat: int, by: int, text: str) -> Json:
        """Words to the bot, and its answer."""
        seen = self.chat(chat)
        await seen.look()
        said = await self.side.say(chat, by, text)
        return await seen.until(after=said)


async def people(
    town: Town,
    first: datetime,
    residents: Sequence[Resident] = RESIDENTS,
    staff: Collection[str] | None = None,
    groups: int | None = None,
) -> None:
    """Fill the town; `first`: the local time from whose week on there is duty.

    `staff`: who of the lists enrols, `groups`: how many are bound (None: all).
    """
    await _import(town, first)
    for person in await town.service.database.read(_staff):
        if staff is None or person.ref in staff:
            await _enrol(town, person)
    for resident in residents:
        await _move_in(town, resident)
    for number, group in enumerate(town_groups()[:groups]):
        neighbours = [town.residents[each.name] for each in residents if each.home == number]
        await _bind(town, number, neighbours, group)
    await town.settle()


async def _import(town: Town, first: datetime) -> None:
    def load(name: str) -> Callable[[Session], Outcome]:
        return lambda session: load_list(session, name, town.clock.now(), first.date(), WEEKS)

    outcomes = [await town.service.database.write(load(name)) for name in LISTS]
    wrong = [problem for each in outcomes for problem in each.problems]
    if wrong:
        raise ValueError(f"the town's lists have problems: {wrong}")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A person of the lists."""

    district: str
    id: UUID
    ref: str
    name: str
    language: str


def _staff(session: Session) -> list[_Listed]:
    rows = session.exec(select(Person).order_by(col(Person.ref))).all()
    return [
        _Listed(row.district, row.id, row.ref, row.name, row.language)
        for row in rows
        if row.ref is not None
    ]


async def _enrol(town: Town, person: _Listed) -> None:
    """They open their link; the bot greets them by name."""

    def job(session: Session) -> str:
        return enrolment.invite(session, None, person.district, person.id, town.clock.now())

    code = await town.service.database.write(job)
    user = await town.side.user(person.name, person.language.lower())
    town.staff[person.ref] = user
    await town.side.post("start", by=user, bot_id=town.bot["id"], payload=code)


async def _move_in(town: Town, resident: Resident) -> None:
    user = await town.side.user(resident.name, resident.language)
    town.residents[resident.name] = user
    if resident.started:
        await town.side.post("start", by=user, bot_id=town.bot["id"])


async def _bind(town: Town, number: int, neighbours: list[int], group: Row) -> None:
    """A group of neighbours; the first of them owns it and binds it to their grid.

    Every other group makes the bot an administrator, as in life: there it pins its card.
    """
    made = await town.side.post(
        "chats",
        type="supergroup" if number % 2 else "group",
        title=group["title"],
        members=neighbours,
        bot_id=town.bot["id"],
        bot_role="member" if number % 2 else "administrator",
    )
    chat = int(made["id"])
    town.groups.append(chat)
    grid, place = group["grid"], group["place"]
    code = await town.service.database.write(
        lambda session: binding.make_code(session, None, grid, place, town.clock.now())
    )
    said = await town.side.say(chat, neighbours[0], f"/bind@{BOT} {code}")
    await town.chat(chat).until(place, after=said)
