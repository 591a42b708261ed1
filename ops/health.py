"""`paraf health NAME`: exit 0 while a part of the office makes progress, 1 when it does not. Made for health checks.

A process that is present but does nothing is not healthy, so the last thing that it finished is what counts.
"""

from __future__ import annotations

import sys
from typing import Annotated

import psycopg
import typer

from models.queues import LATEST, RELAY_HEARTBEAT, Queue, heartbeat
from ops.embedded_postgres import plain
from workers.settings import Settings

BEAT = "beat"
NAMES = (*(queue.value for queue in Queue), "relay", BEAT)
SCHEDULES = tuple(name for name in LATEST if name not in NAMES and not name.startswith("canary."))
EVERYTHING = (*NAMES, *SCHEDULES)


def main(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(EVERYTHING)}.")],
    max_age: Annotated[
        int | None, typer.Option(help="Seconds after which the last progress is too old; its own limit by default.")
    ] = None,
) -> None:
    """Look at the heartbeat of a queue, the relay, beat (whose messages are every canary), or of one schedule."""
    if name not in EVERYTHING:
        raise typer.BadParameter(f"{name} is none of {', '.join(EVERYTHING)}")
    age = last_progress(Settings().app_database, rows(name))
    known = "nothing yet" if age is None else f"{age:.0f} s ago"
    print(f"{name}: last progress {known}", file=sys.stderr)
    raise typer.Exit(0 if age is not None and age <= (max_age or oldest(name)) else 1)


def oldest(name: str) -> float:
    """Seconds that the last progress of `name` may be old."""
    return LATEST[name] if name in SCHEDULES else 60.0


def rows(name: str) -> list[str]:
    """The heartbeat rows that tell about `name`."""
    if name == "relay":
        return [RELAY_HEARTBEAT]
    if name in SCHEDULES:
        return [name]
    return [heartbeat(queue) for queue in Queue if name in {queue.value, BEAT}]


def last_progress(database_url: str, names: list[str]) -> float | None:
    """Seconds since any of `names` last succeeded, by the database's clock; None when none has."""
    statement = "SELECT extract(epoch FROM now() - max(succeeded_at)) FROM heartbeat WHERE name = ANY(%s)"
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        found = connection.execute(statement, (names,)).fetchone()
    return None if found is None or found[0] is None else float(found[0])
