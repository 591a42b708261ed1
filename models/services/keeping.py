"""Between naming an object in a row and taking one out of the vault: never both at once."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

VAULT_LOCK = 0x4B454550  # "KEEP", also in the database's function keep_object


def keep_object(session: Session, sha256: str) -> None:
    """Nothing leaves the vault until this transaction ends, and what had left it counts as kept again.

    The object may have left just before: ask the vault afterwards.
    """
    session.execute(text("SELECT keep_object(:name)"), {"name": sha256})


def hold_vault(session: Session) -> None:
    """Nobody names an object in a row until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": VAULT_LOCK})
