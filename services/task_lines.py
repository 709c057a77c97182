"""A case's tasks as its card shows them to those who handle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.tasks import OPEN_TASK, TaskState, task_colour
from models import Person, Task
from services import buttons
from services.access import is_circle_desk
from services.outbox import Button, Rows
from services.texts import plain
from services.units import task_facts, tasks_of, unit_name

if TYPE_CHECKING:
    from services.cards import Look

DOT = {"green": "🟢", "yellow": "🟡", "red": "🔴"}
MOST_TASKS = 12


def has_tasks(look: Look) -> bool:
    """Whether units were called; asked of the row, so that other cases cost no look."""
    return look.case.lead_unit is not None or look.case.circle_since is not None


def task_rows(look: Look) -> list[Task]:
    """The case's tasks, none for a case that never called a unit."""
    return tasks_of(look.session, look.case)[:MOST_TASKS] if has_tasks(look) else []


def state_words(look: Look, task: Task) -> str:
    """Where a task stands."""
    if task.state == TaskState.NOT_OURS:
        reason = plain(f"reason.{task.reason}", look.language)
        return plain("task.state_not_ours", look.language, reason=reason)
    return plain(f"task.state_{task.state}", look.language)


def part_words(look: Look, task: Task) -> str:
    """Whether it leads."""
    return plain(f"part.{task.part}", look.language)


def dot(look: Look, task: Task) -> str:
    """The task's own colour."""
    return DOT[task_colour(task_facts(task), look.now)]


def lines(look: Look) -> list[str]:
    """One line for each unit: colour, name, part, state, deadline."""
    return [_line(look, task) for task in task_rows(look)]


def _line(look: Look, task: Task) -> str:
    at_it = task.state in set(OPEN_TASK)
    return look.say(
        "task.line" if at_it else "task.line_ended",
        dot=dot(look, task),
        unit=unit_name(look.session, task),
        part=part_words(look, task),
        state=state_words(look, task),
        when=look.when(task.due_at),
    )


def desk_rows(look: Look, person: Person) -> Rows:
    """A button for each task that is open, for the desk."""
    if not is_circle_desk(look.session, person, look.case):
        return ()
    return tuple(
        (Button(unit_name(look.session, task), task_data("t_open", task)),)
        for task in task_rows(look)
        if task.state in set(OPEN_TASK)
    )


def task_data(verb: str, task: Task, arg: str = "") -> str:
    """A button of a task: it carries the task's key and version."""
    return buttons.data(verb, task.district, task.id, task.version, arg)
