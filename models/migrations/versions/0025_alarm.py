"""Whose word an urgency is that the reporter's words alone began."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("case_file", sa.Column("alarm", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("case_file", "alarm")
