"""`paraf backup FOLDER`: database and files of one office, so that they fit each other; the office stays open."""

from __future__ import annotations

import json as jsonlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ops.backups.taking import KEEP, Taken, prune_wal, take
from ops.embedded import Servers, office_servers
from ops.embedded_postgres import find_place
from ops.home import Home
from workers.adapters.clock import SystemClock
from workers.settings import Settings


def main(
    folder: Annotated[Path, typer.Argument(help="Where backups go; at best another disk, and encrypted.")],
    keep: Annotated[int, typer.Option(min=1, help="How many backups stay.")] = KEEP,
    secrets: Annotated[
        bool, typer.Option(help="Also the office's keys and passwords: only to a place that is as safe as they are.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Exit 0 when the backup is whole; it is named by its moment, and its manifest's hash is printed."""
    settings = Settings()
    with office_servers(settings) as servers:
        taken = take(settings, servers, SystemClock(), folder.absolute(), keep=keep, secrets=secrets, tell=_tell)
        _prune_log(settings, servers)
    print(jsonlib.dumps(_plain(taken), indent=2) if json else in_words(taken))
    raise typer.Exit(1 if taken.manifest.damaged else 0)


def _prune_log(settings: Settings, servers: Servers) -> None:
    if servers.database_url_superuser:
        prune_wal(find_place(Home(settings.home.absolute())), settings.wal_dir, SystemClock().now())


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def in_words(taken: Taken) -> str:
    """The result in lines."""
    made = taken.manifest
    damaged = [f"DAMAGED in the vault, not copied: {name}" for name in made.damaged]
    return "\n".join(
        [
            f"{taken.folder}: {made.kind}, {made.objects} files, {taken.seconds:.1f} s",
            f"manifest SHA-256 {taken.sha256}",
            *damaged,
        ]
    )


def _plain(taken: Taken) -> dict[str, object]:
    content = asdict(taken.manifest)
    content.pop("parts")
    return {"folder": str(taken.folder), "sha256": taken.sha256, "seconds": round(taken.seconds, 2), **content}
