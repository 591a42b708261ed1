"""The filled database: as many rows as were asked for, fitting together as far as pages look."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from models.db import Database as Db
from ops.benchmarks.filling import fill, sections
from tests.conftest import Database, TestServers
from tests.factories import an_office


def one(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def filled(servers: TestServers, fresh_database: Database) -> str:
    db = Db(fresh_database.app_url)
    an_office(db)
    db.dispose()
    name = make_url(fresh_database.owner_url).database
    url = make_url(servers.superuser_url).set(database=name, drivername="postgresql")
    address = url.render_as_string(hide_password=False)
    told: list[str] = []
    assert fill(address, 700, told.append)["cases"] == 700
    assert told == [
        *(f"writing {title}" for title, _ in sections()),
        "writing events of cases 1 to 700",
        "vacuum and analyse",
    ]
    return address


def test_rows_fit_together(filled: str) -> None:
    with psycopg.connect(filled) as connection:
        assert one(connection, "SELECT count(*) FROM event WHERE application_id IS NOT NULL") == 7000
        assert (
            one(connection, "SELECT count(*) FROM application WHERE stage NOT IN ('closed', 'rejected', 'withdrawn')")
            == 7
        )
        assert one(connection, "SELECT count(DISTINCT registration_number) FROM application") == 700
        assert one(connection, "SELECT count(*) FROM register_entry") == one(connection, "SELECT count(*) FROM licence")
        # Numbers without a gap, as the wall would have them.
        gaps = "SELECT count(*) FROM number_series n"
        lines = "(SELECT count(*) FROM register_entry r WHERE r.year = n.year)"
        assert one(connection, f"{gaps} WHERE last_seq <> {lines}") == 0
        case = "(SELECT FROM application a WHERE a.id = h.application_id)"
        assert one(connection, f"SELECT count(*) FROM holder_data h WHERE NOT EXISTS {case}") == 0
        assert one(connection, "SELECT facts -> 'holder' ->> 'name' <> '' FROM blanko LIMIT 1")
