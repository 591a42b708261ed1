"""`paraf health NAME`: exit 0 while a part of the office makes progress, 1 when it does not. Made for health checks.

A process that is present but does nothing is not healthy, so the last thing that it finished is what counts.
"""

from __future__ import annotations

import sys
from typing import Annotated

import psycopg
import typer

from models.queues import RELAY_HEARTBEAT, Queue, heartbeat
from ops.embedded_postgres import plain
from workers.settings import Settings

BEAT = "beat"
NAMES = (*(queue.value for queue in Queue), "relay", BEAT)


def main(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")],
    max_age: Annotated[int, typer.Option(help="Seconds after which the last progress is too old.")] = 60,
) -> None:
    """Look at the heartbeat of one queue, of the relay, or of beat (whose messages are every canary)."""
    if name not in NAMES:
        raise typer.BadParameter(f"{name} is none of {', '.join(NAMES)}")
    age = last_progress(Settings().app_database, rows(name))
    known = "nothing yet" if age is None else f"{age:.0f} s ago"
    print(f"{name}: last progress {known}", file=sys.stderr)
    raise typer.Exit(0 if age is not None and age <= max_age else 1)


def rows(name: str) -> list[str]:
    """The heartbeat rows that tell about `name`."""
    if name == "relay":
        return [RELAY_HEARTBEAT]
    return [heartbeat(queue) for queue in Queue if name in {queue.value, BEAT}]


def last_progress(database_url: str, names: list[str]) -> float | None:
    """Seconds since any of `names` last succeeded, by the database's clock; None when none has."""
    statement = "SELECT extract(epoch FROM now() - max(succeeded_at)) FROM heartbeat WHERE name = ANY(%s)"
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        found = connection.execute(statement, (names,)).fetchone()
    return None if found is None or found[0] is None else float(found[0])
