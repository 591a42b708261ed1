"""What operators ask: where a case stands, what waits, and whether the office is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.db import Database
from models.queues import Queue
from models.rules.errors import NotFound
from models.services.heartbeat import beat
from models.services.machine import set_aside
from models.tables.work import Outbox
from ops import doctor
from ops.case import why
from ops.embedded import Servers
from ops.queue import lengths, send_again
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.conftest import TestServers
from tests.factories import Office, an_office
from tests.models.services.probe import rows
from workers.settings import Settings


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("draft", "the applicant, who has not handed it in yet"),
        ("verifying", "the front office"),
        ("returned", "to mend what was returned"),
        ("awaiting_paraf", "on the desk of ahli_muda"),
        ("awaiting_signature", "on the desk of kepala_dinas"),
        ("ready", "to hand the licence over"),
        ("closed", "nothing more happens to it"),
    ],
)
def test_one_sentence_says_whose_desk_it_is(office: Office, stage: str, said: str) -> None:
    case_id = an_application(office, stage)
    sentence = why(office.db, str(case_id), office.clock.now())
    assert said in sentence
    assert sentence.count(".") - sentence.count("..") >= 1


def test_a_case_at_a_machine_names_queue_place_and_health(office: Office) -> None:
    first, second = an_application(office, "checking"), an_application(office, "checking")
    now = office.clock.now()
    ahead = [int(re.findall(r"(\d+) before it", why(office.db, str(one), now))[0]) for one in (first, second)]
    assert 0 <= ahead[0] < ahead[1]
    assert "has not shown progress yet" in why(office.db, str(second), now)
    beat(office.db, office.clock, "canary.intake")
    office.clock.advance(seconds=90)
    assert "90 s ago: it seems to be away" in why(office.db, str(second), office.clock.now())


def test_quarantine_is_named_with_its_reason_and_the_way_out(office: Office) -> None:
    case_id = an_application(office, "preparing")
    set_aside(office.db, office.clock, office.ticket(case_id), "the layout is broken")
    sentence = why(office.db, str(case_id), office.clock.now())
    assert "the layout is broken" in sentence
    assert "paraf case retry" in sentence


def test_an_unknown_case_is_told(office: Office) -> None:
    with pytest.raises(NotFound, match="registration number"):
        why(office.db, "REG/99999/SIKRO/2026", office.clock.now())


def test_lengths_and_sending_again(office: Office, fresh_database: Urls) -> None:
    an_application(office, "checking")
    with office.db.transaction() as session:
        for row in rows(office, Outbox):
            row.sent_at = office.clock.now()
            session.merge(row)
    undone = [row for row in rows(office, Outbox) if row.done_at is None]
    waiting = {row["queue"]: row for row in lengths(fresh_database.app_url)}
    assert sum(row["sent"] for row in waiting.values()) == len(undone)
    assert send_again(fresh_database.app_url, list(Queue)) == len(undone)
    assert sum(row["sent"] for row in lengths(fresh_database.app_url)) == 0
    assert sum(row["waiting"] for row in lengths(fresh_database.app_url)) == len(undone)


def test_the_doctor_tells_what_is_missing(fresh_database: Urls, servers: TestServers, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    office = Servers(fresh_database.owner_url, fresh_database.app_url, servers.broker_url)
    found = {one.name: one for one in doctor.examine(settings, office)}
    assert set(found) == set(doctor.LOOKS)
    healthy = {"postgres", "tables", "clock", "broker", "vault", "quarantine"}
    assert {name for name, one in found.items() if one.grade == "ok"} >= healthy
    assert (found["keys"].grade, found["certificates"].grade) == ("fault", "warning")
    assert "paraf seed" in found["keys"].advice
    gone = Servers(fresh_database.owner_url, "postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1/0")
    broken = {one.name: one.grade for one in doctor.examine(settings, gone)}
    assert broken["postgres"] == broken["broker"] == "fault"
