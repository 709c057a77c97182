"""What the runtime does with what comes in and what goes wrong: functions that it is given."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from handlers.turn import Answer, Event
from handlers.updates import Me
from models import outgoing
from scheduler.look import Sweep
from services.outbox import Address

Handle = Callable[[Session, Event, Me, datetime], list[Answer]]
# what happens to the cases of somebody who can't be written to: (session, person, district, now)
Unreachable = Callable[[Session, UUID, str, datetime], None]
# what is planned when the service starts
Begin = Callable[[Session, datetime], None]
# an update was given up: (session, its chat, its id, the error's class, now)
GivenUp = Callable[[Session, Address, UUID, str, datetime], None]
# rows of a bot's outbox have died: (session, bot, ids, now)
Died = Callable[[Session, str, Sequence[UUID], datetime], None]
# a group has put the bot out: (session, group, now)
Removed = Callable[[Session, Address, datetime], None]
# a group has a new id: (session, old address, new chat, now)
Moved = Callable[[Session, Address, str, datetime], None]


def plans_nothing(_session: Session, _now: datetime) -> None:
    """A service without daily work."""


def tells_nobody(*_what: object) -> None:
    """A service without a desk."""


def moves_rows(session: Session, at: Address, new_chat: str, now: datetime) -> None:
    """A service without cards of groups."""
    outgoing.move_chat(session, at.bot, at.platform, at.chat, new_chat, now)


@dataclass(frozen=True, slots=True)
class Doors:
    """What the service does; `real_doors` are the ones of this product.

    `commands`: those that count in a group without the bot's name (None: any).
    """

    handle: Handle
    sweep: Sweep
    unreachable: Unreachable
    begin: Begin = plans_nothing
    given_up: GivenUp = tells_nobody
    died: Died = tells_nobody
    removed: Removed = tells_nobody
    moved: Moved = moves_rows
    needs_group_admin: Collection[str] = ()
    commands: Collection[str] | None = None


def real_doors() -> Doors:
    """The handlers and the clock of this service."""
    from handlers import wiring
    from services import binding, clock, handling, trouble

    return Doors(
        handle=wiring.handle,
        sweep=clock.sweep,
        unreachable=handling.unreachable,
        begin=clock.begin,
        given_up=trouble.tell_given_up,
        died=trouble.tell_dead,
        removed=binding.bot_removed,
        moved=binding.migrate,
        needs_group_admin=wiring.NEEDS_GROUP_ADMIN,
        commands=wiring.COMMANDS,
    )
