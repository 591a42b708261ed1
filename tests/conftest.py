"""One PostgreSQL and one broker for the whole run, a database of its own for each test process.

`pg_owner_url`, `pg_app_url` and `broker_url` last for the session; `fresh_database` is one test's alone.
Databases are copied from a template that holds the migrated tables, so a new one takes a few milliseconds.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from models.migrate import upgrade
from ops.embedded import Servers, start_servers
from ops.embedded_postgres import APP, OWNER, plain
from ops.home import passing_home
from tests.chromium import CHROMIUM, SWITCHES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TEMPLATE = "paraf_template"


@dataclass(frozen=True)
class Database:
    """SQLAlchemy URLs of one database for its two roles."""

    owner_url: str
    app_url: str


@dataclass(frozen=True)
class TestServers:
    """Addresses that the controlling process hands to the test processes."""

    __test__ = False
    superuser_url: str
    owner_url: str
    app_url: str
    broker_url: str

    def database(self, name: str, template: str = TEMPLATE) -> Database:
        """A new database, copied from `template`."""
        name_, owner, app = sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(APP)
        with psycopg.connect(plain(self.superuser_url), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(name_, sql.Identifier(template), owner)
            )
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name_, app))
        return Database(_on(self.owner_url, name), _on(self.app_url, name))

    def drop(self, name: str) -> None:
        """Remove a database, cutting whoever is still connected."""
        with psycopg.connect(plain(self.superuser_url), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class Running:
    """The servers of this run, started when first asked for, gone at its end."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._servers: Servers | None = None

    def addresses(self) -> TestServers:
        if self._servers is None:
            home = self._open.enter_context(passing_home())
            self._servers = self._open.enter_context(start_servers(home, durable=False))
            _make_template(self._given())
        return self._given()

    def _given(self) -> TestServers:
        servers = self._servers
        assert servers is not None
        return TestServers(
            servers.database_url_superuser, servers.database_url_owner, servers.database_url_app, servers.broker_url
        )

    def close(self) -> None:
        self._open.close()


def _make_template(servers: TestServers) -> None:
    database = servers.database(TEMPLATE, "template0")
    upgrade(database.owner_url)


def _on(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


running = Running()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The controlling process starts the servers once and tells each test process where they are."""
    node.workerinput["paraf_servers"] = json.dumps(asdict(running.addresses()))


def pytest_unconfigure() -> None:
    running.close()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> TestServers:
    """Addresses of the run's servers."""
    handed: dict[str, str] = getattr(request.config, "workerinput", {})
    return TestServers(**json.loads(handed["paraf_servers"])) if handed else running.addresses()


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """0 without parallel tests, else the number of this test process."""
    handed: dict[str, str] = getattr(request.config, "workerinput", {})
    return int(handed.get("workerid", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def new_database(servers: TestServers, worker_number: int) -> Iterator[Callable[[], Database]]:
    """Makes one more migrated, empty database at each call; all go at the session's end."""
    names: list[str] = []
    count = itertools.count()

    def make() -> Database:
        names.append(f"test_{worker_number}_{next(count)}")
        return servers.database(names[-1])

    yield make
    for name in names:
        servers.drop(name)


@pytest.fixture(scope="session")
def session_database(new_database: Callable[[], Database]) -> Database:
    """The database that the session's tests share."""
    return new_database()


@pytest.fixture(scope="session")
def pg_owner_url(session_database: Database) -> str:
    """SQLAlchemy URL of the role that owns the tables."""
    return session_database.owner_url


@pytest.fixture(scope="session")
def pg_app_url(session_database: Database) -> str:
    """SQLAlchemy URL of the restricted role that the office works with."""
    return session_database.app_url


@pytest.fixture
def fresh_database(servers: TestServers, new_database: Callable[[], Database]) -> Iterator[Database]:
    """A migrated, empty database for one test."""
    database = new_database()
    yield database
    servers.drop(str(make_url(database.owner_url).database))


@pytest.fixture(scope="session")
def broker_url(servers: TestServers, worker_number: int) -> str:
    """Redis URL of this test process's own database on the broker."""
    base, _, _ = servers.broker_url.rpartition("/")
    return f"{base}/{worker_number + 1}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module; each test opens a context of its own in it."""
    from playwright.sync_api import expect, sync_playwright  # starts a driver: only tests that open pages pay for it

    expect.set_options(timeout=20_000)  # a busy machine answers late, and is right all the same
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES.split())
        yield chromium
        chromium.close()
