"""The models that a district has learnt: which one reads, what came before it, the way back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from domain.reading.model import BadModel, Model, load
from domain.refused import Refused
from models import Learnt
from models.known import CATALOGUE, known

# versions of a district that are kept, the one in use among them
KEPT = 5

log = structlog.get_logger("services.learnt")


@dataclass(frozen=True, slots=True)
class InUse:
    """The version that reads, and since when its texts are old."""

    version: int
    made_at: datetime
    model: Model


def model(session: Session, district: str) -> Model | None:
    """The model that a district reads with; None: the rules alone."""
    found = in_use(session, district)
    return None if found is None else found.model


def in_use(session: Session, district: str) -> InUse | None:
    """The district's model with its version. One that can't be used counts as none."""
    return known(session, CATALOGUE, ("learnt", district), lambda: _in_use(session, district))


def _in_use(session: Session, district: str) -> InUse | None:
    query = select(Learnt).where(Learnt.district == district, col(Learnt.active))
    row = session.exec(query).first()
    if row is None:
        return None
    try:
        return InUse(row.version, row.made_at, load(row.artefact))
    except BadModel as error:
        log.error("model_unusable", district=district, version=row.version, why=error.code)
        return None


def keep(
    session: Session,
    district: str,
    artefact: bytes,
    texts: int,
    figures: dict[str, Any],
    now: datetime,
    *,
    use: bool,
) -> int:
    """Keep a new version, and read with it if `use`. Returns its number.

    Raises Refused `model_unusable` for an artefact that the reading could not load.
    """
    try:
        load(artefact)
    except BadModel:
        raise Refused("model_unusable") from None
    newest = session.exec(select(func.max(Learnt.version)).where(Learnt.district == district)).one()
    version = (newest or 0) + 1
    if use:
        _rest(session, district)
    row = Learnt(
        district=district,
        version=version,
        made_at=now,
        used_at=now if use else None,
        active=use,
        texts=texts,
        figures=figures,
        artefact=artefact,
    )
    session.add(row)
    session.flush()
    _drop_old(session, district)
    return version


def roll_back(session: Session, district: str, now: datetime) -> int | None:
    """Read with the version that was in use before; None: with the rules alone again.

    What is rolled back isn't come back to by another step. Raises Refused `nothing_learnt`.
    """
    found = select(Learnt.version).where(Learnt.district == district, col(Learnt.active))
    current = session.exec(found).first()
    if current is None:
        raise Refused("nothing_learnt")
    _rest(session, district)
    query = select(func.max(Learnt.version)).where(
        Learnt.district == district, col(Learnt.used_at).is_not(None), Learnt.version < current
    )
    before = session.exec(query).one()
    if before is not None:
        chosen = (col(Learnt.district) == district, col(Learnt.version) == before)
        session.execute(update(Learnt).where(*chosen).values(active=True, used_at=now))
    return before


def _rest(session: Session, district: str) -> None:
    statement = update(Learnt).where(col(Learnt.district) == district, col(Learnt.active))
    session.execute(statement.values(active=False))


def _drop_old(session: Session, district: str) -> None:
    query = select(Learnt.version).where(Learnt.district == district, ~col(Learnt.active))
    idle = list(session.exec(query.order_by(col(Learnt.version).desc())))
    old = (col(Learnt.district) == district, col(Learnt.version).in_(idle[KEPT - 1 :]))
    if idle[KEPT - 1 :]:
        session.execute(delete(Learnt).where(*old))
