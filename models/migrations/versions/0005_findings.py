"""What the auditor has found, and indexes that hold nothing but what is wrong."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OPEN = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'archived')"
WRONG = (
    ("ix_case_wrong", "case_file", ["district", "number"],
     f"(next_at IS NULL OR owner_unit = '') AND {OPEN}"),
    ("ix_due_failing", "due", ["district", "id"], "state = 'pending' AND trace IS NOT NULL"),
    ("ix_inbox_failed", "inbox", ["bot", "id"], "state = 'failed'"),
    ("ix_outbox_dead", "outbox", ["district", "id"], "state = 'dead'"),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "finding",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("refs", JSON, nullable=False),
        sa.Column("since", AWARE, nullable=False),
        sa.Column("seen_at", AWARE, nullable=False),
        sa.Column("told_at", AWARE, nullable=True),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.Column("ended_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_finding")),
    )
    _index("uq_finding_open", "finding", ["district", "code", "source"], "ended_at IS NULL", True)
    for name, table, columns, where in WRONG:
        _index(name, table, columns, where)


def downgrade() -> None:
    for name, table, _, _ in WRONG:
        op.drop_index(name, table_name=table)
    op.drop_table("finding")


def _index(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)
