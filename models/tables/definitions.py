"""Definitions as they were when they were loaded: immutable, so that a case can pin one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from models.tables.columns import document, moment, primary_uuid, words


class SopVersion(SQLModel, table=True):
    """One version of a licence's SOP, wording and layout. `sha256` covers all three."""

    __tablename__ = "sop_version"
    __table_args__ = (UniqueConstraint("licence_code", "version", name="sop_version_once"),)

    id: UUID = primary_uuid()
    licence_code: str = words()
    version: str = words()
    sha256: str = words()
    sop: dict[str, Any] = document()
    wording: dict[str, Any] = document()
    layout: str = words()
    loaded_at: datetime = moment()
