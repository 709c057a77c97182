"""Who is on duty, and when a routine message may be sent.

A routine message reaches people in work time only: not at lunch, at night or on a holiday, and
nobody on leave. Urgent matters do not ask this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from domain.worktime import Calendar, is_work_time, next_work_time

# The supervisor's day falls due at 18:00, the minute of closing, and must still go out.
CLOSING_GRACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's duty for one unit (its code), from `start` up to but without `end`."""

    person: UUID
    unit: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Leave:
    """A person's absence, from `start` up to but without `end`."""

    person: UUID
    start: datetime
    end: datetime


def on_duty(
    shifts: Sequence[Shift], instant: datetime, leave: Sequence[Leave] = ()
) -> tuple[UUID, ...]:
    """Everybody on duty now: whose shift began first comes first, each person once.

    Overlapping shifts give several people; a gap, or a shift on leave, gives an empty tuple.
    """
    away = {absence.person for absence in leave if absence.start <= instant < absence.end}
    now = [shift for shift in shifts if shift.start <= instant < shift.end]
    people = (shift.person for shift in sorted(now, key=lambda shift: shift.start))
    return tuple(person for person in dict.fromkeys(people) if person not in away)


def gaps(
    shifts: Sequence[Shift], start: datetime, end: datetime, leave: Sequence[Leave] = ()
) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches between `start` and `end` in which nobody is on duty."""
    edges = {start, end}
    spans: list[Shift | Leave] = [*shifts, *leave]
    for span in spans:
        edges |= {edge for edge in (span.start, span.end) if start < edge < end}
    found: list[tuple[datetime, datetime]] = []
    for left, right in pairwise(sorted(edges)):
        if on_duty(shifts, left, leave):
            continue
        joined = found and found[-1][1] == left
        found.append((found.pop()[0] if joined else left, right))
    return tuple(found)


def quiet(calendar: Calendar, instant: datetime) -> bool:
    """Whether a routine message must wait. The first minutes after closing are not quiet yet."""
    open_now = is_work_time(calendar, instant)
    return not open_now and not is_work_time(calendar, instant - CLOSING_GRACE)


def next_reach(calendar: Calendar, instant: datetime) -> datetime:
    """The first instant from now on at which a routine message may be sent."""
    return next_work_time(calendar, instant) if quiet(calendar, instant) else instant
