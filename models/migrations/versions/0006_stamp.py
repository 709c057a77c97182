"""When what is remembered was last changed, and finding a case by its message."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "stamp",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "topic", name=op.f("pk_stamp")),
    )
    op.create_index("ix_case_message", "case_file", ["bot", "source_chat", "source_message"])


def downgrade() -> None:
    op.drop_index("ix_case_message", table_name="case_file")
    op.drop_table("stamp")
