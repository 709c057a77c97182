"""`linli doctor --verify`: each district's chain of seals, computed again."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from sqlmodel import Session

from bot.assembly import explained, server_of
from bot.cannot import Cannot
from bot.config import Settings
from bot.doctor.finding import Finding, bad, good
from models.database import one_snapshot
from models.reading import Missing, open_reading
from services import verifying
from services.verifying import Broken, Head

KNOWN = re.compile(r"(\w+):(\d+):([0-9a-f]{64})")
CURE = (
    "Keep this database as it is, find out who could write to it, and compare with a backup; "
    "docs/alarms.md, history_broken, says how."
)
SAYS = {
    "seal_edited": "the link itself was changed",
    "seal_missing": "the link is gone",
    "head_edited": "the last link is not the one that the chain ended with",
    "event_edited": "an event was changed",
    "event_missing": "an event is gone",
    "event_unsealed": "an event was put in past the chain",
    "words_edited": "an event's words were changed",
    "audit_edited": "an audit was changed",
    "audit_missing": "an audit is gone",
    "audit_unsealed": "an audit was put in past the chain",
    "known_differs": "the link differs from the hash that was written down",
}

Known = dict[str, dict[int, str]]


async def verify(settings: Settings, known: Sequence[str]) -> list[Finding]:
    """A line for each district, with the head to write down. Raises Cannot."""
    written, url = parse(known), settings.database.url
    try:
        with explained(url):
            reading = open_reading(url, None, server_of(settings, patient=True))
    except Missing as error:
        raise Cannot(f"{error} is not there: correct database.url.") from None
    try:
        districts = await reading.read(verifying.districts)
        each = sorted({*districts, *written})
        found = [await reading.read(_job(name, written.get(name, {}))) for name in each]
    finally:
        await reading.close()
    return [line(one) for one in found] or [good("history", "nothing is sealed yet")]


def _job(district: str, known: dict[int, str]) -> Callable[[Session], Head | Broken]:
    return partial(_verify, district, known)


def _verify(district: str, known: dict[int, str], session: Session) -> Head | Broken:
    one_snapshot(session)
    return verifying.verify(session, district, known)


def parse(known: Sequence[str]) -> Known:
    """Heads as this command prints them, by district. Raises Cannot."""
    found: Known = defaultdict(dict)
    for each in known:
        parts = KNOWN.fullmatch(each)
        if parts is None:
            raise Cannot(f"{each} is no head: one looks like 110101:17:<64 letters>.")
        found[parts[1]][int(parts[2])] = parts[3]
    return found


def line(found: Head | Broken) -> Finding:
    """As the doctor shows it."""
    about = f"history {found.district}"
    if isinstance(found, Head):
        head = f"{found.district}:{found.position}:{found.hash}"
        return good(about, f"{found.rows} rows as they were sealed, head {head}")
    case = f", case {found.number}" if found.number else ""
    row = f", row {found.id}" if found.id else ""
    return bad(about, f"{SAYS[found.what]} (position {found.position}{case}{row})", CURE)
