"""What every table class is: SQLModel's declaration, made and changed at SQLAlchemy's own speed.

SQLModel fills a new row by way of pydantic, field by field, and sets each attribute twice, which
costs more than storing it. Table classes validate nothing either way: doors validate.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel

Defaults = tuple[dict[str, Any], dict[str, Callable[[], Any]]]


T = TypeVar("T", bound="Row")


# pydantic's validators are built when first called, which is never: all of them at once cost a
# tenth of the start
class Row(SQLModel, defer_build=True):
    """The base of all tables. A column that isn't named gets its default; a name that is no
    column is a TypeError."""

    def __init__(self, **values: Any) -> None:
        # a row that is not stored yet has no history to keep: SQLAlchemy reads what is there
        _fill(self.__dict__, type(self), values)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def draft(table: type[T], **values: Any) -> T:
    """A row that is only appended (models.append), with its defaults: SQLAlchemy keeps no books
    on it, so it can't be added to a session or found in one. Raises TypeError as a row does."""
    found = _draft_of(table)()
    _fill(found.__dict__, table, values)
    return cast(T, found)


def _fill(own: dict[str, Any], table: type[Row], values: dict[str, Any]) -> None:
    fixed, made = _defaults(table)
    if not values.keys() <= table.model_fields.keys():
        wrong = ", ".join(sorted(values.keys() - table.model_fields.keys()))
        raise TypeError(f"{table.__name__} has no column {wrong}")
    own.update(fixed)
    own.update(values)
    for name, make in made.items():
        if name not in values:
            own[name] = make()


def seal(row: Any) -> None:
    """A draft that was handed over is changed no more (TypeError): the change would be lost."""
    sealed = getattr(row, "sealed", None)
    if sealed is not None:
        row.__class__ = sealed


@cache
def _draft_of(table: type[Row]) -> type[Any]:
    members = {"__table__": table.__table__}  # type: ignore[attr-defined]
    draft_class = type(f"{table.__name__}Draft", (), members)
    sealed = type(f"Sealed{table.__name__}Draft", (draft_class,), {"__setattr__": _refuse})
    draft_class.sealed = sealed  # type: ignore[attr-defined]
    return draft_class


def _refuse(_row: Any, name: str, _value: Any) -> None:
    raise TypeError(f"an appended draft is not changed ({name}): get the row itself")


_known: dict[type[Row], Defaults] = {}


def _defaults(table: type[Row]) -> Defaults:
    """The columns' fixed defaults, and what makes the others."""
    if table not in _known:
        fields = table.model_fields.items()
        made: dict[str, Any] = {
            name: each.default_factory for name, each in fields if each.default_factory
        }
        fixed = {
            name: each.default
            for name, each in fields
            if name not in made and each.default is not PydanticUndefined
        }
        _known[table] = (fixed, made)
    return _known[table]
