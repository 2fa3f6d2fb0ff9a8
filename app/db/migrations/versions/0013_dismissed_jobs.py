"""Jobs that ended and were dismissed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A job may be marked as dismissed."""
    op.add_column("jobs", sa.Column("dismissed", sa.Boolean(), server_default=sa.false(), nullable=False))
