"""The dead man's alarm: what did not happen is told once, by its result, and the alarm ends when it happens again."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.queues import LATEST, SCHEDULE, Queue, heartbeat
from models.rules.stages import FINAL, Stage
from models.services.alarms import OLDEST, raise_alarms, standing
from models.services.audit import keep_audit
from models.services.heartbeat import beat
from models.services.issuance import resume_issuance, stop_issuance
from models.services.reconcile import reconcile
from models.tables.audit import Alarm
from models.tables.cases import Event
from models.tables.letters import Licence
from tests.cases import an_application
from tests.factories import Office
from tests.models.services.probe import only, rows
from tests.ops.audit.conftest import seal_all
from workers.adapters.checkpoints import CheckpointFile

TO = "operator@example.go.id"


@pytest.fixture
def calm(office: Office) -> Office:
    """Every schedule has just succeeded."""
    all_well(office)
    return office


def all_well(office: Office) -> None:
    for name in LATEST:
        beat(office.db, office.clock, name)


def now(office: Office) -> set[str]:
    with office.db.transaction() as session:
        return set(standing(session, office.clock.now()))


def test_every_stage_that_is_not_the_end_has_an_oldest_age() -> None:
    assert set(OLDEST) == set(Stage) - set(FINAL)
    assert all(age > timedelta(0) for age in OLDEST.values())


def test_every_queue_and_every_schedule_that_writes_its_success_is_watched() -> None:
    assert {heartbeat(queue) for queue in Queue} <= set(LATEST)
    own = {"sweep", "audit", "alarms", "close-register", "reconcile", "retention", "rule-news", "digests"}
    assert own <= set(LATEST)
    assert own <= set(SCHEDULE)
    assert {"relay", "backup"} <= set(LATEST)


def test_a_quiet_office_raises_nothing(calm: Office) -> None:
    an_application(calm, "ready")
    all_well(calm)
    assert raise_alarms(calm.db, calm.clock, calm.courier, TO) == {}
    assert calm.courier.sent == []


@pytest.mark.parametrize("name", sorted(set(LATEST) - {"alarms"}))
def test_a_schedule_that_stopped_succeeding_is_named(calm: Office, name: str) -> None:
    calm.clock.advance(seconds=LATEST[name] + 1)
    for other in LATEST:
        if other != name:
            beat(calm.db, calm.clock, other)
    assert now(calm) == {f"late:{name}"}


@pytest.mark.parametrize("stage", sorted(stage.value for stage in OLDEST))
def test_a_case_that_stands_still_for_too_long_is_named(calm: Office, stage: str) -> None:
    an_application(calm, stage)
    calm.clock.advance(seconds=OLDEST[Stage(stage)].total_seconds() - 60)
    all_well(calm)
    assert now(calm) == set()
    calm.clock.advance(minutes=2)
    all_well(calm)
    assert now(calm) == {f"stage:{stage}"}


def test_people_are_told_once_and_the_alarm_ends(calm: Office) -> None:
    stop_issuance(calm.db, calm.clock, "Cap kantor sedang diganti.")
    for _ in range(3):
        assert set(raise_alarms(calm.db, calm.clock, calm.courier, TO)) == {"issuance"}
    (message,) = calm.courier.sent
    assert message.to == TO
    assert "Nothing is issued" in message.text
    assert only(calm, Alarm).told_at == calm.clock.now()
    resume_issuance(calm.db, calm.clock)
    assert raise_alarms(calm.db, calm.clock, calm.courier, TO) == {}
    assert only(calm, Alarm).ended_at == calm.clock.now()
    assert [event.kind for event in rows(calm, Event) if event.kind.startswith("alarm")] == [
        "alarm_raised",
        "alarm_ended",
    ]


def test_it_comes_again_when_it_happens_again(calm: Office) -> None:
    for _ in range(2):
        stop_issuance(calm.db, calm.clock, "Cap kantor sedang diganti.")
        raise_alarms(calm.db, calm.clock, calm.courier, TO)
        resume_issuance(calm.db, calm.clock)
        raise_alarms(calm.db, calm.clock, calm.courier, TO)
    assert len(calm.courier.sent) == 2


def test_a_mail_server_that_is_away_loses_no_alarm(calm: Office) -> None:
    stop_issuance(calm.db, calm.clock, "Cap kantor sedang diganti.")
    calm.courier.knob.fail_temporarily()
    assert set(raise_alarms(calm.db, calm.clock, calm.courier, TO)) == {"issuance"}
    row = only(calm, Alarm)
    assert (row.told_at, row.ended_at) == (None, None)
    raise_alarms(calm.db, calm.clock, calm.courier, TO)
    assert len(calm.courier.sent) == 1


def test_a_case_set_aside_is_told(calm: Office) -> None:
    case_id = an_application(calm, "preparing")
    calm.press.knob.fail_permanently()
    calm.perform(calm.ticket(case_id))
    all_well(calm)
    assert now(calm) == {"quarantine"}


def test_differences_in_the_register_are_told(calm: Office) -> None:
    an_application(calm, "ready")
    calm.vault.objects.pop(only(calm, Licence).sha256)
    reconcile(calm.db, calm.clock, calm.vault)
    all_well(calm)
    assert now(calm) == {"reconciliation"}


def test_a_transaction_that_does_not_end_holds_the_chain_up_and_is_told(calm: Office, tmp_path: Path) -> None:
    book = CheckpointFile(tmp_path, Ed25519PrivateKey.generate())
    seal_all(calm.db, calm.clock, book)
    url = calm.db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(url)) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        an_application(calm, "verifying")
        calm.clock.advance(minutes=11)
        all_well(calm)
        keep_audit(calm.db, calm.clock, book)
        assert now(calm) == {"unsealed"}
    seal_all(calm.db, calm.clock, book)
    assert now(calm) == set()
