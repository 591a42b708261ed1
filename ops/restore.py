"""`paraf restore FOLDER`: an office opened again from a backup, on this machine or another one."""

from __future__ import annotations

import json as jsonlib
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from models.rules.errors import InvalidInput
from ops.backups import manifest
from ops.backups.restoring import Restored, Wanted, put_secrets, restore
from workers.adapters.clock import SystemClock
from workers.settings import Settings


def main(
    folder: Annotated[Path, typer.Argument(help="A backup, or a folder of backups: then the newest one.")],
    until: Annotated[
        str, typer.Option(help="A moment such as 2026-03-02T09:30:00+07:00; the end of the log by default.")
    ] = "",
    wal: Annotated[list[Path] | None, typer.Option(help="Folders with archived log beside the office's own.")] = None,
    last: Annotated[
        list[str] | None, typer.Option(help="Last number on paper, such as 'SIKRO 2026=125'; once for each series.")
    ] = None,
    replace: Annotated[bool, typer.Option(help="Put a database that is there aside first.")] = False,
    full: Annotated[
        bool, typer.Option(help="Also judge each licence's signatures; else `paraf check` does later.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Exit 0 when the checker finds nothing. Issuance stays stopped until `paraf issuance resume`."""
    settings, chosen = Settings(), manifest.latest(folder.absolute())
    put_secrets(settings, chosen)
    wanted = Wanted(
        chosen,
        moment(until) if until else None,
        tuple(path.absolute() for path in wal or ()),
        tuple(last or ()),
        replace,
        "full" if full else "quick",
    )
    restored = restore(settings, SystemClock(), wanted, tell=_tell)
    print(jsonlib.dumps(_plain(wanted, restored), indent=2) if json else in_words(wanted, restored))
    raise typer.Exit(1 if restored.violations else 0)


def moment(words: str) -> datetime:
    """With its time zone. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(words)
    except ValueError as error:
        raise InvalidInput(f"{words!r} is no moment: write it like 2026-03-02T09:30:00+07:00.") from error
    if found.tzinfo is None:
        raise InvalidInput(f"{words!r} needs its time zone, such as +07:00.")
    return found.astimezone(UTC)


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def in_words(wanted: Wanted, restored: Restored) -> str:
    """The result in lines."""
    found = [f"{one.rule}  {one.case}  {one.sentence}" for one in restored.violations]
    lost = ", ".join(restored.lost) or "none"
    verdict = "the checker found nothing" if not found else f"the checker found {len(found)} violations"
    return "\n".join(
        [
            *found,
            f"Restored {wanted.folder.name} with {restored.objects} files in {restored.seconds:.1f} s: {verdict}.",
            f"Numbers declared lost and void: {lost}.",
            "Issuance is stopped. Compare the last printed number with the register, then `paraf issuance resume`.",
        ]
    )


def _plain(wanted: Wanted, restored: Restored) -> dict[str, object]:
    return {
        "backup": wanted.folder.name,
        "made_at": restored.manifest.made_at,
        "objects": restored.objects,
        "lost": list(restored.lost),
        "seconds": round(restored.seconds, 2),
        "violations": [asdict(one) for one in restored.violations],
    }
