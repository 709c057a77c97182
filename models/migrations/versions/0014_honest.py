"""Hand-backs and a supervisor's word, on-site checks, and endings that are counted apart."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COLUMNS = (
    ("reworks", sa.Integer(), "0"),
    ("returned_by", JSON, "[]"),
    ("returned_to", sa.String(), None),
    ("arbiter", sa.String(), None),
    ("bound_unit", sa.String(), None),
    ("bound_by", sa.Uuid(), None),
    ("bound_at", AWARE, None),
    ("done_unit", sa.String(), None),
    ("checked_at", AWARE, None),
    ("checked_by", sa.Uuid(), None),
    ("asked_at", AWARE, None),
    ("agreed", JSON, "[]"),
    ("side_code", sa.String(), None),
    ("on_the_spot", sa.Boolean(), sa.false()),
    ("end_reason", sa.String(), None),
)
# the indexes of what is open, before and after a case could be voided
BEFORE = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'archived')"
OPEN = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'voided', 'archived')"
INDEXES = (
    ("ix_case_wrong", ["district", "number"], "(next_at IS NULL OR owner_unit = '') AND {}"),
    ("ix_case_open_words", ["district", "grid", "words_key"], "{}"),
)


def upgrade() -> None:
    for name, kind, default in COLUMNS:
        needed = default is not None
        column = sa.Column(name, kind, nullable=not needed, server_default=default)
        op.add_column("case_file", column)
    _index(OPEN)


def downgrade() -> None:
    _index(BEFORE)
    for name, _, _ in COLUMNS:
        op.drop_column("case_file", name)


def _index(is_open: str) -> None:
    for name, columns, where in INDEXES:
        op.drop_index(name, table_name="case_file")
        only = sa.text(where.format(is_open))
        op.create_index(name, "case_file", columns, sqlite_where=only, postgresql_where=only)
