"""An office opened again from a backup: whole, with its files, without a number given twice, and stopped at first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import psycopg
from sqlmodel import Session

from models.db import Database
from models.ports import Clock
from models.rules.errors import InvalidInput, PermanentFailure, TemporaryFailure
from models.services.audit import CheckpointFacts, Pace, Written, checkpoint_now, keep_audit
from models.services.casework import record
from models.services.issuance import state, stop_issuance
from ops.backups import database, fence, manifest, objects
from ops.backups.manifest import Manifest
from ops.check import reader
from ops.checker.audit import verify
from ops.checker.check import check
from ops.checker.report import Violation
from ops.embedded import Servers, start_servers
from ops.embedded_postgres import Place, find_place, plain, wal_folder
from ops.home import Home
from workers.adapters.checkpoints import NAME as CHECKPOINTS
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.office_keys import load_audit_key
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault
from workers.settings import Settings

PATIENCE = 3600.0
"""Seconds in which the server must have followed its log."""

STOPPED = "Pulih dari cadangan: cocokkan nomor terakhir yang tercetak dengan register, lalu lanjutkan penerbitan."
_AFTER = """
UPDATE login_session SET revoked_at = now() WHERE revoked_at IS NULL;
UPDATE outbox SET sent_at = NULL, due_at = now() WHERE done_at IS NULL;
UPDATE pile SET secret = NULL, wiped_at = now() WHERE secret IS NOT NULL
"""


# A dump leaves the rights on the database itself out.
_RIGHTS = """
DO $$ BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO paraf_app', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to restore: `until` a moment (None: the end of the log), `wal` folders of archived log, `last` numbers.

    `check`: "quick" leaves the signatures of each licence to a later `paraf check`, "full" does not, "none" is for
    measuring.
    """

    folder: Path
    until: datetime | None = None
    wal: tuple[Path, ...] = ()
    last: tuple[str, ...] = ()
    replace: bool = False
    check: Literal["quick", "full", "none"] = "quick"


@dataclass(slots=True)
class Restored:
    """How it went. `lost`: numbers that are void because they were given after the backup."""

    manifest: Manifest
    objects: int = 0
    lost: tuple[str, ...] = ()
    violations: list[Violation] = field(default_factory=list)
    seconds: float = 0.0


def restore(
    settings: Settings, clock: Clock, wanted: Wanted, *, tell: Callable[[str], None] = lambda _: None
) -> Restored:
    """Open what the backup holds and close it again. Raises PermanentFailure before it would overwrite anything."""
    started = time.monotonic()
    made = manifest.read(wanted.folder)
    _refuse_unreachable(made, wanted.until)
    tell("holding the backup against its manifest")
    manifest.refuse_damaged(wanted.folder, made)
    result = Restored(made)
    with _opened(settings, made, wanted, tell) as servers:
        tell("copying files")
        result.objects = _files(settings, wanted.folder)
        tell("putting a fence around numbers that were given later")
        result.lost = _fence(settings, servers, wanted, clock)
        _settle(settings, servers, clock, wanted, made)
        tell("checking everything")
        result.violations = [] if wanted.check == "none" else _violations(settings, servers, wanted.check == "quick")
    result.seconds = time.monotonic() - started
    return result


def _refuse_unreachable(made: Manifest, until: datetime | None) -> None:
    if until is None:
        return
    if made.kind == "logical":
        raise InvalidInput("A dump is of one moment only: leave --until out, or follow your server's own log.")
    if until < datetime.fromisoformat(made.earliest):
        raise InvalidInput(f"This backup leads to moments from {made.earliest} on: take an earlier one.")


@contextmanager
def _opened(settings: Settings, made: Manifest, wanted: Wanted, tell: Callable[[str], None]) -> Iterator[Servers]:
    """The servers with the restored rows."""
    home = Home(settings.home.absolute()).make()
    if made.kind == "logical":
        tell("loading the dump")
        _load_dump(settings, wanted.folder)
        with start_servers(home.root, settings) as servers:
            yield servers
        return
    if settings.database_url is not None:
        raise PermanentFailure("This backup is of an own server: unset PARAF_DATABASE_URL, it is restored to one.")
    if home.is_locked():
        raise TemporaryFailure(f"an office is open in {home.root}: close it first")
    place = find_place(home)
    tell("laying the cluster")
    wal = _make_room(place, settings, wanted)
    database.lay_cluster(wanted.folder / database.FOLDER, place)
    database.recover(place, wal, wanted.until)
    (place.folder / "roles").touch()
    tell("following the log")
    with start_servers(home.root, settings, patience=PATIENCE) as servers:
        database.forget_recovery(place)
        yield servers


def _make_room(place: Place, settings: Settings, wanted: Wanted) -> list[Path]:
    """Where log may be found; a cluster that is there stays beside the new one, and gives the end of its log."""
    wal = [*wanted.wal, wal_folder(place, settings.wal_dir)]
    if place.data.exists():
        if not wanted.replace:
            raise PermanentFailure(
                f"There is a database in {place.data}; `--replace` puts it aside, it is never overwritten."
            )
        aside = place.data.with_name(f"data.before.{int(time.time())}")
        place.data.rename(aside)
        wal.append(aside / "pg_wal")
    return wal


def _load_dump(settings: Settings, folder: Path) -> None:
    with psycopg.connect(plain(settings.owner_database)) as connection:
        row = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone()
    if row is None or row[0]:
        raise PermanentFailure("The database is not empty: a dump is loaded into an empty one, nothing is overwritten.")
    database.load_dump(settings.owner_database, folder / database.FOLDER)
    with psycopg.connect(plain(settings.owner_database)) as connection:
        _count_on(connection)


def _count_on(connection: psycopg.Connection[Any]) -> None:
    """This server counts transactions anew: the order of events goes on above all that is in the dump."""
    row = connection.execute("SELECT coalesce(max(tx), 0) + 1 FROM event").fetchone()
    assert row is not None
    connection.execute(
        "CREATE OR REPLACE FUNCTION audit_base() RETURNS bigint LANGUAGE sql IMMUTABLE AS"
        f" 'SELECT {int(row[0])}::bigint'"
    )
    connection.execute(_RIGHTS)


def _files(settings: Settings, folder: Path) -> int:
    names = (folder / objects.LIST).read_text(encoding="ascii").split()
    copied = objects.copy_back(folder.parent, names, open_vault(settings))
    _copy_trust(settings, folder)
    return len(copied.names)


def _copy_trust(settings: Settings, folder: Path) -> None:
    """Keys that verifiers trust, and the checkpoints, where they are gone; what is there is newer and stays."""
    for source in sorted((folder / "trust").glob("*.pem")):
        target = settings.home / "trust" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(source.read_bytes())
    kept, target = folder / CHECKPOINTS, settings.checkpoints_path / CHECKPOINTS
    if kept.exists() and not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_bytes(kept.read_bytes())


def _fence(settings: Settings, servers: Servers, wanted: Wanted, clock: Clock) -> tuple[str, ...]:
    file = settings.checkpoints_path / CHECKPOINTS
    said = fence.from_checkpoints(file.read_bytes() if file.exists() else b"")
    vault = open_vault(settings)
    with psycopg.connect(plain(servers.database_url_owner)) as connection:
        left = fence.from_leftovers(connection, objects.stored(settings), lambda name: b"".join(vault.stream(name)))
        known = fence.merged(said, left, fence.from_words(wanted.last))
        return fence.put_up(connection, known, clock.now()).lost


def _settle(settings: Settings, servers: Servers, clock: Clock, wanted: Wanted, made: Manifest) -> None:
    """Sign everybody out, send all work again, stop issuance, and have the chain say that it goes on from here."""
    with psycopg.connect(plain(servers.database_url_owner)) as connection:
        connection.execute(_AFTER)
    db = Database(servers.database_url_app, application_name="paraf-restore")
    try:
        with db.transaction() as session:
            _tell(session, clock, wanted, made)
        if not _stopped(db, clock):
            stop_issuance(db, clock, STOPPED)
        keys = settings.office_keys_dir or settings.secrets_path / "signing"
        book = CheckpointFile(settings.checkpoints_path, load_audit_key(keys))
        checkpoint_now(db, clock, _Restart(book, wanted.folder.name), Pace())
        keep_audit(db, clock, book, Pace(timedelta(0)))
    finally:
        db.dispose()


def _stopped(db: Database, clock: Clock) -> bool:
    with db.transaction() as session:
        return state(session, clock.now()).cause == "person"


def _tell(session: Session, clock: Clock, wanted: Wanted, made: Manifest) -> None:
    until = wanted.until.isoformat() if wanted.until else ""
    detail = {"backup": wanted.folder.name, "made_at": made.made_at, "until": until}
    record(session, "backup_restored", at=clock.now(), detail=detail)


@dataclass(frozen=True, slots=True)
class _Restart:
    """A checkpoint book whose next line says that a backup was restored."""

    book: CheckpointFile
    reason: str

    def last(self) -> Written | None:
        return self.book.last()

    def append(self, facts: CheckpointFacts) -> Written:
        return self.book.append_restored(facts, self.reason)


def _violations(settings: Settings, servers: Servers, quick: bool) -> list[Violation]:
    trust = load_trust(settings.home / "trust")
    file = settings.checkpoints_path / CHECKPOINTS
    report = check(servers.database_url_app, reader(open_vault(settings)), trust.roots, quick=quick)
    audit = verify(servers.database_url_app, file.read_bytes() if file.exists() else b"", trust.audit_keys)
    return sorted({*report.violations, *audit.violations})


def put_secrets(settings: Settings, folder: Path) -> bool:
    """Put the secrets of a backup where there are none, on a machine that lost everything; False when it has none."""
    kept = folder / "secrets"
    if not kept.is_dir() or any(settings.secrets_path.glob("*")):
        return False
    _copy_private(kept, settings.secrets_path)
    return True


def _copy_private(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.touch(mode=0o600)
            place.write_bytes(path.read_bytes())
