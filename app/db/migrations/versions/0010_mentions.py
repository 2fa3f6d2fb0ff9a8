"""Who and what videos mention."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of mentions: the moments of each video that mention a name or show a thing, gone with it."""
    op.create_table(
        "mentions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("video_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("frame_s", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_mentions_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_mentions"),
    )
    op.create_index("ix_mentions_video", "mentions", ["video_id"], unique=False)
    op.create_index("ix_mentions_key", "mentions", ["kind", "key"], unique=False)
