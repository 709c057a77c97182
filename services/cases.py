"""A case's row and the facts that the rules know; the one place where a change is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from domain.lifecycle import FACTS, CaseFacts, Change, State, Timer, facts_from
from domain.roles import ActorFacts
from models import Case, CaseEvent, Due, GroupPost, Voice
from models.append import adopted, announce, append, write_appended
from models.cases import OTHER_SIDE
from models.row import draft
from services import due

# in Session.info: the case that is just coming into being
BEGINS = "begins"

_LOADED, _ASKED = itemgetter(*FACTS), attrgetter(*FACTS)
_STATE = FACTS.index("state")
_LISTS = [FACTS.index(each) for each in ("passed", "stages_late", "returned_by", "agreed")]


def facts_of(case: Case) -> CaseFacts:
    """The row as the rules see it."""
    try:
        values = list(_LOADED(case.__dict__))
    except KeyError:  # something was expired: the attributes load it
        values = list(_ASKED(case))
    values[_STATE] = State(values[_STATE])
    for index in _LISTS:
        values[index] = tuple(values[index])
    return facts_from(values)


def write(
    session: Session,
    case: Case,
    change: Change,
    actor: ActorFacts,
    now: datetime,
    personal: dict[str, Any] | None = None,
) -> None:
    """The change becomes columns, one event and due rows."""
    for name, value in change.sets.items():
        setattr(case, name, _plain(value))
    case.next_at, timers = _set_timers(session, case, change)
    if begins(session, case):
        append(session, case)
        announce(session, case, ("case in", case.grid), ("case by", case.reporter))
    append(session, *timers)
    append(session, _event(session, case, change, actor.person, now, personal or {}))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value


def _event(
    session: Session,
    case: Case,
    change: Change,
    person: UUID | None,
    now: datetime,
    personal: dict[str, Any],
) -> CaseEvent:
    return draft(
        CaseEvent,
        district=case.district,
        case=case.id,
        seq=_last_seq(session, case) + 1,
        at=now,
        verb=str(change.verb),
        actor=person,
        standing=str(change.standing),
        before=str(change.before),
        after=case.state,
        facts=dict(change.facts),
        personal=personal,
    )


def note_event(
    session: Session,
    case: Case,
    verb: str,
    person: UUID | None,
    standing: str,
    now: datetime,
    facts: dict[str, Any],
    personal: dict[str, Any],
) -> None:
    """Something that happened under the case and left its state as it was: a line of its history.

    Nothing in `facts` is personal.
    """
    event = CaseEvent(
        district=case.district,
        case=case.id,
        seq=_last_seq(session, case) + 1,
        at=now,
        verb=verb,
        actor=person,
        standing=standing,
        before=case.state,
        after=case.state,
        facts=facts,
        personal=personal,
    )
    session.add(event)
    session.flush()


_LAST_SEQ = select(func.max(CaseEvent.seq)).where(
    CaseEvent.district == bindparam("of_district"), CaseEvent.case == bindparam("of_case")
)


def _last_seq(session: Session, case: Case) -> int:
    if begins(session, case):
        return 0
    of = {"of_district": case.district, "of_case": case.id}
    return session.exec(_LAST_SEQ, params=of).one() or 0


@contextmanager
def beginning(session: Session, case: Case) -> Iterator[None]:
    """The case, a draft, comes into being here: no history, timer, message or voice can be there
    yet. Its first change appends it."""
    session.info[BEGINS] = case.id
    try:
        yield
    finally:
        session.info.pop(BEGINS)


def see_begun(session: Session, grid: str, reporter: UUID) -> None:
    """What began in this unit of work in the grid or by the reporter can be asked for from now."""
    if adopted(session, ("case in", grid)) or adopted(session, ("case by", reporter)):
        write_appended(session)


def begins(session: Session, case: Case) -> bool:
    """Whether nothing that belongs to the case can be stored yet, so that nobody need look."""
    return session.info.get(BEGINS) == case.id


def timer_key(case: Case, timer: str) -> str:
    """The due row's key of a case's timer."""
    return f"case:{case.id}:{timer}"


def _set_timers(session: Session, case: Case, change: Change) -> tuple[datetime | None, list[Due]]:
    """The change's timers become due rows: the earliest that the case has now, and new rows."""
    new: list[Due] = []
    rows = {} if begins(session, case) else due.of_case(session, case.district, case.id)
    for timer, at in change.timers.items():
        key = timer_key(case, timer)
        row = rows.get(key)
        if at is None:
            due.drop_row(session, row, str(change.verb))
            continue
        urgent = case.urgency == "now" and timer in (Timer.ACCEPT, Timer.OVERDUE)
        rows[key] = row or draft(Due, district=case.district, key=key, name="", at=at, case=case.id)
        due.set_row(rows[key], f"case.{timer}", at, urgent)
        if row is None:
            new.append(rows[key])
    pending = (row.at for row in rows.values() if row.state == "pending")
    return min(pending, default=None), new


def drop_voice(session: Session, case: Case, person: UUID) -> None:
    """Somebody's voice leaves the case; the oldest of the others speaks for it if they did."""
    own = session.get(Voice, (case.district, case.id, person))
    if own is not None:
        session.delete(own)
        session.flush()
        case.voices = max(case.voices - (own.part != OTHER_SIDE), 0)
    if case.reporter in (person, None):
        let_next_speak(session, case)
    session.add(case)


def ask_nobody(session: Session, case: Case, now: datetime) -> None:
    """A case that waits for the word of a reporter whom it has no more waits for the desk's."""
    if case.state != State.DONE:
        return
    case.agreed = []
    for timer in (Timer.NUDGE, Timer.SILENCE):
        due.drop(session, case.district, timer_key(case, timer), "reporter_gone")
    key = timer_key(case, Timer.DESK)
    due.plan(session, case.district, key, f"case.{Timer.DESK}", now, case=case.id)
    case.next_at = now


def drop_via(session: Session, case: Case, via: UUID) -> int:
    """The voices that came through a merged case leave; returns how many. Who had come to speak
    for the case gives way to the oldest of the others."""
    query = select(Voice).where(Voice.district == case.district, Voice.case == case.id)
    gone = list(session.exec(query.where(Voice.via == via)))
    for voice in gone:
        session.delete(voice)
    session.flush()
    if case.reporter in {voice.person for voice in gone}:
        let_next_speak(session, case)
        session.add(case)
    return len(gone)


def let_next_speak(session: Session, case: Case) -> None:
    """The oldest voice speaks for a case whose reporter it no longer has, or never had."""
    query = (
        select(Voice)
        .where(Voice.district == case.district, Voice.case == case.id)
        .where(Voice.part != OTHER_SIDE)
        .order_by(col(Voice.at))
    )
    following = session.exec(query).first()
    written = case.source_message if case.source == "group" else None
    if written is not None:  # who speaks now didn't write it
        key = (case.district, case.id, written)
        row = session.get(GroupPost, key) or GroupPost(
            district=case.district, case=case.id, message=written, writer=case.reporter
        )
        session.add(row)
    case.reporter = following.person if following else None
    for each in all_within(session, case):
        # what they wished there holds here as well; an archived case no longer says whose it was
        if each.reporter == case.reporter or each.archived_at is not None:
            case.hide_name |= each.hide_name
            case.hide_group |= each.hide_group
    if following is not None:
        following.part = "reporter"
        session.add(following)


def merged_into(session: Session, case: Case) -> list[Case]:
    """The cases that this one goes on for as well, the oldest first."""
    query = select(Case).where(Case.district == case.district, Case.merged_into == case.id)
    return list(session.exec(query.order_by(col(Case.opened_at), col(Case.id))))


def all_within(session: Session, case: Case) -> list[Case]:
    """As `merged_into`, and also what had gone into those before."""
    found = merged_into(session, case) if case.absorbed else []
    return [*found, *(deeper for each in found for deeper in all_within(session, each))]


def own_within(session: Session, case: Case, person: UUID) -> Case | None:
    """The case in which somebody spoke first, if it was merged into this one; else None."""
    found = None
    voice = session.get(Voice, (case.district, case.id, person))
    while voice is not None and voice.via is not None:
        found = session.get(Case, (case.district, voice.via))
        voice = session.get(Voice, (case.district, voice.via, person))
    return found


def goes_on_as(session: Session, case: Case) -> Case:
    """The case that goes on for this one; itself, unless it was merged."""
    while case.merged_into is not None:
        found = session.get(Case, (case.district, case.merged_into))
        if found is None:
            break
        case = found
    return case


def events_of(session: Session, case: Case) -> list[CaseEvent]:
    """The case's history, oldest first."""
    query = (
        select(CaseEvent)
        .where(CaseEvent.district == case.district, CaseEvent.case == case.id)
        .order_by(col(CaseEvent.seq))
    )
    return list(session.exec(query))
