"""Run by alembic for each upgrade; `Database.migrate` gives the connection and holds the lock."""

from alembic import context

from app.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
