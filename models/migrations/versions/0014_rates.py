"""How much of its rate each system has used in the minute that runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "client_rate",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"]),
        sa.PrimaryKeyConstraint("client_id"),
    )
    # A count that is lost in a crash costs nobody anything; a row that is written at each request should cost little.
    op.execute("ALTER TABLE client_rate SET UNLOGGED")
    op.execute("GRANT SELECT, INSERT, UPDATE ON client_rate TO paraf_app")
