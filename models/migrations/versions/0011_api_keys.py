"""Keys of other systems, the answers that they were given, and their share of the office."""

from __future__ import annotations

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass
