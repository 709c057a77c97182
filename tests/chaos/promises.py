"""What must hold after anything at all: the promises P1-P6 and P8, asked of the database.

One function for the simulator and for killed processes: `check_promises` returns what is broken,
one sentence each; an empty list is the only good answer.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from sqlalchemy import text
from sqlmodel import Session, col, select

from bot.sieve import Sieve
from handlers import updates
from handlers.wiring import COMMANDS
from models import Case, CaseEvent, Due, Inbox, Outbox, Voice
from services import auditing, verifying
from tests.people import BOT

# more open cases than any round of chaos makes
ALL = 100_000
# how long after its instant a thing may still wait to be fired, in a service left in peace
FIRED_WITHIN = timedelta(seconds=1)


@dataclass
class Expected:
    """What the outside world knows, to be compared with the database.

    `confirmed`: ids of updates for us that the platform was told to forget. `reports`: texts, each
    said once and each a case of its own. `shown`: (chat, text) as often as the platform took it.
    `ambiguous`: by chat, how often the platform may have taken something that we can't know of.
    `chain`: case events seen before (id -> contents), which no longer change. `at_rest`: nothing
    was left to do when the database was looked at. `moved`: groups that became supergroups.
    `wall`: real time, if the service's clock was moved.
    """

    confirmed: Collection[int] = ()
    reports: Collection[str] = ()
    shown: Mapping[tuple[str, str], int] = field(default_factory=dict)
    ambiguous: Mapping[str, int] = field(default_factory=dict)
    chain: Mapping[str, str] = field(default_factory=dict)
    at_rest: bool = True
    moved: Mapping[str, str] = field(default_factory=dict)
    wall: datetime | None = None


# of a case event; what is personal may be erased
KEPT = ("case", "seq", "at", "verb", "actor", "standing", "before", "after", "facts")
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# what the tables don't keep: in which order updates were done, how often a thing was fired
WITNESS = {
    "sqlite": (
        "CREATE TABLE witness (n INTEGER PRIMARY KEY, what TEXT, lane TEXT, id TEXT, at TEXT)",
        """CREATE TRIGGER saw_come AFTER INSERT ON inbox
           BEGIN INSERT INTO witness (what, lane, id) VALUES ('came', NEW.lane, NEW.id); END""",
        """CREATE TRIGGER saw_done AFTER UPDATE OF state ON inbox WHEN NEW.state = 'done'
           BEGIN INSERT INTO witness (what, lane, id) VALUES ('done', NEW.lane, NEW.id); END""",
        """CREATE TRIGGER saw_fired AFTER UPDATE OF state ON due
           WHEN NEW.state = 'fired' AND OLD.state <> 'fired'
           BEGIN INSERT INTO witness (what, id, at) VALUES ('fired', NEW.id, NEW.at); END""",
    ),
    "postgresql": (
        "CREATE TABLE witness (n BIGSERIAL PRIMARY KEY, what TEXT, lane TEXT, id TEXT, at TEXT)",
        """CREATE FUNCTION saw_done() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           INSERT INTO witness (what, lane, id) VALUES ('done', NEW.lane, NEW.id); RETURN NULL;
           END $$""",
        """CREATE FUNCTION saw_fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           INSERT INTO witness (what, id, at) VALUES ('fired', NEW.id, NEW.at); RETURN NULL;
           END $$""",
        """CREATE TRIGGER saw_done AFTER UPDATE OF state ON inbox FOR EACH ROW
           WHEN (NEW.state = 'done') EXECUTE FUNCTION saw_done()""",
        """CREATE TRIGGER saw_fired AFTER UPDATE OF state ON due FOR EACH ROW
           WHEN (NEW.state = 'fired' AND OLD.state <> 'fired') EXECUTE FUNCTION saw_fired()""",
    ),
}
# in what order a chat's messages met their handler, where somebody notes it (tests/chaos/sim.py)
HANDLED = """SELECT handled.lane, handled.id, came.n FROM witness handled
             JOIN inbox ON inbox.lane = handled.lane AND
             json_extract(inbox.payload, '$.message.message_id') = CAST(handled.id AS INTEGER)
             JOIN witness came ON came.what = 'came' AND came.id = inbox.id
             WHERE handled.what = 'handled' ORDER BY handled.lane, handled.n"""
# one process is asked for the true order of arrival, several for that of their keys: with two
# doors open, which of two updates came first is only known by them
ORDER = {
    "sqlite": """SELECT done.lane, done.id, came.n FROM witness done JOIN witness came
                 ON came.what = 'came' AND came.id = done.id
                 WHERE done.what = 'done' ORDER BY done.lane, done.n""",
    "postgresql": """SELECT lane, id, id FROM witness WHERE what = 'done' ORDER BY lane, n""",
}


@cache
def is_ours(body: str) -> bool:
    """Whether an update has to be stored; nothing here comes as an album."""
    found = updates.decode(body)
    return found is not None and bool(Sieve(BOT, COMMANDS).pass_through([found], NEVER))


def install_witness(session: Session) -> None:
    """Let the database itself note what is asked of it later."""
    for statement in WITNESS[_dialect(session)]:
        session.execute(text(statement))
    session.flush()


def note_handled(session: Session, chat: str, message: str) -> None:
    """A message has met its handler; undone with it."""
    noted = "INSERT INTO witness (what, lane, id) VALUES ('handled', :chat, :message)"
    session.execute(text(noted), {"chat": chat, "message": message})


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def check_promises(session: Session, expected: Expected, now: datetime) -> list[str]:
    """Every broken promise as a sentence."""
    checks = [
        _stored(session, expected),
        _once(session, expected),
        _in_order(session),
        _fired(session, expected, now),
        _delivered(session, expected, now),
        _appended(session, expected),
        _sealed(session),
        _audited(session, expected, now),
        _consistent(session),
    ]
    return [broken for check in checks for broken in check]


def _stored(session: Session, expected: Expected) -> Iterator[str]:
    known = set(session.exec(select(Inbox.update_id)))
    for lost in sorted(set(expected.confirmed) - known):
        yield f"P1: update {lost} was confirmed and is not stored"


def _once(session: Session, expected: Expected) -> Iterator[str]:
    opened = Counter(session.exec(select(Case.text)))
    for said in expected.reports:
        if opened[said] != 1:
            yield f"P2: {said!r} was said once and is {opened[said]} cases"
    numbers = Counter(session.exec(select(Case.number)))
    yield from (f"P2: {number} is {n} cases" for number, n in numbers.items() if n > 1)
    waiting = session.exec(select(Inbox.update_id).where(Inbox.state == "new")).all()
    if expected.at_rest:
        yield from (f"P2: update {each} was never handled" for each in waiting)
    yield from _voices(session)


def _voices(session: Session) -> Iterator[str]:
    counted = Counter(session.exec(select(Voice.case)))
    for number, key, voices, filed_by in session.exec(
        select(Case.number, Case.id, Case.voices, Case.filed_by)
    ):
        # who is not on the platform, and had somebody file it, counts and can't be asked
        found = counted[key] + (filed_by is not None)
        if voices != found:
            yield f"P2: {number} has {found} voices and says {voices}"


def _in_order(session: Session) -> Iterator[str]:
    """The order-violation query: a chat's updates in the order in which they were done."""
    rows = session.execute(text(ORDER[_dialect(session)])).all()
    handled = session.execute(text(HANDLED)).all() if _dialect(session) == "sqlite" else []
    for (lane, before, first), (same, after, second) in [*pairwise(rows), *pairwise(handled)]:
        if lane == same and second < first:
            yield f"P3: {after} of chat {lane} was done after {before}, which came later"
    for key, times in Counter(str(key) for _, key, _ in rows).items():
        if times > 1:
            yield f"P2: update {key} was done {times} times"


def _fired(session: Session, expected: Expected, now: datetime) -> Iterator[str]:
    rows = session.exec(select(Due.key, Due.at).where(Due.state == "pending"))
    if expected.at_rest:
        yield from (f"P4: {key} is due since {at}" for key, at in rows if at < now - FIRED_WITHIN)
    query = text("SELECT id, at, count(*) FROM witness WHERE what = 'fired' GROUP BY id, at")
    for key, at, times in session.execute(query):
        if times > 1:
            yield f"P4: {key} of {at} was fired {times} times"
    failed = session.exec(select(Due.key, Due.trace).where(col(Due.trace).startswith("failed")))
    yield from (f"P4: {key} {trace}" for key, trace in failed)


def _delivered(session: Session, expected: Expected, now: datetime) -> Iterator[str]:
    for row in session.exec(select(Outbox)):
        waits = row.state == "pending" and not (row.not_before and row.not_before > now)
        if waits and expected.at_rest:
            yield f"P5: {row.act} to {row.chat} is still waiting, tried {row.tries} times"
        if row.state == "dead" and not row.error:
            yield f"P5: {row.act} to {row.chat} is dead without a reason"
    yield from _shown(session, expected)


def _shown(session: Session, expected: Expected) -> Iterator[str]:
    """Plain messages are not repeated, unless the platform kept silent about one."""
    query = select(Outbox.chat, Outbox.payload, Outbox.tries).where(
        Outbox.act == "send", Outbox.state == "sent"
    )
    meant: Counter[tuple[str, str]] = Counter()
    for chat, payload, _ in session.exec(query):
        meant[expected.moved.get(chat, chat), str(payload.get("text", ""))] += 1
    extra: Counter[str] = Counter()
    for key, times in expected.shown.items():
        extra[key[0]] += max(0, times - meant[key]) if key in meant else 0
    for key, times in meant.items():
        if expected.shown and key[1] and expected.shown.get(key, 0) < times:
            yield f"P5: {key} is marked sent {times} times and was shown less often"
    unheard: Counter[str] = Counter()
    for chat, times in expected.ambiguous.items():
        unheard[expected.moved.get(chat, chat)] += times
    for chat, times in extra.items():
        may = unheard[chat]
        if times > may:
            yield f"P5: {times} messages to {chat} came twice, {may} may"


def history(session: Session) -> dict[str, str]:
    """Every case event by its id, as it must stay."""
    rows = session.exec(select(CaseEvent))
    return {str(row.id): " ".join(str(getattr(row, name)) for name in KEPT) for row in rows}


def _appended(session: Session, expected: Expected) -> Iterator[str]:
    now = history(session)
    for key, was in expected.chain.items():
        if now.get(key) != was:
            yield f"P8: event {was} became {now.get(key)}"
    numbered: dict[str, list[int]] = {}
    for case, seq in session.exec(
        select(CaseEvent.case, CaseEvent.seq).order_by(col(CaseEvent.seq))
    ):
        numbered.setdefault(str(case), []).append(seq)
    for case, found in numbered.items():
        if found != list(range(1, len(found) + 1)):
            yield f"P8: the history of {case} is numbered {found}"


def _sealed(session: Session) -> Iterator[str]:
    for district in verifying.districts(session):
        found = verifying.verify(session, district)
        if isinstance(found, verifying.Broken):
            yield f"P8: the chain of {district} is broken: {found}"


def _audited(session: Session, expected: Expected, now: datetime) -> Iterator[str]:
    """The service's own auditor sees nothing, but for what was given up on purpose."""
    if not expected.at_rest:
        return
    seen = [
        *auditing.look(session, now, expected.wall or now),
        *auditing.scan(session, None, ALL)[0],
        *auditing.pairs(session, None, ALL)[0],
    ]
    for found in seen:
        if found.code not in auditing.KNOWN_ONCE_TOLD:
            yield f"P7: the auditor finds {found}"


def _consistent(session: Session) -> Iterator[str]:
    if _dialect(session) == "sqlite":
        for row in session.execute(text("PRAGMA foreign_key_check")):
            yield f"P2: foreign key {tuple(row)}"
        answer = session.execute(text("PRAGMA integrity_check")).scalar()
        if answer != "ok":
            yield f"P2: integrity check: {answer}"
    yield from _next_moments(session)


def _next_moments(session: Session) -> Iterator[str]:
    """A case's next moment is the earliest of its timers."""
    first: dict[str, datetime] = {}
    for case, at in session.exec(select(Due.case, Due.at).where(Due.state == "pending")):
        key = str(case)
        first[key] = min(at, first.get(key, at))
    for number, key, at in session.exec(select(Case.number, Case.id, Case.next_at)):
        if at is not None and first.get(str(key)) not in (None, at):
            yield f"P4: {number} says {at} and its first timer is {first.get(str(key))}"
