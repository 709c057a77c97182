"""Not to be named: what others may see of a report whose reporter would rather not be."""

import re
from uuid import UUID

from sqlmodel import Session, select

from domain.reading import MASK, mask, read
from models import Case, CaseEvent, GroupPost
from services import people
from services.cases import all_within, begins
from services.catalogue import catalogue, lexicon


def is_unnamed(case: Case) -> bool:
    """Whether the reporter is hidden from anybody: then nothing of ours points at who wrote it.

    Who handles the case is often a member of the group, so that what is said there must not
    give away either what only the worker isn't to know.
    """
    return case.hide_name or case.hide_group


def words(session: Session, case: Case, text: str, by: UUID | None = None) -> str:
    """A resident's words as those who handle the case read them. `by`: who said them, if it may
    have been another than who reported it.

    If the name isn't to be known, names and everybody's numbers are blacked out, the writer's
    own name wherever it stands.
    """
    if not text or not (case.hide_name or _hid_before(session, case, by)):
        return text
    return _nameless(session, case, text, by)


def words_for_unit(session: Session, case: Case) -> str:
    """The report's words for a unit that was called: never whose they are, and of a private
    matter none; what the unit must know of that the desk says itself."""
    return "" if case.private or not case.text else _nameless(session, case, case.text, None)


def _nameless(session: Session, case: Case, text: str, by: UUID | None) -> str:
    found = read(text, lexicon(session, case.district), catalogue(session, case.district))
    shown = mask(text, found, "unnamed")
    for name in _names(session, case, by):
        if len(name) > 1:
            whole = rf"(?<![a-z]){re.escape(name)}(?![a-z])"
            shown = re.sub(whole, MASK, shown, flags=re.IGNORECASE)
    return shown


def _hid_before(session: Session, case: Case, by: UUID | None) -> bool:
    """Whether somebody reported a case, merged into this one, in which they aren't named."""
    within = all_within(session, case) if by is not None else []
    return any(each.hide_name and each.reporter == by for each in within)


def _names(session: Session, case: Case, by: UUID | None) -> list[str]:
    """What a reporter is called, also one who has left the case to those who joined."""
    keys = {case.reporter, by} - {None}
    if not begins(session, case):
        first = select(CaseEvent.actor).where(
            CaseEvent.district == case.district, CaseEvent.case == case.id, CaseEvent.seq == 1
        )
        keys |= set(session.exec(first)) - {None, case.filed_by}
    found = (people.seen(session, case.district, key) for key in keys)
    whole = [each.name for each in found if each is not None]
    return [*whole, *(part for name in whole for part in name.split())]


def own_posts(session: Session, case: Case, person: UUID) -> list[str]:
    """The messages of a case in its group that the person wrote, and nobody else."""
    query = select(GroupPost.message, GroupPost.writer).where(
        GroupPost.district == case.district, GroupPost.case == case.id
    )
    writers = dict(session.exec(query).all())
    if case.source == "group" and case.source_message is not None:
        writers.setdefault(case.source_message, case.reporter)
    return [message for message, writer in writers.items() if writer == person]
