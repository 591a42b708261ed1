"""`/ops`: the operators' room as it is read and acted on."""

from __future__ import annotations

from models.queues import Queue
from models.services.heartbeat import beat
from models.services.machine import set_aside
from models.tables.work import Heartbeat
from tests.api.counter import Counter
from tests.cases import an_application
from tests.factories import Office
from tests.models.services.probe import undone


def test_queues_workers_and_schedules_are_told(counter: Counter, office: Office) -> None:
    an_application(office, "checking")
    beat(office.db, office.clock, "canary.intake")
    beat(office.db, office.clock, "sweep")
    page = counter.sign_in("operator").get("/ops").text
    assert "intake: Pemeriksaan berkas" in page
    assert f"{len(Queue) - 1}</dd>" in page, "all workers but one have never shown progress"
    assert "belum ada cadangan yang tercatat" in page
    assert "Tidak ada permohonan yang disisihkan." in page
    beat(office.db, office.clock, "backup")
    office.clock.advance(hours=27)
    part = counter.sign_in("operator").get("/ops/keadaan").text
    assert "27 jam yang lalu" in part
    assert "<html" not in part


def test_a_paused_queue_is_told(counter: Counter, office: Office) -> None:
    with office.db.transaction() as session:
        session.add(Heartbeat(name="paused.mail", started_at=office.clock.now()))
    assert "Dijeda" in counter.sign_in("admin").get("/ops").text


def test_a_case_set_aside_is_tried_again_after_saying_what_will_be_redone(counter: Counter, office: Office) -> None:
    case_id = an_application(office, "checking")
    set_aside(office.db, office.clock, office.due()[0], "the store is damaged")
    desk = counter.sign_in("operator")
    assert "the store is damaged" in desk.get("/ops").text
    assert undone(office, case_id) == []
    asked = desk.get(f"/ops/kasus/{case_id}").text
    assert "setiap syarat dinilai ulang" in asked
    assert undone(office, case_id) == []
    version = office.case(case_id).version
    stale = desk.post(f"/ops/kasus/{case_id}/ulang", data={"versi": str(version + 1)})
    assert "Tidak ada yang diulang" in stale.text
    done = desk.post(f"/ops/kasus/{case_id}/ulang", data={"versi": str(version)})
    assert "diantrekan lagi" in done.text
    assert len(undone(office, case_id)) == 1
    office.work()
    assert office.case(case_id).stage == "verifying"
    assert desk.get(f"/ops/kasus/{case_id}").status_code == 404


def test_only_operators_and_admins_look_and_only_operators_act(counter: Counter, office: Office) -> None:
    case_id = an_application(office, "checking")
    set_aside(office.db, office.clock, office.due()[0], "a bug")
    assert counter.sign_in("kepala").get("/ops").status_code == 403
    admin = counter.sign_in("admin")
    assert admin.get("/ops").status_code == 200
    version = str(office.case(case_id).version)
    assert admin.post(f"/ops/kasus/{case_id}/ulang", data={"versi": version}).status_code == 403
