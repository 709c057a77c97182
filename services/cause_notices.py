"""What residents and workers hear of a cause: one notice each, whatever number of cases it has."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from domain.refused import Refused
from models import Case, Cause, Due, Group, Person
from models.cases import OPEN
from services import (
    attachments,
    buttons,
    causes,
    due,
    duty,
    notices,
    open_causes,
    routing,
    territory,
)
from services.cases import merged_into
from services.outbox import About, Address, Button, Message, Priority, put
from services.texts import plain, say

# cases whose people are told in one unit of work: some 10 ms each
PORTION = 25
NOTICE, CLOSING = "cause.notice", "cause.closing"
# numbers that a notice lists
LISTED = 6


def begin(session: Session, person: Person, cause: Cause, words: str, now: datetime) -> None:
    """The desk's words go to every group and person of the cause, once each, by the clock.

    Raises Refused `cause_gone`, `cause_silent`.
    """
    if cause.ended_at is not None:
        raise Refused("cause_gone")
    said = words.strip()[: causes.LONGEST_WORDS]
    if not said:
        raise Refused("cause_silent")
    cause.notices += 1
    session.add(cause)
    _plan(session, cause, NOTICE, said, str(cause.notices), now)


def end(
    session: Session,
    person: Person,
    cause: Cause,
    words: str,
    files: Sequence[attachments.Given],
    now: datetime,
) -> None:
    """It is gone: one word to everybody, and then each resident is asked.

    Raises Refused `cause_gone`, `why_missing`.
    """
    causes.end(session, person, cause, words, now)
    _plan(session, cause, CLOSING, cause.words, "end", now)
    causes.plan_over(session, cause, files, now)


def _plan(
    session: Session, cause: Cause, sentence: str, words: str, round_: str, now: datetime
) -> None:
    data = {"sentence": sentence, "words": words, "round": round_}
    key = f"{causes.TELL}:{cause.id}:{round_}"
    subject = str(cause.id)
    due.plan(session, cause.district, key, causes.TELL, now, subject=subject, data=data)


def fire_tell(session: Session, row: Due, now: datetime) -> None:
    """A portion of the cases; again while there are more."""
    cause = session.get(Cause, (row.district, UUID(row.subject or "")))
    if cause is None:
        raise Refused("moved_on")
    after = row.data.get("after")
    cases = causes.cases_of(session, cause, UUID(after) if after else None, PORTION)
    for case in cases:
        for each in (case, *(merged_into(session, case) if case.absorbed else ())):
            _tell(session, cause, each, row.data, now)
    if len(cases) == PORTION:
        data = dict(row.data) | {"after": str(cases[-1].id)}
        due.plan(session, cause.district, row.key, causes.TELL, now, subject=row.subject, data=data)
    else:
        _forget(session, row)


def _forget(session: Session, row: Due) -> None:
    """What was said and shown is kept with the cause and its cases, and ends with them."""
    row.data = {}
    session.add(row)


def _tell(session: Session, cause: Cause, case: Case, said: dict[str, Any], now: datetime) -> None:
    """Its group, once for all its cases; in private who reported a private one, once as well."""
    group = notices.group_of(session, case)
    reporter = notices.person_of(session, case, case.reporter)
    if case.private or group is None:
        to = notices.private_chat(reporter, case.bot)
        if reporter is not None and to is not None:
            numbers = _numbers(session, cause, Case.reporter == reporter.id, case)
            _say(session, cause, to, reporter.language, numbers, said, now, reporter.id)
        return
    to = Address(group.bot, group.chat, group.platform)
    numbers = _numbers(session, cause, _public_in(group), case)
    _say(session, cause, to, group.language, numbers, said, now, None)


def _public_in(group: Group) -> Any:
    return (col(Case.group) == group.id) & col(Case.private).is_(False)


def _numbers(session: Session, cause: Cause, whose: Any, case: Case) -> tuple[list[str], int]:
    """The first of the numbers that this notice is about, and how many there are."""
    mine = (Case.district == cause.district, Case.cause == cause.id, whose, text(OPEN))
    count = session.exec(select(func.count()).select_from(Case).where(*mine)).one()
    query = select(Case.number).where(*mine).order_by(col(Case.opened_at)).limit(LISTED)
    found = list(session.exec(query))
    return (found, count) if found else ([case.number], 1)


def _say(
    session: Session,
    cause: Cause,
    to: Address,
    language: str,
    about: tuple[list[str], int],
    said: dict[str, Any],
    now: datetime,
    person: UUID | None,
) -> None:
    numbers, count = about
    shown = "、".join(numbers) + (" …" if count > len(numbers) else "")
    words = say(said["sentence"], language, n=count, name=cause.name, words=said["words"])
    message = Message(
        words + "\n" + say("cause.numbers", language, numbers=shown),
        silent=duty.is_night(session, cause.district, now),
    )
    key = f"cause:{cause.id}:{said['round']}:{to.chat}"
    # before the questions, which are answers to nobody's press but as pressing
    priority = Priority.ANSWER if said["sentence"] == CLOSING else Priority.NOTICE
    about_ = About(priority=priority, district=cause.district, person=person, dedupe=key)
    put(session, to, message, now, about_)


# --- its end ---


def fire_over(session: Session, row: Due, now: datetime) -> None:
    """A portion becomes done; each worker hears once, and the desk at the end."""
    ended = causes.end_portion(session, row, now)
    cause = session.get_one(Cause, (row.district, UUID(row.subject or "")))
    for case in ended.done:
        _tell_worker(session, cause, case, now)
    if ended.last:
        _tell_desk(session, cause, row.data["done"] + len(ended.done), ended.left, now)
        _forget(session, row)


def _tell_worker(session: Session, cause: Cause, case: Case, now: datetime) -> None:
    """Their cards show each case; one sentence says why, however many they had."""
    worker = notices.person_of(session, case, case.taken_by)
    to = notices.private_chat(worker, case.bot)
    if worker is None or to is None or worker.id == cause.ended_by:
        return
    sentence = say("cause.work_over", worker.language, name=cause.name, words=cause.words)
    about = About(
        priority=Priority.NOTICE,
        district=cause.district,
        person=worker.id,
        not_before=duty.routine_at(session, worker, now),
        dedupe=f"over:{cause.id}:{worker.id}",
    )
    put(session, to, Message(sentence), now, about)


def _tell_desk(
    session: Session, cause: Cause, done: int, left: dict[str, int], now: datetime
) -> None:
    """Who said so reads how many were done and what stayed open, and why."""
    person = session.get(Person, (cause.district, cause.ended_by))
    to = notices.private_chat(person, person.bot or "") if person else None
    if person is None or to is None:
        return
    reasons: Counter[str] = Counter()
    for code, count in left.items():
        reasons[code if code in LEFT else "other"] += count
    lines = [say("cause.was_over", person.language, n=done, name=cause.name)]
    lines += [
        say(f"cause.left.{code}", person.language, n=count) for code, count in reasons.items()
    ]
    back = buttons.data("cause", cause.district, cause.id)
    rows = ((Button(plain("btn.cause", person.language), back),),)
    about = About(priority=Priority.ANSWER, district=cause.district, person=person.id)
    put(session, to, Message("\n".join(lines), rows), now, about)


# why a case stays open when its cause is gone (services/locale: cause.left.<code>)
LEFT = ("photo_missing", "tasks_open", "desk_above")


def offer(session: Session, case: Case, now: datetime) -> None:
    """A new case of the kind of an open cause, where that has been reported already: the desk
    may put it under it with a tap. Costs nothing where no cause is open."""
    if case.private or case.reach == "named":
        return
    for cause in open_causes.that_fit(session, case):
        for key in routing.desk(session, case.district, cause.unit):
            person = notices.person_of(session, case, key)
            to = notices.private_chat(person, case.bot)
            if person is None or to is None:
                continue
            arg = buttons.key22(cause.id)
            data = buttons.data("under", case.district, case.id, case.version, arg)
            rows = ((Button(plain("btn.under", person.language), data),),)
            grid = territory.name(session, case.district, case.grid, person.language)
            sentence = say(
                "cause.offer", person.language, number=case.number, name=cause.name, grid=grid
            )
            about = About(
                priority=Priority.NOTICE,
                district=case.district,
                case=case.id,
                person=key,
                not_before=duty.routine_at(session, person, now),
                dedupe=f"under:{cause.id}:{case.id}:{key}",
            )
            put(session, to, Message(sentence, rows), now, about)
