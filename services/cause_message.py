"""What a desk reads of causes: a preview, the cause itself, its cases, what would be told."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from models import Case, Cause
from services import buttons, territory, when
from services.cards import look_at
from services.caselist import asking
from services.catalogue import catalogue
from services.causes import Numbers, Selection
from services.open_causes import Known
from services.outbox import Button, Message, Rows
from services.summary_message import case_line, in_rows, open_button
from services.texts import plain, say

KINDS, SHOWN = 8, 10


def _button(
    verb: str, label: str, district: str, key: UUID | None, language: str, style: str | None = None
) -> Button:
    return Button(plain(label, language), buttons.data(verb, district, key), style=style)


def kinds_message(
    session: Session,
    district: str,
    found: Sequence[tuple[str, int]],
    unit: str,
    which: str,
    language: str,
) -> Message:
    """Which kind has one cause: each with how many cases the filter holds of it."""
    names = catalogue(session, district).kinds
    arg = asking(unit, which)
    back = Button(plain("btn.to_list", language), buttons.data("filter", district, arg=arg))
    if not found:
        return Message(say("refused.cause_nothing", language), ((back,),))
    made = []
    for code, count in found[:KINDS]:
        kind = names.get(code)
        label = f"{kind.name(language) if kind else code} {count}"  # type: ignore[arg-type]
        data = buttons.data("cause_kind", district, arg=f"{unit}:{which}:{code}")
        made.append(Button(label, data))
    return Message(say("cause.which_kind", language), (*in_rows(made, 2), (back,)))


def preview(district: str, chosen: Selection, token: UUID, language: str) -> Message:
    """How many cases, under which name; other words in answer change the name."""
    text = say("cause.preview", language, n=len(chosen.keys), name=chosen.name)
    yes = _button("cause_yes", "btn.cause_yes", district, token, language, "primary")
    overview = buttons.data("overview", district, arg=chosen.unit)
    return Message(text, ((yes,), (Button(plain("btn.overview", language), overview),)), ask=None)


def cause_message(
    session: Session, cause: Cause, found: Numbers, more: int, language: str, now: datetime
) -> Message:
    """Where it stands, and what its desk can do with all of it."""
    unit = territory.name(session, cause.district, cause.unit, language)
    zone = str(territory.zone(session, cause.district))
    since = when.moment(cause.made_at, now, zone, language)
    counts = "cause.counts" if cause.ended_at is None else "cause.counts_over"
    lines = [
        say("cause.head", language, name=cause.name, unit=unit, since=since),
        say(counts, language, open=found.open, all=found.all, late=found.late),
    ]
    if cause.notices:
        lines.append(say("cause.told", language, n=cause.notices))
    if cause.ended_at is not None:
        gone = when.moment(cause.ended_at, now, zone, language)
        lines.append(say("cause.ended", language, when=gone, words=cause.words))
    elif more:
        lines.append(say("cause.more", language, n=more))
    return Message("\n".join(lines), _rows(cause, found, more, language))


def _rows(cause: Cause, found: Numbers, more: int, language: str) -> Rows:
    def button(verb: str, label: str, style: str | None = None) -> Button:
        return _button(verb, label, cause.district, cause.id, language, style)

    rows: list[tuple[Button, ...]] = []
    if cause.ended_at is None:
        if found.open:
            rows.append((button("cause_tell", "btn.cause_tell"),))
        if more:
            rows.append((button("cause_more", "btn.cause_more"),))
        rows.append((button("cause_over", "btn.cause_over", "success"),))
    rows.append((button("cause_cases", "btn.cause_cases"),))
    data = buttons.data("overview", cause.district, arg=cause.unit)
    rows.append((Button(plain("btn.overview", language), data),))
    return tuple(rows)


def cases_message(
    session: Session, cause: Cause, cases: Sequence[Case], language: str, now: datetime
) -> Message:
    """The first of its open cases, each a tap away, those with work before the others."""
    looks = [look_at(session, each, language, now) for each in cases[:SHOWN]]
    head = say("cause.cases", language, name=cause.name)
    rows = in_rows([open_button(each) for each in cases[:SHOWN]], 2)
    back = _button("cause", "btn.cause", cause.district, cause.id, language)
    return Message("\n".join([head, "", *(case_line(each) for each in looks)]), (*rows, (back,)))


def words_message(
    cause: Cause, found: Numbers, words: str, token: UUID, over: bool, language: str
) -> Message:
    """The words once more, and who would read them or be asked."""
    key = "cause.sure_over" if over else "cause.sure_tell"
    text = say(key, language, n=found.at_work, name=cause.name, words=words, groups=found.groups)
    label = "btn.cause_sure_over" if over else "btn.cause_sure_tell"
    yes = _button("cause_go", label, cause.district, token, language, "primary")
    return Message(
        text, ((yes,), (_button("cause", "btn.cause", cause.district, cause.id, language),))
    )


def open_rows(district: str, found: Sequence[Known], language: str) -> Rows:
    """A button for each open cause."""
    return tuple(
        (Button(f"⚡ {each.name}"[:60], buttons.data("cause", district, each.id)),)
        for each in found[:KINDS]
    )
