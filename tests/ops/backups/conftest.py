"""An office of its own on its own PostgreSQL: three licences, a backup, then more; every test restores a copy of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from models.db import Database
from models.migrate import upgrade
from ops.backups.taking import Taken, take
from ops.embedded import Servers, start_servers
from ops.embedded_postgres import plain
from ops.home import passing_home
from tests.cases import an_application
from tests.factories import Office, an_office
from tests.fakes import FakeClock
from tests.ops.audit.conftest import seal_all
from tests.ops.checker.conftest import with_real_letters
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.office_keys import load_audit_key, make_audit_key
from workers.adapters.vault import FolderVault
from workers.settings import Settings


@dataclass(frozen=True)
class House:
    """A closed office: its home, where backups are, the clock that it lived by, and a moment between two licences."""

    home: Path
    backups: Path
    clock: FakeClock
    between: datetime
    taken: Taken

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home)


def book_of(home: Path) -> CheckpointFile:
    return CheckpointFile(home / "checkpoints", load_audit_key(home / "secrets" / "signing"))


def furnish(home: Path, servers: Servers) -> Office:
    """Tables, people, real letters, and everything on disk."""
    upgrade(servers.database_url_owner)
    office = an_office(Database(servers.database_url_app))
    office.vault = FolderVault(home / "vault")  # type: ignore[assignment]
    make_audit_key(home / "secrets" / "signing", home / "trust")
    (home / "trust" / "ca.pem").write_bytes(with_real_letters(office))
    return office


def moment_of(servers: Servers) -> datetime:
    with psycopg.connect(plain(servers.database_url_app)) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def lived() -> Iterator[House]:
    """Numbers 1 to 3, the backup, number 4, a moment, number 5; closed in good order. Nobody changes it."""
    with passing_home() as home:
        backups = home.parent / "backups"
        with start_servers(home) as servers:
            office = furnish(home, servers)
            for stage in ("closed", "ready", "assembling", "numbering"):
                an_application(office, stage)
            seal_all(office.db, office.clock, book_of(home))
            taken = take(Settings(home=home), servers, office.clock, backups, secrets=True)
            an_application(office, "closed")
            seal_all(office.db, office.clock, book_of(home))
            between = moment_of(servers)
            an_application(office, "assembling")
            seal_all(office.db, office.clock, book_of(home))
            office.db.dispose()
        yield House(home, backups, office.clock, between, taken)


@pytest.fixture
def house(lived: House) -> Iterator[Callable[[], House]]:
    """Makes a copy of the house, owners and all."""
    made: list[Path] = []

    def copy() -> House:
        with passing_home() as home:
            target = home.parent
        target.mkdir(mode=0o755)
        made.append(target)
        for source in (lived.home, lived.backups):
            subprocess.run(["cp", "-a", str(source), str(target / source.name)], check=True)
        return House(target / "var", target / "backups", FakeClock(lived.clock.at), lived.between, lived.taken)

    yield copy
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
