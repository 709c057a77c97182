"""What several steps have in common: who is asked next, the promise, closing, reopening."""

from datetime import datetime, time, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.lifecycle.facts import CaseFacts, Moment, Sets, Timers
from domain.lifecycle.guards import never_by_silence
from domain.lifecycle.words import UNTAKEN, Closing, Stage, State, Timer, WaitsFor
from domain.policy import Policy
from domain.roles import unit_of
from domain.worktime import Calendar, Unit, add_work, carried, next_work_time, work_between

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


def accept_clock(moment: Moment, case: CaseFacts) -> tuple[Sets, Timers]:
    """Who is offered a case has the stage's minutes, the desk its own; then `accept_at`.

    Danger has no stage clock: its own steps are shorter.
    """
    policy = moment.given.policy
    minutes = policy.stage_accept_minutes if case.owner else policy.stage_dispatch_minutes
    calm = case.urgency != "now" and case.reach != "named"
    if not calm or (case.owner and minutes >= policy.accept_minutes):
        return no_stage(), {Timer.ACCEPT: accept_at(moment, case)}
    return stage_clock(moment), {Timer.ACCEPT: stage_ends(moment, minutes)}


def stage_clock(moment: Moment) -> Sets:
    return {"stage_since": moment.now, "stage_late_at": None}


def no_stage() -> Sets:
    return {"stage_since": None, "stage_late_at": None}


def stage_ends(moment: Moment, minutes: int) -> datetime:
    return add_work(moment.given.calendar, moment.now, minutes / 60, "work_hours").at


def stage_of(case: CaseFacts) -> Stage | None:
    """The stage whose clock runs; None when none does, or when it has run out already."""
    if case.stage_since is None or case.stage_late_at is not None:
        return None
    if case.state in UNTAKEN:
        return Stage.ACCEPT if case.owner else Stage.DISPATCH
    return Stage.CHECK if case.state is State.DONE else None


def handler_due(case: CaseFacts) -> datetime:
    """By when the handler must be done: the promise, and what they waited for others on top."""
    return case.handle_by or case.due_at


def own_deadline(calendar: Calendar, case: CaseFacts, now: datetime) -> datetime:
    """The handler's deadline if waiting, should it wait, ended now."""
    due = handler_due(case)
    if case.waiting_since is None or is_suspended(case):
        return due
    return carried(calendar, due, case.waiting_since, now, limit_unit(case)).at


def counts_late(case: CaseFacts, now: datetime) -> bool:
    """Whether lateness counts against who handles it: waiting doesn't, nor what was exempted.

    What is measured is when it was done, else when its clock stopped, else now. The raw facts
    (`overdue_at`, `first_due_at`) stay whatever this says.
    """
    at = case.done_at or case.waiting_since or now
    return case.appeal != "exempt" and at > handler_due(case)


def limit_unit(case: CaseFacts) -> Unit:
    """The unit of the case's limit; without one it was five work days."""
    return cast(Unit, case.limit_unit or "work_days")


def is_suspended(case: CaseFacts) -> bool:
    """Whether its clocks stand still (挂账)."""
    return case.waits_for == WaitsFor.SUSPENDED


def go_on(moment: Moment) -> Sets:
    """What it waited for is there, or needn't be: the handler's clock goes on where it stood."""
    case = moment.case
    if is_suspended(case):
        return taken_up(moment)
    if case.waiting_since is None:
        return {"waiting_since": None, "waits_for": None}
    calendar, due = moment.given.calendar, handler_due(case)
    moved = own_deadline(calendar, case, moment.now)
    waited = int(work_between(calendar, case.waiting_since, moment.now).total_seconds())
    sets: Sets = {
        "waiting_since": None,
        "waits_for": None,
        "waited_seconds": case.waited_seconds + waited,
        "handle_by": case.handle_by if moved == due else moved,
        "circle_counted_at": moment.now,
    }
    if case.circle_due_at is not None and case.waits_for == WaitsFor.REPORTER:
        unit, since = limit_unit(case), case.waiting_since
        sets["circle_due_at"] = carried(calendar, case.circle_due_at, since, moment.now, unit).at
    return sets


def taken_up(moment: Moment) -> Sets:
    """The suspension is over: what was left of every deadline is left again."""
    since = moment.case.suspended_until or moment.now
    free: Sets = {
        "waiting_since": None,
        "waits_for": None,
        "suspended_until": None,
        "circle_counted_at": moment.now,
    }
    return shifted(moment, since, moment.now) | free


def shifted(moment: Moment, since: datetime, until: datetime) -> Sets:
    """Every deadline with as much left at `until` as it has at `since`; the first one is kept."""
    case, calendar = moment.case, moment.given.calendar
    unit = limit_unit(case)
    due = carried(calendar, case.due_at, since, until, unit)
    sets: Sets = {}
    if due.at != case.due_at:
        sets = {
            "due_at": due.at,
            "due_provisional": due.provisional,
            "first_due_at": case.first_due_at or case.due_at,
        }
    for name in ("warn_at", "handle_by", "circle_due_at"):
        instant = getattr(case, name)
        if instant is not None:
            sets[name] = carried(calendar, instant, since, until, unit).at
    return sets


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


def taken_back(moment: Moment) -> tuple[Sets, Timers]:
    """Nothing will happen to it by itself any more."""
    timers: Timers = dict.fromkeys(Timer)
    timers[Timer.ARCHIVE] = archive_at(moment)
    return {"closed_at": moment.now, "waits_for": None, "extension_asked": None}, timers


def without(*timers: Timer) -> Timers:
    return dict.fromkeys(timers)


def dispatch(moment: Moment) -> tuple[Sets, Timers]:
    """To somebody else, who hasn't taken it yet."""
    sets = go_on(moment) | offer(moment) | {"extension_asked": None}
    clock, timers = accept_clock(moment, moment.case.changed(sets))
    return sets | clock, timers | {Timer.REMIND: None}


def reach(moment: Moment, instant: datetime) -> datetime:
    """The first working moment from `instant` on: routine words wait for the day."""
    return next_work_time(moment.given.calendar, instant)


def done_sets(moment: Moment) -> tuple[Sets, Timers]:
    """Somebody says that it is done: who can say whether it is settled is asked next."""
    sets, timers = handled(moment)
    asked, then = asking(moment, moment.actor.person)
    return sets | asked, timers | then


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
    before = case.done_by if case.state is State.CHECKING else case.owner or case.done_by
    hands = offer(moment) if moment.given.next_unit else {"owner": before}
    sets = reset(case) | hands | {"circle_counted_at": moment.now}
    timers: Timers = dict.fromkeys(Timer)
    timers |= promise_timers(moment, case.warn_at, case.due_at)
    clock, accept = accept_clock(moment, case.changed(sets))
    return sets | clock, timers | accept


def rework(moment: Moment) -> tuple[Sets, Timers]:
    """Not good enough (返工): it reopens, and is counted apart from hand-backs and flare-ups."""
    sets, timers = reopen(moment)
    return sets | {"reworks": moment.case.reworks + 1}, timers


def handled(moment: Moment) -> tuple[Sets, Timers]:
    """Somebody says that it is done: the promise is kept or broken now."""
    sets: Sets = go_on(moment) | no_stage()  # nobody need take it any more
    sets |= {
        "done_at": moment.now,
        "done_by": moment.actor.person,
        "done_unit": unit_of(moment.actor.roles, moment.case.grid),
        "appointment_at": None,
        "extension_asked": None,
        "agreed": (),
    }
    return sets, without(
        Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.CIRCLE, Timer.REMIND, Timer.TAKE_UP
    )


def asking(moment: Moment, done_by: UUID | None = None) -> tuple[Sets, Timers]:
    """The reporter is asked; where nobody can be, or only a person's word may close it, the desk.

    `done_by`: who handles it just now; else who did.
    """
    case = moment.case
    hands = {done_by or case.done_by, case.taken_by, case.filed_by}
    wait = reach(moment, moment.now + timedelta(days=moment.given.policy.nudge_days))
    if case.reporter is not None and case.reporter not in hands:  # nobody confirms their own work
        return {"asked_at": moment.now}, {Timer.NUDGE: wait}
    return {}, {Timer.DESK: reach(moment, moment.now) if never_by_silence(case) else wait}


def reset(case: CaseFacts) -> Sets:
    return {
        "reopenings": case.reopenings + 1,
        "closing": None,
        "closed_at": None,
        "done_at": None,
        "done_by": None,
        "stars": None,
        "arrived_at": None,
        "waits_for": None,
        "lead_unit": None,
        "checked_at": None,
        "checked_by": None,
        "agreed": (),
        "on_the_spot": False,
        "end_reason": None,
    }
