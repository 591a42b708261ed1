"""PostgreSQL's own tools: a copy of the cluster where the server is ours, a dump where it is not."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from models.rules.errors import PermanentFailure, TemporaryFailure
from ops.embedded_postgres import Place, installed, plain
from workers.settings import psycopg_url

FOLDER = "database"
DUMP = "paraf.dump"


def copy_cluster(superuser_url: str, folder: Path) -> None:
    """A copy of the running cluster with the log it needs, as compressed archives."""
    run("pg_basebackup", ("-D", str(folder), "-Ft", "--compress=gzip:1", "-X", "stream", "-c", "fast"), superuser_url)


def dump(url: str, folder: Path) -> None:
    """All rows and rights of one moment, as the tables' owner sees them."""
    folder.mkdir(parents=True)
    run("pg_dump", ("-Fc", "--compress=gzip:1", "-f", str(folder / DUMP)), url)


def load_dump(url: str, folder: Path) -> None:
    """Into an empty database; the roles must be there."""
    run("pg_restore", ("--exit-on-error", "--no-owner", "--single-transaction", str(folder / DUMP)), url)


def run(tool: str, options: Sequence[str], url: str) -> None:
    """Call a tool; the password goes by its environment, never by the command line. Raises TemporaryFailure."""
    parts = make_url(psycopg_url(url))
    address = parts.set(password=None).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 - the commands are our own
        [program(tool), "-d", plain(address), *options],
        env={**os.environ, "PGPASSWORD": str(parts.password or ""), "PGAPPNAME": f"paraf-{tool}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise TemporaryFailure(f"{tool} failed: {done.stderr.strip()[-500:]}")


def program(tool: str) -> str:
    """The path of one of PostgreSQL's tools: our own, else the machine's."""
    try:
        ours = installed() / "bin" / tool
    except PermanentFailure:
        ours = None
    found = str(ours) if ours is not None and ours.exists() else shutil.which(tool)
    if found is None:
        raise PermanentFailure(f"{tool} is not on this machine: install PostgreSQL's client programs.")
    return found


def lay_cluster(folder: Path, place: Place) -> None:
    """Unpack the copy where the server looks for it; whoever runs the server owns it."""
    draft = place.folder / "data.restored"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    _unpack(folder / "base.tar.gz", draft)
    _unpack(folder / "pg_wal.tar.gz", draft / "pg_wal")
    if place.user.uid >= 0:
        _give(draft, place)
    draft.rename(place.data)


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _give(folder: Path, place: Place) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, place.user.uid, place.user.gid)


def recover(place: Place, wal: Sequence[Path], until: datetime | None) -> None:
    """Have the server follow the archived log when it starts: to its end, or to a moment."""
    readable = [_readable(folder, place, number) for number, folder in enumerate(wal)]
    tries = [f"gunzip -c {shlex.quote(str(folder))}/%f.gz > %p" for folder in readable]
    # A piece that was never finished lies as it is in the log of the cluster that broke.
    tries += [f"cp {shlex.quote(str(folder))}/%f %p" for folder in readable]
    quoted = " 2>/dev/null || ".join(tries or ["false"]).replace("'", "''")
    # Nobody is let in before the end of the log: a reader would find an office of some moment between.
    lines = [
        f"restore_command = '{quoted} 2>/dev/null'",
        "recovery_target_action = 'promote'",
        "hot_standby = 'off'",
    ]
    if until is not None:
        lines.append(f"recovery_target_time = '{until.isoformat()}'")
    with (place.data / "postgresql.auto.conf").open("a", encoding="utf-8") as handle:
        handle.write("\n".join(lines) + "\n")
    signal_file = place.data / "recovery.signal"
    signal_file.touch(mode=0o600)
    if place.user.uid >= 0:
        os.chown(signal_file, place.user.uid, place.user.gid)


def _readable(folder: Path, place: Place, number: int) -> Path:
    """A copy that the server's user may read, where it is not root's to hand over."""
    if place.user.uid < 0 or folder.stat().st_uid == place.user.uid:
        return folder
    copy = place.folder / f"wal.restored.{number}"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    copy.chmod(0o700)
    _give(copy, place)
    return copy


def forget_recovery(place: Place) -> None:
    """Take the settings of the recovery out again, and what was copied for it."""
    file = place.data / "postgresql.auto.conf"
    kept = [
        line
        for line in file.read_text(encoding="utf-8").splitlines()
        if not line.startswith(("restore_command", "recovery_target", "hot_standby"))
    ]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    for copy in place.folder.glob("wal.restored.*"):
        shutil.rmtree(copy, ignore_errors=True)
