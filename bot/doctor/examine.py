"""All of it, in the order in which one would look."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot.assembly import equipment_of, explained, server_of
from bot.cannot import Cannot
from bot.config import Settings
from bot.doctor import machine, platform, storage, work
from bot.doctor.finding import Finding, Mark, bad, good, judged, span
from models.reading import Missing, SqliteReading, open_reading

SECONDS = 5.0
# leases run by real time, and a process counts as dead after seven silent seconds
APART = (1.0, 3.0)

Seen = tuple[list[Finding], datetime | None, list[tuple[str, platform.Place]]]


async def examine(settings: Settings, groups: int) -> list[Finding]:
    """Look at everything; nothing is changed. `groups`: most groups to ask Telegram about."""
    found, newest, places = await database(settings)
    now, elsewhere = datetime.now(UTC), await platform.platform_time(settings)
    return [
        *await platform.telegram(settings, places, groups),
        machine.clock(now, elsewhere, newest),
        *machine.disks(settings),
        *machine.secrets(settings),
        machine.backup(settings, now),
        await service(settings),
        *found,
    ]


async def database(settings: Settings) -> Seen:
    """What the database tells, the newest time in it, and the groups that are bound."""
    url = settings.database.url
    try:
        with explained(url):
            reading = open_reading(url, equipment_of(settings), server_of(settings))
            try:
                return await reading.read(_look(reading, settings.database.pool))
            finally:
                await reading.close()
    except Missing as error:
        cure = "Run `linli migrate`, or correct database.url."
        return [bad("database", f"{error} is not there", cure)], None, []
    except DBAPIError as error:
        cure = "Look at the server's own log; then run `linli doctor` again."
        return [bad("database", f"it answers {type(error.orig).__name__}", cure)], None, []
    except Cannot as error:
        said, _, cure = str(error).partition(": ")
        return [bad("database", said, cure[:1].upper() + cure[1:])], None, []


def _look(reading: Any, pool: int) -> Callable[[Session], Seen]:
    path = reading.path if isinstance(reading, SqliteReading) else None

    def job(session: Session) -> Seen:
        if path is not None:
            found = storage.sqlite(session, path)
        else:
            found = [*storage.postgres(session, pool), _apart(session)]
        found += [storage.size_of(session, path), storage.migrations(session)]
        if found[-1].mark is not Mark.GOOD:
            # other tables than ours can't be asked
            return found, None, []
        found += work.work(session, datetime.now(UTC))
        return found, work.newest(session), platform.places(session)

    return job


def _apart(session: Session) -> Finding:
    """The server's clock against ours."""
    theirs = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    off = abs(datetime.now(UTC) - theirs)
    said = f"{span(off)} from the database server's"
    cure = "Set both machines' clocks: with seconds between them a living process counts as dead."
    return judged("clocks", off.total_seconds(), said, cure, APART)


async def service(settings: Settings) -> Finding:
    """Whether something answers where this service would, and which part of it doesn't work."""
    host, port = settings.web.host, settings.web.port
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/ready"  # noqa: S104
    limit = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.get(address, allow_redirects=False) as answer,
        ):
            parts = await answer.json()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        said = f"nothing answers at {host}:{port}"
        return Finding(Mark.MIND, "running", said, "Start it, if it should run here: `linli run`.")
    stuck = [name for name, works in parts.items() if not works]
    if not stuck:
        return good("running", f"ready at {host}:{port}")
    cure = "See LinliNotReady in docs/operating.md; 'receive' may mean a second service (409)."
    return bad("running", f"{', '.join(stuck)} of the service at {host}:{port} stuck", cure)
