"""What several steps have in common: who is asked next, the promise, closing, reopening."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.lifecycle.facts import CaseFacts, Moment, Sets, Timers
from domain.lifecycle.words import Closing, Timer
from domain.policy import Policy
from domain.worktime import add_work, next_work_time

# how much longer the steps are once the whole line has been asked about a danger
ALL_ASKED_TIMES = 3


def accept_at(moment: Moment, case: CaseFacts) -> datetime:
    """When the next in line is asked: wall minutes if urgent, else minutes of duty time.

    Once everybody was asked: in danger all are, in longer steps; else the desk each working day.
    """
    policy = moment.given.policy
    if case.urgency == "now" or case.reach == "named":
        minutes = policy.accept_urgent_minutes * (ALL_ASKED_TIMES if case.owner is None else 1)
        return moment.now + timedelta(minutes=minutes)
    if case.owner is None:
        return add_work(moment.given.calendar, moment.now, 1, "work_days").at
    hours = policy.accept_minutes / 60
    return add_work(moment.given.calendar, moment.now, hours, "work_hours").at


def warn_at(opened_at: datetime, due_at: datetime, policy: Policy) -> datetime:
    """When the colour turns yellow: `warn_share` of the limit is left."""
    return due_at - (due_at - opened_at) * policy.warn_share


def promise(moment: Moment, opened_at: datetime) -> tuple[Sets, Timers]:
    deadline = moment.given.deadline
    if deadline is None:
        return {}, {}
    warn = warn_at(opened_at, deadline.at, moment.given.policy)
    sets = {"due_at": deadline.at, "due_provisional": deadline.provisional, "warn_at": warn}
    return sets, promise_timers(moment, warn, deadline.at)


def promise_timers(moment: Moment, warn: datetime | None, due: datetime) -> Timers:
    soon = warn if warn and moment.now < warn else None
    return {Timer.SOON: soon, Timer.OVERDUE: max(due, moment.now)}


def offer(moment: Moment) -> Sets:
    given = moment.given
    told = [given.next_owner, *given.team] if given.next_owner else given.team
    passed = tuple(dict.fromkeys([*moment.case.passed, *map(str, told)]))
    unit = given.next_unit or moment.case.owner_unit
    return {"owner": given.next_owner, "owner_unit": unit, "passed": passed}


def archive_at(moment: Moment) -> datetime:
    return moment.now + timedelta(days=moment.given.policy.keep_closed_days)


def without(*timers: Timer) -> Timers:
    return dict.fromkeys(timers)


def dispatch(moment: Moment) -> tuple[Sets, Timers]:
    """To somebody else, who hasn't taken it yet."""
    sets = offer(moment) | {"waiting_since": None}
    offered = replace(moment.case, **sets)
    return sets, {Timer.ACCEPT: accept_at(moment, offered), Timer.REMIND: None}


def reach(moment: Moment, instant: datetime) -> datetime:
    """The first working moment from `instant` on: routine words wait for the day."""
    return next_work_time(moment.given.calendar, instant)


def closed(moment: Moment, closing: Closing) -> tuple[Sets, Timers]:
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = archive_at(moment)
    timers[Timer.REVISIT] = revisit_at(moment, moment.now, 0)
    return {"closing": closing, "closed_at": moment.now, "revisits_done": 0}, timers


def revisit_at(moment: Moment, closed_at: datetime, done: int) -> datetime | None:
    days = moment.given.revisit_days
    if done >= len(days):
        return None
    zone = ZoneInfo(moment.given.calendar.zone)
    day = closed_at.astimezone(zone).date() + timedelta(days=days[done])
    morning = datetime.combine(day, time(9), zone)
    return next_work_time(moment.given.calendar, max(morning, moment.now))


def given_sets(moment: Moment) -> tuple[Sets, Timers]:
    return dict(moment.given.kind), {}


def reopen(moment: Moment) -> tuple[Sets, Timers]:
    """The same number and the running promise; to the same hands as before.

    `next_unit` is given when those hands are gone: then it goes to who is next.
    """
    case = moment.case
    hands = offer(moment) if moment.given.next_unit else {"owner": case.done_by or case.owner}
    sets = reset(case) | hands
    timers: Timers = dict.fromkeys(Timer)
    again = replace(case, **sets)
    timers |= promise_timers(moment, case.warn_at, case.due_at)
    return sets, timers | {Timer.ACCEPT: accept_at(moment, again)}


def reset(case: CaseFacts) -> Sets:
    return {
        "reopenings": case.reopenings + 1,
        "closing": None,
        "closed_at": None,
        "done_at": None,
        "done_by": None,
        "stars": None,
        "arrived_at": None,
    }
