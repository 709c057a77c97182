"""Whether a case is a quarrel is its kind's to say; until now four codes were."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    sides = sa.Column("two_sides", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("case_file", sides)
    case = sa.table("case_file", sa.column("kind", sa.String()), sa.column("two_sides"))
    quarrels = case.c.kind.in_(["PO01", "PO02", "EN06", "LS04"])
    op.execute(case.update().where(quarrels).values(two_sides=sa.true()))


def downgrade() -> None:
    op.drop_column("case_file", "two_sides")
