"""Every crash point of the house strikes once in a living office, and every case comes to its end, once.

One office: counter, relay, beat and one worker for all queues. A struck worker's child is killed with -9 in the
middle, at some points the whole worker with all its children; what it had in hand must come again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from models.crash_points import POINTS, VARIABLE
from models.queues import Queue
from models.rules.roles import person_of
from models.services.hand_over import hand_over
from models.services.machine import retry
from models.tables.letters import Pile
from ops.benchmarks.pipeline import small_berkas
from ops.benchmarks.script import Script
from ops.check import reader
from ops.checker.check import check
from ops.embedded_postgres import plain
from ops.faults.caller import Caller
from ops.faults.eyes import Eyes, Waiting
from ops.faults.office import FaultyOffice
from ops.home import passing_home
from ops.office import worker_command
from ops.processes import Program
from ops.samples.berkas import SampleFile
from ops.seed import demo_password
from tests.cases import TAKEN
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("office")]

CASES = 6
PATIENCE = 150.0

CHECK, BLANKO, PARAF, SIGN = "check_completeness", "generate_blanko", "apply_paraf", "apply_signature"
NUMBER, LICENCE, DOSSIER = "assign_number", "assemble_licence", "assemble_dossier"


def recording(task: str, word: str = "kill") -> dict[str, str]:
    """Both sides of the commit that records what a task did."""
    return {f"step.record.{side}_commit@paraf.{task}": word for side in ("before", "after")}


def kills(*points: str) -> dict[str, str]:
    return dict.fromkeys(points, "kill")


class SmallOffice(FaultyOffice):
    """The whole office with one worker for all queues; the counter's crash points are armed apart."""

    def programs(self) -> list[Program]:
        found = {program.name: program for program in super().programs()}
        hands = found[Queue.SIGNING.value]  # it alone holds the keys
        command = list(worker_command(Queue.SIGNING, 2))
        command[command.index("-Q") + 1] = ",".join(queue.value for queue in Queue)
        api = found["api"]
        counter = Program("api", api.command, {**api.env, VARIABLE: str(self.counter)})
        worker = Program("hands", tuple(command), hands.env, hands.wave, hands.steps)
        return [counter, found["relay"], found["beat"], worker]

    @property
    def counter(self) -> Path:
        folder = self.armed / "counter"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass
class Run:
    office: SmallOffice
    script: Script
    eyes: Eyes
    berkas: dict[str, SampleFile]
    struck: set[str]

    def arm(self, points: Mapping[str, str]) -> None:
        for point, word in points.items():
            self.office.arm(point, word)
            self.struck.add(point.partition("@")[0])

    def armed(self) -> list[str]:
        return sorted(path.name for path in self.office.armed.iterdir() if path.is_file())

    def until(self, holds: Callable[[], bool], what: str, act: Callable[[], object] = lambda: None) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, (
                what,
                self.armed(),
                self.stages(),
                self.office.supervisor.tail("hands"),
            )
            act()
            time.sleep(0.1)

    def until_struck(self, *points: str, act: Callable[[], object] = lambda: None) -> None:
        wanted = set(points)
        self.until(lambda: not wanted & set(self.armed()), f"{sorted(wanted)} to strike", act)

    def waiting(self) -> list[Waiting]:
        return self.eyes.waiting()

    def stages(self) -> list[str]:
        return sorted(case.stage for case in self.waiting())

    def past(self, *early: str, act: Callable[[], object]) -> None:
        self.until(lambda: not set(early) & set(self.stages()), f"all past {early}", act)

    def draft(self, seed: int) -> UUID:
        return self.script.prepare(seed, self.berkas)


@pytest.fixture
def run() -> Iterator[Run]:
    with passing_home() as home, SmallOffice(home) as office:
        script, eyes = Script.for_office(office), Eyes(office.servers.database_url_superuser)
        yield Run(office, script, eyes, small_berkas(script), set())
        eyes.close()
        script.db.dispose()


def test_at_every_crash_point_the_office_recovers(run: Run) -> None:
    _work_that_only_the_sweeper_finds(run)
    cases = [_lost_submission(run), *_drafts(run)]
    _at_the_counter(run)
    _check_and_blanko(run, cases[1:])
    _parafs(run)
    _signature_to_licence(run)
    _hand_overs(run, cases)
    run.until_struck(*run.armed())
    assert run.struck == set(POINTS)
    assert not list(run.office.counter.iterdir())
    _judge(run)


def _work_that_only_the_sweeper_finds(run: Run) -> None:
    run.arm(kills("sweep.wipe.before_commit", "sweep.wipe.after_commit"))
    run.arm(kills("sweep.requeue.before_commit", "sweep.requeue.after_commit"))
    now = run.script.clock.now()
    with run.script.db.transaction() as session:
        official = person_of(run.script.people["muda"])
        made, ended = now - timedelta(hours=1), now - timedelta(minutes=1)
        session.add(Pile(person_id=official, kind="paraf", secret=b"x", created_at=made, expires_at=ended))


def _lost_submission(run: Run) -> UUID:
    """Handed in, and the work that it asked for is gone: a bug or a hand in the database."""
    case = run.draft(1)
    with run.script.db.whole():
        run.script.submit(case)
        with run.script.db.transaction() as session:
            lost = "UPDATE outbox SET done_at = now() WHERE subject_id = :case AND task = 'paraf.check_completeness'"
            session.execute(text(lost), {"case": case})
    return case


def _drafts(run: Run) -> list[UUID]:
    waves = [
        kills("job.begin.before_commit", "job.begin.after_commit", "relay.publish.before", "relay.publish.after"),
        {**kills("job.end.before_commit", "job.end.after_commit"), "vault.fsync.before": "EIO"},
        kills("job.postpone.before_commit", "relay.sweep.before_commit", "relay.sweep.after_commit"),
        {**kills("vault.fsync.after", "vault.rename.before"), "vault.fsync.before": "EIO"},
        {**kills("job.postpone.after_commit"), "vault.rename.after": "group", "vault.folder_fsync.after": "kill"},
    ]
    cases = []
    for number, wave in enumerate(waves):
        run.arm(wave)
        cases.append(run.draft(10 + number))
        run.until_struck(*(set(wave) - set(HELD)), act=lambda: _more_failures(run))
    run.until_struck("job.postpone.before_commit", "job.postpone.after_commit", act=lambda: _more_failures(run))
    run.arm(kills("vault.fsync.before"))
    return cases


HELD = ("vault.fsync.before", "job.postpone.before_commit", "job.postpone.after_commit")
"""Points of the drafts' waves that need a failing disk to be reached: the next wave need not wait for them."""


def _more_failures(run: Run) -> None:
    """A job is postponed only when its disk fails."""
    if [point for point in run.armed() if point.startswith("job.postpone.")]:
        run.office.arm("vault.fsync.before", "EIO")


def _at_the_counter(run: Run) -> None:
    """The counter dies around a commit; who asked asks again under the same key, and there is one application."""
    caller = Caller(run.office.base_url, "pemohon", demo_password("pemohon"), Event())
    caller.get("/applications")
    for point in ("commit.before", "commit.after", "whole.before_commit", "whole.after_commit"):
        (run.office.counter / point).write_text("kill")
        run.struck.add(point)
        opened = caller.post("/applications", {"licence_code": "SIKRO", "application_type": "baru"})
        assert opened["id"]
        assert not (run.office.counter / point).exists()
    with run.script.db.transaction() as session:
        empty = (
            "SELECT count(*) FROM application a WHERE NOT EXISTS (SELECT FROM holder_data WHERE application_id = a.id)"
        )
        assert session.execute(text(empty)).scalar_one() == 4
    caller.close()


def _check_and_blanko(run: Run, cases: list[UUID]) -> None:
    run.arm(kills("step.begin.before_commit", "step.begin.after_commit", "mail.rename.before", "mail.rename.after"))
    run.arm(recording(CHECK))
    run.arm(recording(BLANKO))
    for case in cases:
        run.script.submit(case)
    verifying = {"draft", "checking", "verifying", "preparing"}
    run.past(*verifying, act=lambda: _verify(run))


def _verify(run: Run) -> None:
    from models.services.verify import verify

    for case in run.waiting():
        if case.stage == "verifying":
            verify(run.script.db, run.script.clock, run.script.people["loket"], UUID(case.id), case.version)


def _parafs(run: Run) -> None:
    run.arm({"signature.before@paraf": "temporary", **kills("step.postpone.before_commit")})
    run.arm({**recording(PARAF), "signature.after@paraf": "group"})
    run.script.act()
    run.until_struck("step.postpone.before_commit", "signature.after@paraf", act=run.script.act)
    run.arm({"signature.before@paraf": "temporary", **kills("step.postpone.after_commit")})
    run.past("awaiting_paraf", "applying_paraf", act=run.script.act)


def _signature_to_licence(run: Run) -> None:
    run.arm(kills("signature.before@signature", "signature.after@signature", "seal.after"))
    run.arm({**recording(SIGN), **recording(NUMBER), **recording(LICENCE), "seal.before": "permanent"})
    run.arm(kills("step.set_aside.before_commit"))
    run.until_struck("step.set_aside.before_commit", "seal.before", act=run.script.act)
    run.arm({"seal.before": "permanent", **kills("step.set_aside.after_commit")})
    late = {"awaiting_signature", "applying_signature", "numbering", "assembling"}
    run.past(*late, act=lambda: _sign_and_try_again(run))


def _sign_and_try_again(run: Run) -> None:
    run.script.act()
    _try_again(run)


def _try_again(run: Run) -> None:
    for case in run.waiting():
        if case.set_aside:
            retry(run.script.db, run.script.clock, UUID(case.id))


def _hand_overs(run: Run, cases: list[UUID]) -> None:
    run.arm(recording(DOSSIER))
    run.arm(kills("commit.before", "commit.after"))
    for case in cases:
        hand_over(run.script.db, run.script.clock, run.script.people["loket"], case, TAKEN)
    run.until(lambda: run.eyes.standing().closed == CASES, "all to be closed", lambda: _try_again(run))
    run.until(lambda: run.eyes.standing().work == 0, "no work to be left")


def _judge(run: Run) -> None:
    office = run.office
    report = check(
        office.servers.database_url_superuser,
        reader(open_vault(office.settings)),
        load_trust(office.home.root / "trust").roots,
    )
    assert report.lines()[:-1] == []
    counted = """
        SELECT (SELECT count(*) FROM blanko WHERE application_id = a.id),
               (SELECT count(*) FROM licence WHERE application_id = a.id),
               (SELECT count(*) FROM endorsement WHERE application_id = a.id),
               (SELECT count(*) FROM letter WHERE application_id = a.id),
               (SELECT count(*) FROM dossier WHERE application_id = a.id)
          FROM application a WHERE stage = 'closed'
    """
    with closing(psycopg.connect(plain(office.servers.database_url_app))) as connection:
        assert [tuple(row) for row in connection.execute(counted)] == [(1, 1, 4, 4, 1)] * CASES
