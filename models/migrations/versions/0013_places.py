"""The buildings of a grid."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    places = sa.Column("places", JSON, nullable=False, server_default="[]")
    op.add_column("division", places)


def downgrade() -> None:
    op.drop_column("division", "places")
