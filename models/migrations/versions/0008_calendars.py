"""Days and hours of work that a district has of its own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "day", "official", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "work_shift",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.PrimaryKeyConstraint("district", "opens", name=op.f("pk_work_shift")),
    )


def downgrade() -> None:
    op.drop_table("work_shift")
    op.drop_table("calendar_day")
