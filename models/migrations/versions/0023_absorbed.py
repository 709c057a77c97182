"""Which cases others went into, for the auditor."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    only = sa.text("absorbed > 0")
    op.create_index(
        "ix_case_absorbed",
        "case_file",
        ["district", "id"],
        sqlite_where=only,
        postgresql_where=only,
    )


def downgrade() -> None:
    op.drop_index("ix_case_absorbed", table_name="case_file")
