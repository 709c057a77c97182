"""A merged case goes on by itself again, and what had come with it goes with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.lifecycle import Verb
from domain.roles import CLOCK, ActorFacts
from models import Case, CaseEvent
from services import handling, merge_notices
from services.access import locked_case
from services.cases import drop_via, facts_of, merged_into
from services.likeness import voices_of
from services.open_causes import is_over

Who = Callable[[Case], ActorFacts]


def part(session: Session, kept: Case, gone: Case, who: Who, now: datetime) -> None:
    """The step of both; who is concerned hears. Both cases are held. Raises Refused."""
    into: dict[str, Any] = {"other": facts_of(kept), "other_key": kept.id}
    handling.would(session, gone, Verb.UNMERGE, who(gone), now, **into)
    silent = max(gone.voices - len(voices_of(session, gone)), 0)  # filed for one without a chat
    amount = drop_via(session, kept, gone.id) + silent
    came = _came_with(session, kept, gone)
    before, kind = _promise_before(kept, came), _what_goes(kept, gone, came)
    facts = {"with": str(gone.id), "number": gone.number}
    handling.change_case(
        session, kept, Verb.RELEASE, who(kept), now,
        amount=amount, at=before, kind=kind, facts=facts,
    )  # fmt: skip
    facts = {"with": str(kept.id), "number": kept.number}
    into |= {"other": facts_of(kept), "kind": _what_ended(session, gone)}
    handling.change_case(session, gone, Verb.UNMERGE, who(gone), now, facts=facts, **into)
    merge_notices.tell_unmerged(session, kept, gone, now)


def part_all(session: Session, kept: Case, now: datetime) -> None:
    """The case has become what is never one with others: what went into it goes on by itself."""
    for each in merged_into(session, kept):
        gone = locked_case(session, kept.district, each.id)
        if gone.state == "merged":
            part(session, kept, gone, lambda _: CLOCK, now)


def what_came(kept: Case, sets: Mapping[str, Any]) -> dict[str, Any]:
    """What the one that stays takes over besides the promise (`sets`: what absorbing does), so
    that it can go again."""
    came: dict[str, Any] = {"took_cause": True} if sets["cause"] != kept.cause else {}
    if sets["handle_by"] != kept.handle_by:
        came["hands_from"], came["hands_to"] = _iso(kept.handle_by), _iso(sets["handle_by"])
    for name in ("evidence", "verify"):
        if sets[name] != getattr(kept, name):
            came[name] = [getattr(kept, name), sets[name]]
    return came


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _came_with(session: Session, kept: Case, gone: Case) -> dict[str, Any]:
    """The facts of the last time that the one went into the other."""
    query = (
        select(CaseEvent.facts)
        .where(CaseEvent.district == kept.district, CaseEvent.case == kept.id)
        .where(CaseEvent.verb == str(Verb.ABSORB))
        .order_by(col(CaseEvent.seq).desc())
    )
    return next((dict(each) for each in session.exec(query) if each["with"] == str(gone.id)), {})


def _promise_before(kept: Case, came: dict[str, Any]) -> datetime | None:
    """The promise that the merging made stricter, if nothing has moved it since."""
    if came.get("due_to") != _iso(kept.due_at):
        return None
    return datetime.fromisoformat(came["due_from"])


def _what_ended(session: Session, gone: Case) -> dict[str, Any]:
    """Of what the case had when it was merged: nobody ends it by the word for a cause that is
    gone already."""
    return {"cause": None} if is_over(session, gone.district, gone.cause) else {}


def _what_goes(kept: Case, gone: Case, came: dict[str, Any]) -> dict[str, Any]:
    """What had come with the other besides, if nothing has moved it since."""
    goes: dict[str, Any] = {}
    if came.get("took_cause") and kept.cause == gone.cause:
        goes["cause"] = None
    if "hands_to" in came and came["hands_to"] == _iso(kept.handle_by):
        before = came["hands_from"]
        goes["handle_by"] = datetime.fromisoformat(before) if before else None
    for name in ("evidence", "verify"):
        if name in came and came[name][1] == getattr(kept, name):
            goes[name] = came[name][0]
    return goes
