"""Jobs that are parts of another."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A job may name the job that it is a part of."""
    op.add_column("jobs", sa.Column("parent", sa.String(), nullable=True))
    op.create_index("ix_jobs_parent", "jobs", ["parent"], unique=False)
