"""A week's duty, laid over other weeks."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from services.imports.cells import Row

WEEK = timedelta(days=7)


def weekly(rows: Iterable[Row], first: date, weeks: int) -> Iterator[Row]:
    """The rows of a `duty` sheet of one week, repeated from the week of `first` on.

    Weekdays and local times stay. Raises ValueError if a time isn't ISO 8601.
    """
    pattern = list(rows)
    if not pattern:
        return
    begins = min(datetime.fromisoformat(row["from"]) for row in pattern)
    shift = _monday(first) - _monday(begins.date())
    for week in range(weeks):
        moved = shift + week * WEEK
        for row in pattern:
            yield {**row, "from": _moved(row["from"], moved), "to": _moved(row["to"], moved)}


def _moved(text: str, by: timedelta) -> str:
    return (datetime.fromisoformat(text) + by).isoformat(sep=" ", timespec="minutes")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
