"""What the desks still lacked: the code that is typed from a licence without a camera."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # Licences from before have none: nothing is printed beneath their QR codes.
    op.add_column("licence", sa.Column("code", sa.Text(), server_default="", nullable=False))
    op.create_index("licence_code", "licence", ["code"], unique=True, postgresql_where=sa.text("code <> ''"))
