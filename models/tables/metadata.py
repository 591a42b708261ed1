"""All tables in one place, for migrations."""

from __future__ import annotations

from sqlmodel import SQLModel

from models.tables import (
    audit,
    backoffice,
    batch,
    cases,
    clients,
    definitions,
    desks,
    keeping,
    letters,
    office_days,
    people,
    sign_in,
    survey,
    webhooks,
    work,
)

TABLES = (
    *(backoffice, batch, cases, clients, definitions, desks, keeping, letters, office_days, people, sign_in, survey),
    *(audit, webhooks, work),
)
METADATA = SQLModel.metadata
METADATA.naming_convention = {
    "ix": "%(column_0_label)s_ix",
    "uq": "%(table_name)s_%(column_0_name)s_once",
    "ck": "%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_name)s_fk",
    "pk": "%(table_name)s_pk",
}
