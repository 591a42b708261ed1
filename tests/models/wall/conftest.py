"""An office with a case at every stage whose database is shared by the tests: none of them may change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from models.db import Database
from models.rules.stages import Stage
from ops.embedded_postgres import plain
from tests.cases import an_application
from tests.conftest import TestServers
from tests.factories import an_office

Statements = Sequence[LiteralString]


@dataclass(frozen=True)
class Wall:
    """The database as the application's role sees it; `ids` are parameters for statements: cases by stage, people."""

    app_url: str
    owner_url: str
    superuser_url: str
    ids: Mapping[str, Any]

    def run(self, statements: Statements) -> None:
        """One transaction of the application's role, committed."""
        # psycopg's own `with` leaves the connection open when the commit is refused, as deferred rules do.
        with closing(psycopg.connect(self.app_url)) as connection:
            for statement in statements:
                connection.execute(statement, self.ids)
            connection.commit()

    def rehearse(self, statements: Statements) -> int:
        """One transaction with every deferred rule applied, then rolled back; the rows that the last one changed."""
        with psycopg.connect(self.app_url) as connection:
            for statement in statements:
                changed = connection.execute(statement, self.ids).rowcount
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            connection.rollback()
            return changed

    def content(self) -> dict[str, str]:
        """A digest of every table's rows."""
        with psycopg.connect(self.superuser_url) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            ).fetchall()
            return {name: _digest(connection, name) for (name,) in tables}


def _digest(connection: psycopg.Connection[Any], table: str) -> str:
    query = sql.SQL("SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t")
    row = connection.execute(query.format(sql.Identifier(table))).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="module")
def wall(servers: TestServers, worker_number: int) -> Iterator[Wall]:
    """A case at every stage, `paraf2` at the second paraf and `last_paraf` being given the third."""
    name = f"wall_{worker_number}"
    urls = servers.database(name)
    db = Database(urls.app_url)
    office = an_office(db)
    # First the one that needs forty days to lapse.
    stages = sorted(Stage, key=lambda stage: stage is not Stage.LAPSED)
    cases = {stage.value: an_application(office, stage.value) for stage in stages}
    cases["paraf2"] = an_application(office, "awaiting_paraf", paraf_next=2)
    cases["last_paraf"] = an_application(office, "applying_paraf", paraf_next=3)
    db.dispose()
    superuser = make_url(servers.superuser_url).set(database=name).render_as_string(hide_password=False)
    yield Wall(plain(urls.app_url), plain(urls.owner_url), plain(superuser), {**cases, **office.people})
    servers.drop(name)


@pytest.fixture(scope="module")
def before(wall: Wall) -> dict[str, str]:
    """What the tables held before the first test."""
    return wall.content()


Refused = Callable[[Statements], psycopg.Error]


@pytest.fixture
def refused(wall: Wall, before: dict[str, str]) -> Refused:
    """Runs statements that must be refused; returns the error, after no table changed."""

    def attempt(statements: Statements) -> psycopg.Error:
        with pytest.raises(psycopg.Error) as caught:
            wall.run(statements)
        assert wall.content() == before
        return caught.value

    return attempt
