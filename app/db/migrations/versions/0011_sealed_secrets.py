"""Secrets of webhooks lie locked in the jobs that name them, no longer as they were given."""

import sqlalchemy as sa
from alembic import context, op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

jobs = sa.table("jobs", sa.column("id", sa.String), sa.column("payload", sa.JSON))


def upgrade() -> None:
    """Locks them with the seal that `Database.migrate` was given."""
    connection, attributes = op.get_bind(), context.config.attributes
    holds_secret = sa.cast(jobs.c.payload, sa.Text).contains("whsec_", autoescape=True)
    for id, payload in connection.execute(sa.select(jobs.c.id, jobs.c.payload).where(holds_secret)).all():
        if webhook := payload.get("webhook"):
            sealed = payload | {"webhook": webhook | {"secret": attributes["seal"](webhook["secret"])}}
            connection.execute(sa.update(jobs).where(jobs.c.id == id).values(payload=sealed))
            attributes["sealed"] = True
