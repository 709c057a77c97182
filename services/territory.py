"""Where things are: grids and what lies above and below them, and the groups in them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_
from sqlmodel import Session, col, select

from domain.refused import Refused
from models import Division, Group, MovedChat
from models.known import PLACES, known, snapshot
from models.territory import TRIAL_DISTRICT
from services.equipment import bots_district, policy
from services.texts import plain

T = TypeVar("T")

# digits of a code at each level, from the top (official statistical division codes; a grid is
# its community's code and three digits)
LENGTHS = {"district": 6, "street": 9, "community": 12, "grid": 15}
LEVELS = tuple(LENGTHS)
# a department's unit is the area it serves and its name: 320116:utility_gas
DEPARTMENT = ":"


def level_of(code: str) -> str | None:
    """The level that a code of this length has, or None."""
    return {length: level for level, length in LENGTHS.items()}.get(len(code))


def district_of(unit: str) -> str:
    """The district that a division's or department's code belongs to."""
    return unit[: LENGTHS["district"]]


def area_of(unit: str) -> str:
    """The division that a unit works in: its own code, or the part before `:department`."""
    return unit.partition(DEPARTMENT)[0]


def department_of(unit: str) -> str | None:
    """The department's name as the catalogue's `lead` has it, or None for a division."""
    return unit.partition(DEPARTMENT)[2] or None


def find_division(session: Session, district: str, code: str) -> Division | None:
    """The division of this code, ended ones too, to be read only."""
    return known(
        session,
        PLACES,
        ("division", district, code),
        lambda: _read_only(session.get(Division, (district, code))),
    )


def _read_only(row: T | None) -> T | None:
    return None if row is None else snapshot(row)


def division(session: Session, district: str, code: str) -> Division:
    """The division of this code, ended ones too. Raises Refused `place_unknown`."""
    found = find_division(session, district, code)
    if found is None:
        raise Refused("place_unknown", unit=code)
    return found


def grid(session: Session, district: str, code: str, now: datetime) -> Division:
    """The grid of this code that is in use, or will be. Raises Refused `grid_unknown`."""
    found = find_division(session, district, code)
    if found is None or found.level != "grid" or has_ended(session, district, code, now):
        raise Refused("grid_unknown", unit=code)
    return found


def is_in_use(session: Session, district: str, code: str, now: datetime) -> bool:
    """Whether the division has begun and hasn't ended on the local day of `now`."""
    found = find_division(session, district, code)
    return found is not None and runs_on(found, now.astimezone(zone(session, district)).date())


def has_ended(session: Session, district: str, code: str, now: datetime) -> bool:
    """Whether the division was in use once and is no more."""
    found = find_division(session, district, code)
    if found is None or found.ends_on is None:
        return False
    return found.ends_on <= now.astimezone(zone(session, district)).date()


def runs_on(row: Division, day: date) -> bool:
    """Whether the division is in use on a day: from `starts_on` up to but without `ends_on`."""
    begun = row.starts_on is None or row.starts_on <= day
    return begun and (row.ends_on is None or row.ends_on > day)


def chain(session: Session, district: str, code: str) -> list[Division]:
    """The division and everything above it: grid, community, street, district.

    Raises Refused `place_unknown` if the code is unknown.
    """
    found = [division(session, district, code)]
    while found[-1].parent is not None and len(found) < len(LENGTHS):
        found.append(division(session, district, found[-1].parent))
    return found


def codes_above(unit: str) -> list[str]:
    """The codes from a unit's area up to its district, nearest first. Reads no row."""
    area = area_of(unit)
    return [
        area[:length] for length in sorted(LENGTHS.values(), reverse=True) if length <= len(area)
    ]


def children(session: Session, district: str, code: str, now: datetime) -> list[Division]:
    """What lies directly below and is in use, by code."""
    query = select(Division).where(
        Division.district == district,
        Division.parent == code,
        *in_use(now.astimezone(zone(session, district)).date()),
    )
    return list(session.exec(query.order_by(Division.code)))


def in_use(day: date) -> tuple[Any, Any]:
    """What a question asks of divisions that are in use on a day (`runs_on`)."""
    begun = or_(col(Division.starts_on).is_(None), col(Division.starts_on) <= day)
    return begun, or_(col(Division.ends_on).is_(None), col(Division.ends_on) > day)


def grids(session: Session, district: str, code: str, now: datetime) -> list[Division]:
    """Every grid in use at or below a division, by code."""
    query = select(Division).where(
        Division.district == district,
        Division.level == "grid",
        col(Division.code).startswith(code),
        *in_use(now.astimezone(zone(session, district)).date()),
    )
    return list(session.exec(query.order_by(Division.code)))


def districts(session: Session) -> list[str]:
    """Every district of the deployment, without that of the trials."""
    query = select(Division.district).where(
        Division.level == "district", Division.district != TRIAL_DISTRICT
    )
    return sorted(session.exec(query))


def zone(session: Session, district: str) -> tzinfo:
    """The territory's time zone: the district's own, else the deployment's."""
    row = find_division(session, district, district)
    return ZoneInfo(row.zone if row is not None and row.zone else policy(session).zone)


def short(session: Session, district: str, code: str) -> str:
    """The letters that open a grid's case numbers. Raises Refused `grid_unknown`."""
    found = find_division(session, district, code)
    if found is None or found.short is None:
        raise Refused("grid_unknown", unit=code)
    return found.short


def name(session: Session, district: str, unit: str, language: str = "zh-Hans") -> str:
    """A unit's name as people say it; the code itself where nobody has named it.

    A department is named with the area it serves. Official names are not translated.
    """
    row = find_division(session, district, area_of(unit))
    area = row.name if row is not None else area_of(unit)
    department = department_of(unit)
    if department is None:
        return area
    return plain(
        "people.department", language, area=area, department=lead_name(department, language)
    )


def lead_name(department: str, language: str = "zh-Hans") -> str:
    """What people call a department of the catalogue; an own one is called as it was written."""
    key = f"people.lead.{department}"
    return plain(key, language) if department in LEADS else department


LEADS = (
    "community",
    "environment",
    "fire",
    "health",
    "housing",
    "labour",
    "landscape",
    "market",
    "police",
    "property_manager",
    "traffic",
    "urban_management",
    "utility_gas",
    "utility_heat",
    "utility_power",
    "utility_water",
)


@dataclass(frozen=True, slots=True)
class Found:
    """The grid that a point belongs to, and the grids that it lies at the edge of."""

    grid: str
    beside: tuple[str, ...] = ()


# how far a phone may be wrong about where it is: nearer than this to two grids is their boundary
NEAR_METRES = 15.0
METRES_IN_A_DEGREE = 111_320.0


def grid_at(
    session: Session, district: str, lat: float, lon: float, now: datetime, own: str = ""
) -> Found | None:
    """The grid whose outline holds the point (degrees, WGS 84), or None.

    An exclusive grid (a mall inside of an estate) goes before the one around it. Where several
    hold it, or none does and several are nearer than NEAR_METRES, it is `own` if that is one of
    them, else the nearest, else the lowest code. `beside` names the others so near.
    """
    # a fifth of the service's memory, and most groups never share a location
    import shapely.affinity
    import shapely.geometry

    def flat(shape: Any) -> Any:
        """In metres around the point."""
        narrow = math.cos(math.radians(lat))
        return shapely.affinity.affine_transform(
            shape,
            [
                METRES_IN_A_DEGREE * narrow,
                0,
                0,
                METRES_IN_A_DEGREE,
                -lon * METRES_IN_A_DEGREE * narrow,
                -lat * METRES_IN_A_DEGREE,
            ],
        )

    here = shapely.Point(0, 0)
    near: list[tuple[float, bool, bool, str]] = []
    for code, kind, outline in _outlines(session, district, now):
        away = flat(shapely.geometry.shape(outline)).distance(here)
        if away <= NEAR_METRES:
            near.append((away, kind != "exclusive", code != own, code))
    if not near:
        return None
    ordered = [code for *_, code in sorted(near)]
    return Found(ordered[0], tuple(ordered[1:]))


def _outlines(
    session: Session, district: str, now: datetime
) -> list[tuple[str, str | None, Mapping[str, Any]]]:
    query = select(Division.code, Division.kind, Division.polygon).where(
        Division.district == district,
        Division.level == "grid",
        *in_use(now.astimezone(zone(session, district)).date()),
    )
    rows = session.exec(query.order_by(Division.code))
    return [(code, kind, outline) for code, kind, outline in rows if outline]


def group_of(session: Session, bot: str, chat: str, platform: str = "telegram") -> Group | None:
    """The bound group that this chat is, or was before it became a supergroup, or None.

    It is to be read only.
    """
    key = ("group at", platform, bot, chat)
    return known(session, PLACES, key, lambda: _read_only(_find(session, bot, chat, platform)))


def _find(session: Session, bot: str, chat: str, platform: str) -> Group | None:
    found = _group_at(session, bot, chat, platform)
    if found is None and (moved := session.get(MovedChat, (bot, platform, chat))) is not None:
        found = _group_at(session, bot, moved.new_chat, platform)
    return found


def _group_at(session: Session, bot: str, chat: str, platform: str) -> Group | None:
    query = select(Group).where(
        Group.platform == platform,
        Group.bot == bot,
        Group.chat == chat,
        col(Group.ended_at).is_(None),
    )
    return session.exec(query).first()


def group(session: Session, district: str, key: UUID | None) -> Group | None:
    """The group of this key if it is still bound; to be read only."""
    found = find_group(session, district, key)
    return found if found is not None and found.ended_at is None else None


def find_group(session: Session, district: str, key: UUID | None) -> Group | None:
    """The group of this key, bound or not; to be read only."""
    if key is None:
        return None
    return known(
        session,
        PLACES,
        ("group", district, key),
        lambda: _read_only(session.get(Group, (district, key))),
    )


def groups_of_grid(session: Session, district: str, code: str) -> list[Group]:
    """The groups bound to a grid, the first bound first."""
    query = select(Group).where(
        Group.district == district, Group.grid == code, col(Group.ended_at).is_(None)
    )
    return list(session.exec(query.order_by(col(Group.bound_at), col(Group.id))))


def only_district(session: Session, bot: str = "") -> str | None:
    """The bot's district, or the deployment's, if there is just one."""
    if own := bots_district(session, bot):
        return own
    query = select(Division.district).where(
        Division.level == "district", Division.district != TRIAL_DISTRICT
    )
    found = session.exec(query.limit(2)).all()
    return found[0] if len(found) == 1 else None
