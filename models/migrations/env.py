"""Runs migrations on the connection that models/migrate opened."""

from alembic import context

import models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.metadata,
    compare_type=True,
    # SQLite can't alter a table in place: Alembic copies it
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
