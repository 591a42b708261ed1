"""Connections that died while they lay in the pool are noticed before they are used."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from models import db
from models.db import Database, DatabaseAway
from ops.embedded_postgres import plain
from tests.conftest import TestServers


def _backend(database: Database) -> int:
    with database.transaction() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def _end(servers: TestServers, backend: int) -> None:
    with psycopg.connect(plain(servers.superuser_url), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_a_connection_that_died_while_idle_is_replaced_unseen(
    servers: TestServers, pg_app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", 0.0)
    database = Database(pg_app_url)
    first = _backend(database)
    _end(servers, first)
    assert _backend(database) != first
    database.dispose()


def test_one_that_died_a_moment_after_its_use_is_a_temporary_failure_once(
    servers: TestServers, pg_app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", 3600.0)
    database = Database(pg_app_url)
    first = _backend(database)
    _end(servers, first)
    with pytest.raises(DatabaseAway):
        _backend(database)
    assert _backend(database) != first
    database.dispose()


def test_a_fresh_connection_is_used_again_without_a_question(pg_app_url: str) -> None:
    database = Database(pg_app_url)
    assert _backend(database) == _backend(database)
    database.dispose()
