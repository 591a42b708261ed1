"""`paraf metrics`: what the office's tables say of its work, in Prometheus' text format, on a port of its own.

Everything is read when it is asked for, in a handful of short statements: a second copy of the process tells the same.
The names and their alerts are in docs/runbooks.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Annotated
from wsgiref.simple_server import WSGIRequestHandler, make_server

import psycopg
import structlog
import typer
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import make_wsgi_app
from prometheus_client.registry import Collector

from models.queues import Queue
from models.rules.stages import TASKS, Stage
from ops.embedded import office_servers
from ops.embedded_postgres import plain
from workers.settings import Settings

PORT = 9464
QUANTILES = (0.5, 0.95, 0.99)
_WINDOW = "interval '15 minutes'"
_TIMEOUT = "-c statement_timeout=10s -c default_transaction_read_only=on"

_QUEUES = """
SELECT q.queue, count(o.id) FILTER (WHERE o.sent_at IS NULL OR o.due_at <= now()),
       count(o.id) FILTER (WHERE o.sent_at IS NOT NULL AND o.due_at > now()),
       coalesce(extract(epoch FROM now() - min(o.created_at) FILTER (WHERE o.due_at <= now() OR o.sent_at IS NOT NULL)),
                0)::float,
       EXISTS (SELECT FROM heartbeat h WHERE h.name = 'paused.' || q.queue AND h.succeeded_at IS NULL)
  FROM unnest(%s::text[]) AS q (queue) LEFT JOIN outbox o ON o.queue = q.queue AND o.done_at IS NULL
 GROUP BY q.queue
"""
_LAG = """SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0)::float FROM outbox
    WHERE done_at IS NULL AND due_at <= now()"""
_HEARTBEATS = """SELECT name, extract(epoch FROM now() - succeeded_at)::float FROM heartbeat
    WHERE succeeded_at IS NOT NULL AND name NOT LIKE 'paused.%%'"""
_STAGES = """SELECT stage, count(*), extract(epoch FROM now() - min(stage_since))::float FROM application
    WHERE stage = ANY(%s) GROUP BY stage"""
_QUARANTINE = "SELECT count(*) FROM application WHERE quarantined_at IS NOT NULL"
_TASKS = f"""SELECT task, extract(epoch FROM done_at - created_at)::float, attempts, error <> ''
    FROM outbox WHERE done_at > now() - {_WINDOW} AND done_at IS NOT NULL"""  # noqa: S608 - a constant of ours
_OUTCOMES = """SELECT kind, count(*) FROM event
    WHERE at > now() - interval '24 hours' AND kind = ANY(%s) GROUP BY kind"""
_BATCHES = """SELECT b.state, count(DISTINCT b.id), count(r.id) FILTER (WHERE r.state = 'waiting')
    FROM batch b LEFT JOIN batch_row r ON r.batch_id = b.id AND r.state = 'waiting'
   WHERE b.finished_at IS NULL GROUP BY b.state"""
_WEBHOOKS = """SELECT count(*),
        coalesce(extract(epoch FROM now() - min(d.next_attempt_at) FILTER (WHERE d.next_attempt_at <= now()
            AND (e.rest_until IS NULL OR e.rest_until <= now()))), 0)::float
    FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id WHERE d.state = 'pending'"""
_WEBHOOKS_OFF = """SELECT disabled_for, count(*) FROM webhook_endpoint
    WHERE disabled_for <> '' AND removed_at IS NULL GROUP BY disabled_for"""
_WEBHOOK_TRIES = f"""SELECT outcome, count(*) FROM webhook_attempt
    WHERE ended_at > now() - {_WINDOW} GROUP BY outcome"""  # noqa: S608 - a constant of ours
OUTCOMES = ("submit", "verify", "return", "reject", "finish_licence", "hand_over", "void", "quarantine", "retry",
            "requeued", "side_job_given_up", "batch_finished")  # fmt: skip
OPEN = tuple(stage.value for stage in Stage if stage.value not in ("closed", "rejected", "withdrawn", "draft"))


class OfficeCollector(Collector):
    """Reads the office's tables each time that it is asked."""

    def __init__(self, database_url: str) -> None:
        self._url = plain(database_url)

    def collect(self) -> Iterator[Metric]:
        """Every metric; `paraf_up` alone, with 0, when the database can not be reached."""
        try:
            with psycopg.connect(self._url, connect_timeout=5, options=_TIMEOUT) as connection:
                found = list(self._read(connection))
        except psycopg.Error as error:
            structlog.get_logger().warning("metrics_wait", error=type(error).__name__)
            found = []
        yield GaugeMetricFamily("paraf_up", "Whether the database answered.", value=1.0 if found else 0.0)
        yield from found

    def _read(self, connection: psycopg.Connection) -> Iterator[Metric]:
        yield from _queues(connection)
        yield GaugeMetricFamily(
            "paraf_outbox_lag_seconds", "Age of the oldest work that is due and not sent.", value=_one(connection, _LAG)
        )
        yield _labelled(
            "paraf_heartbeat_age_seconds", "Since a schedule, canary or relay last succeeded.", "name",
            connection.execute(_HEARTBEATS).fetchall(),
        )  # fmt: skip
        yield from _stages(connection)
        yield GaugeMetricFamily(
            "paraf_quarantined", "Cases set aside for a person.", value=_one(connection, _QUARANTINE)
        )
        yield from _tasks(connection)
        outcomes: dict[str, int] = dict(connection.execute(_OUTCOMES, (list(OUTCOMES),)).fetchall())
        yield _labelled(
            "paraf_outcomes_day", "Acts and outcomes of the last 24 hours.", "kind",
            [(kind, outcomes.get(kind, 0)) for kind in OUTCOMES],
        )  # fmt: skip
        yield from _batches(connection)
        yield from _webhooks(connection)


def _one(connection: psycopg.Connection, statement: str) -> float:
    found = connection.execute(statement).fetchone()
    return float(found[0]) if found else 0.0


def _labelled(name: str, text: str, label: str, rows: Sequence[tuple[object, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for row in rows:
        family.add_metric([str(row[0])], float(str(row[1])))
    return family


def _queues(connection: psycopg.Connection) -> Iterator[Metric]:
    rows = connection.execute(_QUEUES, ([queue.value for queue in Queue],)).fetchall()
    about = (
        ("paraf_queue_waiting", "Work that waits in PostgreSQL."),
        ("paraf_queue_sent", "Work that was sent and is not done."),
        ("paraf_queue_age_seconds", "Age of the oldest work that is not done."),
        ("paraf_queue_paused", "1 while an operator has paused the queue."),
    )
    for place, (name, text) in enumerate(about, 1):
        yield _labelled(name, text, "queue", [(row[0], float(row[place])) for row in rows])


def _stages(connection: psycopg.Connection) -> Iterator[Metric]:
    found = {row[0]: row[1:] for row in connection.execute(_STAGES, (list(OPEN),)).fetchall()}
    cases = GaugeMetricFamily("paraf_stage_cases", "Open cases.", labels=["stage", "machine"])
    oldest = GaugeMetricFamily(
        "paraf_stage_oldest_seconds", "Age of a stage's oldest case.", labels=["stage", "machine"]
    )
    for stage in OPEN:
        labels = [stage, "yes" if Stage(stage) in TASKS else "no"]
        number, age = found.get(stage, (0, 0.0))
        cases.add_metric(labels, float(number))
        oldest.add_metric(labels, float(age))
    yield cases
    yield oldest


def _tasks(connection: psycopg.Connection) -> Iterator[Metric]:
    """Of work that was done within fifteen minutes: from being asked for to being done, tries, and what was given up.

    Gauges over a window, no counters: finished work leaves the outbox, and a counter must never fall.
    """
    by_task: dict[str, list[tuple[float, int, bool]]] = {}
    for task, seconds, attempts, failed in connection.execute(_TASKS):
        by_task.setdefault(task, []).append((seconds, attempts, failed))
    times = GaugeMetricFamily(
        "paraf_task_seconds", "From asked for to done, last 15 minutes.", labels=["task", "quantile"]
    )
    for task, rows in sorted(by_task.items()):
        seconds = sorted(row[0] for row in rows)
        for share in QUANTILES:
            times.add_metric([task, str(share)], seconds[min(len(seconds) - 1, int(share * len(seconds)))])
    yield times
    about = (
        (
            "paraf_tasks_done",
            "Work done in the last 15 minutes.",
            [(task, len(rows)) for task, rows in by_task.items()],
        ),
        (
            "paraf_task_attempts",
            "Attempts at that work.",
            [(t, sum(r[1] for r in rows)) for t, rows in by_task.items()],
        ),
        ("paraf_task_given_up", "Of it, given up.", [(t, sum(r[2] for r in rows)) for t, rows in by_task.items()]),
    )
    for name, text, values in about:
        yield _labelled(name, text, "task", values)


def _batches(connection: psycopg.Connection) -> Iterator[Metric]:
    rows = connection.execute(_BATCHES).fetchall()
    yield _labelled("paraf_batches_open", "Batches that have not ended.", "state", [row[:2] for row in rows])
    yield _labelled(
        "paraf_batch_rows_waiting", "Rows that have not begun.", "state", [(row[0], row[2]) for row in rows]
    )


def _webhooks(connection: psycopg.Connection) -> Iterator[Metric]:
    ((waiting, overdue),) = connection.execute(_WEBHOOKS).fetchall()
    yield GaugeMetricFamily("paraf_webhooks_waiting", "Messages that are to be sent, now or later.", value=waiting)
    yield GaugeMetricFamily(
        "paraf_webhook_overdue_seconds", "How long the oldest message is due that nothing keeps back.", value=overdue
    )
    tries, off = connection.execute(_WEBHOOK_TRIES).fetchall(), connection.execute(_WEBHOOKS_OFF).fetchall()
    yield _labelled("paraf_webhook_attempts", "Attempts of the last 15 minutes.", "outcome", tries)
    yield _labelled("paraf_webhook_endpoints_off", "Endpoints that are switched off.", "reason", off)


def registry_of(database_url: str) -> CollectorRegistry:
    """A registry that tells of one office."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OfficeCollector(database_url))
    return registry


def as_text(database_url: str) -> str:
    """All metrics now, in the text format."""
    return generate_latest(registry_of(database_url)).decode()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """A scrape every few seconds is no news."""


def main(
    address: Annotated[str, typer.Option(help="Address to listen on; /metrics has no sign-in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = PORT,
    once: Annotated[bool, typer.Option("--once", help="Print the metrics and end.")] = False,
) -> None:
    """Serve /metrics for Prometheus. Keep the port inside the office's network."""
    with office_servers(Settings()) as servers:
        if once:
            print(as_text(servers.database_url_app), end="")
            return
        server = make_server(address, port, make_wsgi_app(registry_of(servers.database_url_app)), handler_class=_Quiet)
        print(f"metrics on http://{address}:{server.server_port}/metrics", file=sys.stderr)
        server.serve_forever()
