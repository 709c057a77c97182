"""Photos of what was done reach the group by the word of who took them or finished the case.

Who reported never said that theirs may be shown, so theirs stay inside; so does everything of a
private matter.
"""

from datetime import datetime

from sqlmodel import Session

from domain.lifecycle import State
from domain.refused import Refused
from models import Attachment, Case, Person
from services import attachments, notices
from services.access import is_staff
from services.cards import look_at
from services.outbox import About, Message, Priority, put

# before the work and after it; close by and from afar are for who looks at the case
SHOWN = ("before", "after")
WHEN = frozenset({State.CHECKING, State.DONE, State.CLOSED})


def photos_of(session: Session, person: Person, case: Case) -> list[Attachment]:
    """What the person may answer for, before and after the work, in that order: what they took
    themselves; who finished the case, what its units took as well. Never the reporter's."""
    found = [each for role in SHOWN for each in attachments.of(session, case, role)]
    handled = case.done_by == person.id
    return [
        each
        for each in found
        if each.kind == "photo"
        and (each.by == person.id or (handled and each.by not in (None, case.reporter)))
    ]


def is_public(session: Session, case: Case) -> bool:
    """Whether the group may see how the matter ended."""
    public = not case.private and case.channel == "group" and case.reach != "named"
    return public and notices.group_of(session, case) is not None and State(case.state) in WHEN


def publish(session: Session, person: Person, case: Case, now: datetime) -> int:
    """The photos go to the group, once: the person has said that no face or plate is in them.

    Returns how many. Raises Refused `not_yours`, `nothing_to_publish`.
    """
    if not is_staff(session, person):
        raise Refused("not_yours")
    group, chat = notices.group_of(session, case), notices.group_chat(session, case)
    photos = photos_of(session, person, case)
    if not photos and attachments.of(session, case, "after"):
        raise Refused("not_yours")
    shown = [each for each in map(attachments.shown, photos) if each is not None]
    if group is None or chat is None or not shown or not is_public(session, case):
        raise Refused("nothing_to_publish")
    pair = {each.role for each in photos} == set(SHOWN)
    key = "told.before_after" if pair else "told.after_photo"
    text = look_at(session, case, group.language, now).say(key, number=case.number)
    about = About(
        priority=Priority.NOTICE,
        district=case.district,
        case=case.id,
        dedupe=f"after:{case.id}:{case.reopenings}",
    )
    put(session, chat, Message(text, photos=tuple(shown)), now, about)
    return len(shown)
