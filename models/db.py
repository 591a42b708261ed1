"""The way to PostgreSQL: one engine a process, one short transaction a step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm.session import JoinTransactionMode
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from models.crash_points import crash_point
from models.rules.errors import TemporaryFailure

FRESH_SECONDS = 1.0
_WHOLE: ContextVar[tuple[Database, Connection] | None] = ContextVar("whole", default=None)
"""The transaction that all transactions of a request join, with the database it belongs to."""


def changed_rows(session: Session, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Run an UPDATE or a DELETE and count the rows that it changed; what the session holds is not looked at."""
    options = {"synchronize_session": False}
    # A statement that changes rows always gives a cursor's result; the session's own signature promises less.
    return cast(CursorResult[Any], session.execute(statement, values, execution_options=options)).rowcount


class DatabaseAway(TemporaryFailure):
    """PostgreSQL can not be reached: nothing was changed, try again shortly."""

    code = "database-away"


def dialect_url(url: str) -> str:
    """`postgresql://` as SQLAlchemy wants it, with psycopg 3 as the driver."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)


def _note_use(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ARG001 - the event's signature
    record.info["used"] = time.monotonic()


def _ping_idle(connection: Any, record: ConnectionPoolEntry, proxy: Any) -> None:  # noqa: ARG001 - the event's signature
    """A connection that lay idle may have died unseen; one that was used a moment ago is not asked at every step."""
    if time.monotonic() - record.info.get("used", math.inf) < FRESH_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error  # the pool opens another


@contextmanager
def _failing_as_away() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise DatabaseAway("The database can not be reached; nothing was lost, try again shortly.") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseAway("The connection to the database broke; try again shortly.") from error
        raise


class Database:
    """Makes its engine on first use, so that a forked child never shares its parent's sockets."""

    def __init__(self, url: str, *, pool_size: int = 5, application_name: str = "paraf") -> None:
        self._url = dialect_url(url)
        self._pool_size = pool_size
        self._application_name = application_name
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = create_engine(
                self._url,
                # A failed statement is logged without its values: they are people's data.
                hide_parameters=True,
                pool_size=self._pool_size,
                max_overflow=self._pool_size,
                pool_timeout=10,
                connect_args={
                    "connect_timeout": 5,
                    "application_name": self._application_name,
                    # A forgotten transaction must not hold a case's lock for ever.
                    "options": "-c idle_in_transaction_session_timeout=60s -c lock_timeout=10s"
                    " -c statement_timeout=30s -c timezone=UTC",
                },
            )
            event.listen(self._engine, "checkin", _note_use)
            event.listen(self._engine, "checkout", _ping_idle)
        return self._engine

    @contextmanager
    def transaction(self, *, apart: bool = False) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Inside a `whole` it is a savepoint of that one, unless it is to stand `apart` (what must stay though all else
        is undone). Raises DatabaseAway when the connection fails; the commit may then have happened, so callers repeat
        by key, never blindly.
        """
        with _failing_as_away():
            with self._session(apart) as session, session.begin():
                yield session
                crash_point("commit.before")
            crash_point("commit.after")

    def _session(self, apart: bool) -> Session:
        whole = None if apart else _WHOLE.get()
        if whole is None or whole[0] is not self:
            return Session(self.engine, expire_on_commit=False, autoflush=False)
        mode: JoinTransactionMode = "create_savepoint"
        return Session(whole[1], expire_on_commit=False, autoflush=False, join_transaction_mode=mode)

    @contextmanager
    def whole(self) -> Iterator[Connection]:
        """One transaction for all that a request does: every `transaction` of this database within joins it.

        Committed when the block ends, rolled back when it raises. Raises as `transaction` does.
        """
        with _failing_as_away():
            with self.engine.begin() as connection:
                token = _WHOLE.set((self, connection))
                try:
                    yield connection
                finally:
                    _WHOLE.reset(token)
                crash_point("whole.before_commit")
            crash_point("whole.after_commit")

    def dispose(self) -> None:
        """Close pooled connections; the next use opens new ones."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
