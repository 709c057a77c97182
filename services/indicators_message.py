"""A period's indicators as one message, with a button for the cases behind each count."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from models import Case
from services import buttons, territory
from services.cards import look_at
from services.indicators import COUNTS, RATES, Indicators, Period
from services.outbox import Button, Message
from services.summary import date_of
from services.summary_message import case_line, in_rows, open_button
from services.texts import plain, say
from services.when import hours

MOST_UNITS = 5
PAGE = 8


def month_asked(text: str, unit: str, today: date) -> Period:
    """A month written YYMM, else the running one, of a unit."""
    first = date_of(f"{text.strip()}01") or today.replace(day=1)
    year, month = divmod(first.year * 12 + first.month, 12)
    return Period(unit[:6], unit, first, date(year, month + 1, 1))


def asked_of(arg: str, today: date) -> tuple[str, Period, int] | None:
    """What a count's button (`name:YYMM:unit:page`) asks for, or None if forged."""
    name, month, unit, page = [*arg.split(":"), "", "", ""][:4]
    forged = name not in COUNTS or date_of(f"{month}01") is None or not unit.isdecimal()
    if forged or (page and not page.isdecimal()) or territory.level_of(unit) is None:
        return None
    return name, month_asked(month, unit, today), int(page or 0)


def numbers_message(session: Session, found: Indicators, language: str) -> Message:
    """Counts, then rates, then what stands apart, then who handed back how often."""
    period = found.period
    facts: dict[str, Any] = dict(found.counts)
    facts |= {f"{name}_rate": _percent(found.rate(name)) for name in RATES}
    facts["stars"] = "–" if found.satisfaction is None else f"{found.satisfaction:.2f}"
    name = territory.name(session, period.district, period.unit, language)
    lines = [
        say("numbers.head", language, name=name, month=f"{period.first:%Y-%m}"),
        "",
        say("numbers.counts", language, **facts),
        say("numbers.rates", language, **facts),
        say("numbers.word", language, **facts),
        say("numbers.apart", language, **facts),
        *_overruns(found, language),
        *_bounces(session, found, language),
    ]
    made = [_count_button(found, each, language) for each in COUNTS if found.counts[each]]
    return Message("\n".join(lines), in_rows(made, 2))


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.2f} %"


def _overruns(found: Indicators, language: str) -> list[str]:
    """A line for each circle that was over its own time; work time and wall hours stay apart."""
    lines = []
    for circle, seconds in found.overruns.items():
        clocks = zip(("work", "wall"), seconds, strict=True)
        said = [plain(f"over.{clock}", language, hours=hours(n)) for clock, n in clocks if n]
        if said:
            facts: dict[str, Any] = {"hours": " + ".join(said)}
            facts["n"] = found.counts[f"over_{circle}"]
            name = plain(f"circle.{circle}", language)
            lines.append(say("numbers.overruns", language, circle=name, **facts))
    return lines


def _bounces(session: Session, found: Indicators, language: str) -> list[str]:
    period = found.period
    return [
        say(
            "numbers.bounces",
            language,
            n=count,
            unit=territory.name(session, period.district, unit, language),
        )
        for unit, count in list(found.bounces.items())[:MOST_UNITS]
    ]


def _count_button(found: Indicators, name: str, language: str) -> Button:
    label = f"{plain(f'numbers.{name}', language)} {found.counts[name]}"
    return Button(label, _data(found.period, name))


def _data(period: Period, name: str, page: int = 0) -> str:
    arg = f"{name}:{period.first:%y%m}:{period.unit}" + (f":{page}" if page else "")
    return buttons.data("behind", period.district, arg=arg)


def list_message(
    session: Session,
    cases: Sequence[Case],
    name: str,
    period: Period,
    page: int,
    language: str,
    now: datetime,
) -> Message:
    """A page of the cases behind a count, each with a button that opens it."""
    pages = max(1, -(-len(cases) // PAGE))
    page = min(page, pages - 1)
    shown = cases[page * PAGE : (page + 1) * PAGE]
    what = plain(f"numbers.{name}", language)
    month = f"{period.first:%Y-%m}"
    title = say("numbers.list", language, n=len(cases), what=what, month=month)
    lines = [title, "", *(case_line(look_at(session, each, language, now)) for each in shown)]
    turns = (("day.earlier", page - 1), ("day.further", page + 1))
    row = tuple(
        Button(plain(key, language), _data(period, name, to))
        for key, to in turns
        if 0 <= to < pages
    )
    rows = in_rows([open_button(each) for each in shown], 2)
    return Message("\n".join(lines), (*rows, row) if row else rows)
