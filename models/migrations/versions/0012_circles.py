"""Three circles, and the units that a desk calls with their tasks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
COLUMNS = (
    ("lead_unit", sa.String()),
    ("circle_since", AWARE),
    ("circle_due_at", AWARE),
    ("circle_overdue_at", AWARE),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("case_file", sa.Column(name, kind, nullable=True))
    op.add_column(
        "case_file", sa.Column("instructions", sa.String(), nullable=False, server_default="")
    )
    op.create_table(
        "unit",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("successor", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("district", "code", name=op.f("pk_unit")),
        sa.UniqueConstraint("district", "id", name=op.f("uq_unit_district_id")),
    )
    op.create_table(
        "task",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("circle", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("keeper", sa.Uuid(), nullable=True),
        sa.Column("called_by", sa.Uuid(), nullable=True),
        sa.Column("called_at", AWARE, nullable=False),
        sa.Column("first_due_at", AWARE, nullable=False),
        sa.Column("due_at", AWARE, nullable=False),
        sa.Column("warn_at", AWARE, nullable=True),
        sa.Column("asked_until", AWARE, nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("accepted_at", AWARE, nullable=True),
        sa.Column("done_at", AWARE, nullable=True),
        sa.Column("overdue_at", AWARE, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district", "case"], ["case_file.district", "case_file.id"],
            name=op.f("fk_task_district_case"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_task")),
    )  # fmt: skip
    op.create_index("ix_task_case", "task", ["district", "case"])
    op.create_index("ix_task_unit", "task", ["district", "unit", "state"])


def downgrade() -> None:
    op.drop_table("task")
    op.drop_table("unit")
    op.drop_column("case_file", "instructions")
    for name, _ in COLUMNS:
        op.drop_column("case_file", name)
