"""Whistle (吹哨), for a desk: who leads, who assists, what to do, by when, a look, and off it goes.

Nothing is sent before the last tap. The draft is what was asked (`Asked`), so it ends by itself.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.refused import Refused
from domain.worktime import Unit as WorkUnit
from domain.worktime import add_work
from handlers.reply import answer, asked, button, forget, remember
from handlers.turn import Answer, Press, Said, Turn
from models import Asked, Case, Person
from models import Unit as UnitRow
from services import duty, tasks, units
from services.access import is_circle_desk, locked_case
from services.buttons import Pressed, data, key22, parse
from services.cards import kind_name, look_at
from services.outbox import Button, Message, Rows
from services.texts import plain, say

PRESETS = ("duty", "look", "meet")
# deadlines, a button each, in the order in which they are offered
DUES: dict[str, tuple[int, WorkUnit]] = {
    "hours": (4, "work_hours"),
    "day": (1, "work_days"),
    "days": (3, "work_days"),
    "week": (7, "work_days"),
    "month": (30, "calendar_days"),
}
UNITS_A_PAGE = 8


@dataclass(slots=True)
class Draft:
    """A whistle that isn't blown yet. Units by the id of their row.

    `own`: what one unit does otherwise than the rest. `about`: the unit whose own words or
    deadline are being asked for, "" for all. `step`: what the next tap or words answer.
    """

    case: UUID
    version: int
    step: str = "lead"
    lead: str = ""
    assist: list[str] = field(default_factory=list)
    words: str = ""
    due: str = ""
    own: dict[str, dict[str, str]] = field(default_factory=dict)
    about: str = ""
    page: int = 0
    led: bool = False

    def named(self) -> list[str]:
        """Every unit that is called, the lead first."""
        return [each for each in (self.lead, *self.assist) if each]

    def of(self, unit: str, what: str) -> str:
        """What a unit is told: its own, else what all are told."""
        return self.own.get(unit, {}).get(what) or getattr(self, what)


WHAT = "whistle"


def start(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Whistle*: who leads? Where somebody leads already, whom else?"""
    case = _case(turn, person, pressed.case)
    if not units.units_for(turn.session, case, turn.now):
        raise Refused("no_units")
    led = units.open_lead(turn.session, case) is not None
    draft = Draft(case.id, case.version, "assist" if led else "lead", led=led)
    _show(turn, press, person, case, draft)
    return Answer()


def pick_lead(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Who leads; the next question is who else."""
    case, draft = _draft(turn, press, person)
    draft.lead, draft.step, draft.page = str(_unit(turn, case, pressed.arg).id), "assist", 0
    draft.assist = [each for each in draft.assist if each != draft.lead]
    _show(turn, press, person, case, draft)
    return Answer()


def pick_assist(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """One more unit, or one less."""
    case, draft = _draft(turn, press, person)
    unit = str(_unit(turn, case, pressed.arg).id)
    if unit != draft.lead:
        gone = unit in draft.assist
        draft.assist = [each for each in draft.assist if each != unit] + ([] if gone else [unit])
    _show(turn, press, person, case, draft)
    return Answer()


def back(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """To the units, as they are ticked; `lead`: none leads any more. From the words of one unit
    to the look at all."""
    case, draft = _draft(turn, press, person)
    draft.step, draft.page = "preview" if draft.about else "assist", 0
    if pressed.arg == "lead" and not draft.led:
        draft.step, draft.lead = "lead", ""
    draft.about = ""
    _show(turn, press, person, case, draft)
    return Answer()


def page(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """More units."""
    case, draft = _draft(turn, press, person)
    draft.page = int(pressed.arg) if pressed.arg.isdecimal() else 0
    _show(turn, press, person, case, draft)
    return Answer()


def go_on(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """That's all the units: what should they do? What was said already isn't asked again."""
    case, draft = _draft(turn, press, person)
    if not draft.named():
        raise Refused("lead_missing")
    draft.step = "words" if not draft.words else "preview" if draft.due else "due"
    _show(turn, press, person, case, draft)
    return Answer()


def preset(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """A sentence that needn't be typed."""
    if pressed.arg not in PRESETS:
        raise Refused("asked_too_long_ago")
    case, draft = _draft(turn, press, person)
    _take_words(draft, plain(f"whistle.preset_{pressed.arg}", person.language))
    _show(turn, press, person, case, draft)
    return Answer()


def words(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """What they should do, in the desk's own words."""
    draft = _unpacked(row)
    case = _case(turn, person, draft.case)
    if draft.step == "words" and said.text.strip():
        _take_words(draft, said.text.strip())
    _show(turn, said, person, case, draft)


def _take_words(draft: Draft, text: str) -> None:
    if draft.about:
        draft.own.setdefault(draft.about, {})["words"] = text
    else:
        draft.words = text
    draft.step = "due"


def pick_due(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """By when; then everything is shown once more."""
    if pressed.arg not in DUES:
        raise Refused("asked_too_long_ago")
    case, draft = _draft(turn, press, person)
    if draft.about:
        draft.own.setdefault(draft.about, {})["due"] = pressed.arg
    else:
        draft.due = pressed.arg
    draft.step, draft.about = "preview", ""
    _show(turn, press, person, case, draft)
    return Answer()


def own(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Other words and another deadline for one of them."""
    case, draft = _draft(turn, press, person)
    draft.about = str(_unit(turn, case, pressed.arg).id)
    draft.step = "words"
    _show(turn, press, person, case, draft)
    return Answer()


def send(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Blow it: each unit has its task now."""
    case, draft = _draft(turn, press, person)
    if draft.step != "preview":
        raise Refused("asked_too_long_ago")
    orders = [
        tasks.Order(
            unit=UUID(unit),
            part="lead" if unit == draft.lead else "assist",
            words=draft.of(unit, "words"),
            due_at=_due_at(turn, case, draft.of(unit, "due")),
        )
        for unit in draft.named()
    ]
    tasks.call(turn.session, person, case.id, orders, turn.now, draft.version)
    forget(turn, press)
    text = say("whistle.sent", person.language, number=case.number, n=len(orders))
    answer(turn, press.at, Message(text), card=_card(case), person=person)
    return Answer()


def cancel(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Nothing was sent and nothing will be."""
    case, _ = _draft(turn, press, person)
    forget(turn, press)
    message = Message(say("whistle.cancelled", person.language))
    answer(turn, press.at, message, card=_card(case), person=person)
    return Answer()


# --- the draft ---


def _case(turn: Turn, person: Person, key: UUID | None) -> Case:
    case = locked_case(turn.session, person.district, key)
    if case.reach == "named":
        raise Refused("named_only")
    if not is_circle_desk(turn.session, person, case):
        raise Refused("not_yours")
    return case


def _draft(turn: Turn, press: Press, person: Person) -> tuple[Case, Draft]:
    row = asked(turn, press)
    if row is None or row.what != WHAT:
        raise Refused("asked_too_long_ago")
    draft = _unpacked(row)
    return _case(turn, person, draft.case), draft


def _unpacked(row: Asked) -> Draft:
    assert row.case is not None  # _keep
    return Draft(case=row.case, **row.data)


def _keep(turn: Turn, event: Said | Press, person: Person, draft: Draft) -> None:
    kept: dict[str, Any] = {
        name: getattr(draft, name) for name in Draft.__slots__ if name != "case"
    }
    remember(turn, event, WHAT, district=person.district, case=draft.case, **kept)


def _unit(turn: Turn, case: Case, arg: str) -> UnitRow:
    found = parse(f"x~~{arg}")
    return units.unit_by_id(turn.session, case.district, found.case if found else None, turn.now)


def _due_at(turn: Turn, case: Case, choice: str) -> datetime:
    amount, unit = DUES[choice]
    return add_work(duty.calendar(turn.session, case.district), turn.now, amount, unit).at


# --- what it looks like ---


def _card(case: Case) -> str:
    return f"w:{case.id}"


def _show(turn: Turn, event: Said | Press, person: Person, case: Case, draft: Draft) -> None:
    """The draft as it stands, on one message that changes in place."""
    _keep(turn, event, person, draft)
    listed = units.units_for(turn.session, case, turn.now)
    names = {str(each.id): each.name for each in listed}
    look = look_at(turn.session, case, person.language, turn.now)
    known: dict[str, Any] = {
        "number": case.number,
        "kind": kind_name(look),
        "lead": names.get(draft.lead, ""),
        "unit": names.get(draft.about, ""),
    }
    makers: dict[str, Any] = {
        "lead": lambda: ("whistle.lead", _unit_rows(person, listed, draft, "wl")),
        "assist": lambda: (
            "whistle.assist_more" if draft.led else "whistle.assist",
            (
                *_lead_row(person, draft, known["lead"]),
                *_unit_rows(person, listed, draft, "wa"),
                (_plain(person, "ww", "btn.whistle_on"),),
            ),
        ),
        "words": lambda: (
            "whistle.words_for" if draft.about else "whistle.words",
            _choices(person, "wt", "whistle.preset_", PRESETS),
        ),
        "due": lambda: (
            "whistle.due_for" if draft.about else "whistle.due",
            _choices(person, "wd", "whistle.due_", tuple(DUES)),
        ),
    }
    back_to = _plain(person, "wb", "btn.back" if draft.about else "btn.whistle_units")
    chosen = draft.step not in ("lead", "assist")
    cancel = _plain(person, "wx", "btn.whistle_cancel")
    cancel_row = ((back_to, cancel) if chosen else (cancel,),)
    if draft.step in makers:
        key, rows = makers[draft.step]()
        message = Message(say(key, person.language, **known), (*rows, *cancel_row))
    else:
        message = _preview(turn, person, case, draft, names, known, cancel_row)
    answer(turn, event.at, message, card=_card(case), person=person)


def _unit_rows(person: Person, listed: list[UnitRow], draft: Draft, verb: str) -> Rows:
    shown = [each for each in listed if verb == "wl" or str(each.id) != draft.lead]
    first = draft.page * UNITS_A_PAGE
    rows = tuple(
        (Button(_ticked(each, draft), data(verb, person.district, arg=key22(each.id))),)
        for each in shown[first : first + UNITS_A_PAGE]
    )
    if len(shown) <= UNITS_A_PAGE:
        return rows
    following = draft.page + 1 if first + UNITS_A_PAGE < len(shown) else 0
    more = button(
        person.language, "btn.whistle_more", data("wp", person.district, arg=str(following))
    )
    return (*rows, (more,))


def _lead_row(person: Person, draft: Draft, name: str) -> Rows:
    """Who leads, ticked: a tap and somebody else may."""
    if not draft.lead:
        return ()
    label = plain("btn.whistle_lead", person.language, unit=name)
    return ((Button(label, data("wb", person.district, arg="lead")),),)


def _ticked(unit: UnitRow, draft: Draft) -> str:
    mark = "☑️ " if str(unit.id) in draft.assist else ""
    return mark + unit.name + (" 📞" if unit.by == "phone" else "")


def _choices(person: Person, verb: str, prefix: str, codes: tuple[str, ...]) -> Rows:
    return tuple(
        (button(person.language, prefix + each, data(verb, person.district, arg=each)),)
        for each in codes
    )


def _plain(person: Person, verb: str, label: str, style: str | None = None) -> Button:
    return button(person.language, label, data(verb, person.district), style=style)


def _preview(
    turn: Turn,
    person: Person,
    case: Case,
    draft: Draft,
    names: dict[str, str],
    known: dict[str, Any],
    cancel_row: Rows,
) -> Message:
    look = look_at(turn.session, case, person.language, turn.now)
    lines = [say("whistle.preview", person.language, **known)]
    rows: list[tuple[Button, ...]] = []
    for unit in draft.named():
        row = units.unit_by_id(turn.session, case.district, UUID(unit), turn.now)
        part = "lead" if unit == draft.lead else "assist"
        lines.append(
            say(
                "whistle.preview_line",
                person.language,
                unit=row.name,
                part=plain(f"part.{part}", person.language),
                when=look.when(_due_at(turn, case, draft.of(unit, "due"))),
                words=draft.of(unit, "words"),
            )
        )
        if not units.staff_of(turn.session, case.district, row.code, turn.now):
            lines.append(say("whistle.preview_phone", person.language))
        label = plain("btn.whistle_own", person.language, unit=row.name)
        rows.append((Button(label, data("wo", person.district, arg=key22(row.id))),))
    send_row = (_plain(person, "ws", "btn.whistle_send", "success"),)
    return Message("\n".join(lines), (send_row, *rows, *cancel_row))
