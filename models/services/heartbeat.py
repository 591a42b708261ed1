"""The last success of whatever runs by itself: an alarm watches its age."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from models.db import Database
from models.ports import Clock
from models.tables.work import Heartbeat


def beat(db: Database, clock: Clock, name: str, detail: str = "") -> None:
    """Write that `name` has just succeeded."""
    values = {"succeeded_at": clock.now(), "detail": detail[:300]}
    with db.transaction() as session:
        session.execute(
            insert(Heartbeat).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
        )
