"""What the last look of a schedule came to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A schedule queues jobs itself, so that it keeps an outcome instead of a job."""
    op.drop_column("schedules", "last_job")
    op.add_column("schedules", sa.Column("outcome", sa.JSON(), nullable=True))
