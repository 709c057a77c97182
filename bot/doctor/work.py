"""The work: what waits, what failed, whom nobody can reach, and where nobody is."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from bot.doctor.finding import Finding, bad, good, judged, mind, span
from domain.roles import RoleName
from models import Contact, Division, Group, Inbox, Outbox, Person, Role, Shift
from models.backlog import Backlog, Reach, backlog, reach
from models.territory import TRIAL_DISTRICT
from services import duty, findings, routing
from services.equipment import equipment
from services.vault import Vault, WrongKey

SHOWN = 5
# the auditor's bounds: an update, a message or a reminder that waits longer is late
LATE_UPDATE = timedelta(seconds=5)
LATE_MESSAGE = timedelta(minutes=5)
LATE_DUE = timedelta(seconds=60)
WEEK = timedelta(days=7)
PRIORITIES = ("urgent", "answers", "notices", "digests")
RUNS = "See whether `linli run` runs, and what its log says."


def work(session: Session, now: datetime) -> list[Finding]:
    """Everything that rows tell about how the service is doing."""
    waits = backlog(session, now, now)
    return [
        _inbox(waits, now),
        _failed(session, waits),
        _outbox(waits, now),
        _dead(session, waits, now),
        _halted(waits),
        _due(waits, now),
        _examination(session, now),
        _people(reach(session)),
        *_places(session, now),
        _vault(session),
    ]


def newest(session: Session) -> datetime | None:
    """When the latest update was stored; an index has it for each bot."""
    bots = session.exec(select(Group.bot).distinct())
    times = [
        session.exec(select(func.max(Inbox.received_at)).where(Inbox.bot == bot)).one()
        for bot in bots
    ]
    return max((each for each in times if each is not None), default=None)


def _inbox(waits: Backlog, now: datetime) -> Finding:
    late = waits.updates.seconds(now)
    if not waits.updates.count:
        return good("inbox", "nothing waits")
    said = f"{waits.updates.count} updates wait in {waits.chats} chats, the oldest for "
    limits = (LATE_UPDATE.total_seconds(), 12 * LATE_UPDATE.total_seconds())
    return judged("inbox", late, said + span(timedelta(seconds=late)), RUNS, limits)


def _failed(session: Session, waits: Backlog) -> Finding:
    if not waits.failed:
        return good("failed updates", "none")
    query = select(Inbox.error, func.count()).where(Inbox.state == "failed").group_by(Inbox.error)
    found = sorted(session.exec(query), key=lambda row: -row[1])
    cure = "Look up the error in the log, mend it, then `linli replay`."
    return bad("failed updates", _kinds(found), cure)


def _kinds(found: list[Any]) -> str:
    return ", ".join(f"{count} × {error}" for error, count in found[:SHOWN])


def _outbox(waits: Backlog, now: datetime) -> Finding:
    oldest = waits.oldest_message
    if not oldest.count:
        return good("outbox", f"nothing waits, {waits.held} for later")
    by_sort = sorted(waits.messages.items())
    counts = ", ".join(f"{each.count} {PRIORITIES[priority]}" for priority, each in by_sort)
    late = oldest.seconds(now)
    said = f"{counts} wait, the oldest for {span(timedelta(seconds=late))}"
    limits = (LATE_MESSAGE.total_seconds() / 2, LATE_MESSAGE.total_seconds())
    return judged("outbox", late, said, RUNS, limits)


def _dead(session: Session, waits: Backlog, now: datetime) -> Finding:
    if not waits.dead:
        return good("dead letters", "none")
    query = (
        select(Outbox.error, func.count())
        .where(Outbox.state == "dead", col(Outbox.made_at) > now - WEEK)
        .group_by(Outbox.error)
    )
    found = sorted(session.exec(query), key=lambda row: -row[1])
    if not found:
        return good("dead letters", f"{waits.dead}, none of this week")
    cure = "Mend the reason; who blocked the bot or left must be told in another way."
    return mind("dead letters", f"this week {_kinds(found)}", cure)


def _halted(waits: Backlog) -> Finding:
    if not waits.halted and not waits.all_halted:
        return good("rates", "Telegram asks for no pause")
    whole = "the whole bot" if waits.all_halted else f"{waits.halted} chats"
    cure = "Wait: it goes on by itself; if it comes daily, give districts bots of their own."
    return mind("rates", f"Telegram asks {whole} to pause", cure)


def _due(waits: Backlog, now: datetime) -> Finding:
    late = waits.dues.seconds(now)
    if not waits.dues.count:
        return good("reminders", "nothing is overdue")
    said = f"{waits.dues.count} are due, the oldest for {span(timedelta(seconds=late))}"
    return judged("reminders", late, said, RUNS, (2.0, LATE_DUE.total_seconds()))


def _examination(session: Session, now: datetime) -> Finding:
    """What the auditor has found and not yet found ended."""
    found = findings.unended(session)
    if not found:
        return good("examination", "the auditor has nothing open")
    codes = sorted({each.code for each in found})
    since = span(now - min(each.since for each in found))
    said = f"{', '.join(codes)}; the oldest since {since}"
    return bad("examination", said, "Each has its section in docs/alarms.md.")


# --- people and places ---


def _people(found: Reach) -> Finding:
    """Those with a role whom the bot can't write to first."""
    if not found.new + found.lost:
        return good("people", f"all {found.people} with a role can be written to")
    said = (
        f"of {found.people} with a role {found.new} never enrolled and {found.lost} blocked the bot"
    )
    cure = "Send the link of `linli invite` again; who blocked the bot must press Start once."
    return mind("people", said, cure)


def _places(session: Session, now: datetime) -> list[Finding]:
    query = select(Division.district, Division.code).where(
        Division.level == "grid",
        Division.district != TRIAL_DISTRICT,
        or_(col(Division.ends_on).is_(None), col(Division.ends_on) > now.date()),
    )
    grids = list(session.exec(query.order_by(col(Division.code))))
    return [_workers(session, grids), _desks(session, grids), _shifts(session, now)]


def _workers(session: Session, grids: list[Any]) -> Finding:
    query = select(Role.unit).where(Role.role == RoleName.WORKER, col(Role.revoked_at).is_(None))
    staffed = set(session.exec(query.distinct()))
    empty = [code for _, code in grids if code not in staffed]
    if not empty:
        return good("grids", f"each of {len(grids)} has a worker")
    said = f"{len(empty)} of {len(grids)} have no worker: {_some(empty)}"
    return mind("grids", said, "Import people with the role worker for these grids.")


def _desks(session: Session, grids: list[Any]) -> Finding:
    """Where a case ends up if nobody takes it: somebody must be there."""
    above = sorted({(district, code[:12]) for district, code in grids})
    alone = [
        unit
        for district, unit in above
        if not any(routing.desk(session, district, each) for each in (unit, unit[:9], unit[:6]))
    ]
    if not alone:
        return good("desks", "each community has one above it that can be reached")
    said = f"{len(alone)} communities have no supervisor who can be reached: {_some(alone)}"
    return bad("desks", said, "Enrol a supervisor of the community, its street or its district.")


def _shifts(session: Session, now: datetime) -> Finding:
    """Units that keep a roster and have nobody on it now."""
    day = timedelta(days=1)
    query = select(Shift.district, Shift.unit).where(
        col(Shift.start) < now + day, col(Shift.end) > now - day
    )
    units = sorted(set(session.exec(query)))
    empty = [
        unit
        for district, unit in units
        if duty.is_work(session, district, now) and not duty.on_shift(session, district, unit, now)
    ]
    if not empty:
        return good("shifts", "nowhere is a shift without anybody")
    said = f"{len(empty)} units with a roster have nobody on duty now: {_some(empty)}"
    return mind(
        "shifts", said, "Import the shifts that are missing; until then the others are asked."
    )


def _some(codes: Iterable[str]) -> str:
    listed = list(codes)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _vault(session: Session) -> Finding:
    """Whether what is sealed can be opened."""
    sealed = [
        session.exec(select(column).where(col(column) != "").limit(1)).first()
        for column in (Contact.phone, Person.phone)
    ]
    return vault(equipment(session).vault, [each for each in sealed if each])


def vault(key: Vault | None, sealed: list[str]) -> Finding:
    """`sealed`: one example of each sort of sealed number."""
    cure = "Set vault.key to the key that these numbers were sealed with."
    if key is None:
        if sealed:
            return bad("vault", "phone numbers are stored and vault.key is empty", cure)
        make = "Make one with `linli key` before contacts are imported."
        return mind("vault", "vault.key is empty: phone numbers are not kept", make)
    try:
        for each in sealed:
            key.open(each)
    except WrongKey:
        return bad("vault", "vault.key is not the key that phone numbers were sealed with", cure)
    return good("vault", "the key opens what is sealed")
