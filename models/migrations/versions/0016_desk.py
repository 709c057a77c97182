"""A desk's list of cases, urging, reporting upwards, and what it says daily."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'voided', 'archived')"
SUPERVISED = f"supervised_unit IS NOT NULL AND {OPEN}"
WORDS = ["district", "grid", "words_key"]
LISTED = ["state", "due_at", "warn_at", "opened_at", "reopenings", "reach", "kind", "id"]


def upgrade() -> None:
    op.add_column("case_file", sa.Column("urged", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("case_file", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case_file", sa.Column("supervised_unit", sa.String(), nullable=True))
    _index("ix_case_supervised", ["district", "supervised_unit"], SUPERVISED)
    op.drop_index("ix_case_open_words", table_name="case_file")
    _index("ix_case_open_words", [*WORDS, *LISTED], OPEN)
    op.create_table(
        "phrase",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_phrase")),
    )
    op.create_index("ix_phrase_unit", "phrase", ["district", "unit"])


def downgrade() -> None:
    op.drop_table("phrase")
    op.drop_index("ix_case_open_words", table_name="case_file")
    _index("ix_case_open_words", WORDS, OPEN)
    op.drop_index("ix_case_supervised", table_name="case_file")
    for name in ("supervised_unit", "urged_at", "urged"):
        op.drop_column("case_file", name)


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        "case_file",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
