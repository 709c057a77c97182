"""Groups: bound to a grid by a one-time code, or strange and soon left."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, update
from sqlmodel import Session, col, select

from domain.refused import Refused
from domain.roles import administers
from models import (
    Audit,
    BindCode,
    Division,
    Group,
    Person,
    Posted,
    StrangeGroup,
    outgoing,
)
from services import buttons, notices, territory, tries
from services.access import roles_of
from services.equipment import bots_district, policy
from services.outbox import About, Address, Button, Message, Priority, act, put
from services.texts import DEFAULT, LANGUAGES, plain, say

PREFIX = "b-"
CODE_BYTES = 16  # 128 bits
CARD = "group"
LONGEST_TITLE = 128


def make_code(session: Session, actor: Person | None, grid: str, place: str, now: datetime) -> str:
    """A one-time code that binds a group to a grid; `place` is where its people live.

    `actor` None: who runs the service. Raises Refused `grid_unknown`, `not_yours_to_administer`.
    """
    district = territory.district_of(grid)
    row = territory.grid(session, district, grid, now)
    if actor is not None:
        _check(session, actor, row)
    code = PREFIX + secrets.token_urlsafe(CODE_BYTES)
    session.add(
        BindCode(
            district=district,
            code_hash=tries.fingerprint(code),
            grid=grid,
            place=place.strip(),
            made_by=actor.id if actor is not None else None,
            made_at=now,
            expires_at=now + timedelta(hours=policy(session).invite_hours),
        )
    )
    _audit(session, district, actor, "bind_code_made", f"grid:{grid}", now)
    return code


def _check(session: Session, actor: Person, grid: Division) -> None:
    own = roles_of(session, actor) if actor.district == grid.district else ()
    if not administers(own, grid.code):
        raise Refused("not_yours_to_administer")


def group_link(bot_username: str, code: str) -> str:
    """The address that puts the bot into a group and binds it in one go."""
    return f"https://t.me/{bot_username}?startgroup={code}"


def bind(
    session: Session,
    at: Address,
    title: str,
    code: str,
    by: Address,
    now: datetime,
    *,
    group_admin: bool,
    language: str = DEFAULT,
) -> Group | Refused:
    """Bind the group `at` to the code's grid; its card is posted and pinned.

    `by.chat`: the user's id; `group_admin`: the platform says that they administer the group.
    A refusal is answered and not raised, because the failed try must stay: `not_group_admin`,
    `too_many_tries`, `code_unknown`, `code_used`, `code_expired`, `grid_unknown`,
    `bound_elsewhere`, `bot_elsewhere`.
    """
    if not group_admin:
        return Refused("not_group_admin")
    if tries.exhausted(session, by, now):
        return Refused("too_many_tries")
    found = _code_of(session, code)
    problem = _problem(session, found, now)
    if found is None or problem is not None:
        tries.count(session, by, now)
        return problem or Refused("code_unknown")
    if bots_district(session, at.bot) not in (None, found.district):
        return Refused("bot_elsewhere")
    row = _row_of(session, at)
    if row is not None and row.district != found.district:
        return Refused("bound_elsewhere")
    if not _use(session, found, now):
        return Refused("code_used")
    return _bound(session, at, row, found, title, language, now)


def _bound(
    session: Session,
    at: Address,
    row: Group | None,
    code: BindCode,
    title: str,
    language: str,
    now: datetime,
) -> Group:
    chosen = row.language if row is not None and row.ended_at is None else language
    group = row or Group(
        district=code.district, grid=code.grid, platform=at.platform, bot=at.bot, chat=at.chat,
        bound_at=now,
    )  # fmt: skip
    group.grid, group.place = code.grid, code.place
    group.title, group.language = title[:LONGEST_TITLE], chosen
    group.bound_at, group.bound_by, group.ended_at = now, code.made_by, None
    session.add(group)
    session.flush()
    strange = session.get(StrangeGroup, (at.bot, at.platform, at.chat))
    if strange is not None and strange.may_delete is not None:
        group.may_delete = strange.may_delete
    _forget_strange(session, at)
    _audit(session, group.district, None, "group_bound", f"group:{group.id}", now)
    post_card(session, group, now)
    return group


def _code_of(session: Session, code: str) -> BindCode | None:
    query = select(BindCode).where(BindCode.code_hash == tries.fingerprint(code.strip()))
    return session.exec(query).first()


def _problem(session: Session, found: BindCode | None, now: datetime) -> Refused | None:
    if found is None or found.revoked_at is not None:
        return Refused("code_unknown")
    if found.used_at is not None:
        return Refused("code_used")
    if found.expires_at <= now:
        return Refused("code_expired")
    known = territory.find_division(session, found.district, found.grid) is not None
    if known and not territory.has_ended(session, found.district, found.grid, now):
        return None
    return Refused("grid_unknown", unit=found.grid)


def _use(session: Session, found: BindCode, now: datetime) -> bool:
    """Take the code, unless somebody was faster."""
    statement = (
        update(BindCode)
        .where(
            col(BindCode.district) == found.district,
            col(BindCode.code_hash) == found.code_hash,
            col(BindCode.used_at).is_(None),
        )
        .values(used_at=now)
    )
    result: CursorResult[Any] = session.connection().execute(statement)
    return result.rowcount == 1


def _row_of(session: Session, at: Address) -> Group | None:
    """The chat's row, ended or not: it has one, ever."""
    query = select(Group).where(
        Group.platform == at.platform, Group.bot == at.bot, Group.chat == at.chat
    )
    return session.exec(query).first()


def address_of(group: Group) -> Address:
    """Where the group is."""
    return Address(group.bot, group.chat, group.platform)


def post_card(session: Session, group: Group, now: datetime) -> None:
    """The group's card: posted and pinned, or edited where it stands."""
    to = address_of(group)
    about = About(priority=Priority.ANSWER, district=group.district, card=CARD)
    put(session, to, card(session, group), now, about)
    plainly = About(priority=Priority.ANSWER, district=group.district)
    if _is_posted(session, to):
        return
    asking = say("binding.please_pin", group.language)
    act(session, to, "pin", {"card": CARD, "otherwise": asking}, now, plainly)


def _is_posted(session: Session, to: Address) -> bool:
    return session.get(Posted, (to.bot, to.platform, to.chat, CARD)) is not None


def card(session: Session, group: Group) -> Message:
    """What the group's card says: how to report, and what the bot reads and who sees it."""
    language = group.language
    grid = territory.name(session, group.district, group.grid)
    key = "binding.card_placed" if group.place else "binding.card"
    text = say(key, language, grid=grid, place=group.place)
    listens = group.listens_since is not None
    notice = say("binding.notice_listening" if listens else "binding.notice", language)
    return Message(f"{text}\n\n{notice}", card_buttons(language))


def card_buttons(language: str) -> tuple[tuple[Button, ...], ...]:
    """The three things anybody in the group can do."""
    report, mine, who = (
        Button(plain(f"binding.button.{verb}", language), data=buttons.data(verb), style=style)
        for verb, style in (("report", "primary"), ("mine", None), ("who", None))
    )
    return (report,), (mine, who)


def choose_language(session: Session, group: Group, language: str, now: datetime) -> None:
    """The language of everything that the group is told. Raises Refused `language_unknown`."""
    if language not in LANGUAGES:
        raise Refused("language_unknown")
    row = _held(session, group)
    row.language = language
    session.flush()
    post_card(session, row, now)


def unbind(session: Session, actor: Person | None, group: Group, now: datetime) -> None:
    """The group's service ends; the bot says so and leaves unless bound anew.

    Raises Refused `not_yours_to_administer`.
    """
    if actor is not None:
        _check(session, actor, territory.division(session, group.district, group.grid))
    _end(session, group, actor, now)
    to = address_of(group)
    about = About(priority=Priority.ANSWER, district=group.district, card=CARD)
    put(session, to, Message(say("binding.ended", group.language)), now, about)
    _remember_strange(session, to, now)


def bot_removed(session: Session, at: Address, now: datetime) -> None:
    """Somebody put the bot out of a chat: nothing is said there any more, and the desk hears."""
    _forget_strange(session, at)
    group = territory.group_of(session, at.bot, at.chat, at.platform)
    if group is not None:
        _end(session, group, None, now)
        notices.tell_desk(
            session, group.district, group.grid, "trouble.group_lost", now, title=group.title
        )
        session.connection().execute(
            delete(Posted).where(
                col(Posted.bot) == at.bot,
                col(Posted.platform) == at.platform,
                col(Posted.chat) == at.chat,
            )
        )


def _end(session: Session, group: Group, actor: Person | None, now: datetime) -> None:
    row = _held(session, group)
    row.ended_at, row.listens_since = now, None
    session.flush()
    _audit(session, group.district, actor, "group_ended", f"group:{group.id}", now)


def _held(session: Session, group: Group) -> Group:
    """The group's own row, to be changed."""
    return session.get_one(Group, (group.district, group.id))


def strange_group(
    session: Session,
    at: Address,
    now: datetime,
    language: str = DEFAULT,
    may_delete: bool | None = None,
) -> None:
    """Say once that nobody has bound this group, and remember only when to leave it, and whether
    the bot may delete messages there (None: not told)."""
    known = session.get(StrangeGroup, (at.bot, at.platform, at.chat))
    if known is not None:
        known.may_delete = known.may_delete if may_delete is None else may_delete
        return
    _remember_strange(session, at, now, may_delete)
    minutes = policy(session).strange_group_minutes
    text = say("binding.strange", language, minutes=minutes)
    put(session, at, Message(text), now, About(priority=Priority.ANSWER))


def _remember_strange(
    session: Session, at: Address, now: datetime, may_delete: bool | None = None
) -> None:
    minutes = policy(session).strange_group_minutes
    row = session.get(StrangeGroup, (at.bot, at.platform, at.chat))
    row = row or StrangeGroup(bot=at.bot, platform=at.platform, chat=at.chat, leave_at=now)
    row.leave_at = now + timedelta(minutes=minutes)
    row.may_delete = may_delete
    session.add(row)
    session.flush()


def _forget_strange(session: Session, at: Address) -> None:
    row = session.get(StrangeGroup, (at.bot, at.platform, at.chat))
    if row is not None:
        session.delete(row)
        session.flush()


def leave_due(session: Session, now: datetime, limit: int = 100) -> int:
    """Leave the strange groups whose time is up; how many."""
    query = select(StrangeGroup).where(StrangeGroup.leave_at <= now)
    rows = session.exec(query.order_by(col(StrangeGroup.leave_at)).limit(limit)).all()
    for row in rows:
        at = Address(row.bot, row.chat, row.platform)
        act(session, at, "leave", {}, now, About(priority=Priority.NOTICE))
        session.delete(row)
    session.flush()
    return len(rows)


def migrate(session: Session, at: Address, new_chat: str, now: datetime) -> None:
    """A group became a supergroup: all that is meant for it goes to the new chat.

    Messages there begin anew, so the group's card is posted again. Told twice (by the platform,
    and by the first message that can't be sent), nothing happens twice.
    """
    group = territory.group_of(session, at.bot, at.chat, at.platform)
    moves = group is not None and group.chat == at.chat
    outgoing.move_chat(session, at.bot, at.platform, at.chat, new_chat, now)
    session.expire_all()
    if group is not None and moves:
        # the bot may have been seen in the new chat before it was known which one that is
        moved = _held(session, group)
        _forget_strange(session, address_of(moved))
        post_card(session, moved, now)


def _audit(
    session: Session, district: str, actor: Person | None, what: str, which: str, now: datetime
) -> None:
    session.add(
        Audit(
            district=district,
            at=now,
            actor=actor.id if actor is not None else None,
            act=what,
            object=which,
        )
    )
