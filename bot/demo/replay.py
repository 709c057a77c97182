"""Residents' own texts through the whole service, and a count of what became of each."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table
from sqlmodel import Session, col, select

from bot.cannot import Cannot
from bot.demo.crowd import Crowd, Told
from bot.demo.town import Town
from models import Case, Person, Voice, inbox
from services.texts import plain

PER_RESIDENT = 8  # texts; fewer than a person may send in an hour
STARTED = 6  # every so-manyth resident has opened the private chat
ROOM = 24  # texts that wait for an answer at the same time
LONGEST = 4_000  # characters; "/report " and the text make one message
HANDS_SECONDS = 120.0  # what workers may take after the last text
ANSWER_SECONDS = 120.0


@dataclass(slots=True)
class Became:
    """What became of the texts. `lost`: those that neither chat nor database know."""

    texts: int = 0
    own: int = 0
    joined: int = 0
    not_admitted: int = 0
    private: int = 0
    states: Counter[str] = field(default_factory=Counter)
    lost: list[Told] = field(default_factory=list)
    failed: int = 0
    errors: int = 0
    presses: int = 0
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Nothing lost, nothing failed, no error logged."""
        return not (self.lost or self.failed or self.errors)


class Errors(logging.Handler):
    """Counts what is logged as an error; shows the first few events' names."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def read_texts(path: Path) -> list[str]:
    """The `text` of each line. Raises Cannot, naming the line that can't be used."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise Cannot(f"{path} can't be read: it must be a file of JSON lines in UTF-8.") from None
    return [_text(line, number, path) for number, line in enumerate(lines, 1) if line.strip()]


def _text(line: str, number: int, path: Path) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str) or not text.strip():
        raise Cannot(f'{path}, line {number}: each line must be like {{"text": "…"}}.')
    return text.strip()[:LONGEST]


async def settle_in(town: Town, crowd: Crowd, texts: int) -> list[tuple[int, int]]:
    """Residents move in, the staff starts to work; (chat, user) in the order of reporting."""
    for user in town.staff.values():
        crowd.employ(user)
    places: list[tuple[int, int]] = []
    for number in range(max(texts // PER_RESIDENT + 1, len(town.groups))):
        chat = town.groups[number % len(town.groups)]
        user = await town.side.user(plain("demo.neighbour", n=number + 1))
        await town.side.post(f"chats/{chat}/members", user=user, status="member")
        if number % STARTED == 0:
            await town.side.post("start", by=user, bot_id=town.bot["id"])
        places.append((chat, user))
    return places


async def replay(town: Town, texts: Sequence[str], pace: float, live: str) -> Became:
    """All texts, `pace` a minute (0: as fast as it goes). `live`: the sandbox's event stream."""
    errors = Errors()
    logging.getLogger().addHandler(errors)
    crowd = Crowd(town.side)
    places = await settle_in(town, crowd, len(texts))
    began = time.monotonic()
    async with crowd.acting(town.side.http, live):
        await crowd.report(places, texts, ROOM if not pace else len(texts) or 1, pace)
        await until(lambda: not crowd.unanswered, ANSWER_SECONDS)
        await until(lambda: not crowd.busy, HANDS_SECONDS)
        await town.settle()
    became = await town.service.database.read(lambda session: count(session, crowd))
    became.seconds = time.monotonic() - began
    became.errors = errors.count
    logging.getLogger().removeHandler(errors)
    return became


async def until(check: Callable[[], bool], seconds: float) -> bool:
    """Wait until `check` is true; False if it isn't within `seconds`."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)
    return True


def count(session: Session, crowd: Crowd) -> Became:
    """Hold what the chats showed against what the database has."""
    cases = {(case.source_chat, case.source_message): case for case in session.exec(select(Case))}
    numbers = {case.number: case for case in cases.values()}
    voices = _voices(session)
    became = Became(texts=len(crowd.told), presses=crowd.presses)
    for at, told in crowd.told.items():
        shown = numbers.get(crowd.answered.get(at, ""))
        own = cases.get((str(at[0]), str(at[1])))
        _sort(became, told, shown, own, voices)
    became.failed = inbox.count(session, "failed")
    return became


def _sort(
    became: Became,
    told: Told,
    shown: Case | None,
    own: Case | None,
    voices: set[tuple[str, object]],
) -> None:
    """A number of its own, or one that it joined; both in the chat and in the database."""
    if own is not None and shown is own:
        became.own += 1
        became.states[own.state] += 1
        became.not_admitted += own.not_admitted is not None
        became.private += own.private
    elif own is None and shown is not None and (str(told.user), shown.id) in voices:
        became.joined += 1
    else:
        became.lost.append(told)


def _voices(session: Session) -> set[tuple[str, object]]:
    query = select(Person.address, Voice.case).join(
        Voice, (col(Voice.district) == Person.district) & (col(Voice.person) == Person.id)
    )
    return {(str(address), case) for address, case in session.exec(query)}


def table(became: Became, language: str) -> Table:
    """The end of a replay, for a terminal."""
    shown = Table(title=plain("demo.replayed", language), show_header=False)
    shown.add_column()
    shown.add_column(justify="right")
    for key, value in _lines(became):
        shown.add_row(plain(f"demo.became_{key}", language), value)
    for state, n in sorted(became.states.items()):
        shown.add_row(f"  {plain(f'mine.{state}', language)}", str(n))
    return shown


def _lines(became: Became) -> Iterable[tuple[str, str]]:
    yield "texts", str(became.texts)
    yield "own", str(became.own)
    yield "joined", str(became.joined)
    yield "not_admitted", str(became.not_admitted)
    yield "private", str(became.private)
    yield "presses", str(became.presses)
    yield "lost", str(len(became.lost))
    yield "failed", str(became.failed)
    yield "errors", str(became.errors)
    yield "seconds", f"{became.seconds:.0f}"
