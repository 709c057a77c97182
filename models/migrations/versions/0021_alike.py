"""What reports are compared by, and the case that a reporter is asked about."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEAR = sa.text("near IS NOT NULL")


def upgrade() -> None:
    op.add_column("case_file", sa.Column("near", sa.String(), nullable=True))
    trace = sa.Column("trace", sa.String(), nullable=False, server_default="")
    op.add_column("case_file", trace)
    op.add_column("case_file", sa.Column("alike", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_case_near",
        "case_file",
        ["district", "community", "near", "opened_at"],
        sqlite_where=NEAR,
        postgresql_where=NEAR,
    )


def downgrade() -> None:
    op.drop_index("ix_case_near", table_name="case_file")
    for name in ("near", "trace", "alike"):
        op.drop_column("case_file", name)
