"""Deadlines that stand still and move: waiting, extension, suspension, stage clocks, appeal."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WORDS = (
    "waits_for",
    "extension_reason",
    "extension_unit",
    "moved_reason",
    "appeal",
    "appeal_reason",
    "appeal_unit",
)
INSTANTS = ("handle_by", "first_due_at", "suspended_until", "stage_since", "stage_late_at")
COUNTS = ("waited_seconds", "extensions", "suspensions")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for name in WORDS:
        op.add_column("case_file", sa.Column(name, sa.String(), nullable=True))
    for name in INSTANTS:
        op.add_column("case_file", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in COUNTS:
        op.add_column(
            "case_file", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
    op.add_column("case_file", sa.Column("extension_asked", sa.Integer(), nullable=True))
    op.add_column("case_file", sa.Column("stages_late", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    for name in ("stages_late", "extension_asked", *COUNTS, *INSTANTS, *WORDS):
        op.drop_column("case_file", name)
