"""An office at work while a worker is killed and the broker forgets everything: each licence comes once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
import redis
from sqlmodel import select

from models.tables.cases import Application
from ops.benchmarks.pipeline import small_berkas
from ops.benchmarks.script import Script
from ops.check import reader
from ops.checker.check import check
from ops.embedded_postgres import plain
from ops.home import passing_home
from ops.memory import family
from ops.office import LocalOffice
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("office")]

LICENCES = 5
PATIENCE = 240.0


@dataclass
class Run:
    """An office, its scripted people and the cases that are under way."""

    office: LocalOffice
    script: Script
    cases: list[UUID]

    def until_past(self, early: set[str]) -> None:
        """People act at once until no case stands in one of `early` any more."""
        deadline = time.monotonic() + PATIENCE
        while early & set(self.stages()):
            assert time.monotonic() < deadline, (self.stages(), self.script.set_aside())
            self.script.act()
            time.sleep(0.1)

    def stages(self) -> list[str]:
        with self.script.db.transaction() as session:
            rows = session.exec(select(Application)).all()
            return [row.stage for row in rows if row.id in set(self.cases)]

    def kill(self, name: str) -> None:
        """kill -9 of a worker with its children: nobody gets to say goodbye."""
        for pid in reversed(family(self.office.supervisor.pids()[name])):
            os.kill(pid, signal.SIGKILL)

    def flush(self) -> None:
        with redis.Redis.from_url(self.office.servers.broker_url) as broker:
            broker.flushall()


@pytest.fixture
def run() -> Iterator[Run]:
    with passing_home() as home, LocalOffice(home, 0, flower_port=0, flower=False) as office:
        script = Script.for_office(office)
        berkas = small_berkas(script)
        yield Run(office, script, [script.prepare(seed, berkas) for seed in range(LICENCES)])
        script.db.dispose()


def test_a_killed_worker_and_a_flushed_broker_lose_and_double_nothing(run: Run) -> None:
    for case_id in run.cases:
        run.script.submit(case_id)
    run.flush()
    run.until_past({"checking", "verifying"})
    run.kill("signing")
    run.flush()
    run.until_past({"preparing", "awaiting_paraf", "applying_paraf"})
    run.kill("letters")
    run.kill("signing")
    run.until_past({"awaiting_signature", "applying_signature", "numbering", "assembling"})
    assert run.stages() == ["ready"] * LICENCES
    report = check(
        run.office.servers.database_url_app,
        reader(open_vault(run.office.settings)),
        load_trust(run.office.home.root / "trust").roots,
    )
    assert report.lines()[:-1] == []
    assert report.checked["licences"] == report.checked["numbers"] == LICENCES
    assert once_each(run) == [(1, 1, 4, 4)] * LICENCES


def once_each(run: Run) -> list[tuple[int, int, int, int]]:
    """For each case: blankos, licences, endorsements and letters on record."""
    counted = """
        SELECT (SELECT count(*) FROM blanko WHERE application_id = a.id),
               (SELECT count(*) FROM licence WHERE application_id = a.id),
               (SELECT count(*) FROM endorsement WHERE application_id = a.id),
               (SELECT count(*) FROM letter WHERE application_id = a.id)
          FROM application a WHERE stage <> 'draft'
    """
    with closing(psycopg.connect(plain(run.office.servers.database_url_app))) as connection:
        return [tuple(row) for row in connection.execute(counted)]
