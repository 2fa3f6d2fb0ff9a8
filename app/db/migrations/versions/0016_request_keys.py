"""A job knows the key of the request that queued it; other responses are not stored any more."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drops the stored responses, and adds the key of its request to each job."""
    op.drop_table("replies")
    op.add_column("jobs", sa.Column("request_key", sa.String()))
    op.create_index("uq_jobs_request_key", "jobs", ["request_key"], unique=True)
