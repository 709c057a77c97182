"""What a unit does with its task in its own chat, and what the desk writes down for one that only
answers the telephone."""

from typing import Any
from uuid import UUID

from domain.refused import Refused
from domain.tasks import TASK_REASONS, TaskVerb
from domain.worktime import add_work
from handlers.reply import forget, remember, reply
from handlers.turn import Answer, Press, Said, Turn
from handlers.worker import offer_publishing
from models import Asked, Case, Person, Task
from services import attachments, duty, publishing, task_notices, tasks
from services.buttons import Pressed, parse
from services.task_cards import MORE_DAYS, time_asked
from services.texts import plain


def _step(
    turn: Turn, person: Person, pressed: Pressed, verb: TaskVerb, **given: Any
) -> tuple[Case, Task]:
    return tasks.do(
        turn.session, person, pressed.case, verb, turn.now, version=pressed.version, **given
    )


def open_task(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The task as a card of its own."""
    case, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    task_notices.show(turn.session, case, task, person, turn.now, afresh=True, at_once=True)
    return Answer()


def menu(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Reasons, or how much time, on the same card."""
    case, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    task_notices.show(turn.session, case, task, person, turn.now, pressed.arg, at_once=True)
    return Answer()


def accept(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*We accept*, or the desk writes down that they do."""
    _step(turn, person, pressed, TaskVerb.ACCEPT)
    return Answer(plain("task.accepted", person.language))


def not_ours(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Not ours*, with a reason from the list."""
    if pressed.arg not in TASK_REASONS:
        raise Refused("reason_missing")
    _step(turn, person, pressed, TaskVerb.NOT_OURS, reason=pressed.arg)
    return Answer(plain("task.accepted", person.language))


def ask_time(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Need time*: the desk decides; until then the old deadline holds."""
    if pressed.arg not in {str(each) for each in MORE_DAYS}:
        raise Refused("time_past")
    case, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    calendar = duty.calendar(turn.session, case.district)
    until = add_work(calendar, task.due_at, int(pressed.arg), "work_days").at
    _step(turn, person, pressed, TaskVerb.ASK_TIME, until=until)
    return Answer(plain("task.time_asked", person.language))


def grant(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The desk agrees to more time."""
    _check_time(turn, person, pressed)
    _step(turn, person, pressed, TaskVerb.GRANT)
    return Answer(plain("task.noted", person.language))


def deny(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The desk doesn't."""
    _check_time(turn, person, pressed)
    _step(turn, person, pressed, TaskVerb.DENY)
    return Answer(plain("task.noted", person.language))


def _check_time(turn: Turn, person: Person, pressed: Pressed) -> None:
    """Whether it is still the time on the button that is asked for."""
    _, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    if time_asked(task) not in ("", pressed.arg):
        raise Refused("task_moved_on")


def call_off(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The desk no longer needs it."""
    _step(turn, person, pressed, TaskVerb.CALL_OFF)
    return Answer(plain("task.called_off", person.language))


def give(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The task of a unit that is no more, to the unit on the button."""
    found = parse(f"x~~{pressed.arg}")
    unit = found.case if found else None
    heir = tasks.give(turn.session, person, pressed.case, unit, turn.now, version=pressed.version)
    return Answer(plain("task.given", person.language, unit=heir.name))


def ring(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The unit's number; that somebody looked is kept."""
    return Answer(tasks.reveal_phone(turn.session, person, pressed.case, turn.now), alert=True)


# --- what is said in words, or shown ---


def done(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Done*: how? A sentence, a photo or a voice note."""
    case, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    photo = task.part == "lead" and case.evidence == "photo"
    return _ask(turn, press, person, task, "task_done", "send_photo" if photo else "send_note")


def ask_note(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Who said what?"""
    _, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    return _ask(turn, press, person, task, "task_note", "ask_note")


def ask_reference(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The unit's own number for it?"""
    _, task = tasks.task_of(turn.session, person, pressed.case, turn.now)
    return _ask(turn, press, person, task, "task_reference", "ask_reference")


_HINTS = {"task_done": "send_hint", "task_note": "note_hint", "task_reference": "reference_hint"}


def _ask(turn: Turn, press: Press, person: Person, task: Task, what: str, key: str) -> Answer:
    remember(turn, press, what, district=person.district, case=task.case, task=str(task.id))
    reply(turn, press, person.language, f"task.{key}", ask=f"task.{_HINTS[what]}")
    return Answer()


def done_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The words or the photo that *done* was waiting for."""
    case, task = tasks.task_of(turn.session, person, _task_key(row), turn.now)
    for file in said.files:
        attachments.add(turn.session, case, file, "after", person.id, turn.now)
    kinds = frozenset(file.kind for file in said.files)
    personal = {"text": said.text.strip()} if said.text.strip() else {}
    try:
        tasks.do(
            turn.session, person, task.id, TaskVerb.DONE, turn.now, personal=personal,
            evidence=kinds,
        )  # fmt: skip
    except Refused as refused:
        if refused.code not in ("photo_missing", "note_missing"):
            raise
        key = "task.send_photo" if refused.code == "photo_missing" else "task.send_note"
        return reply(turn, said, person.language, key, ask="task.send_hint")
    forget(turn, said)
    if said.files and publishing.is_public(turn.session, case):
        return offer_publishing(turn, said, person, case)
    return reply(turn, said, person.language, "task.noted")


def note_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """Who said what, written down."""
    tasks.note(turn.session, person, _task_key(row), said.text, turn.now)
    forget(turn, said)
    reply(turn, said, person.language, "task.noted")


def reference_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The unit's own number for it."""
    tasks.set_reference(turn.session, person, _task_key(row), said.text, turn.now)
    forget(turn, said)
    reply(turn, said, person.language, "task.noted")


def _task_key(row: Asked) -> UUID:
    return UUID(str(row.data["task"]))
