"""Who speaks in a video."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of voices: the speakers of each video, gone with it."""
    op.create_table(
        "voices",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("video_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_voices_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_voices"),
        sa.UniqueConstraint("video_id", "label", name="uq_voices_video_id"),
    )
    op.create_index("ix_voices_name", "voices", ["name"], unique=False)
