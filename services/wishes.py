"""Not to be named in one case, not in those that are one matter with it: the number of one stands
on the cards of the other."""

from datetime import datetime

from sqlmodel import Session

from models import Case
from services import notices, taking_back, unsaying
from services.access import locked_case
from services.cases import all_within, goes_on_as
from services.hiding import is_unnamed


def keep(session: Session, case: Case, wished: Case, now: datetime) -> None:
    """Who isn't to be named in `wished` isn't in `case` either. Never shows what was hidden."""
    wish = (case.hide_name or wished.hide_name, case.hide_group or wished.hide_group)
    if wish == (case.hide_name, case.hide_group):
        return
    was_named, worker_knew = not is_unnamed(case), not case.hide_name
    case.hide_name, case.hide_group = wish
    session.add(case)
    session.flush()
    into = goes_on_as(session, case)
    notices.refresh(session, into, now)  # whose card holds the words from here
    if case.hide_name and worker_knew:
        taking_back.forget_name(session, case, now)
        if into is not case:
            taking_back.forget_name(session, into, now, case.reporter)
    if was_named and is_unnamed(case):
        unsaying.unlink(session, case, now)


def keep_between(session: Session, one: Case, other: Case, now: datetime) -> None:
    """As `keep`, in both directions, where the same person speaks for both."""
    if one.reporter is not None and one.reporter == other.reporter:
        keep(session, one, other, now)
        keep(session, other, one, now)


def keep_near(session: Session, case: Case, now: datetime, *, newly: bool) -> None:
    """What was just wished in a case holds in those that went into it and those it went into.

    Where another speaks, the words from here are read anew; if the worker isn't to know the name
    from now on (`newly`), the older cards go.
    """
    for within in all_within(session, case):
        keep_between(session, within, case, now)
    above = case
    while above.merged_into is not None:
        above = locked_case(session, case.district, above.merged_into)
        if above.reporter == case.reporter:
            keep(session, above, case, now)
        elif newly:
            notices.refresh(session, above, now)
            taking_back.forget_name(session, above, now, case.reporter)
