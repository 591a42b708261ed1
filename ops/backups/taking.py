"""One backup: the database first, then the vault. Objects never change: the later copy holds all the first names."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from models.db import Database
from models.ports import Clock
from models.services.heartbeat import beat
from ops.backups import database, manifest, objects
from ops.backups.manifest import Kind, Manifest
from ops.embedded import Servers
from ops.embedded_postgres import Place, plain, wal_folder
from workers.adapters.checkpoints import NAME as CHECKPOINTS
from workers.settings import Settings

HEARTBEAT = "backup"
KEEP = 14
WAL_KEPT = timedelta(days=14)
_POSITION = """SELECT coalesce((SELECT jsonb_object_agg(series || ' ' || year, last_seq) FROM number_series), '{}'),
    coalesce((SELECT max(n) FROM audit_seal), 0), current_setting('server_version'),
    (SELECT version_num FROM alembic_version)"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a backup lies, the hash of its manifest, and how long it took."""

    folder: Path
    sha256: str
    manifest: Manifest
    seconds: float


def take(
    settings: Settings,
    servers: Servers,
    clock: Clock,
    target: Path,
    *,
    keep: int = KEEP,
    secrets: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Taken:
    """A new backup below `target`; earlier ones beyond `keep` go. Raises TemporaryFailure when a tool fails."""
    begun, started = clock.now(), time.monotonic()
    name = f"{begun:%Y%m%dT%H%M%S.%fZ}"
    draft = target / f".{name}"
    draft.mkdir(mode=0o700, parents=True)
    try:
        tell("copying the database")
        position = _position(servers.database_url_app)
        kind = _copy_database(servers, draft / database.FOLDER)
        earliest = _moment(servers.database_url_app)
        tell("copying files")
        copied = objects.copy_out(settings, target)
        _copy_beside(settings, draft, copied, secrets)
        made = _described(begun, clock.now(), earliest, kind, position, copied, draft)
        sha256 = made.write(draft)
        _sync(draft)
        draft.rename(target / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    prune(target, keep)
    _beat(servers, clock, name)
    return Taken(target / name, sha256, made, time.monotonic() - started)


def _position(url: str) -> tuple[dict[str, int], int, str, str]:
    with psycopg.connect(plain(url), connect_timeout=5) as connection:
        row = connection.execute(_POSITION).fetchone()
    assert row is not None
    numbers, seal, version, tables = row
    return numbers, seal, version, tables


def _moment(url: str) -> datetime:
    with psycopg.connect(plain(url), connect_timeout=5) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def _copy_database(servers: Servers, folder: Path) -> Kind:
    if servers.database_url_superuser:
        database.copy_cluster(servers.database_url_superuser, folder)
        return "physical"
    database.dump(servers.database_url_owner, folder)
    return "logical"


def _copy_beside(settings: Settings, draft: Path, copied: objects.Copied, secrets: bool) -> None:
    (draft / objects.LIST).write_text("".join(f"{name}\n" for name in copied.names), encoding="ascii")
    trust, checkpoints = settings.home / "trust", settings.checkpoints_path / CHECKPOINTS
    if trust.is_dir():
        shutil.copytree(trust, draft / "trust")
    if checkpoints.is_file():
        shutil.copy2(checkpoints, draft / CHECKPOINTS)
    if secrets and settings.secrets_path.is_dir():
        shutil.copytree(settings.secrets_path, draft / "secrets")


def _described(
    begun: datetime,
    made: datetime,
    earliest: datetime,
    kind: Kind,
    position: tuple[dict[str, int], int, str, str],
    copied: objects.Copied,
    draft: Path,
) -> Manifest:
    numbers, seal, version, tables = position
    return Manifest(
        begun_at=begun.isoformat(),
        made_at=made.isoformat(),
        earliest=earliest.isoformat(),
        kind=kind,
        postgres=version,
        tables=tables,
        numbers=numbers,
        seal=seal,
        objects=len(copied.names),
        object_bytes=copied.size,
        damaged=copied.damaged,
        parts=manifest.parts_below(draft),
    )


def _sync(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def prune(target: Path, keep: int) -> None:
    """Take old backups away, and objects that no backup left names any more."""
    whole = sorted(path.parent for path in target.glob(f"2*/{manifest.NAME}"))
    for old in whole[:-keep]:
        shutil.rmtree(old)
    if len(whole) <= keep:
        return
    named = {name for left in whole[-keep:] for name in (left / objects.LIST).read_text(encoding="ascii").split()}
    for name in objects.names_below(target / objects.FOLDER):
        if name not in named:
            (target / objects.FOLDER / name[:2] / name).unlink(missing_ok=True)


def prune_wal(place: Place, wal: Path | None, now: datetime) -> int:
    """Take pieces of the archived log away that are older than any backup that is kept for long; returns how many."""
    old = [path for path in wal_folder(place, wal).iterdir() if path.stat().st_mtime < (now - WAL_KEPT).timestamp()]
    for path in old:
        path.unlink()
    return len(old)


def _beat(servers: Servers, clock: Clock, name: str) -> None:
    db = Database(servers.database_url_app, application_name="paraf-backup")
    beat(db, clock, HEARTBEAT, name)
    db.dispose()
