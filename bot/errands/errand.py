"""An errand: something that a command wants written, by whoever may write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlmodel import Session

from models import crash, errands

G = TypeVar("G")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class When:
    """The moment, by the service's clock and really."""

    now: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class Errand(Generic[G, A]):
    """What is done with what is given, in one transaction.

    `keeps`: whether an answer is written down with it. One that isn't (it holds a code, or a
    person's data) must be such that doing it twice does no harm.
    """

    name: str
    given: type[G]
    answer: Any
    do: Callable[[Session, G, When], A]
    keeps: Callable[[A], bool]


class Undone(Exception):
    """Takes an answer out of a transaction that must not be kept."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def carry_out(session: Session, errand: Errand[G, A], key: UUID | None, given: G, when: When) -> A:
    """Do it, once for each key; a second time the answer is the first one's.

    `key` None: nobody will ask again. Raises Refused, Cannot, and Undone for a trial.
    """
    done = errands.answer_to(session, key) if key is not None else None
    if done is not None:
        found: A = msgspec.json.decode(done, type=errand.answer)
        return found
    answer = errand.do(session, given, when)
    if key is not None and errand.keeps(answer):
        errands.keep(session, key, msgspec.json.encode(answer).decode(), when.wall)
    crash.point("errand.done")
    return answer
