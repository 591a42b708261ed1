"""Each system has its share of the office: so many requests a minute, counted over all processes of the counter.

People are not counted: whoever stands at the counter never waits for a system that sends a lot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from models.db import Database
from models.ports import Clock
from models.rules.errors import ParafError
from models.tables.clients import ClientRate

USUAL: Final = 600
"""Requests a minute of a client that has no rate of its own."""

MINUTE: Final = timedelta(minutes=1)


class TooManyRequests(ParafError):
    """A system has used up its share of this minute."""

    code = "too-many-requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Share:
    """What a client may send a minute, what is left of it, and the seconds until it is whole again."""

    limit: int
    left: int
    seconds: int
    over: bool


def count_request(db: Database, clock: Clock, client_id: UUID, rate_per_minute: int) -> Share:
    """Count one request, in a transaction apart: what is refused or fails counts too."""
    now = clock.now()
    minute = now.replace(second=0, microsecond=0)
    with db.transaction(apart=True) as session:
        used = _count(session, client_id, minute)
    limit = rate_per_minute or USUAL
    return Share(limit, max(0, limit - used), ceil((minute + MINUTE - now).total_seconds()), used > limit)


def refuse_excess(share: Share) -> None:
    """Raises TooManyRequests when the share is used up."""
    if share.over:
        raise TooManyRequests(
            f"This system may send {share.limit} requests a minute: go on in {share.seconds} seconds."
            " Many applications fit into one batch (POST /v1/batches).",
            share.seconds,
        )


def _count(session: Session, client_id: UUID, minute: datetime) -> int:
    row = insert(ClientRate).values(client_id=client_id, minute=minute, used=1)
    same = col(ClientRate.minute) == row.excluded.minute
    counted = row.on_conflict_do_update(
        index_elements=[col(ClientRate.client_id)],
        set_={"minute": row.excluded.minute, "used": case((same, col(ClientRate.used) + 1), else_=1)},
    ).returning(col(ClientRate.used))
    return int(session.execute(counted).scalar_one())
