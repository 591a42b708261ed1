"""The filled database: as many rows as were asked for, fitting together as far as pages look."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from api.views.search import SHOWN, search
from models.db import Database as Db
from models.rules.working_time import Calendar
from models.services.register_lines import Wanted, lines_after
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
        named = "(SELECT h.name FROM holder_data h WHERE h.application_id = r.application_id)"
        assert one(connection, f"SELECT count(*) FROM register_entry r WHERE r.name <> {named}") == 0


def test_a_name_is_looked_for_in_one_year_of_the_register(filled: str) -> None:
    assert re.search(r"Index Cond: \(\(year = [^)]*\) AND \(name ~~\* ", _plan(filled, "Pradipta"))
    # No index of groups of three letters leads to two of them: all years would be read from end to end.
    assert "register_entry_name_parts" not in _plan(filled, "qx")


def test_what_all_cases_have_is_found_among_the_newest(filled: str) -> None:
    db = Db(filled)
    with db.transaction() as session:
        newest = session.execute(
            text("SELECT application_id FROM register_entry ORDER BY assigned_at DESC LIMIT 51")
        ).scalars()
        wanted = set(newest)
        for words in ("503/", "/SIKRO/", "DPMPTSP/"):
            found = search(session, words)
            assert (len(found.rows), found.more) == (SHOWN, True), words
            assert len(wanted & {row.id for row in found.rows}) > SHOWN // 2, words
        assert search(session, "A.B").short
        (one,) = search(session, "503/0001/DPMPTSP/SIKRO/2024").rows
        assert one.id in {row.id for row in search(session, "1").rows}
    db.dispose()


def _plan(url: str, name: str) -> str:
    """How the register's own statement is answered where there are very many rows."""
    db, seen = Db(url), []

    def note(_c: Any, _cur: Any, statement: str, values: Any, *_: Any) -> None:
        seen.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    with db.transaction() as session:
        lines_after(session, Calendar((), frozenset()), Wanted(2024, name=name), None, 25)
        for kind in ("seqscan", "indexscan"):
            session.execute(text(f"SET LOCAL enable_{kind} = off"))
        statement, values = seen[0]
        plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    db.dispose()
    return "\n".join(plan)
