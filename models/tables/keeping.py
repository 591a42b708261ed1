"""What the vault no longer keeps, and why: written before the bytes go, so that a crash forgets nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from models.tables.columns import moment, words


class GoneObject(SQLModel, table=True):
    """An object whose class of data has ended. `gone_at` None: decided, the bytes may still be there."""

    __tablename__ = "gone_object"
    __table_args__ = (Index("gone_object_due", "decided_at", postgresql_where=text("gone_at IS NULL")),)

    sha256: str = words(primary_key=True)
    data_class: str = words()
    decided_at: datetime = moment()
    gone_at: datetime | None = moment(optional=True)
