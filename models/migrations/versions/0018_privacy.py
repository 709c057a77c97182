"""Not named in the group, messages that their writer had deleted there, who wrote which."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    false = sa.false()
    op.add_column(
        "case_file", sa.Column("hide_group", sa.Boolean(), nullable=False, server_default=false)
    )
    # until now one choice hid the name from both
    op.execute("UPDATE case_file SET hide_group = hide_name")
    op.add_column("case_file", sa.Column("unsaid_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("chat_group", "strange_group"):
        op.add_column(table, sa.Column("may_delete", sa.Boolean(), nullable=True))
    op.create_table(
        "group_post",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("case", sa.Uuid(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("writer", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district", "case"],
            ["case_file.district", "case_file.id"],
            name=op.f("fk_group_post_district_case"),
        ),
        sa.PrimaryKeyConstraint("district", "case", "message", name=op.f("pk_group_post")),
    )


def downgrade() -> None:
    op.drop_table("group_post")
    for table in ("strange_group", "chat_group"):
        op.drop_column(table, "may_delete")
    op.drop_column("case_file", "unsaid_at")
    op.drop_column("case_file", "hide_group")
