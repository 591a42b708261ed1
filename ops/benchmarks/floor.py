"""The floor: the CPU that one licence costs if nothing but the unavoidable is done, measured alone.

The letter chain (render, fields, five signatures, fill, lint), the hashes of what is stored, and the commits, each
with the three rows that no step can do without: the case, its event, the next piece of work.
"""

from __future__ import annotations

import hashlib
import time
from statistics import median

import psycopg

from ops.bench_letters import run as letters
from ops.benchmarks.machine import cpu_seconds
from ops.embedded import start_servers
from ops.home import passing_home

COMMITS = 14
"""Acts: submit, verify, three parafs, signature. Machine: check, blanko, four times the letter, number, licence."""

STORED = 6
"""Files that are hashed when written and when read again: blanko, three parafs, signature, licence."""

ROUNDS = 100
_TABLES = """
CREATE TABLE floor_case (id int PRIMARY KEY, stage text, version int);
CREATE TABLE floor_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id int, kind text, at timestamptz);
CREATE TABLE floor_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id int, task text, done bool);
INSERT INTO floor_case SELECT n, 'draft', 1 FROM generate_series(1, 100) n;
"""


def floor_ms() -> float:
    """CPU milliseconds of one licence: letter, hashes and commits."""
    figures = letters(40)
    return figures["chain_cpu_ms"] + figures["lint_ms"] + _hashes_ms(int(figures["licence_bytes"])) + _commits_ms()


def _hashes_ms(size: int) -> float:
    data = bytes(size)
    spent = []
    for _ in range(20):
        start = time.process_time()
        for _ in range(2 * STORED):
            hashlib.sha256(data).digest()
        spent.append(time.process_time() - start)
    return median(spent) * 1000


def _commits_ms() -> float:
    with passing_home() as home, start_servers(home) as servers:
        url = servers.database_url_owner.replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(url) as connection:
            connection.execute(_TABLES)
            connection.commit()
            backend = [connection.info.backend_pid]
            before, start = cpu_seconds(backend), time.process_time()
            for number in range(ROUNDS * COMMITS):
                _step(connection, number % ROUNDS + 1)
            spent = time.process_time() - start + cpu_seconds(backend) - before
    return spent / ROUNDS * 1000


def _step(connection: psycopg.Connection[tuple[object, ...]], case: int) -> None:
    connection.execute("SELECT * FROM floor_case WHERE id = %s FOR UPDATE", (case,))
    connection.execute("UPDATE floor_case SET version = version + 1 WHERE id = %s", (case,))
    connection.execute("INSERT INTO floor_event (case_id, kind, at) VALUES (%s, 'step', now())", (case,))
    connection.execute("INSERT INTO floor_outbox (case_id, task, done) VALUES (%s, 'next', false)", (case,))
    connection.execute("UPDATE floor_outbox SET done = true WHERE case_id = %s AND NOT done", (case,))
    connection.commit()
