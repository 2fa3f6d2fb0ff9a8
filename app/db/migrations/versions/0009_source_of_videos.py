"""Where a video was downloaded from."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A video that was read from an address keeps it."""
    op.add_column("videos", sa.Column("source", sa.Text(), nullable=False, server_default=""))
