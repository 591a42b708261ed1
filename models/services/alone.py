"""One at a time: a job that beat may send twice holds a lock of the session; no transaction stays open for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from models.db import Database, DatabaseAway


@contextmanager
def alone(db: Database, key: int) -> Iterator[bool]:
    """Whether nobody else holds the lock `key` now; raises DatabaseAway."""
    try:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mine = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one())
            try:
                yield mine
            finally:
                if mine:
                    _unlock(connection, key)
    except OperationalError as error:
        raise DatabaseAway("The database can not be reached; the next run will do it.") from error


def _unlock(connection: Connection, key: int) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
    except DBAPIError:
        # Never back to the pool with the lock on it: with the connection goes the lock.
        connection.invalidate()
        raise
