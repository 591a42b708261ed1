"""The chain over many events: how fast it seals, how fast it is verified, and that one edited event is found."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from models.db import Database
from models.migrate import upgrade
from models.services.audit import Pace, keep_audit
from ops.checker.audit import verify
from ops.embedded import Servers, start_servers
from ops.embedded_postgres import plain
from ops.home import passing_home
from workers.adapters.checkpoints import CheckpointFile
from workers.adapters.clock import SystemClock
from workers.adapters.office_keys import load_audit_key, make_audit_key
from workers.adapters.trust import load_trust

_AT_ONCE = 100_000
# Forty events a licence, as the pipeline writes them: with an act's hash, an ordinal and a trace.
_FILL = """
INSERT INTO event (at, kind, application_id, actor_id, actor, stage_from, stage_to, revision, version, detail, trace)
SELECT now(),
    (ARRAY['submit', 'finish_check', 'verify', 'finish_blanko', 'initial', 'finish_paraf', 'sign'])[1 + n %% 7],
    ('00000000-0000-7000-8000-' || lpad(to_hex(n / 40), 12, '0'))::uuid, '00000000-0000-7000-8000-0000000000ff', '',
    'awaiting_paraf', 'applying_paraf', 1, n %% 40,
    jsonb_build_object('ordinal', n %% 4, 'sha256', md5(n::text) || md5('b' || n)),
    '00-' || md5(n::text) || '-' || left(md5('t' || n), 16) || '-01'
FROM generate_series(%(first)s::int, %(last)s::int) n
"""
_EDIT = "UPDATE event SET actor = 'x' WHERE id = (SELECT ids[1] FROM audit_seal ORDER BY n DESC OFFSET 1 LIMIT 1)"


def run(events: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Figures over `events` events; seconds of wall time on this machine."""
    with passing_home() as home, start_servers(home, durable=False) as servers:
        upgrade(servers.database_url_owner)
        make_audit_key(home / "secrets" / "signing", home / "trust")
        tell(f"writing {events:,} events")
        _fill(servers, events)
        tell("sealing them")
        book = CheckpointFile(home / "checkpoints", load_audit_key(home / "secrets" / "signing"))
        sealing = _sealed(servers, book)
        tell("verifying them")
        clean = _verified(servers, home, book)
        _edit(servers)
        tell("verifying them again with one edited")
        edited = _verified(servers, home, book)
    return {
        "events": events,
        "seal_seconds": round(sealing, 1),
        "sealed_per_second": round(events / sealing),
        "verify_seconds": round(clean[0], 1),
        "verified_per_second": round(events / clean[0]),
        "violations": clean[1],
        "violations_after_one_edit": edited[1],
    }


def _fill(servers: Servers, events: int) -> None:
    with psycopg.connect(plain(servers.database_url_owner), autocommit=True) as connection:
        for first in range(1, events + 1, _AT_ONCE):
            connection.execute(_FILL, {"first": first, "last": min(first + _AT_ONCE - 1, events)})
        connection.execute("ANALYZE event")


def _sealed(servers: Servers, book: CheckpointFile) -> float:
    db, started = Database(servers.database_url_app), time.monotonic()
    while keep_audit(db, SystemClock(), book, Pace(timedelta(0))).events:
        pass
    db.dispose()
    return time.monotonic() - started


def _verified(servers: Servers, home: Path, book: CheckpointFile) -> tuple[float, int]:
    started = time.monotonic()
    found = verify(servers.database_url_app, book.path.read_bytes(), load_trust(home / "trust").audit_keys)
    return time.monotonic() - started, len(found.violations)


def _edit(servers: Servers) -> None:
    with psycopg.connect(plain(servers.database_url_superuser), autocommit=True) as connection:
        connection.execute(_EDIT)
