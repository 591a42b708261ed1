"""Bring a database to this version's tables and rights: run by the owner's role, at deploy only."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, text

from models.db import dialect_url
from models.tables.metadata import METADATA

_LOCK = 0x5041524146  # "PARAF": two deploys at once wait for each other
APP_ROLE = "paraf_app"


def upgrade(owner_url: str) -> None:
    """Run all missing migrations in one transaction; safe to call at every start."""
    engine = create_engine(dialect_url(owner_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '30s'"))
        command.upgrade(_config(connection), "head")


def pending_changes(owner_url: str) -> list[str]:
    """What the tables in code have that the migrated database has not; empty when they agree."""
    engine = create_engine(dialect_url(owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(change) for change in compare_metadata(context, METADATA)]


def new_migration(owner_url: str, message: str, number: str) -> None:
    """Write a draft of the next migration from the difference between tables and database."""
    engine = create_engine(dialect_url(owner_url), poolclass=NullPool)
    with engine.begin() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
