"""Who is seen in a video."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of faces: the persons who are seen in each video, gone with it."""
    op.create_table(
        "faces",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("video_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("recognised", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_faces_video_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_faces"),
        sa.UniqueConstraint("video_id", "label", name="uq_faces_video_id"),
    )
    op.create_index("ix_faces_name", "faces", ["name"], unique=False)
