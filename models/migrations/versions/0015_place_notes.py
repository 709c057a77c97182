"""What is good to know at a building."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "place_note",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grid", sa.String(), nullable=False),
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("keeper", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_place_note")),
    )
    op.create_index("ix_place_note_grid", "place_note", ["district", "grid"])
    op.create_index("ix_place_note_keeper", "place_note", ["district", "keeper"])


def downgrade() -> None:
    op.drop_index("ix_place_note_keeper", "place_note")
    op.drop_index("ix_place_note_grid", "place_note")
    op.drop_table("place_note")
