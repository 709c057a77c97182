"""Not to be named: what others may see of a report whose reporter would rather not be."""

import re
from uuid import UUID

from sqlmodel import Session, select

from domain.reading import MASK, mask, read
from models import Case, GroupPost
from services import people
from services.catalogue import catalogue, lexicon


def is_unnamed(case: Case) -> bool:
    """Whether the reporter is hidden from anybody: then nothing of ours points at who wrote it.

    Who handles the case is often a member of the group, so that what is said there must not
    give away either what only the worker isn't to know.
    """
    return case.hide_name or case.hide_group


def words(session: Session, case: Case, text: str) -> str:
    """A resident's words as those who handle the case read them.

    If the name isn't to be known, names and everybody's numbers are blacked out, the reporter's
    own name wherever it stands.
    """
    if not case.hide_name or not text:
        return text
    found = read(text, lexicon(session, case.district), catalogue(session, case.district))
    shown = mask(text, found, "unnamed")
    reporter = people.seen(session, case.district, case.reporter)
    for name in [reporter.name, *reporter.name.split()] if reporter is not None else ():
        if len(name) > 1:
            whole = rf"(?<![a-z]){re.escape(name)}(?![a-z])"
            shown = re.sub(whole, MASK, shown, flags=re.IGNORECASE)
    return shown


def own_posts(session: Session, case: Case, person: UUID) -> list[str]:
    """The messages of a case in its group that the person wrote, and nobody else."""
    query = select(GroupPost.message, GroupPost.writer).where(
        GroupPost.district == case.district, GroupPost.case == case.id
    )
    writers = dict(session.exec(query).all())
    if case.source == "group" and case.source_message is not None:
        writers.setdefault(case.source_message, case.reporter)
    return [message for message, writer in writers.items() if writer == person]
