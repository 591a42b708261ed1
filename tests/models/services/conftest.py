"""One empty office a test, on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from models.db import Database
from ops.embedded_postgres import plain
from tests.conftest import Database as Urls
from tests.conftest import TestServers
from tests.factories import Office, an_office


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    """People, keys and the SIKRO definition; Monday, 2 March 2026, 09.00 in Pekanbaru."""
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()


@pytest.fixture
def superuser(office: Office, servers: TestServers) -> Callable[[str], None]:
    """Runs one statement as the superuser with every guard off; it must change something."""
    database = office.db.engine.url.database
    url = plain(make_url(servers.superuser_url).set(database=database).render_as_string(hide_password=False))

    def run(sql: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            assert connection.execute(sql.encode()).rowcount != 0, f"changed nothing: {sql}"

    return run
