"""Alembic's entry: the connection comes from `models.migrate`."""

from __future__ import annotations

from alembic import context

from models.tables.metadata import METADATA


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run()
