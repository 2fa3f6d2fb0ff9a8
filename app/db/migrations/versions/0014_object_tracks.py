"""Tracks: things that were followed through a video."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of tracks: each thing of a video from when it appears to when it leaves, with its boxes."""
    op.create_table(
        "object_tracks",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("video_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_object_tracks_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_object_tracks"),
    )
    op.create_index("ix_object_tracks_video", "object_tracks", ["video_id", "start_s"], unique=False)
