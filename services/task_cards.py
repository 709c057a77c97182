"""A task as its unit sees it in its own chat, and as the desk sees it that answers for it.

A unit reads what it is to do, where and by when, and what was reported; never by whom.
"""

from domain.tasks import OPEN_TASK, TASK_REASONS, By, TaskState
from models import Person, Task
from services import buttons, hiding, territory
from services.cards import Look, danger, full_place, grid_name, kind_name, short
from services.outbox import Button, Message, Rows
from services.task_lines import dot, part_words, state_words, task_data
from services.texts import plain
from services.units import (
    has_ended,
    heir_for,
    keeper_of,
    notes_of,
    staff_of,
    standing_in,
    tasks_of,
    unit_has_ended,
    unit_name,
    unit_of,
    units_for,
)

# work days that a unit may ask for, a button each
MORE_DAYS = (1, 3, 7)
# the page of the card on which another unit is chosen, followed by a number
GIVE = "give"
UNITS_A_PAGE = 8


def task_card(look: Look, task: Task, person: Person, menu: str = "") -> Message:
    """The task to somebody of its unit or of its desk."""
    by = standing_in(look.session, person, task, look.case, look.now)
    lines = [
        look.say(
            "task.head",
            dot=dot(look, task),
            number=look.case.number,
            kind=kind_name(look),
            unit=unit_name(look.session, task),
            part=part_words(look, task),
        ),
        look.say(
            "card.place_grid",
            place=full_place(look),
            grid=grid_name(look.session, look.case),
        ),
        danger(look),
        look.say("task.words", desk=_desk_name(look, task), words=task.words),
        _reported(look),
        _due_line(look, task),
        _asked(look, task),
        _together(look, task),
        look.say("task.reference", reference=task.reference) if task.reference else None,
        _who_answers(look, task, by),
        _ended_line(look, task),
        *_said(look, task),
    ]
    text = "\n".join(line for line in lines if line)
    return Message(text, _buttons(look, task, by, menu))


def _desk_name(look: Look, task: Task) -> str:
    length = {"micro": 12, "small": 9, "big": 6}[task.circle]
    name = territory.name(look.session, task.district, look.case.grid[:length], look.language)
    return plain("card.desk", look.language, unit=name)


def _reported(look: Look) -> str | None:
    words = hiding.words_for_unit(look.session, look.case)
    return look.say("card.words", words=short(words)) if words else None


def _due_line(look: Look, task: Task) -> str:
    state = state_words(look, task)
    if task.state not in set(OPEN_TASK):
        return look.say("task.ended", state=state)
    late = look.now >= task.due_at
    key = "task.due_late" if late else "task.due"
    return look.say(key, when=look.when(task.due_at), state=state)


def _asked(look: Look, task: Task) -> str | None:
    if task.asked_until is None:
        return None
    return look.say("task.asked_time", when=look.when(task.asked_until))


def _together(look: Look, task: Task) -> str | None:
    others = [each for each in tasks_of(look.session, look.case) if each.id != task.id]
    if not others:
        return None
    names = (f"{unit_name(look.session, each)}（{part_words(look, each)}）" for each in others)
    return look.say("task.together", units="、".join(names))


def _who_answers(look: Look, task: Task, by: By | None) -> str:
    """Who at the desk sees to it, and that they ring where nobody of the unit is here."""
    keeper = keeper_of(look.session, task, look.case)
    name = keeper.name if keeper else _desk_name(look, task)
    unit = unit_of(look.session, task.district, task.unit)
    if unit is not None and unit.by == "phone":
        return look.say("task.by_phone", keeper=name)
    here = by is By.UNIT or staff_of(look.session, task.district, task.unit, look.now)
    return look.say("task.keeper" if here else "task.not_here", keeper=name)


def _ended_line(look: Look, task: Task) -> str | None:
    unit = unit_of(look.session, task.district, task.unit)
    if unit is None or not has_ended(look.session, unit, look.now):
        return None
    heir = unit_of(look.session, task.district, unit.successor or "")
    following = plain("task.unit_none", look.language)
    if heir is not None:
        following = plain("task.unit_next", look.language, unit=heir.name)
    return look.say("task.unit_ended", next=following)


def _said(look: Look, task: Task) -> list[str]:
    return [
        look.say("task.said", when=look.when(at), who=who or "—", words=words)
        for at, who, words in notes_of(look.session, task)
    ]


# --- buttons ---


def _buttons(look: Look, task: Task, by: By | None, menu: str) -> Rows:
    if by is None or task.state not in set(OPEN_TASK):
        return ()
    if menu:
        return _menu(look, task, menu)
    if by is By.UNIT:
        return _unit_rows(look, task)
    ended = unit_has_ended(look.session, task, look.now)
    given = (give_row(look, task),) if ended else ()
    return (*given, *_desk_rows(look, task))


def _unit_rows(look: Look, task: Task) -> Rows:
    done = _button(look, task, "t_done", "btn.task_done", style="success")
    called = task.state == TaskState.CALLED
    first = (_button(look, task, "t_accept", "btn.task_accept", style="primary"),) if called else ()
    return (
        (*first, done),
        (
            _button(look, task, "t_menu", "btn.task_not", "not"),
            _button(look, task, "t_menu", "btn.task_time", "time"),
        ),
    )


def _desk_rows(look: Look, task: Task) -> Rows:
    """What a unit has said by telephone, a tap each."""
    rows: list[tuple[Button, ...]] = []
    if task.asked_until is not None:
        rows.append(time_row(look, task))
    note = _button(look, task, "t_note", "btn.task_note")
    unit = unit_of(look.session, task.district, task.unit)
    ring = (_button(look, task, "t_ring", "btn.task_ring"),) if unit and unit.phone else ()
    rows.append((*ring, note))
    called = task.state == TaskState.CALLED
    accept = (_button(look, task, "t_accept", "btn.task_accept_for"),) if called else ()
    rows.append((*accept, _button(look, task, "t_done", "btn.task_done")))
    rows.append(
        (
            _button(look, task, "t_ref", "btn.task_reference"),
            _button(look, task, "t_menu", "btn.task_not_for", "not"),
        )
    )
    rows.append((_button(look, task, "t_off", "btn.task_off", style="danger"),))
    return tuple(rows)


def time_row(look: Look, task: Task) -> tuple[Button, ...]:
    """Grant or refuse the time that is asked for, and no other: the unit may ask anew meanwhile,
    and accept the task, which makes no answer old."""
    until = time_asked(task)
    yes, no = (
        buttons.data(verb, task.district, task.id, arg=until) for verb in ("t_grant", "t_deny")
    )
    return (
        Button(plain("btn.task_grant", look.language), yes, style="success"),
        Button(plain("btn.task_deny", look.language), no),
    )


def time_asked(task: Task) -> str:
    """Until when the unit wants more time, as a button carries it; empty if it doesn't."""
    return str(int(task.asked_until.timestamp())) if task.asked_until is not None else ""


def left_line(look: Look, task: Task) -> str:
    """A task that a unit left behind, in one line."""
    return look.say(
        "task.left",
        dot=dot(look, task),
        number=look.case.number,
        kind=kind_name(look),
        part=part_words(look, task),
        when=look.when(task.due_at),
    )


def give_row(look: Look, task: Task) -> tuple[Button, ...]:
    """To whom the task of a unit that is no more can go: its successor in one tap, or any other."""
    number = look.case.number
    heir = heir_for(look.session, task, look.case, look.now)
    label = plain("btn.task_give_other", look.language, number=number)
    other = Button(label, task_data("t_menu", task, GIVE))
    if heir is None:
        return (other,)
    label = plain("btn.task_give", look.language, number=number, unit=heir.name)
    return (Button(label, task_data("t_give", task, buttons.key22(heir.id))), other)


def _give_menu(look: Look, task: Task, page: int) -> Rows:
    """Every unit that can be called for the case, some at a time."""
    listed = units_for(look.session, look.case, look.now)
    first = page * UNITS_A_PAGE
    rows = tuple(
        (Button(each.name, task_data("t_give", task, buttons.key22(each.id))),)
        for each in listed[first : first + UNITS_A_PAGE]
    )
    if len(listed) <= UNITS_A_PAGE:
        return rows
    following = page + 1 if first + UNITS_A_PAGE < len(listed) else 0
    return (*rows, (_button(look, task, "t_menu", "btn.whistle_more", f"{GIVE}{following}"),))


def _menu(look: Look, task: Task, menu: str) -> Rows:
    back = (_button(look, task, "t_menu", "btn.back"),)
    if menu.startswith(GIVE):
        page = menu.removeprefix(GIVE)
        return (*_give_menu(look, task, int(page) if page.isdecimal() else 0), back)
    if menu == "not":
        rows = tuple(
            (_button(look, task, "t_not", f"reason.{each}", each),) for each in TASK_REASONS
        )
        return (*rows, back)
    days = tuple((_button(look, task, "t_time", f"btn.task_plus_{n}", str(n)),) for n in MORE_DAYS)
    return (*days, back)


def _button(
    look: Look, task: Task, verb: str, label: str, arg: str = "", style: str | None = None
) -> Button:
    return Button(plain(label, look.language), task_data(verb, task, arg), style=style)
