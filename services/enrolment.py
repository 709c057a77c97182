"""How the people of the imported lists come in: a link that works once, for three days."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from domain.refused import Refused
from domain.roles import RoleIn, RoleName, within
from models import (
    Attachment,
    Audit,
    Case,
    Due,
    Group,
    GroupPost,
    Invite,
    Outbox,
    Person,
    Role,
    Voice,
)
from services import people, tries
from services.access import roles_of
from services.equipment import bots_district, policy
from services.outbox import Address, Message
from services.territory import name as name_of_unit
from services.texts import plain, say

PREFIX = "e-"
CODE_BYTES = 16  # 128 bits


def may_administer(session: Session, actor: Person, person: Person) -> bool:
    """Whether the actor may invite and revoke the person, for every role that they have.

    An admin may at or below their unit; a supervisor too, but neither admins nor the
    supervisors of their own unit: nobody makes themselves more than they are.
    """
    own = roles_of(session, actor) if actor.district == person.district else ()
    return all(_covers(own, role) for role in roles_of(session, person))


def _covers(own: tuple[RoleIn, ...], role: RoleIn) -> bool:
    for mine in own:
        if not within(mine.unit, role.unit):
            continue
        if mine.role is RoleName.ADMIN:
            return True
        peers = role.role is RoleName.SUPERVISOR and mine.unit == role.unit
        if mine.role is RoleName.SUPERVISOR and role.role is not RoleName.ADMIN and not peers:
            return True
    return False


def _check(session: Session, actor: Person | None, person: Person) -> None:
    """`actor` None is who runs the service, at the command line."""
    if actor is not None and not may_administer(session, actor, person):
        raise Refused("not_yours_to_administer")


def invite(
    session: Session, actor: Person | None, district: str, person_id: UUID, now: datetime
) -> str:
    """A fresh code for a person with a role; earlier unused ones stop working.

    `actor` None: who runs the service. The code is shown once and kept only as its hash.
    Raises Refused `person_unknown`, `no_role`, `not_yours_to_administer`.
    """
    person = people.person(session, district, person_id)
    if not roles_of(session, person):
        raise Refused("no_role", name=person.name)
    _check(session, actor, person)
    _end_invites(session, person, now)
    code = PREFIX + secrets.token_urlsafe(CODE_BYTES)
    session.add(
        Invite(
            district=district,
            code_hash=tries.fingerprint(code),
            person=person.id,
            made_by=actor.id if actor is not None else None,
            made_at=now,
            expires_at=now + timedelta(hours=policy(session).invite_hours),
        )
    )
    _audit(session, person, actor, "invited", now)
    return code


# an enrolled person may be invited again (a lost phone): the new account takes the old one's place
reissue = invite


def link(bot_username: str, code: str) -> str:
    """The address that opens the bot with this code."""
    return f"https://t.me/{bot_username}?start={code}"


def invitation(
    session: Session, person: Person, code: str, bot_username: str, language: str
) -> Message:
    """The link and its QR picture, to be handed over at the desk."""
    url = link(bot_username, code)
    text = say(
        "people.invitation",
        language,
        name=people.name_of(person, language),
        roles=roles_in_words(session, person, language),
        hours=policy(session).invite_hours,
        url=url,
    )
    return Message(text, picture={"kind": "qr", "url": url})


def roles_in_words(session: Session, person: Person, language: str) -> str:
    """What somebody is and where, as people say it."""
    return plain("people.listed", language).join(
        plain(
            f"people.role.{role.role}",
            language,
            unit=name_of_unit(session, person.district, role.unit, language),
        )
        for role in roles_of(session, person)
    )


def enrol(session: Session, code: str, by: Address, now: datetime) -> Person | Refused:
    """Whoever opens the link becomes the person of the list, with all their roles.

    `by.chat`: the user's id. Name and language are the list's; what they reported as a resident
    becomes theirs under the new row. A refusal is answered and not raised, because the failed
    try must stay: `too_many_tries`, `code_unknown`, `code_used`, `code_expired`,
    `already_enrolled`, `bot_elsewhere`.
    """
    if tries.exhausted(session, by, now):
        return Refused("too_many_tries")
    found = _invite_of(session, code)
    problem = _problem(session, found, now)
    if found is None or problem is not None:
        tries.count(session, by, now)
        return problem or Refused("code_unknown")
    if bots_district(session, by.bot) not in (None, found.district):
        return Refused("bot_elsewhere")
    person = people.person(session, found.district, found.person)
    former = people.person_of(session, found.district, by)
    if former is not None and former.id != person.id:
        if former.ref is not None:
            return Refused("already_enrolled", name=former.name)
        _merge(session, former, person, now)
    if not _use(session, found, now):
        return Refused("code_used")
    _settle_in(session, person, by)
    _audit(session, person, person, "enrolled", now)
    return person


def _invite_of(session: Session, code: str) -> Invite | None:
    query = select(Invite).where(Invite.code_hash == tries.fingerprint(code.strip()))
    return session.exec(query).first()


def _problem(session: Session, found: Invite | None, now: datetime) -> Refused | None:
    if found is None or found.revoked_at is not None:
        return Refused("code_unknown")
    if found.used_at is not None:
        return Refused("code_used")
    if found.expires_at <= now:
        return Refused("code_expired")
    person = people.person(session, found.district, found.person)
    return None if roles_of(session, person) else Refused("code_unknown")


def _use(session: Session, found: Invite, now: datetime) -> bool:
    """Take the code, unless somebody was faster."""
    statement = (
        update(Invite)
        .where(
            col(Invite.district) == found.district,
            col(Invite.id) == found.id,
            col(Invite.used_at).is_(None),
        )
        .values(used_at=now)
    )
    result: CursorResult[Any] = session.connection().execute(statement)
    session.expire(found)
    return result.rowcount == 1


def _settle_in(session: Session, person: Person, by: Address) -> None:
    person.platform, person.bot, person.address = by.platform, by.bot, by.chat
    person.reachable, person.deleted_at = True, None
    session.add(person)
    session.flush()


def _merge(session: Session, former: Person, person: Person, now: datetime) -> None:
    """What a resident's row held goes to the person's; the empty row stays for the history."""
    for model, column in _OWNED:
        session.connection().execute(
            update(model)
            .where(model.district == former.district, getattr(model, column) == former.id)
            .values({column: person.id})
        )
    _move_voices(session, former, person)
    if former.language_chosen:
        person.language, person.language_chosen = former.language, True
    person.home_group = person.home_group or former.home_group
    person.notice_seen_at = person.notice_seen_at or former.notice_seen_at
    person.phone = person.phone or former.phone
    former.address, former.name, former.phone = None, "", None
    former.reachable, former.deleted_at = False, now
    session.add(former)
    session.flush()
    session.expire_all()


_OWNED: tuple[tuple[Any, str], ...] = (
    (Case, "reporter"),
    (Case, "filed_by"),
    (Attachment, "by"),
    (GroupPost, "writer"),
    (Outbox, "person"),
    (Group, "bound_by"),
)


def _move_voices(session: Session, former: Person, person: Person) -> None:
    query = select(Voice).where(Voice.district == former.district, Voice.person == former.id)
    for voice in session.exec(query).all():
        session.delete(voice)
        if session.get(Voice, (person.district, voice.case, person.id)) is None:
            session.add(
                Voice(
                    district=voice.district,
                    case=voice.case,
                    person=person.id,
                    part=voice.part,
                    at=voice.at,
                )
            )
    session.connection().execute(
        update(Due)
        .where(col(Due.district) == former.district, col(Due.subject) == str(former.id))
        .values(subject=str(person.id))
    )


def revoke_person(
    session: Session, actor: Person | None, district: str, person_id: UUID, now: datetime
) -> Person:
    """Every role and every open invitation ends now; the account stays a resident's.

    Raises Refused `person_unknown`, `not_yourself`, `no_role`, `not_yours_to_administer`.
    Cases that they own must be passed on by the caller.
    """
    person = people.person(session, district, person_id)
    if actor is not None and actor.id == person.id:
        raise Refused("not_yourself")
    if not roles_of(session, person):
        raise Refused("no_role", name=person.name)
    _check(session, actor, person)
    query = select(Role).where(
        Role.district == district, Role.person == person.id, col(Role.revoked_at).is_(None)
    )
    for role in session.exec(query):
        role.revoked_at = now
        session.add(role)
    _end_invites(session, person, now)
    _audit(session, person, actor, "revoked", now)
    session.flush()
    return person


def _end_invites(session: Session, person: Person, now: datetime) -> None:
    query = select(Invite).where(
        Invite.district == person.district,
        Invite.person == person.id,
        col(Invite.used_at).is_(None),
        col(Invite.revoked_at).is_(None),
    )
    for open_invite in session.exec(query):
        open_invite.revoked_at = now
        session.add(open_invite)


def _audit(
    session: Session, person: Person, actor: Person | None, what: str, now: datetime
) -> None:
    session.add(
        Audit(
            district=person.district,
            at=now,
            actor=actor.id if actor is not None else None,
            act=what,
            object=f"person:{person.id}",
        )
    )
