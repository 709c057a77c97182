"""The day as one message with one picture, and the lists behind its numbers."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from html import unescape
from typing import Any
from unicodedata import east_asian_width

from babel.dates import format_skeleton
from sqlmodel import Session

from domain.lifecycle import colour
from models import Case
from services import buttons
from services.cards import DOT, Look, kind_name, look_at, owner_name, public_place
from services.cases import facts_of
from services.outbox import Button, Message, Rows
from services.summary import (
    ALL_FLOWS,
    KIND,
    STOCKS,
    SUPERVISED,
    Behind,
    Day,
    GridLine,
    stock_of,
)
from services.texts import plain, say

LOCALES = {"zh-Hans": "zh_Hans_CN", "zh-Hant": "zh_Hant_HK", "en": "en_GB"}
# with its picture the message is a caption, and Telegram's captions end here (characters)
LONGEST = 1024
PAGE = 8
LONGEST_NAME = 24
A_THIRD = 12  # signs of a label that a third of a phone's row shows whole
GRIDS, KINDS, PICTURE_ROWS, CAUSES = 5, 6, 6, 3
TILES = ("opened", "handled", "closed", "confirmed", "reopened")
RED = ("overdue", "danger")
# what stands as it is now, and not what happened on a day
NOW = (*STOCKS, SUPERVISED)


def day_message(day: Day, language: str) -> Message:
    """The whole day: text of at most 1,024 visible characters, picture, a button per number.

    A day on which nothing happened and nothing is open gets a short word and no picture.
    """
    if day.empty:
        return Message(say("day.empty", language, name=_cut(day.name), date=_date(day, language)))
    lines = _fitting([*_numbers(day, language), *_grid_lines(day, language)])
    return Message("\n".join(lines), _buttons(day, language), picture=picture(day, language))


def _fitting(lines: list[str]) -> list[str]:
    """As many lines from the top as a caption holds."""
    room, kept = LONGEST, []
    for line in lines:
        room -= len(unescape(re.sub("<[^>]*>", "", line))) + 1
        if room < 0:
            break
        kept.append(line)
    return kept


def _numbers(day: Day, language: str) -> list[str]:
    facts: dict[str, Any] = dict(day.flows) | dict(day.stocks)
    facts |= {f"{flow}_change": change(day, flow) for flow in ALL_FLOWS}
    head = "day.head" if day.today else "day.head_past"
    lines = [
        say(head, language, name=_cut(day.name), **_when(day, language)),
        "",
        say("day.came", language, **facts),
        say("day.went", language, **facts),
    ]
    if any(day.flows[each] for each in ("reopened", "withdrawn", "not_admitted", "merged")):
        lines.append(say("day.back", language, **facts))
    if day.supervised:
        lines.append(say("day.supervised", language, n=day.supervised))
    lines += [say("day.cause", language, n=n, name=_cut(name)) for name, n in day.causes[:CAUSES]]
    if day.private:
        lines.append(say("day.private", language, n=day.private))
    if day.today:
        lines.append(say("day.compared", language))
    return [*lines, "", say("day.open", language, n=sum(day.stocks.values()), **facts)]


def change(day: Day, flow: str) -> str:
    """Against the day before at the same time: ▲2, ▼1 or =."""
    more = day.flows[flow] - day.before[flow]
    return f"▲{more}" if more > 0 else f"▼{-more}" if more < 0 else "="


def _when(day: Day, language: str) -> dict[str, Any]:
    return {"date": _date(day, language), "clock": f"{day.counted_at:%H:%M}"}


def _date(day: Day, language: str) -> str:
    return written(day.date, language)


def written(on: date, language: str) -> str:
    """A date with its weekday, as the language writes it."""
    return str(format_skeleton("MMMEd", on, locale=LOCALES[language]))


def _grid_lines(day: Day, language: str) -> list[str]:
    """The grids that have work, worst first."""
    shown = [line for line in day.grids if line.at_work][:GRIDS]
    if not shown or len(day.unit) == len(shown[0].code):
        return []
    return ["", say("day.grids", language), *(_grid_line(day, each, language) for each in shown)]


def _grid_line(day: Day, line: GridLine, language: str) -> str:
    days = (day.counted_at - line.oldest).days
    return say(
        "day.grid" if days else "day.grid_new",
        language,
        n=days,
        name=_cut(line.name),
        late=sum(line.stocks.get(each, 0) for each in RED),
        at_work=line.at_work,
    )


def _cut(name: str, most: int = LONGEST_NAME) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


# --- buttons ---


def _buttons(day: Day, language: str) -> Rows:
    """Each number that isn't nought; then kinds; then grids, whose own day opens."""
    numbers = [
        _number_button(day, what, count, language)
        for what, count in (*day.stocks.items(), *day.flows.items())
        if count
    ]
    kinds = [
        _behind_button(day, KIND + line.code, f"{_cut(line.names[language], 14)} {line.opened}")
        for line in day.kinds[:KINDS]
    ]
    if day.supervised:
        label = plain("day.button.supervised", language, count=day.supervised)
        numbers.append(_behind_button(day, SUPERVISED, label))
    return (
        *in_rows(numbers, 3 if _are_narrow(numbers) else 2),
        *in_rows(kinds, 2),
        *in_rows(_grid_buttons(day), 2),
    )


def _number_button(day: Day, what: str, count: int, language: str) -> Button:
    style = "danger" if what in RED else None
    return _behind_button(day, what, plain(f"day.button.{what}", language, count=count), style)


def _behind_button(day: Day, what: str, label: str, style: str | None = None) -> Button:
    behind = Behind(what, day.date, day.unit, None if what in NOW else day.until)
    return Button(label, buttons.data("cases", day.district, arg=behind.arg()), style=style)


def _grid_buttons(day: Day) -> list[Button]:
    below = [line for line in day.grids if line.code != day.unit][:PICTURE_ROWS]
    return [
        Button(
            f"{_cut(line.name, 14)} {line.at_work}",
            buttons.data("day", day.district, arg=f"{day.date:%y%m%d}:{line.code}"),
        )
        for line in below
        if line.at_work
    ]


def _are_narrow(made: Sequence[Button]) -> bool:
    """Whether a phone shows three in a row without cutting one; a Chinese sign counts two."""
    return all(
        sum(2 if east_asian_width(sign) in "WF" else 1 for sign in each.label) <= A_THIRD
        for each in made
    )


def in_rows(made: Sequence[Button], wide: int) -> Rows:
    """Buttons in rows of `wide`."""
    return tuple(tuple(made[i : i + wide]) for i in range(0, len(made), wide))


# --- the picture ---


def picture(day: Day, language: str) -> dict[str, Any]:
    """The specification that bot/chart draws: numbers and labels, nothing else."""

    def label(key: str) -> str:
        return plain(f"day.picture.{key}", language)

    subtitle = "day.subtitle" if day.today else "day.subtitle_past"
    return {
        "kind": "day",
        "title": day.name,
        "subtitle": plain(subtitle, language, **_when(day, language)),
        "note": plain("day.compared", language) if day.today else "",
        "tiles": [
            {"label": label(each), "n": day.flows[each], "change": change(day, each)}
            for each in TILES
        ],
        "now": {"title": label("now"), "parts": _parts(day.stocks, label)},
        "grids": {"title": label("grids"), "rows": _picture_grids(day)},
        "kinds": {"title": label("kinds"), "rows": _picture_kinds(day, language)},
    }


def _parts(stocks: Any, label: Any) -> list[dict[str, Any]]:
    return [
        {"label": label(each), "n": count, "colour": each}
        for each, count in _colours(stocks).items()
    ]


def _colours(stocks: Any) -> dict[str, int]:
    """What is at work, by the service's three colours."""
    late = sum(stocks.get(each, 0) for each in RED)
    return {"red": late, "yellow": stocks.get("due_soon", 0), "green": stocks.get("in_time", 0)}


def _picture_grids(day: Day) -> list[dict[str, Any]]:
    """The worst grids; none for a grid's own day, where it would be one bar twice."""
    shown = [line for line in day.grids if line.at_work and line.code != day.unit]
    return [{"label": each.name, **_colours(each.stocks)} for each in shown[:PICTURE_ROWS]]


def _picture_kinds(day: Day, language: str) -> list[dict[str, Any]]:
    """The most frequent kinds; the last row sums up the rest if they don't all fit."""
    rows = [{"label": line.names[language], "n": line.opened} for line in day.kinds]
    if len(rows) <= PICTURE_ROWS:
        return rows
    rest = sum(line.opened for line in day.kinds[PICTURE_ROWS - 1 :])
    return [*rows[: PICTURE_ROWS - 1], {"label": plain("day.picture.rest", language), "n": rest}]


# --- the lists behind the numbers ---


def cases_message(
    session: Session, cases: Sequence[Case], behind: Behind, language: str, now: datetime
) -> Message:
    """A page of the cases behind a number, each with a button that opens it."""
    pages = max(1, -(-len(cases) // PAGE))
    page = min(behind.page, pages - 1)
    shown = cases[page * PAGE : (page + 1) * PAGE]
    title = say(
        "day.list",
        language,
        n=len(cases),
        what=what_name(session, behind, cases, language),
        date=written(behind.date, language),
    )
    looks = [look_at(session, each, language, now) for each in shown]
    opening = in_rows([open_button(each) for each in shown], 2)
    district = cases[0].district if cases else behind.unit[:6]
    return Message(
        "\n".join([title, "", *(case_line(look) for look in looks)]),
        (*opening, *_turning(district, behind, page, pages, language)),
    )


def what_name(session: Session, behind: Behind, cases: Sequence[Case], language: str) -> str:
    """What the number counts: its label, or the kind's name."""
    if not behind.what.startswith(KIND):
        return plain(f"day.what.{behind.what}", language)
    code = behind.what.removeprefix(KIND)
    if not cases:
        return code
    return kind_name(look_at(session, cases[0], language, cases[0].opened_at))


def case_line(look: Look) -> str:
    """A case in a list: colour, number, kind, place, who has it, where it stands."""
    return look.say(
        "day.case",
        dot=DOT[colour(facts_of(look.case), look.now)],
        number=look.case.number,
        kind=_cut(kind_name(look)),
        place=_cut(public_place(look)),
        owner=_cut(unescape(owner_name(look))),
        state=plain(f"day.state.{stock_of(look.case, look.now)}", look.language),
    )


def open_button(case: Case) -> Button:
    """Opens the case as a card."""
    return Button(case.number, buttons.data("open", case.district, case.id, case.version))


def _turning(district: str, behind: Behind, page: int, pages: int, language: str) -> Rows:
    """Back and on, where there is somewhere to go."""
    turns: Iterable[tuple[str, int]] = (("day.earlier", page - 1), ("day.further", page + 1))
    row = tuple(
        Button(plain(key, language), _page_data(district, behind, to))
        for key, to in turns
        if 0 <= to < pages
    )
    return (row,) if row else ()


def _page_data(district: str, behind: Behind, page: int) -> str:
    arg = Behind(behind.what, behind.date, behind.unit, behind.until, page).arg()
    return buttons.data("cases", district, arg=arg)
