"""The cases of one batch, for lists that officials look through as one pile."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models.tables.batch import BatchRow
from models.tables.cases import Application


def of_batch(batch_id: UUID) -> ColumnElement[bool]:
    """Whether a case came of the batch."""
    rows = select(BatchRow.application_id).where(BatchRow.batch_id == batch_id)
    return col(Application.id).in_(rows)


def batch_named(text: str) -> UUID | None:
    """The id in an address; what can not be read is left out, so that an old link still opens."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
