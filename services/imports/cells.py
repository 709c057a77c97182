"""The cells of one row: text that becomes values, and what is wrong with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from services.imports.outcome import Outcome

Row = Mapping[str, str]
# besides ISO 8601: as spreadsheets write an instant
SPREADSHEET_TIMES = ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y.%m.%d %H:%M")


@dataclass(slots=True)
class Cells:
    """A row while it is read. `number` as a spreadsheet counts; `bad` once anything is wrong."""

    number: int
    values: Row
    outcome: Outcome
    bad: bool = False

    def wrong(self, column: str, code: str, value: str | None = None, **facts: object) -> None:
        """Note a problem in this row."""
        self.bad = True
        shown = self.text(column) if value is None else value
        self.outcome.wrong(self.number, column, code, shown, **facts)

    def given(self, column: str) -> bool:
        """Whether the file has this column at all."""
        return column in self.values

    def text(self, column: str) -> str:
        """The text without blanks around it; empty if there is none."""
        return (self.values.get(column) or "").strip()

    def needed(self, column: str) -> str:
        """The text, which must be there."""
        value = self.text(column)
        if not value:
            self.wrong(column, "missing")
        return value

    def choice(self, column: str, choices: Collection[str], default: str | None = None) -> str:
        """One of the choices; an empty cell is the default if there is one."""
        value = self.text(column)
        if not value and default is not None:
            return default
        if value not in choices:
            self.wrong(column, "not_a_choice", choices=", ".join(choices))
        return value

    def many(self, column: str) -> list[str]:
        """Parts separated by semicolons (also ；and 、), each once, in order."""
        text = self.text(column).replace("；", ";").replace("、", ";")
        return list(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))

    def degrees(self, column: str, most: int) -> float | None:
        """A coordinate between -most and most, or None for an empty cell."""
        value = self.text(column)
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not -most <= number <= most:
            self.wrong(column, "not_degrees", most=most)
            return None
        return number

    def day(self, column: str) -> date | None:
        """A date, or None for an empty cell."""
        value = self.text(column)
        if not value:
            return None
        try:
            return datetime.fromisoformat(value.replace("/", "-")).date()
        except ValueError:
            self.wrong(column, "not_a_day")
            return None

    def instant(self, column: str, zone: tzinfo) -> datetime | None:
        """An instant; without an offset of its own it is in `zone`."""
        value = self.needed(column)
        found = _instant(value) if value else None
        if value and found is None:
            self.wrong(column, "not_a_time")
        return found.replace(tzinfo=found.tzinfo or zone) if found is not None else None

    def zone(self, column: str) -> str | None:
        """The name of a time zone (IANA), or None for an empty cell."""
        value = self.text(column)
        if not value:
            return None
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            self.wrong(column, "not_a_zone")
        return value


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for shape in SPREADSHEET_TIMES:
        try:
            return datetime.strptime(text, shape)  # noqa: DTZ007 - Cells.instant adds the zone
        except ValueError:
            continue
    return None
