"""An office whose events are sealed in several seals with checkpoints, built once and copied for each tampering."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.engine import make_url

from models.db import Database
from models.ports import Clock
from models.services.audit import CheckpointBook, Pace, keep_audit
from models.services.casework import record
from ops.checker.audit import verify
from ops.checker.report import CheckReport
from ops.embedded_postgres import plain
from tests.cases import an_application
from tests.conftest import TestServers
from tests.factories import an_office
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.letter.office_ca import public_pem

PACE = Pace(timedelta(0), timedelta(minutes=15))


def seal_all(db: Database, clock: Clock, book: CheckpointBook, pace: Pace = PACE) -> int:
    """Run the job until every event has its seal; transactions elsewhere on the server may hold the horizon back."""
    for _ in range(600):
        report = keep_audit(db, clock, book, pace)
        with db.transaction() as session:
            left = session.execute(
                text(
                    """SELECT count(*) FROM event e WHERE NOT EXISTS (
                    SELECT FROM audit_seal s WHERE e.id = ANY (s.ids))"""
                )
            ).scalar_one()
        if not left and report.checkpoint:
            return report.checkpoint
        threading.Event().wait(0.05)
    raise AssertionError("the events were never sealed")


@dataclass
class Copy:
    """One office's database for its superuser, its checkpoint file, and the keys that count."""

    url: str
    file: Path
    keys: tuple[bytes, ...]
    key: Ed25519PrivateKey

    def corrupt(self, sql: LiteralString) -> None:
        """What a superuser can do, guards off; each statement must change something."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in sql.split(";\n"):
                assert connection.execute(statement).rowcount != 0, f"changed nothing: {statement}"

    def rows(self, sql: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql).fetchall()

    def lines(self) -> list[bytes]:
        return self.file.read_bytes().splitlines(keepends=True)

    def verify(self, *printed: str) -> CheckReport:
        return verify(self.url, self.file.read_bytes() if self.file.exists() else b"", self.keys, printed)

    def rules(self, *printed: str) -> set[str]:
        return {violation.rule for violation in self.verify(*printed).violations}


def _superuser(servers: TestServers, name: str) -> str:
    return plain(make_url(servers.superuser_url).set(database=name).render_as_string(hide_password=False))


def now_of(url: str) -> datetime:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def sealed(servers: TestServers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Two cases, sealed in four goes, a checkpoint after each; dated by the database's clock. Nobody changes it."""
    name = f"sealed_{worker_number}"
    db = Database(servers.database(name).app_url)
    url = _superuser(servers, name)
    key = Ed25519PrivateKey.generate()
    file = tmp_path_factory.mktemp("checkpoints")
    book = CheckpointFile(file, key)
    office = an_office(db)
    office.clock.set(now_of(url) - timedelta(minutes=55))
    seal_all(db, office.clock, book)
    for stage in ("verifying", "awaiting_paraf", "ready"):
        an_application(office, stage)
        seal_all(db, office.clock, book)
    with db.transaction() as session:
        record(session, "person_changed", at=office.clock.now(), detail={"field": "title"})
    seal_all(db, office.clock, book)
    db.dispose()
    yield Copy(url, book.path, (public_pem(key),), key)
    servers.drop(name)


@pytest.fixture(scope="session")
def _copier(servers: TestServers, sealed: Copy) -> Callable[[], tuple[str, Copy]]:
    numbers = itertools.count()
    source = str(make_url(sealed.url).database)

    def make() -> tuple[str, Copy]:
        name = f"{source}_{next(numbers)}"
        servers.database(name, source)
        return name, replace(sealed, url=_superuser(servers, name))

    return make


@pytest.fixture
def copy(servers: TestServers, _copier: Callable[[], tuple[str, Copy]], tmp_path: Path) -> Iterator[Copy]:
    """A copy of the office for one test, with a file of its own."""
    name, made = _copier()
    file = tmp_path / "checkpoints.jsonl"
    file.write_bytes(made.file.read_bytes())
    yield replace(made, file=file)
    servers.drop(name)
