"""By how much each circle exceeded its own time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COUNTS = ("over_micro", "over_small", "over_big")


def upgrade() -> None:
    aware = sa.DateTime(timezone=True)
    op.add_column("case_file", sa.Column("circle_counted_at", aware, nullable=True))
    for name in COUNTS:
        count = sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        op.add_column("case_file", count)


def downgrade() -> None:
    for name in ("circle_counted_at", *COUNTS):
        op.drop_column("case_file", name)
