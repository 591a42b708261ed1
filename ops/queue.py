"""`paraf queue`: what waits, and how to send it again. PostgreSQL holds the work; the broker only carries it."""

from __future__ import annotations

import json as jsonlib
import sys
import time
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from models.queues import Queue, pause_mark
from ops.embedded import office_servers
from ops.embedded_postgres import plain
from workers.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
COLUMNS = ("queue", "waiting", "sent", "oldest_seconds", "failing", "last_progress_seconds", "paused")

_LS = """
SELECT q.queue, count(o.id) FILTER (WHERE o.sent_at IS NULL), count(o.id) FILTER (WHERE o.sent_at IS NOT NULL),
       coalesce(round(extract(epoch FROM now() - min(o.created_at))), 0)::int,
       count(o.id) FILTER (WHERE o.error <> ''),
       (SELECT round(extract(epoch FROM now() - h.succeeded_at))::int
          FROM heartbeat h WHERE h.name = 'canary.' || q.queue),
       EXISTS (SELECT FROM heartbeat h WHERE h.name = 'paused.' || q.queue AND h.succeeded_at IS NULL)
  FROM unnest(%s::text[]) AS q (queue) LEFT JOIN outbox o ON o.queue = q.queue AND o.done_at IS NULL
 GROUP BY q.queue ORDER BY q.queue
"""
_PAUSE = """INSERT INTO heartbeat (name, started_at, detail) VALUES (%s, now(), 'paused by an operator')
    ON CONFLICT (name) DO UPDATE SET started_at = now(), succeeded_at = NULL"""
_RESUME = "UPDATE heartbeat SET succeeded_at = now() WHERE name = ANY(%s) AND succeeded_at IS NULL"
_UNDER_WAY = """SELECT count(*) FROM outbox
    WHERE queue = ANY(%s) AND done_at IS NULL AND sent_at IS NOT NULL AND due_at > now()"""
_REBUILD = "UPDATE outbox SET sent_at = NULL, due_at = now() WHERE done_at IS NULL AND queue = ANY(%s)"


@app.command("ls")
def ls(json: Annotated[bool, typer.Option("--json", help="One JSON list instead of a table.")] = False) -> None:
    """Each queue: what waits in PostgreSQL, what was sent and is not done, the oldest, the last progress."""
    with office_servers(Settings()) as servers:
        rows = lengths(servers.database_url_app)
    if json:
        print(jsonlib.dumps(rows, indent=2))
        return
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*("-" if row[name] is None else str(row[name]) for name in COLUMNS))
    Console().print(table)


@app.command()
def rebuild(
    queue: Annotated[list[Queue] | None, typer.Argument(help="Queues to send again; all of them by default.")] = None,
) -> None:
    """After the broker was lost or flushed: have the relay send everything again that is not done. Safe at any time."""
    with office_servers(Settings()) as servers:
        count = send_again(servers.database_url_app, queue or list(Queue))
    print(f"{count} pieces of work go to the broker again, in order of priority.", file=sys.stderr)


@app.command()
def pause(queue: Annotated[list[Queue], typer.Argument(help="Queues whose work is to stay in PostgreSQL.")]) -> None:
    """Send nothing more of these queues; what workers hold already is finished. Lasts until `paraf queue resume`."""
    with office_servers(Settings()) as servers:
        hold(servers.database_url_app, queue)
    print(f"paused: {', '.join(queue)}; `paraf queue resume` lets the work go again.", file=sys.stderr)


@app.command()
def resume(
    queue: Annotated[list[Queue] | None, typer.Argument(help="Queues to let go; all of them by default.")] = None,
) -> None:
    """Send the work of paused queues again."""
    with office_servers(Settings()) as servers:
        count = let_go(servers.database_url_app, queue or list(Queue))
    print(f"{count} queues go on.", file=sys.stderr)


@app.command()
def drain(
    queue: Annotated[list[Queue], typer.Argument(help="Queues to pause and to wait for.")],
    seconds: Annotated[int, typer.Option(help="How long to wait.")] = 150,
) -> None:
    """Pause, then wait until workers have finished what was sent: before a worker's host is switched off.

    Exit 1 when something is still under way after the wait; it stays paused.
    """
    with office_servers(Settings()) as servers:
        hold(servers.database_url_app, queue)
        left = under_way(servers.database_url_app, queue)
        deadline = time.monotonic() + seconds
        while left and time.monotonic() < deadline:
            time.sleep(0.5)
            left = under_way(servers.database_url_app, queue)
    print(f"{left} pieces of work are under way." if left else "Nothing is under way.", file=sys.stderr)
    raise typer.Exit(1 if left else 0)


def hold(database_url: str, queues: list[Queue]) -> None:
    """Mark queues as paused."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        connection.cursor().executemany(_PAUSE, [(pause_mark(queue),) for queue in queues])


def let_go(database_url: str, queues: list[Queue]) -> int:
    """End the pause of queues; returns how many were paused."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        return connection.execute(_RESUME, ([pause_mark(queue) for queue in queues],)).rowcount


def under_way(database_url: str, queues: list[Queue]) -> int:
    """Messages that were sent and whose work is not done."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        found = connection.execute(_UNDER_WAY, ([queue.value for queue in queues],)).fetchone()
    return int(found[0]) if found else 0


def lengths(database_url: str) -> list[dict[str, Any]]:
    """One row a queue, keys as in COLUMNS."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        found = connection.execute(_LS, ([queue.value for queue in Queue],)).fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def send_again(database_url: str, queues: list[Queue]) -> int:
    """Mark all undone work of `queues` as never sent; returns how much that is."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        return connection.execute(_REBUILD, ([queue.value for queue in queues],)).rowcount
