"""Groups that listen since their administrator turned it on, and how often they were asked."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    since = sa.Column("listens_since", sa.DateTime(timezone=True), nullable=True)
    op.add_column("chat_group", since)
    op.create_table(
        "group_asked",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("group", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("district", "group", name=op.f("pk_group_asked")),
    )


def downgrade() -> None:
    op.drop_table("group_asked")
    op.drop_column("chat_group", "listens_since")
