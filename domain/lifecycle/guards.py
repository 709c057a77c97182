"""What must be true for a step: each guard raises Refused with its own code."""

from datetime import timedelta
from uuid import UUID

from domain.lifecycle.facts import CaseFacts, Guard, Moment
from domain.lifecycle.words import Closing, State, WaitsFor
from domain.refused import Refused
from domain.roles import is_desk_of_circle


def needs_reason(*reasons: str) -> Guard:
    """A reason from the list."""

    def guard(moment: Moment) -> None:
        """A reason from the list."""
        if moment.given.reason not in reasons:
            raise Refused("reason_missing")

    return guard


def needs_evidence(moment: Moment) -> None:
    """A photo where the kind asks for one; any of photo, note, voice where it asks for a note.

    The cure for 策略性结案: nothing is closed on paper only.
    """
    wanted, there = moment.case.evidence, moment.given.evidence
    if wanted == "photo" and "photo" not in there:
        raise Refused("photo_missing")
    if wanted == "note" and not there:
        raise Refused("note_missing")


def needs_running_clock(moment: Moment) -> None:
    """Not while it is suspended: the desk takes it up again first."""
    if moment.case.waits_for == WaitsFor.SUSPENDED:
        raise Refused("suspended_now")


def needs_next(moment: Moment) -> None:
    """Somebody who has it from now on."""
    if moment.given.next_owner is None:
        raise Refused("person_gone")


def needs_desk_of_circle(moment: Moment) -> None:
    """Of the desks, that of the circle which has it now, or one above."""
    case, actor = moment.case, moment.actor
    if actor.person is None or actor.person == case.owner:
        return
    if not is_desk_of_circle(actor.roles, case.grid, case.circle):
        raise Refused("desk_above")


def needs_dispatching(moment: Moment) -> None:
    """What a desk has yet to dispatch is that desk's to take."""
    case = moment.case
    filed = case.state is State.FILED
    if filed and not is_desk_of_circle(moment.actor.roles, case.grid, case.circle):
        raise Refused("desk_above")


def needs_to_be_shareable(moment: Moment) -> None:
    """Not a matter for one named person."""
    if moment.case.reach == "named":
        raise Refused("named_only")


def needs_no_open_task(moment: Moment) -> None:
    """No unit is still at it."""
    if moment.given.open_tasks:
        raise Refused("tasks_open", n=moment.given.open_tasks)


def needs_reporter_awaited(moment: Moment) -> None:
    """It waits for the reporter and not for a unit."""
    if moment.case.waits_for == WaitsFor.TASK:
        raise Refused("waits_for_units")


def needs_somebody_to_ask(moment: Moment) -> None:
    """Without a reporter on the platform there is nobody to ask."""
    if moment.case.reporter is None:
        raise Refused("nobody_to_ask")


def needs_stars(moment: Moment) -> None:
    """One to five, once, and never in a matter for one named person."""
    if moment.case.reach == "named" or moment.given.stars not in (1, 2, 3, 4, 5):
        raise Refused("stars_wrong")
    if moment.case.stars is not None:
        raise Refused("rated_already")
    if moment.case.closing != Closing.SETTLED:
        raise Refused("stars_wrong")


def needs_another_person(moment: Moment) -> None:
    """Who handled or filed a case can't verify or confirm it (监督和处置相分离)."""
    if moment.actor.person in hands_of(moment.case):
        raise Refused("own_work")


def hands_of(case: CaseFacts) -> frozenset[UUID]:
    """Everybody whose own work a look at the case would judge."""
    return frozenset(each for each in (case.done_by, case.taken_by, case.filed_by) if each)


def needs_time(moment: Moment) -> None:
    """A moment that is still to come."""
    if moment.given.at is None or moment.given.at <= moment.now:
        raise Refused("time_past")


def needs_future_slots(moment: Moment) -> None:
    """One to three proposals that are still to come."""
    slots = moment.given.slots
    if not 1 <= len(slots) <= 3 or any(slot <= moment.now for slot in slots):
        raise Refused("time_past")


def needs_silence_allowed(moment: Moment) -> None:
    """Urgent, on-site-checked and private matters never close by silence."""
    if never_by_silence(moment.case):
        raise Refused("not_by_silence")


def needs_recent(moment: Moment) -> None:
    """A closed case reopens for some weeks; after that a new report is the honest thing."""
    closed = moment.case.closed_at
    if closed and moment.now - closed > timedelta(days=moment.given.policy.reopen_days):
        raise Refused("too_late_to_reopen")


def needs_no_other_voice(moment: Moment) -> None:
    """A matter that others joined isn't one person's to withdraw."""
    if moment.case.voices > 1:
        raise Refused("others_joined")


def never_by_silence(case: CaseFacts) -> bool:
    """Whether only a person's word may close this case."""
    unseen = case.verify == "onsite" and case.checked_at is None
    return case.urgency == "now" or unseen or case.private or case.reach == "named"
