"""Budgets that replicas share, moved groups, and whose the webhook is.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AWARE = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """New columns may be empty, so that the release before goes on working."""
    op.add_column("budget", sa.Column("level", sa.Float(), nullable=True))
    op.add_column("budget", sa.Column("at", AWARE, nullable=True))
    op.add_column("budget", sa.Column("sent", JSON, nullable=True))
    op.create_index("ix_budget_at", "budget", ["bot", "at"])
    op.add_column("offset", sa.Column("moved_at", AWARE, nullable=True))
    op.create_table(
        "moved_chat",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("new_chat", sa.String(), nullable=False),
        sa.Column("moved_at", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "platform", "chat", name=op.f("pk_moved_chat")),
    )
    op.create_table(
        "webhook",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("bot", name=op.f("pk_webhook")),
    )


def downgrade() -> None:
    """Nothing else leans on these."""
    op.drop_table("webhook")
    op.drop_table("moved_chat")
    op.drop_column("offset", "moved_at")
    op.drop_index("ix_budget_at", "budget")
    for column in ("sent", "at", "level"):
        op.drop_column("budget", column)
