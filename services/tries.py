"""Wrong codes are counted by who sent them: five an hour, then they must wait."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from models import FailedTry
from services.equipment import policy
from services.outbox import Address

WINDOW = timedelta(hours=1)


def exhausted(session: Session, by: Address, now: datetime) -> bool:
    """Whether this account (`chat`: the user's id) has used up its tries of the last hour."""
    query = (
        select(func.count())
        .select_from(FailedTry)
        .where(
            FailedTry.platform == by.platform,
            FailedTry.address == by.chat,
            col(FailedTry.at) > now - WINDOW,
        )
    )
    return session.exec(query).one() >= policy(session).tries_per_hour


def count(session: Session, by: Address, now: datetime) -> None:
    """One more wrong code."""
    session.add(FailedTry(bot=by.bot, platform=by.platform, address=by.chat, at=now))


def fingerprint(code: str) -> str:
    """What is kept of a code. Plain SHA-256 is enough: a code is 128 random bits, not a word
    that somebody chose, so there is nothing to guess and no salt to add."""
    return hashlib.sha256(code.encode()).hexdigest()
