"""A backup and its restore at the size of some years: database, files, and the fence around numbers.

The rows are those of `filling`, the files noise: the checker is left out, its time is `paraf check`'s own.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from models.db import Database
from models.migrate import upgrade
from models.services.audit import keep_audit
from ops.backups.restoring import Wanted, restore
from ops.backups.taking import take
from ops.benchmarks.filling import fill
from ops.bootstrap import make_secrets
from ops.embedded import start_servers
from ops.embedded_postgres import ARCHIVE_SECONDS, cluster_folder, plain
from ops.home import Home, passing_home
from ops.seed import demo_people, put_people, registrar, seed_definitions, seed_keys
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.clock import SystemClock
from workers.adapters.office_keys import load_audit_key
from workers.adapters.vault import FolderVault
from workers.settings import Settings
from workers.wiring import TEMPLATES

OBJECT_BYTES = 100_000


def run(cases: int, objects: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of a backup, of a second one, and of a restore after the database was lost, then after all was lost."""
    with passing_home() as home:
        settings, clock, target = Settings(home=home), SystemClock(), home.parent / "backups"
        with start_servers(home) as servers:
            upgrade(servers.database_url_owner)
            _seed(servers.database_url_app, home)
            rows = fill(plain(servers.database_url_superuser), cases, tell)
            tell("sealing the events")
            _seal(servers.database_url_app, home)
            tell(f"writing {objects:,} files")
            vault = FolderVault(home / "vault")
            for _ in range(objects):
                vault.put(os.urandom(OBJECT_BYTES))
            first = take(settings, servers, clock, target, tell=tell)
            again = take(settings, servers, clock, target, tell=tell)
            size = _size(servers.database_url_owner)
        shutil.rmtree(cluster_folder(Home(home)))
        wanted = Wanted(again.folder, check="none")
        database = restore(settings, clock, wanted, tell=tell).seconds
        shutil.rmtree(cluster_folder(Home(home)))
        shutil.rmtree(home / "vault")
        everything = restore(settings, clock, wanted, tell=tell).seconds
    return {
        **rows,
        "database_mib": round(size / 2**20),
        "files": objects,
        "files_mib": round(objects * OBJECT_BYTES / 2**20),
        "backup_seconds": round(first.seconds, 1),
        "next_backup_seconds": round(again.seconds, 1),
        "restore_database_seconds": round(database, 1),
        "restore_all_seconds": round(everything, 1),
        "rpo_seconds_with_log": ARCHIVE_SECONDS,
    }


def _seed(url: str, home: Path) -> None:
    secrets, db = make_secrets(Home(home)), Database(url)
    seed_keys(secrets.office_keys, home / "trust", TEMPLATES, SystemClock().now())
    seed_definitions(db, SystemClock(), TEMPLATES)
    put_people(registrar(db, secrets.office_keys, secrets.sealing_key, TEMPLATES), demo_people())
    db.dispose()


def _seal(url: str, home: Path) -> None:
    db = Database(url)
    book = CheckpointFile(home / "checkpoints", load_audit_key(home / "secrets" / "signing"))
    deadline = time.monotonic() + 600
    while keep_audit(db, SystemClock(), book).events and time.monotonic() < deadline:
        pass
    db.dispose()


def _size(url: str) -> int:
    with psycopg.connect(plain(url)) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0
