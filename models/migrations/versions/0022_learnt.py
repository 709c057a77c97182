"""Models of kinds, learnt from what a district's people put right."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "learnt",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", AWARE, nullable=False),
        sa.Column("used_at", AWARE, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("artefact", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district", "version", name=op.f("pk_learnt")),
    )


def downgrade() -> None:
    op.drop_table("learnt")
