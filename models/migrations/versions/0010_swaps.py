"""Shifts that colleagues swap."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "swap",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shift", sa.Uuid(), nullable=False),
        sa.Column("in_return", sa.Uuid(), nullable=True),
        sa.Column("asker", sa.Uuid(), nullable=False),
        sa.Column("asked", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_swap")),
    )
    op.create_index("ix_swap_shift", "swap", ["district", "shift"])


def downgrade() -> None:
    op.drop_index("ix_swap_shift", "swap")
    op.drop_table("swap")
