"""Cases that are one matter, and cases that have one cause."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
# the indexes of what is open, before and after a case could be merged
BEFORE = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'voided', 'archived')"
OPEN = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'voided', 'merged', 'archived')"
WORDS = ["district", "grid", "words_key"]
LISTED = ["state", "due_at", "warn_at", "opened_at", "reopenings", "reach", "kind", "id"]
INDEXES = (
    ("ix_case_wrong", ["district", "number"], "(next_at IS NULL OR owner_unit = '') AND {}"),
    ("ix_case_open_words", [*WORDS, *LISTED], "{}"),
    ("ix_case_supervised", ["district", "supervised_unit"], "supervised_unit IS NOT NULL AND {}"),
)


def upgrade() -> None:
    op.add_column("case_file", sa.Column("merged_into", sa.Uuid(), nullable=True))
    count = sa.Column("absorbed", sa.Integer(), nullable=False, server_default="0")
    op.add_column("case_file", count)
    op.add_column("case_file", sa.Column("cause", sa.Uuid(), nullable=True))
    op.add_column("voice", sa.Column("via", sa.Uuid(), nullable=True))
    _reindex(OPEN)
    _index("case_file", "ix_case_merged", ["district", "merged_into"], "merged_into IS NOT NULL")
    _index("case_file", "ix_case_cause", ["district", "cause", "id"], "cause IS NOT NULL")
    op.create_table(
        "cause",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", AWARE, nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("ended_at", AWARE, nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_cause")),
    )
    _index("cause", "ix_cause_open", ["district", "unit"], "ended_at IS NULL")


def downgrade() -> None:
    op.drop_table("cause")
    for name in ("ix_case_cause", "ix_case_merged"):
        op.drop_index(name, table_name="case_file")
    _reindex(BEFORE)
    op.drop_column("voice", "via")
    for name in ("cause", "absorbed", "merged_into"):
        op.drop_column("case_file", name)


def _reindex(is_open: str) -> None:
    for name, columns, where in INDEXES:
        op.drop_index(name, table_name="case_file")
        _index("case_file", name, columns, where.format(is_open))


def _index(table: str, name: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
