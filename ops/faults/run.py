"""One run: an office opens, people work, the nemesis strikes, all comes to rest, and two judges have the last word."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from models.db import Database
from models.rules.errors import NotFound, TemporaryFailure
from models.rules.numbering import jakarta_date
from models.services.machine import retry
from ops.check import reader
from ops.checker.check import check
from ops.checker.report import CheckReport
from ops.embedded_postgres import plain
from ops.faults.eyes import Eyes, Standing
from ops.faults.history import History
from ops.faults.judge import Verdict, judge
from ops.faults.nemesis import Nemesis, Struck
from ops.faults.office import FaultyOffice
from ops.faults.people import Load, berkas, crew
from ops.faults.schedule import plan
from ops.home import passing_home
from workers.adapters.clock import SystemClock
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault

AHEAD = 0.3
"""So great a part of the cases may have come before the faults have got as far: the office stays busy to the end."""

REST_SECONDS = 1200.0
Tell = Callable[[str], None]


def run(cases: int, faults: int, seed: int, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Figures by their names in the report; `sentences` says what is wrong."""
    with passing_home() as home, FaultyOffice(home, tell) as office:
        history, eyes = History(home / "history.jsonl"), Eyes(office.servers.database_url_superuser)
        nemesis = Nemesis(office, Eyes(office.servers.database_url_superuser), tell)
        load = _load(office, history, cases, faults, nemesis)
        began = time.monotonic()
        people = crew(load, berkas(load.today))
        for one in people:
            one.start()
        try:
            for fault in plan(faults, seed):
                nemesis.strike(fault)
            office.move_clock(0.0)
            retried = _rest(office, eyes, load, cases, tell)
        finally:
            load.over.set()
            for one in people:
                one.join()
        seconds, standing = time.monotonic() - began, eyes.standing()
        history.close()
        tell("all is over: judging")
        for sentence, number in Counter(error[-160:] for error in load.errors).most_common(8):
            tell(f"{number} times: {sentence}")
        report, verdict = _checked(office), judge(plain(office.servers.database_url_superuser), history.acks())
        eyes.close()
        nemesis.eyes.close()
        disk = "tmpfs" if office.own_disk else "no disk could be mounted: writes were made to fail instead"
    figures = _figures(verdict, report, nemesis.struck)
    return {
        "cases": cases,
        "faults": len(nemesis.struck),
        **figures,
        "seed": seed,
        "redelivered": nemesis.redelivered,
        "retried_by_hand": retried,
        "messages_waiting": standing.messages,
        "seconds": round(seconds, 1),
        "disk": disk,
        "refused_or_unanswered": len(load.errors),
        "by_kind": _by_kind(nemesis.struck),
        "sentences": [*verdict.sentences, *report.lines()[:-1]],
    }


def holds(figures: dict[str, Any]) -> bool:
    """Whether nothing was lost, doubled, out of order or different."""
    return not any(figures[name] for name in ("lost", "doubled", "out_of_order", "gaps", "orphans", "mismatches"))


def _load(office: FaultyOffice, history: History, cases: int, faults: int, nemesis: Nemesis) -> Load:
    def allowed() -> int:
        done = len(nemesis.struck) / faults if faults else 1.0
        return round(cases * min(1.0, done + AHEAD))

    today = jakarta_date(SystemClock().now())
    return Load(office.base_url, office.servers.database_url_superuser, history, today, cases, allowed)


def _rest(office: FaultyOffice, eyes: Eyes, load: Load, cases: int, tell: Tell) -> int:
    """Wait until every case is closed and no work is left; an operator tries again what was set aside."""
    database, retried = Database(office.servers.database_url_app), 0
    deadline = time.monotonic() + REST_SECONDS
    try:
        while not _at_rest(standing := eyes.standing(), cases):
            if time.monotonic() > deadline:
                tell(f"it does not come to rest: {standing}")
                break
            retried += _retry_set_aside(database, eyes, tell)
            load.over.wait(0.5)
        return retried
    finally:
        database.dispose()


def _at_rest(standing: Standing, cases: int) -> bool:
    return standing.closed >= cases and standing.running == 0 and standing.work == 0


def _retry_set_aside(database: Database, eyes: Eyes, tell: Tell) -> int:
    number = 0
    for case in eyes.waiting():
        if case.set_aside:
            tell(f"set aside: {case.reason}")
            try:
                retry(database, SystemClock(), UUID(case.id))
                number += 1
            except (NotFound, TemporaryFailure, psycopg.Error) as error:
                tell(f"not retried: {error}")
    return number


def _checked(office: FaultyOffice) -> CheckReport:
    roots = load_trust(Path(office.home.root) / "trust").roots
    return check(office.servers.database_url_superuser, reader(open_vault(office.settings)), roots)


def _figures(verdict: Verdict, report: CheckReport, struck: Sequence[Struck]) -> dict[str, Any]:
    times = sorted(one.recovery for one in struck) or [0.0]
    return {
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "out_of_order": verdict.out_of_order,
        "gaps": verdict.gaps,
        "orphans": verdict.orphans,
        "mismatches": len(report.violations),
        "recovery_p50_s": round(statistics.median(times), 2),
        "recovery_p95_s": times[min(len(times) - 1, int(len(times) * 0.95))],
        "recovery_max_s": times[-1],
    }


def _by_kind(struck: Sequence[Struck]) -> dict[str, list[float]]:
    """How often each kind struck, and its longest recovery in seconds."""
    number = Counter(one.fault.kind for one in struck)
    return {
        kind: [number[kind], max(one.recovery for one in struck if one.fault.kind == kind)] for kind in sorted(number)
    }
