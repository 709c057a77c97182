"""Two cases that are one matter: found, previewed, put together by a desk, and taken apart again.

The case that is merged keeps its voices, words and files; who speaks in it gets a voice in the
one that stays as well, which goes when the two come apart.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from domain.lifecycle import BEFORE_DONE, Verb, stays
from domain.refused import Refused
from domain.roles import ActorFacts, Standing
from domain.worktime import Deadline
from models import Attachment, Case, Person, Voice, new_id
from services import alike, handling, merge_notices, notices, reporting, wishes
from services.access import (
    actor_of,
    case_of,
    locked_case,
    locked_cases,
    locked_together,
    standings_of,
)
from services.cases import all_within, facts_of, let_next_speak, note_event
from services.likeness import own_voices, private_by_kind, voices_of
from services.open_causes import is_over
from services.parting import part, what_came

# in the history of a case: a voice of it became a case of its own
SPLIT = "split_off"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases about to become one. `stays` keeps its number."""

    stays: Case
    goes: Case
    may_swap: bool

    def data(self) -> dict[str, Any]:
        """What must be kept until it is confirmed, as JSON."""
        return {
            "stays": [str(self.stays.id), self.stays.version],
            "goes": [str(self.goes.id), self.goes.version],
        }


# --- together ---


def pair(session: Session, person: Person, one: Case, other: Case, now: datetime) -> Pair:
    """Which of the two would stay. Raises Refused if they can't be put together."""
    first, second = facts_of(one), facts_of(other)
    kept, gone = (one, other) if stays(first, second) else (other, one)
    _check(session, person, kept, gone, now)
    return Pair(kept, gone, _fits(session, person, gone, kept, now))


def swapped(session: Session, person: Person, found: Pair, now: datetime) -> Pair:
    """The other number stays. Raises Refused."""
    _check(session, person, found.goes, found.stays, now)
    return Pair(found.goes, found.stays, may_swap=True)


def pair_of(session: Session, person: Person, data: dict[str, Any]) -> Pair:
    """What `Pair.data` kept, both cases held. Raises Refused `stale` if either has moved on."""
    versions = {UUID(key): version for key, version in (data["stays"], data["goes"])}
    held = locked_cases(session, person.district, versions)
    for key, version in versions.items():
        if held[key].version != version:
            raise handling.stale(session, held[key], person)
    kept, gone = held[UUID(data["stays"][0])], held[UUID(data["goes"][0])]
    return Pair(kept, gone, may_swap=False)


def _fits(session: Session, person: Person, kept: Case, gone: Case, now: datetime) -> bool:
    try:
        _check(session, person, kept, gone, now)
    except Refused:
        return False
    return True


def _check(session: Session, person: Person, kept: Case, gone: Case, now: datetime) -> None:
    """Raises Refused if the step would be refused now."""
    if kept.id == gone.id:
        raise Refused("merge_itself")
    for case, other in ((gone, kept), (kept, gone)):
        if Standing.DESK not in standings_of(session, person, case):
            raise Refused("not_yours")
        verb = Verb.MERGE if case is gone else Verb.ABSORB
        actor = actor_of(session, person, case)
        handling.would(session, case, verb, actor, now, **_other(session, other))
    if private_by_kind(session, kept, gone):
        raise Refused("merge_private_kind")


def _other(session: Session, case: Case) -> dict[str, Any]:
    """A cause that is over doesn't come along."""
    facts = facts_of(case)
    if is_over(session, case.district, case.cause):
        facts = facts.changed({"cause": None})
    return {"other": facts, "other_key": case.id}


def merge(session: Session, person: Person, found: Pair, now: datetime) -> Case:
    """`goes` ends as merged; `stays` goes on for both. Everybody concerned is told once.

    Both cases are held (`pair_of`). Raises Refused.
    """
    kept, gone = found.stays, found.goes
    _check(session, person, kept, gone, now)
    return _together(session, person, kept, gone, now)


def _together(
    session: Session, person: Person, kept: Case, gone: Case, now: datetime, *, voice: bool = False
) -> Case:
    """`voice`: the person gets one in `kept` by this very step."""
    due, owners = kept.due_at, (kept.owner, gone.owner)
    asked = merge_notices.asked_for(session, gone)
    known = {voice.person for voice in voices_of(session, kept)}
    both = [voice for voice in voices_of(session, gone) if voice.person in known]
    moved = {"goes": _other(session, kept), "stays": _other(session, gone)}
    actor = _actor(session, person, kept, voice)
    sets = handling.would(session, kept, Verb.ABSORB, actor, now, **moved["stays"]).sets
    facts = {"with": str(gone.id), "number": gone.number} | what_came(kept, sets)
    _step(
        session, kept, Verb.ABSORB, person, now, voice=voice, **moved["stays"],
        amount=gone.voices - len(both), facts=facts,
    )  # fmt: skip
    facts = {"with": str(kept.id), "number": kept.number}
    _step(session, gone, Verb.MERGE, person, now, **moved["goes"], facts=facts)
    _give_voices(session, kept, gone, known)
    if kept.reporter is None:  # filed for somebody without a chat, or their data are deleted
        let_next_speak(session, kept)
    for each in (gone, *all_within(session, gone)):
        wishes.keep_between(session, kept, each, now)
    notices.refresh(session, kept, now)
    merge_notices.tell_merged(session, kept, gone, owners, now, promise_moved=kept.due_at != due)
    merge_notices.tell_undecided(session, kept, gone, asked, now)
    return kept


def _step(
    session: Session,
    case: Case,
    verb: Verb,
    person: Person,
    now: datetime,
    *,
    voice: bool = False,
    **given: Any,
) -> None:
    actor = _actor(session, person, case, voice)
    handling.change_case(session, case, verb, actor, now, None, **given)


def _actor(session: Session, person: Person, case: Case, voice: bool) -> ActorFacts:
    actor = actor_of(session, person, case)
    return replace(actor, voice=True) if voice else actor


def _give_voices(session: Session, kept: Case, gone: Case, known: set[UUID]) -> None:
    for voice in voices_of(session, gone):
        if voice.person not in known:
            who, at = voice.person, voice.at
            row = Voice(district=kept.district, case=kept.id, person=who, part="joined", at=at)
            row.via = gone.id
            session.add(row)
    session.flush()


# --- the reporter's own word ---


def is_this_one(session: Session, person: Person, key: UUID | None, now: datetime) -> Case:
    """The reporter says that theirs is the case that they were asked about: it goes on for both,
    and what was called settled is open again. Returns it.

    Raises Refused `not_yours`, `others_joined`, `stale`, or what keeps the two apart.
    """
    own = case_of(session, person.district, key)
    _check_own(person, own)
    other = alike.asked_about(session, own)
    if other is None:
        raise handling.stale(session, own, person)
    held = locked_cases(session, person.district, (own.id, other.id))
    gone, kept = held[own.id], held[other.id]
    if alike.is_settled(kept):
        _step(session, kept, Verb.REFUSE, person, now, voice=True)
    gone.alike = None
    return _together(session, person, kept, gone, now, voice=True)


def is_another(session: Session, person: Person, key: UUID | None, now: datetime) -> Case:
    """The reporter says that theirs is a matter of its own: the question goes away."""
    own = locked_case(session, person.district, key)
    if own.reporter != person.id:
        raise Refused("not_yours")
    own.alike = None
    session.add(own)
    notices.refresh(session, own, now)
    return own


def _check_own(person: Person, own: Case) -> None:
    if own.reporter != person.id:
        raise Refused("not_yours")
    if own.voices > 1:
        raise Refused("others_joined")


# --- apart again ---


def unmerge(
    session: Session, person: Person, key: UUID | None, version: int | None, now: datetime
) -> tuple[Case, Case]:
    """The merged case comes back with its number, its promise and its voices.

    Returns it and the one that it had gone into. Raises Refused, among others `unmerge_over`.
    """
    gone = locked_together(session, person.district, key)
    if gone.merged_into is None:
        raise handling.stale(session, gone, person)
    kept = case_of(session, person.district, gone.merged_into)
    if version is not None and version != gone.version:
        raise handling.stale(session, gone, person)
    part(session, kept, gone, lambda case: actor_of(session, person, case), now)
    return gone, kept


# --- one voice becomes a case of its own ---


def split_off(
    session: Session, person: Person, key: UUID | None, whose: UUID | None, now: datetime
) -> Case:
    """Somebody who joined has another matter: a case of the same kind and place, with the promise
    that they have already. Raises Refused `not_yours`, `voice_gone`, `merge_over`.
    """
    case = locked_case(session, person.district, key)
    if Standing.DESK not in standings_of(session, person, case):
        raise Refused("not_yours")
    if case.state not in BEFORE_DONE:
        raise Refused("merge_over")
    voice = next((each for each in own_voices(session, case) if each.person == whose), None)
    if voice is None:
        raise Refused("voice_gone")
    made = _made_of(session, case, voice, now)
    session.delete(voice)
    case.voices = max(case.voices - 1, 1)
    session.add(case)
    _move_files(session, case, made, voice.person)
    _open(session, case, made, now)
    facts = {"with": str(made.id), "number": made.number}
    note_event(session, case, SPLIT, person.id, str(Standing.DESK), now, facts, {})
    notices.refresh(session, case, now)
    merge_notices.tell_split(session, case, made, now)
    return made


# what a case of its own has from the one that its reporter had joined
_SHARED = (
    "district", "grid", "community", "group", "language", "place_building", "place_landmark",
    "bot", "platform", "source_chat", "channel", "kind", "kind_p", "condition", "urgency", "reach",
    "evidence", "verify", "circle", "private", "two_sides", "limit_value", "limit_unit", "due_at",
    "due_provisional", "owner_unit",
)  # fmt: skip


def _made_of(session: Session, case: Case, voice: Voice, now: datetime) -> Case:
    """Their words are known only if they said the very same; *me too* has none."""
    whose = session.get_one(Person, (case.district, voice.person))
    place = case.place_building
    key = reporting.words_key(case.text, place, "") if voice.part == "writer" else ""
    same = bool(key) and key == case.words_key
    made = Case(
        **{name: getattr(case, name) for name in _SHARED},
        id=new_id(),
        number=reporting.next_number(session, case.district, case.grid, now),
        state="collected",
        text=case.text if same else "",
        source="group",
        reporter=whose.id,
        opened_at=now,
    )
    session.add(made)
    session.flush()
    session.add(Voice(district=case.district, case=made.id, person=whose.id, at=voice.at))
    session.flush()
    return made


def _move_files(session: Session, case: Case, made: Case, person: UUID) -> None:
    query = select(Attachment).where(
        Attachment.district == case.district,
        Attachment.case == case.id,
        Attachment.by == person,
        Attachment.role == "report",
    )
    for row in session.exec(query):
        row.case = made.id
        session.add(row)
    session.flush()


def _open(session: Session, case: Case, made: Case, now: datetime) -> None:
    whose = session.get_one(Person, (made.district, made.reporter))
    promise = Deadline(case.due_at, provisional=case.due_provisional)
    facts = {"kind": made.kind, "source": made.source, "with": str(case.id), "number": case.number}
    _step(session, made, Verb.FILE, whose, now, deadline=promise, facts=facts)
