"""What lies where in the office, read straight from its database, past the proxies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from ops.embedded_postgres import plain

_WAITING = """
SELECT a.id::text AS id, a.stage, a.version, a.revision, a.paraf_next, coalesce(b.sha256, '') AS blanko_sha256,
    a.quarantined_at IS NOT NULL AS set_aside, a.quarantine_reason AS reason,
    coalesce((SELECT array_agg(v ->> 'requirement') FROM jsonb_array_elements(c.verdicts::jsonb) v
               WHERE (v ->> 'required')::boolean AND v ->> 'state' <> 'ada'), '{}')
    || coalesce((SELECT array_agg(x ->> 'code') FROM jsonb_array_elements(c.cross_checks::jsonb) x
               WHERE x ->> 'grade' = 'problem'), '{}') AS against
FROM application a
LEFT JOIN blanko b ON b.application_id = a.id AND b.revision = a.revision
LEFT JOIN completeness_check c ON c.application_id = a.id AND c.round = a.round AND a.stage = 'verifying'
WHERE a.stage NOT IN ('draft', 'closed', 'withdrawn', 'rejected')
"""
_STANDING = """
SELECT (SELECT count(*) FROM application WHERE stage = 'closed'),
       (SELECT count(*) FROM application WHERE stage NOT IN ('draft', 'closed')),
       (SELECT count(*) FROM outbox WHERE done_at IS NULL AND task <> 'paraf.send_message'),
       (SELECT count(*) FROM outbox WHERE done_at IS NULL AND task = 'paraf.send_message')
"""
_RECENT = """
SELECT task, queue, subject_id::text, generation FROM outbox WHERE sent_count > 0 ORDER BY id DESC LIMIT %s
"""
_PROGRESS = """
SELECT 'done ' || queue, count(*)::text FROM outbox WHERE done_at IS NOT NULL GROUP BY queue
UNION ALL SELECT 'sent', coalesce(sum(sent_count), 0)::text FROM outbox
UNION ALL SELECT 'heard ' || name, succeeded_at::text FROM heartbeat
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case on its way. `against`: points of the check that a person must override."""

    id: str
    stage: str
    version: int
    revision: int
    paraf_next: int
    blanko_sha256: str
    set_aside: bool
    reason: str
    against: list[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the office is: cases closed and on their way, pieces of work and messages that wait."""

    closed: int
    running: int
    work: int
    messages: int


class Eyes:
    """A connection of one thread's own, opened again when the server was away; every look may raise psycopg.Error."""

    def __init__(self, url: str) -> None:
        self._url = plain(url)
        self._connection: psycopg.Connection[Any] | None = None

    def waiting(self) -> list[Waiting]:
        with self._open().cursor(row_factory=class_row(Waiting)) as cursor:
            return cursor.execute(_WAITING).fetchall()

    def standing(self) -> Standing:
        row = self._open().execute(_STANDING).fetchone()
        assert row is not None
        return Standing(*row)

    def progress(self) -> dict[str, str]:
        """Counters and moments that change whenever a part of the office gets on."""
        return dict(self._open().execute(_PROGRESS).fetchall())

    def recent_messages(self, number: int) -> list[tuple[str, str, str, int]]:
        """Task, queue, subject and generation of the newest work that was sent, done or not."""
        return self._open().execute(_RECENT, [number]).fetchall()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        return self._connection
