"""The usual way: python-telegram-bot's Application, an async ORM session for each update, and the
messages sent in the handler.

After the library's own custom webhook example (`updater(None)`, an update queue; aiohttp instead of
Starlette, which is faster), and tuned to win: several updates at once, a pool of its own for as
many requests, `sniffio` (without it httpx is slower), one connection so that writers never wait
for SQLite's lock, nothing expired on commit, both messages sent at the same time. It confirms
before anything is stored, reads nothing in the text, decides nothing, and doesn't note where its
cards stand. What is in its memory when it dies is lost.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import event
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import StaticPool
from sqlmodel import col, select
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    Update,
)
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)
from telegram.request import HTTPXRequest

from bench.floor import serve
from models import Case, CaseEvent, Due, Group, NumberSeries, Person, Role, Voice, new_id

AT_ONCE = 8  # more make httpx slower, fewer leave it waiting
LIMIT = timedelta(days=3)
TIMERS = (("accept", timedelta(minutes=30)), ("soon", LIMIT * 0.75), ("overdue", LIMIT))
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def engine_of(url: str) -> AsyncEngine:
    """One connection, as durable as the service's."""
    engine = create_async_engine(
        url.replace("sqlite://", "sqlite+aiosqlite://"), poolclass=StaticPool
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class Bot:
    """Handlers of a helpful bot."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._writing = asyncio.Lock()

    async def report(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A message becomes a case; the group and the worker are told."""
        message = update.message
        if message is None or message.from_user is None:
            return
        async with self._writing, self._sessions() as session, session.begin():
            case, worker = await self._open(session, message)
        await asyncio.gather(
            message.reply_text(
                _text(case, worker),
                parse_mode=ParseMode.HTML,
                link_preview_options=NO_PREVIEW,
                reply_parameters=ReplyParameters(message.message_id),
                reply_markup=_buttons(case, ("🙋 我也遇到", "join"), ("✏️ 更正", "fix")),
            ),
            context.bot.send_message(
                chat_id=worker.address or 0,
                text=_text(case, worker) + f"\n💬 {case.text}\n👤 {message.from_user.first_name}",
                parse_mode=ParseMode.HTML,
                link_preview_options=NO_PREVIEW,
                reply_markup=_buttons(case, ("接单", "take"), ("不归我", "back"), ("更多", "menu")),
            ),
        )

    async def _open(self, session: AsyncSession, message: Message) -> tuple[Case, Person]:
        group, worker = await self._group(session, message)
        person = await self._resident(session, message, group)
        now = datetime.now(UTC)
        case = Case(
            district=group.district,
            id=new_id(),
            number=await self._number(session, group, now),
            grid=group.grid,
            community=group.grid[:12],
            group=group.id,
            state="dispatched",
            kind="LS99",
            text=message.text or "",
            bot=group.bot,
            source_chat=group.chat,
            source_message=str(message.message_id),
            reporter=person.id,
            owner=worker.id,
            owner_unit=group.grid[:12],
            due_at=now + LIMIT,
            next_at=now + TIMERS[0][1],
            opened_at=now,
        )
        session.add(case)
        await session.flush()
        session.add_all(_following(case, person, now))
        return case, worker

    async def _group(self, session: AsyncSession, message: Message) -> tuple[Group, Person]:
        query = (
            select(Group, Person)
            .join(Role, (col(Role.district) == Group.district) & (col(Role.unit) == Group.grid))
            .join(Person, (col(Person.district) == Role.district) & (col(Person.id) == Role.person))
            .where(Group.chat == str(message.chat_id), Role.role == "worker")
        )
        group, worker = (await session.execute(query)).one()
        return group, worker

    async def _resident(self, session: AsyncSession, message: Message, group: Group) -> Person:
        assert message.from_user is not None
        address = str(message.from_user.id)
        query = select(Person).where(
            Person.district == group.district,
            Person.platform == "telegram",
            Person.address == address,
        )
        found = (await session.execute(query)).scalar_one_or_none()
        if found is None:
            found = Person(
                district=group.district,
                name=message.from_user.first_name,
                address=address,
                bot=group.bot,
                home_group=group.id,
                made_at=datetime.now(UTC),
            )
            session.add(found)
            await session.flush()
        return found

    async def _number(self, session: AsyncSession, group: Group, now: datetime) -> str:
        name = f"B{-1_001_000_000_000 - int(group.chat):03d}-{now:%y%m}"
        series = await session.get(NumberSeries, (group.district, name))
        if series is None:
            series = NumberSeries(district=group.district, series=name)
            session.add(series)
        series.last += 1
        return f"{name}-{series.last:03d}"


def _following(case: Case, person: Person, now: datetime) -> list[Any]:
    """What goes with a case: its history, its reporter's voice, its timers."""
    filed = CaseEvent(
        district=case.district,
        case=case.id,
        seq=1,
        at=now,
        verb="file",
        actor=person.id,
        standing="member",
        before="collected",
        after="dispatched",
        facts={"kind": case.kind, "source": "group"},
    )
    timers = [
        Due(
            district=case.district,
            key=f"case:{case.id}:{name}",
            name=f"case.{name}",
            at=now + wait,
            case=case.id,
        )
        for name, wait in TIMERS
    ]
    return [filed, Voice(district=case.district, case=case.id, person=person.id, at=now), *timers]


def _text(case: Case, worker: Person) -> str:
    due = f"{case.due_at:%m-%d %H:%M}"
    return f"🟢 <b>{case.number}</b> 其他\n📍 本网格\n👷 {worker.name} 待接单\n⏰ {due} 前办好"


def _buttons(case: Case, *labels: tuple[str, str]) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(label, callback_data=f"{verb}:{case.id}") for label, verb in labels]
    return InlineKeyboardMarkup([row])


def application(bot: Bot) -> Application[Any, Any, Any, Any, Any, Any]:
    """The application, with its own pool for the requests of all updates at once."""
    app = (
        Application.builder()
        .token(os.environ["LINLI_TELEGRAM__TOKEN"])
        .base_url(os.environ["LINLI_TELEGRAM__BASE_URL"])
        .updater(None)
        .concurrent_updates(AT_ONCE)
        .request(HTTPXRequest(connection_pool_size=2 * AT_ONCE))
        .build()
    )
    app.add_handler(CommandHandler("report", bot.report))
    app.add_handler(MessageHandler(filters.TEXT & filters.Entity("mention"), bot.report))
    return app


async def main() -> None:
    """Run until stopped."""
    engine = engine_of(os.environ["LINLI_DATABASE__URL"])
    app = application(Bot(async_sessionmaker(engine, expire_on_commit=False)))

    async def webhook(request: web.Request) -> web.Response:
        await app.update_queue.put(Update.de_json(await request.json(), app.bot))
        return web.Response()

    async with app:
        await app.start()
        await serve(webhook)


if __name__ == "__main__":
    asyncio.run(main())
