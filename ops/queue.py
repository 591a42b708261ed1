"""`paraf queue`: what waits, and how to send it again. PostgreSQL holds the work; the broker only carries it."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from models.queues import Queue
from ops.embedded import office_servers
from ops.embedded_postgres import plain
from workers.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
COLUMNS = ("queue", "waiting", "sent", "oldest_seconds", "failing", "last_progress_seconds")

_LS = """
SELECT q.queue, count(o.id) FILTER (WHERE o.sent_at IS NULL), count(o.id) FILTER (WHERE o.sent_at IS NOT NULL),
       coalesce(round(extract(epoch FROM now() - min(o.created_at))), 0)::int,
       count(o.id) FILTER (WHERE o.error <> ''),
       (SELECT round(extract(epoch FROM now() - h.succeeded_at))::int
          FROM heartbeat h WHERE h.name = 'canary.' || q.queue)
  FROM unnest(%s::text[]) AS q (queue) LEFT JOIN outbox o ON o.queue = q.queue AND o.done_at IS NULL
 GROUP BY q.queue ORDER BY q.queue
"""
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


def lengths(database_url: str) -> list[dict[str, Any]]:
    """One row a queue, keys as in COLUMNS."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        found = connection.execute(_LS, ([queue.value for queue in Queue],)).fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def send_again(database_url: str, queues: list[Queue]) -> int:
    """Mark all undone work of `queues` as never sent; returns how much that is."""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        return connection.execute(_REBUILD, ([queue.value for queue in queues],)).rowcount
