"""The database wall: triggers and rights that prove the SOP's order against raw SQL."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    sql = (Path(__file__).parents[1] / "sql" / "0002_wall.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
