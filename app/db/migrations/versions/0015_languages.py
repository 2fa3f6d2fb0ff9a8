"""The language of each sentence."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the language to sentences; it is unknown for those of earlier readings."""
    with op.batch_alter_table("utterances") as table:
        table.add_column(sa.Column("language", sa.String()))
