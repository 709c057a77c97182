"""What every table class is: SQLModel's declaration, made and changed at SQLAlchemy's own speed.

SQLModel fills a new row by way of pydantic, field by field, and sets each attribute twice, which
costs more than storing it. Table classes validate nothing either way: doors validate.
"""

from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel

Defaults = tuple[dict[str, Any], dict[str, Callable[[], Any]]]


class Row(SQLModel):
    """The base of all tables. A column that isn't named gets its default; a name that is no
    column is a TypeError."""

    def __init__(self, **values: Any) -> None:
        table = type(self)
        if not values.keys() <= table.model_fields.keys():
            wrong = ", ".join(sorted(values.keys() - table.model_fields.keys()))
            raise TypeError(f"{table.__name__} has no column {wrong}")
        fixed, made = _defaults(table)
        # a row that is not stored yet has no history to keep: SQLAlchemy reads what is there
        own = self.__dict__
        own.update(fixed)
        own.update(values)
        for name, make in made.items():
            if name not in values:
                own[name] = make()

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


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
