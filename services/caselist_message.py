"""What a desk sees of its open cases: the overview, a page, what was found."""

from datetime import datetime

from sqlmodel import Session

from domain.lifecycle import BEFORE_DONE
from services import buttons, territory
from services.cards import look_at
from services.caselist import FILTERS, TOGETHER, Found, Listed, Overview, asking
from services.cause_message import open_rows
from services.open_causes import in_reach
from services.outbox import Button, Message, Rows
from services.summary_message import case_line, in_rows, open_button
from services.texts import plain, say

RED = ("overdue",)
# labels of cases hold number and dot, so five rows of two fit a screen
WIDE = 2


def overview_message(
    session: Session, district: str, found: Overview, others: list[str], language: str
) -> Message:
    """A count and a button for each filter. `others`: the reader's other units."""
    name = territory.name(session, district, found.unit, language)
    if not found.numbers["open"]:
        text = say("cases.none", language, name=name)
    else:
        text = say("cases.overview", language, name=name, **found.numbers)
    if found.private:
        text += "\n" + say("day.private", language, n=found.private)
    made = [
        Button(
            plain(f"cases.button.{which}", language, count=found.numbers[which]),
            buttons.data("filter", district, arg=asking(found.unit, which)),
            style="danger" if which in RED else None,
        )
        for which in FILTERS
        if found.numbers[which]
    ]
    elsewhere = [_unit_button(session, district, unit, language) for unit in others]
    phrases = Button(plain("btn.phrases", language), buttons.data("phrases", district))
    open_causes = open_rows(district, in_reach(session, district, found.unit), language)
    return Message(text, (*in_rows(made, 2), *open_causes, *in_rows(elsewhere, 2), (phrases,)))


def _unit_button(session: Session, district: str, unit: str, language: str) -> Button:
    name = territory.name(session, district, unit, language)
    return Button(name, buttons.data("overview", district, arg=unit))


def list_message(
    session: Session, district: str, found: Listed, language: str, now: datetime
) -> Message:
    """A page of a filter, each case a button, and what can be done with all of them."""
    name = territory.name(session, district, found.unit, language)
    what = plain(f"cases.what.{found.which}", language)
    head = say("cases.list", language, what=what, name=name, n=found.count)
    if found.pages > 1:
        head += say("cases.page", language, page=found.page + 1, pages=found.pages)
    looks = [look_at(session, each, language, now) for each in found.cases]
    return Message(
        "\n".join([head, "", *(case_line(look) for look in looks)]),
        (
            *in_rows([open_button(each) for each in found.cases], WIDE),
            *_turning(district, found, language),
            *_together(district, found, language),
            (_back(district, found.unit, language),),
        ),
    )


def _turns(page: int, language: str) -> tuple[tuple[str, int], ...]:
    """The way back and the way on, with the page that each leads to."""
    earlier, further = plain("day.earlier", language), plain("day.further", language)
    return ((earlier, page - 1), (further, page + 1))


def _turning(district: str, found: Listed, language: str) -> Rows:
    turns = _turns(found.page, language)
    row = tuple(
        Button(label, buttons.data("filter", district, arg=found.arg(to)))
        for label, to in turns
        if 0 <= to < found.pages
    )
    return (row,) if row else ()


def _together(district: str, found: Listed, language: str) -> Rows:
    if found.which not in TOGETHER or found.count < 2:
        return ()
    arg = asking(found.unit, found.which)
    return (
        (
            Button(plain("btn.urge_all", language), buttons.data("urgeall", district, arg=arg)),
            Button(plain("btn.assign_all", language), buttons.data("whoall", district, arg=arg)),
        ),
        (Button(plain("btn.cause_all", language), buttons.data("cause_all", district, arg=arg)),),
    )


def _back(district: str, unit: str, language: str) -> Button:
    return Button(plain("btn.overview", language), buttons.data("overview", district, arg=unit))


def found_message(
    session: Session, district: str, found: Found, language: str, now: datetime
) -> Message:
    """What a search found."""
    name = plain("people.listed", language).join(
        territory.name(session, district, unit, language) for unit in found.units
    )
    back = (_back(district, found.units[0], language),)
    if not found.cases:
        return Message(say("cases.not_found", language, words=found.words, name=name), (back,))
    key = "cases.found_more" if found.more else "cases.found"
    head = say(key, language, words=found.words, name=name, n=len(found.cases))
    if found.pages > 1:
        head += say("cases.page", language, page=found.page + 1, pages=found.pages)
    looks = [look_at(session, each, language, now) for each in found.shown()]
    opening = in_rows([open_button(each) for each in found.shown()], WIDE)
    turning = _turning_found(district, found, language)
    one = _one_cause(district, found, language)
    return Message(
        "\n".join([head, "", *(case_line(look) for look in looks)]),
        (*opening, *turning, *one, back),
    )


def _turning_found(district: str, found: Found, language: str) -> Rows:
    """The words are searched again for the other page; so what has moved on shows as it is."""
    turns = _turns(found.page, language)
    try:
        row = tuple(
            Button(label, buttons.data("found", district, arg=f"{to}:{found.words}"))
            for label, to in turns
            if 0 <= to < found.pages
        )
    except ValueError:  # more words than a button carries: they find few
        return ()
    return (row,) if row else ()


def _one_cause(district: str, found: Found, language: str) -> Rows:
    """What was found has one cause: the words are searched again when it is pressed."""
    if sum(each.state in BEFORE_DONE for each in found.cases) < 2:
        return ()
    try:
        data = buttons.data("cause_found", district, arg=found.words)
    except ValueError:  # more words than a button carries
        return ()
    return ((Button(plain("btn.cause_found", language), data),),)
