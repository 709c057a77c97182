"""Two colleagues agree on who has a shift: one asks, the other says yes or no, both hear.

Only the two decide; the desk sees what they agreed. Nothing changes until both have said yes,
and an unanswered question ends by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain.refused import Refused
from domain.roles import RoleName
from models import Due, Leave, Person, Role, Shift, Swap
from services import due, notices, people, roster, territory
from services.access import is_staff
from services.buttons import data
from services.outbox import Button
from services.texts import plain, say

# the name of the due row that ends a question
EXPIRES = "swap"
# a question is open for a day, at most until the shift begins
OPEN_FOR = timedelta(days=1)
MOST_COLLEAGUES, MOST_SHIFTS = 8, 4
ASKED, AGREED, REFUSED, EXPIRED, GONE = "asked", "agreed", "refused", "expired", "gone"


def own_shift(session: Session, person: Person, key: UUID | None, now: datetime) -> Shift:
    """A shift of the person's own that hasn't begun. Raises Refused `shift_gone`."""
    shift = roster.shift_of(session, person.district, key)
    if shift.person != person.id or shift.start <= now:
        raise Refused("shift_gone")
    return shift


def colleagues(session: Session, person: Person, shift: Shift) -> list[Person]:
    """Who may be asked: those of the same unit first, then of the grids beside it."""
    area = territory.area_of(shift.unit)[: territory.LENGTHS["community"]]
    query = (
        select(Role.person, Role.unit)
        .where(Role.district == shift.district, col(Role.revoked_at).is_(None))
        .where(col(Role.role).in_([str(RoleName.WORKER), str(RoleName.LEADER)]))
        .where(col(Role.unit).startswith(area), Role.person != person.id)
        .order_by(col(Role.since), col(Role.id))
    )
    near = sorted(session.exec(query), key=lambda found: found[1] != shift.unit)
    rows = (people.find(session, shift.district, key) for key in dict.fromkeys(k for k, _ in near))
    return [each for each in rows if each is not None and each.reachable][:MOST_COLLEAGUES]


def offers(session: Session, other: Person, now: datetime) -> list[Shift]:
    """The other's next shifts that could be had in return."""
    return [each for each in roster.mine(session, other, now) if each.start > now][:MOST_SHIFTS]


def ask(
    session: Session,
    person: Person,
    shift: Shift,
    other: Person,
    in_return: Shift | None,
    now: datetime,
) -> Swap:
    """Ask `other` to take the shift. Raises Refused `person_gone`, `asked_already`, `shift_gone`,
    `shift_clash` (they, or the asker in return, can't at that time)."""
    if other.id not in [each.id for each in colleagues(session, person, shift)]:
        raise Refused("person_gone")
    if any(each.asked == other.id for each in _open(session, shift)):
        raise Refused("asked_already", name=other.name)
    _check(session, shift, person.id, in_return, other.id, now)
    swap = Swap(
        district=person.district,
        shift=shift.id,
        in_return=in_return.id if in_return is not None else None,
        asker=person.id,
        asked=other.id,
        asked_at=now,
    )
    session.add(swap)
    session.flush()
    ends = min([now + OPEN_FOR, shift.start, *([in_return.start] if in_return else [])])
    due.plan(session, swap.district, f"swap:{swap.id}", EXPIRES, ends, subject=str(swap.id))
    _put_question(session, swap, person, other, now)
    return swap


def _open(session: Session, shift: Shift) -> list[Swap]:
    query = select(Swap).where(
        Swap.district == shift.district, Swap.shift == shift.id, Swap.state == ASKED
    )
    return list(session.exec(query))


def _check(
    session: Session,
    shift: Shift,
    asker: UUID,
    in_return: Shift | None,
    asked: UUID,
    now: datetime,
) -> None:
    """Both shifts are still theirs and to come, and each is free for the other's."""
    theirs = in_return is None or (in_return.person == asked and in_return.start > now)
    if shift.person != asker or shift.start <= now or not theirs:
        raise Refused("shift_gone")
    given = (shift.id, in_return.id if in_return is not None else None)
    if not _is_free(session, asked, shift, given):
        raise Refused("shift_clash")
    if in_return is not None and not _is_free(session, asker, in_return, given):
        raise Refused("shift_clash")


def _is_free(session: Session, person: UUID, shift: Shift, given: Sequence[UUID | None]) -> bool:
    """Neither on leave nor on another shift than those they give away."""
    leave = select(Leave.id).where(
        Leave.district == shift.district,
        Leave.person == person,
        Leave.start < shift.end,
        Leave.end > shift.start,
    )
    shifts = select(Shift.id).where(
        Shift.district == shift.district,
        Shift.person == person,
        Shift.start < shift.end,
        Shift.end > shift.start,
    )
    busy = [each for each in session.exec(shifts) if each not in given]
    return not busy and session.exec(leave).first() is None


def _put_question(
    session: Session, swap: Swap, person: Person, other: Person, now: datetime
) -> None:
    rows = (
        (
            Button(
                plain("btn.swap_yes", other.language),
                data("swapyes", swap.district, swap.id),
                style="success",
            ),
            Button(plain("btn.swap_no", other.language), data("swapno", swap.district, swap.id)),
        ),
    )
    sentence = "swap.asked_return" if swap.in_return is not None else "swap.asked"
    words = say(sentence, other.language, name=person.name, **_facts(session, swap, other, now))
    roster.notice(session, other, words, now, rows, at_once=True)  # a day is short


def _facts(session: Session, swap: Swap, reader: Person, now: datetime) -> dict[str, Any]:
    """What the swap is about, as the reader reads it; "" for a shift that is gone."""
    facts: dict[str, Any] = {}
    for name, key in (("shift", swap.shift), ("other", swap.in_return)):
        row = session.get(Shift, (swap.district, key)) if key is not None else None
        facts[name] = described(session, row, reader.language, now) if row is not None else ""
    return facts if swap.in_return is not None else {"shift": facts["shift"]}


def described(session: Session, shift: Shift, language: str, now: datetime) -> str:
    """When and where the shift is."""
    span = roster.when(session, shift.district, (shift.start, shift.end), now, language)
    return f"{span} {territory.name(session, shift.district, shift.unit, language)}"


def agree(session: Session, person: Person, key: UUID | None, now: datetime) -> Swap:
    """The asked one says yes: the shifts change hands, both and the desk hear.

    Raises Refused `swap_over`, `shift_gone`, `shift_clash`.
    """
    swap = _asked_of(session, person, key)
    shift = roster.shift_of(session, swap.district, swap.shift)
    back = roster.shift_of(session, swap.district, swap.in_return) if swap.in_return else None
    _check(session, shift, swap.asker, back, swap.asked, now)
    facts = {each: _facts(session, swap, each_person, now) for each, each_person in
             _both(session, swap).items()}  # fmt: skip
    shift.person = swap.asked
    session.add(shift)
    if back is not None:
        back.person = swap.asker
        session.add(back)
    _end(session, swap, AGREED, now)
    for other in _open(session, shift):
        _end(session, other, GONE, now)
    session.flush()
    roster.trace(session, swap.district, person.id, "shift_swapped", f"shift:{shift.id}", now,
                 asker=str(swap.asker), asked=str(swap.asked))  # fmt: skip
    _tell_agreed(session, swap, shift, facts, now)
    roster.look(session, swap.district, now, {shift.unit, *([back.unit] if back else [])})
    return swap


def _tell_agreed(
    session: Session, swap: Swap, shift: Shift, facts: dict[str, dict[str, Any]], now: datetime
) -> None:
    both = _both(session, swap)
    asker, asked = both["asker"], both["asked"]
    sentence = "swap.agreed_return" if swap.in_return is not None else "swap.agreed"
    for name, reader in both.items():
        told = {"asker": asker.name, "asked": asked.name, **facts[name]}
        roster.notice(session, reader, say(sentence, reader.language, **told), now, at_once=True)
    area = territory.area_of(shift.unit)
    told = {"asker": asker.name, "asked": asked.name, **facts["asked"]}
    notices.tell_desk(session, swap.district, area, sentence, now, **told)


def _both(session: Session, swap: Swap) -> dict[str, Person]:
    return {
        "asker": people.person(session, swap.district, swap.asker),
        "asked": people.person(session, swap.district, swap.asked),
    }


def decline(session: Session, person: Person, key: UUID | None, now: datetime) -> Swap:
    """The asked one says no; the asker hears. Raises Refused `swap_over`."""
    swap = _asked_of(session, person, key)
    _end(session, swap, REFUSED, now)
    asker = people.person(session, swap.district, swap.asker)
    facts = _facts(session, swap, asker, now)
    words = say("swap.refused", asker.language, name=person.name, shift=facts["shift"])
    roster.notice(session, asker, words, now, at_once=True)
    return swap


def _asked_of(session: Session, person: Person, key: UUID | None) -> Swap:
    query = select(Swap).where(Swap.district == person.district, Swap.id == key).with_for_update()
    swap = session.exec(query.execution_options(populate_existing=True)).first()
    if swap is None or swap.asked != person.id or not is_staff(session, person):
        raise Refused("swap_over")
    if swap.state != ASKED:
        raise Refused("swap_over")
    return swap


def _end(session: Session, swap: Swap, state: str, now: datetime) -> None:
    swap.state, swap.answered_at = state, now
    session.add(swap)
    due.drop(session, swap.district, f"swap:{swap.id}", state)


def expire(session: Session, row: Due, now: datetime) -> None:
    """Nobody answered in time: nothing changes, both hear. Raises Refused `moved_on`."""
    swap = session.get(Swap, (row.district, UUID(row.subject or "")))
    if swap is None or swap.state != ASKED:
        raise Refused("moved_on")
    swap.state, swap.answered_at = EXPIRED, now
    session.add(swap)
    for reader in _both(session, swap).values():
        facts = _facts(session, swap, reader, now)
        words = say("swap.expired", reader.language, shift=facts["shift"])
        roster.notice(session, reader, words, now)
