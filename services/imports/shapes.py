"""Outlines of grids: GeoJSON features by their property `code`."""

import json
from collections.abc import Iterable
from datetime import datetime

import shapely
import shapely.geometry
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry
from sqlmodel import Session

from models import Division
from services.imports.cells import Cells
from services.imports.outcome import Outcome
from services.territory import district_of

WORLD = shapely.box(-180, -90, 180, 90)
AREAS = ("Polygon", "MultiPolygon")


def bring_shapes(session: Session, rows: Iterable[Cells], now: datetime, outcome: Outcome) -> None:
    """Each row: `code` and `geometry` (a GeoJSON geometry in WGS 84, as text)."""
    seen: set[str] = set()
    for cells in rows:
        code = cells.needed("code")
        if code in seen:
            cells.wrong("code", "doubled")
        seen.add(code)
        row = session.get(Division, (district_of(code), code)) if code else None
        if code and row is None:
            cells.wrong("code", "unknown_unit")
        shape = _shape(cells)
        if row is not None and shape is not None and not cells.bad:
            _set(session, row, cells.text("geometry"), shape, outcome)


def _shape(cells: Cells) -> BaseGeometry | None:
    """The outline, or None with what is wrong noted."""
    try:
        shape = shapely.geometry.shape(json.loads(cells.needed("geometry") or "null"))
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        cells.wrong("geometry", "not_a_shape", "")
        return None
    if shape.geom_type not in AREAS or shape.is_empty:
        cells.wrong("geometry", "not_an_area", shape.geom_type)
    elif not shape.is_valid:
        cells.wrong("geometry", "bad_area", shapely.is_valid_reason(shape))
    elif not WORLD.covers(shape):
        cells.wrong("geometry", "outside_world", "")
    return None if cells.bad else shape


def _set(
    session: Session, row: Division, geometry: str, shape: BaseGeometry, outcome: Outcome
) -> None:
    outline = json.loads(geometry)
    if row.polygon == outline:
        outcome.unchanged += 1
        return
    if row.polygon is None:
        outcome.added += 1
    else:
        outcome.changed += 1
    row.polygon = outline
    if row.lon is None or row.lat is None:
        inside = shape.representative_point()
        row.lon, row.lat = inside.x, inside.y
    session.add(row)
