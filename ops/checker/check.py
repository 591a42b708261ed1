"""The check itself: one snapshot of the database, then every file, then what the PDFs say."""

from __future__ import annotations

import json as jsonlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from functools import partial
from itertools import chain
from multiprocessing import get_context
from typing import Any

import psycopg
from psycopg import IsolationLevel

from ops.checker import endorsing, history, licence_pdf, register, wall, work
from ops.checker.cases import misplaced
from ops.checker.chain import Chain, walk
from ops.checker.files import Claim, VaultRead, claims, misfiled
from ops.checker.licence_pdf import DossierFile, Finding, LicenceFile
from ops.checker.numbers import misnumbered
from ops.checker.register_days import misclosed
from ops.checker.report import CheckReport, Violation
from ops.checker.rows import Snapshot, broken, set_moment

RULES = (*history.RULES, *endorsing.RULES, *register.RULES, *work.RULES, *wall.RULES)
FEW = 12
"""So many PDFs are judged here and now: starting processes for them would take longer."""

_LICENCES = """
SELECT l.application_id::text, r.number, r.signed_on, l.valid_until, l.token, l.sha256, s.sop ->> 'paraf_mode',
    ARRAY(SELECT e.acted_at FROM endorsement e WHERE e.application_id = l.application_id AND e.revision = l.revision
           ORDER BY e.ordinal)
FROM licence l JOIN register_entry r USING (series, year, seq) JOIN application a ON a.id = l.application_id
JOIN sop_version s ON s.id = a.sop_id WHERE l.sha256 <> '' ORDER BY r.series, r.year, r.seq
"""
_DOSSIERS = """
SELECT d.application_id::text, l.sha256, d.sha256 FROM dossier d JOIN application a ON a.id = d.application_id
JOIN licence l ON l.application_id = a.id AND l.revision = a.revision
 WHERE d.sha256 NOT IN (SELECT sha256 FROM gone_object) ORDER BY 1
"""
_COUNTED = {
    "cases": "application",
    "events": "event",
    "documents": "document",
    "endorsements": "endorsement",
    "letters": "letter",
    "numbers": "register_entry",
    "licences": "licence",
    "hand-overs": "hand_over",
    "dossiers": "dossier",
}

Judge = Callable[[], list[Finding]]
Job = tuple[str, Judge]
"""A case and what is to be found out about its file."""


def check(
    database_url: str,
    vault_read: VaultRead,
    trust: Sequence[bytes] = (),
    *,
    quick: bool = False,
    at: datetime | None = None,
) -> CheckReport:
    """Hold an office against its rules.

    `trust` are the PEM certificates of the authorities whose signatures count; `quick` leaves the signatures out.
    `at` is the moment to judge expiries by (None: the database's own clock). Any role that may read every table will
    do. Raises psycopg.OperationalError when the database can not be reached.
    """
    with psycopg.connect(_plain(database_url)) as snapshot:
        snapshot.isolation_level = IsolationLevel.REPEATABLE_READ
        snapshot.read_only = True
        set_moment(snapshot, at)
        found = [*broken(snapshot, RULES), *misplaced(snapshot), *misnumbered(snapshot)]
        # Dates are left to `paraf audit verify`: clocks that were moved are no fault of the rows.
        found += [*walk(snapshot, Chain(), dates=False), *misclosed(snapshot)]
        files = claims(snapshot)
        licences, dossiers = snapshot.execute(_LICENCES).fetchall(), snapshot.execute(_DOSSIERS).fetchall()
        checked = _counts(snapshot)
    found += misfiled(files, vault_read)
    jobs = chain(_licence_jobs(licences, vault_read, trust, quick), _dossier_jobs(dossiers, vault_read))
    found += _judged(jobs, len(licences) + len(dossiers))
    checked |= {"files": _different(files), "signatures": 0 if quick else sum(len(row[7]) + 1 for row in licences)}
    return CheckReport(tuple(sorted(set(found))), checked)


def run_check(
    database_url: str,
    vault_read: VaultRead,
    trust: Sequence[bytes] = (),
    *,
    json: bool = False,
    quick: bool = False,
    at: datetime | None = None,
) -> int:
    """Print the report of `check` to stdout; 0 when all holds, 1 when something does not."""
    report = check(database_url, vault_read, trust, quick=quick, at=at)
    print(jsonlib.dumps(report.as_json(), indent=2, ensure_ascii=False) if json else "\n".join(report.lines()))
    return 0 if report.ok else 1


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _counts(snapshot: Snapshot) -> dict[str, int]:
    columns = ", ".join(f"(SELECT count(*) FROM {table})" for table in _COUNTED.values())
    row = snapshot.execute(f"SELECT {columns}").fetchone()
    assert row is not None
    return dict(zip(_COUNTED, row, strict=True))


def _different(files: Iterable[Claim]) -> int:
    return len({claim.sha256 for claim in files})


def _licence_jobs(rows: Iterable[Any], read: VaultRead, trust: Sequence[bytes], quick: bool) -> Iterator[Job]:
    for case_id, number, signed_on, until, token, sha256, paraf_mode, acts in rows:
        data = read(sha256)
        if data is not None:
            signed = _acts(acts, recorded=paraf_mode == "recorded")
            file = LicenceFile(case_id, number, signed_on, until, token, signed, data)
            yield case_id, partial(licence_pdf.judge_licence, file, trust, signatures=not quick)


def _acts(moments: Sequence[datetime], *, recorded: bool) -> dict[str, datetime]:
    """The signature fields that must be signed, in order, with the moment of each act."""
    names = [*(f"paraf{ordinal}" for ordinal in range(1, len(moments))), "kepala"]
    signed = dict(zip(names, moments, strict=False))
    return {"kepala": signed["kepala"]} if recorded and "kepala" in signed else signed


def _dossier_jobs(rows: Iterable[Any], read: VaultRead) -> Iterator[Job]:
    for case_id, licence_sha256, sha256 in rows:
        data = read(sha256)
        if data is not None:
            yield case_id, partial(licence_pdf.judge_dossier, DossierFile(case_id, licence_sha256, data))


def _judged(jobs: Iterable[Job], number: int) -> Iterator[Violation]:
    if number <= FEW:
        for case_id, judge in jobs:
            yield from (Violation(rule, case_id, sentence) for rule, sentence in judge())
        return
    # Fresh processes: a fork would copy whatever threads the caller has.
    workers = min(os.cpu_count() or 1, 8)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[str, Future[list[Finding]]]] = deque()
        for case_id, judge in jobs:
            waiting.append((case_id, pool.submit(judge)))
            # No more files in memory than keep the processes busy.
            if len(waiting) > 3 * workers:
                yield from _violations(*waiting.popleft())
        while waiting:
            yield from _violations(*waiting.popleft())


def _violations(case_id: str, future: Future[list[Finding]]) -> Iterator[Violation]:
    return (Violation(rule, case_id, sentence) for rule, sentence in future.result())
