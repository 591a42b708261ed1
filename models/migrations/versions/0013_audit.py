"""The events' hash chain, checkpoints, closed days of the register, and the stop switch."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    statements = Path(__file__).parents[1] / "sql" / "0013_audit.sql"
    op.get_bind().exec_driver_sql(statements.read_text(encoding="utf-8"))
