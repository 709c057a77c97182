"""Which open cases may be the same matter as another, and who joined it."""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, CaseFacts, why_not_one
from models import Case, Voice
from models.cases import OPEN, OTHER_SIDE
from services import alike
from services.cases import facts_of
from services.catalogue import catalogue
from services.summary import hidden, in_unit

# the newest open cases of the community that are compared, and how many are offered
COMPARED, OFFERED = 300, 6
# what two cases have in common must weigh as much as kind and building together
LIKELY = 5
NEAR_IN_TIME = timedelta(hours=48)
# of the pairs of letters that either text holds: this share in both is the same words
ALIKE = 0.4


def likely(session: Session, case: Case) -> list[Case]:
    """Open cases of the community that may be the same matter, the likeliest first."""
    own = facts_of(case)
    query = (
        select(Case)
        .where(Case.district == case.district, text(OPEN), in_unit(case.community), ~hidden())
        .where(Case.private == case.private, Case.id != case.id)
        .where(col(Case.state).in_([str(each) for each in BEFORE_DONE]))
        .order_by(col(Case.opened_at).desc(), col(Case.id))
        .limit(COMPARED)
    )
    found = [(_in_common(case, each), each) for each in session.exec(query)]
    near = [
        (weight, each)
        for weight, each in found
        if weight >= LIKELY and _may_be_one(session, case, own, each)
    ]
    near.sort(key=lambda each: (-each[0], each[1].opened_at))
    return [each for _, each in near[:OFFERED]]


def _may_be_one(session: Session, case: Case, own: CaseFacts, other: Case) -> bool:
    fits = why_not_one(own, facts_of(other)) is None
    return fits and not private_by_kind(session, case, other)


def _in_common(one: Case, other: Case) -> int:
    """How much two cases have in common."""
    return (
        4 * (one.words_key != "" and one.words_key == other.words_key)
        + 3 * (one.kind == other.kind)
        + 2 * (one.place_building is not None and one.place_building == other.place_building)
        + 2 * (_share(one.text, other.text) >= ALIKE)
        + LIKELY * alike.is_likely(one, other)
        + (one.grid == other.grid)
        + (abs(one.opened_at - other.opened_at) <= NEAR_IN_TIME)
    )


def _share(one: str, other: str) -> float:
    first, second = _pairs(one), _pairs(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def _pairs(words: str) -> set[str]:
    letters = "".join(each for each in words.casefold() if each.isalnum())
    return {letters[at : at + 2] for at in range(len(letters) - 1)}


def private_by_kind(session: Session, one: Case, other: Case) -> bool:
    """Whether they stay apart: what is private by its kind concerns one household, and joins only
    what the same person reported."""
    if not one.private or one.reporter == other.reporter:
        return False
    kinds = catalogue(session, one.district).kinds
    found = (kinds.get(each.kind) for each in (one, other))
    return any(kind is None or kind.privacy == "private" for kind in found)


def voices_of(session: Session, case: Case) -> list[Voice]:
    """Everybody who has a voice in the case, in the order in which they came."""
    query = select(Voice).where(Voice.district == case.district, Voice.case == case.id)
    return list(session.exec(query.order_by(col(Voice.at), col(Voice.person))))


def own_voices(session: Session, case: Case) -> list[Voice]:
    """Who joined of themselves, in the order in which they came."""
    parts = ("reporter", OTHER_SIDE)
    found = voices_of(session, case)
    return [each for each in found if each.part not in parts and each.via is None]
