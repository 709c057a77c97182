"""INSERT … ON CONFLICT, which SQLAlchemy spells per database."""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_into(on: Session | Connection, table: type[SQLModel]) -> Any:
    """An insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    engine = on if isinstance(on, Connection) else on.get_bind()
    if engine.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
