"""What a district admits: its own tables, else the deployment's, else the shipped ones.

Rows that an import no longer names stay and are out of use (`position` -1): an old case still
knows what it was called.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlmodel import Session, col, select

from domain.catalogue import (
    Catalogue,
    Kind,
    parse_conditions,
    parse_kinds,
    parse_not_admitted,
)
from domain.reading.lexicon import GROUP, MARKS, Lexicon
from models import CatalogueRow
from models.known import CATALOGUE, known
from services.data import Name, default_rows, each_row, ear

EVERYWHERE = ""
OUT_OF_USE = -1
# the row that changes with every import, so that a copy in memory knows its age
STAMP = "stamp"

Rows = list[dict[str, str]]
Stamp = tuple[str, str]


class Known(dict[str, Kind]):
    """Kinds in use; one that no longer is can still be looked up by its code."""

    def __init__(self, live: Iterable[Kind], former: Iterable[Kind] = ()) -> None:
        super().__init__((kind.code, kind) for kind in live)
        self._former = {kind.code: kind for kind in former}

    def __missing__(self, code: str) -> Kind:
        return self._former[code]

    def get(self, code: str, default: Any = None) -> Any:
        """The kind, in use or not."""
        return self[code] if code in self else self._former.get(code, default)


# by district: what was built, and from which state of the tables
_built: dict[str, tuple[Stamp, Catalogue]] = {}
_compiled: dict[str, tuple[Stamp, Lexicon]] = {}


def catalogue(session: Session, district: str) -> Catalogue:
    """The kinds, conditions and matters that hold in a district."""
    key = ("catalogue", district)
    return known(session, CATALOGUE, key, lambda: _catalogue(session, district))


def _catalogue(session: Session, district: str) -> Catalogue:
    stamp = stamp_of(session, district)
    owner = district if stamp[0] else EVERYWHERE
    kept = _built.get(owner)
    if kept is None or kept[0] != stamp:
        _built[owner] = kept = (stamp, _build(session, district))
    return kept[1]


def lexicon(session: Session, district: str) -> Lexicon:
    """The words that speak for the district's kinds; entries of unknown kinds are left out."""
    key = ("lexicon", district)
    return known(session, CATALOGUE, key, lambda: _lexicon(session, district))


def _lexicon(session: Session, district: str) -> Lexicon:
    stamp = stamp_of(session, district)
    owner = district if stamp[0] else EVERYWHERE
    kept = _compiled.get(owner)
    if kept is None or kept[0] != stamp:
        found = catalogue(session, district)
        rows = _words(session, district)
        words = Lexicon.build(usable(rows, found), found, ear())
        _compiled[owner] = kept = (stamp, words)
    return kept[1]


def _words(session: Session, district: str) -> Iterable[dict[str, str]]:
    own = own_rows(session, district, "lexicon") or own_rows(session, EVERYWHERE, "lexicon")
    return own or each_row("lexicon")


def usable(rows: Iterable[dict[str, str]], known: Catalogue) -> Iterator[dict[str, str]]:
    """The entries whose kind or condition the catalogue has: a district may have dropped some."""
    return (row for row in rows if _speaks_for(row["code"], known))


def _speaks_for(entry: str, known: Catalogue) -> bool:
    code, _, condition = entry.partition("/")
    if condition:
        return condition.isdigit() and int(condition) < len(known.conditions(code))
    return code in MARKS or code[:1] == GROUP or code in known.kinds or code in known.matters


def stamp_of(session: Session, district: str) -> Stamp:
    """Changes whenever the district's or the deployment's tables do; ("", "") if shipped."""
    return _stamp(session, district), _stamp(session, EVERYWHERE)


def _stamp(session: Session, district: str) -> str:
    def find() -> str:
        row = session.get(CatalogueRow, (district, STAMP, ""))
        return "" if row is None else str(row.data["stamp"])

    return known(session, CATALOGUE, ("catalogue's stamp", district), find)


def _build(session: Session, district: str) -> Catalogue:
    former = [*shipped_rows("kinds"), *_out_of_use(session, district)]
    return assembled(
        _filled(rows_of(session, district, "kinds")),
        rows_of(session, district, "conditions"),
        rows_of(session, district, "not_admitted"),
        {row["code"]: row for row in former}.values(),
    )


# columns of kinds that older files are without
_LATER = ("sides", "danger_zh_hans", "danger_zh_hant", "danger_en")


def _filled(rows: Rows) -> Rows:
    """Files from before a column have in it what the shipped kind of the same code has."""
    shipped = {row["code"]: row for row in shipped_rows("kinds")}
    of = {row["code"]: shipped.get(row["code"], {}) for row in rows}
    return [{name: of[row["code"]].get(name, "") for name in _LATER} | row for row in rows]


def assembled(
    kinds: Rows, conditions: Rows, matters: Rows, former: Iterable[dict[str, str]] = ()
) -> Catalogue:
    """A catalogue from rows that were checked when they came in."""
    built = Catalogue.build(
        parse_kinds(kinds).items,
        parse_conditions(conditions).items,
        parse_not_admitted(matters).items,
    )
    known = Known(built.kinds.values(), parse_kinds(former).items)
    return Catalogue(known, built.conditions_by_kind, built.matters)


def rows_of(session: Session, district: str, sheet: Name) -> Rows:
    """A sheet's rows in use: the district's own, else the deployment's, else the shipped."""
    for owner in (district, EVERYWHERE):
        found = own_rows(session, owner, sheet)
        if found:
            return found
    return shipped_rows(sheet)


def own_rows(session: Session, owner: str, sheet: Name) -> Rows:
    """The rows in use that a district (or "" for all) has imported, in the file's order."""
    query = select(CatalogueRow).where(
        CatalogueRow.district == owner,
        CatalogueRow.sheet == sheet,
        CatalogueRow.position > OUT_OF_USE,
    )
    return [row.data for row in session.exec(query.order_by(col(CatalogueRow.position)))]


def _out_of_use(session: Session, district: str) -> Rows:
    query = select(CatalogueRow).where(
        col(CatalogueRow.district).in_((EVERYWHERE, district)),
        CatalogueRow.sheet == "kinds",
        CatalogueRow.position == OUT_OF_USE,
    )
    return [row.data for row in session.exec(query.order_by(col(CatalogueRow.district)))]


def shipped_rows(sheet: Name) -> Rows:
    """A sheet as it came with the service; empty if it ships without one."""
    try:
        return default_rows(sheet)
    except FileNotFoundError:
        return []
