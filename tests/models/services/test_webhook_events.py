"""What systems are told: of their own applications and batches, with the event's own transaction, and of no person."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from models.db import Database
from models.rules.errors import InvalidInput, WrongStage
from models.services.batch_control import watch
from models.services.inputs import ReturnItem
from models.services.verify import reject, return_to_applicant, verify
from models.services.void import end_licence, void_number
from models.services.withdraw import withdraw
from models.tables.batch import Batch
from models.tables.letters import Licence
from tests.batch_files import a_batch, cells
from tests.cases import an_application, drive
from tests.factories import Office
from tests.models.services.batches import Batches
from tests.models.services.post_office import PostOffice
from tests.models.services.probe import only

EVERYTHING = (
    *("application.returned", "application.rejected", "application.withdrawn", "application.lapsed"),
    *("licence.issued", "licence.voided", "licence.revoked", "licence.replaced", "batch.finished"),
)


@pytest.fixture
def post(office: Office) -> PostOffice:
    return PostOffice(office.db, office.clock)


def sent_by(office: Office, post: PostOffice, *seeds: int) -> tuple[UUID, list[UUID]]:
    """A batch of the system, each row an application that the system has checked; ids of batch and applications."""
    batches = Batches(office)
    batches.actor = post.actor
    batch_id = batches.send(a_batch(*seeds)).batch_id
    batches.take_all()
    office.work()
    cases = [item.application_id for item in batches.items(batch_id)]
    return batch_id, [case for case in cases if case is not None]


def confirm(office: Office, case_id: UUID) -> None:
    """The berkas is complete: what is missing lies at the counter."""
    try:
        verify(office.db, office.clock, office.actor("loket"), case_id)
    except InvalidInput as caught:
        missing = {fault.pointer.removeprefix("/overrides/"): "Diserahkan di loket." for fault in caught.faults}
        verify(office.db, office.clock, office.actor("loket"), case_id, None, missing)


def told(post: PostOffice) -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in post.rows()]


def test_a_system_is_told_of_each_turn_that_its_own_cases_take(office: Office, post: PostOffice) -> None:
    post.endpoint(*EVERYTHING)
    batch_id, (returned, issued, voided, rejected, withdrawn) = sent_by(office, post, 1, 2, 3, 4, 5)
    loket, item = office.actor("loket"), ReturnItem(requirement="ktp", note="Foto KTP buram.")
    return_to_applicant(office.db, office.clock, loket, returned, [item])
    reject(office.db, office.clock, loket, rejected, "Pemohon bukan refraksionis optisien.")
    withdraw(office.db, office.clock, post.actor, withdrawn)
    for case_id in (issued, voided):
        confirm(office, case_id)
    drive(office, issued, "closed")
    drive(office, voided, "ready")
    watch(office.db, office.clock)
    void_number(office.db, office.clock, office.actor("blanko"), voided, "Nomor salah cetak")
    licence = only(office, Licence, Licence.application_id == issued)
    end_licence(office.db, office.clock, office.actor("kepala"), licence.id, "Diganti surat baru", "replaced")
    watch(office.db, office.clock)
    found = told(post)
    ids = {issued: "issued", voided: "voided", returned: "returned", rejected: "rejected", withdrawn: "withdrawn"}
    assert [
        (one["type"], ids.get(UUID(one["data"].get("application_id", str(batch_id))), "batch")) for one in found
    ] == [
        ("application.returned", "returned"),
        ("application.rejected", "rejected"),
        ("application.withdrawn", "withdrawn"),
        ("licence.issued", "issued"),
        ("licence.issued", "voided"),
        ("batch.finished", "batch"),
        ("licence.voided", "voided"),
        ("licence.replaced", "issued"),
    ]
    assert [one["data"]["status"] for one in found] == [
        *("returned", "rejected", "withdrawn", "valid", "valid", "finished", "void", "replaced")
    ]
    assert len({row.key for row in post.rows()}) == len(found)


def test_a_message_is_thin_and_names_nobody(office: Office, post: PostOffice) -> None:
    post.endpoint(*EVERYTHING)
    batch_id, (case_id,) = sent_by(office, post, 1)
    confirm(office, case_id)
    drive(office, case_id, "ready")
    watch(office.db, office.clock)
    issued, finished = told(post)
    case = office.case(case_id)
    assert issued["data"] == {
        "application_id": str(case_id),
        "registration_number": case.registration_number,
        "key": "RS-1",
        "licence_code": "SIKRO",
        "status": "valid",
        "links": {
            "application": f"/v1/applications/{case_id}",
            "licence": f"/v1/applications/{case_id}/licence",
        },
    }
    assert finished["data"]["counts"] == {"issued": 1}
    assert finished["data"]["links"]["batch"] == f"/v1/batches/{batch_id}"
    everything = "".join(row.body for row in post.rows())
    row = cells(1)
    for name in ("nik", "name", "birth_place", "birth_date", "address", "str_number", "workplace_name", "phone"):
        assert not row[name] or row[name] not in everything, name


def test_nobody_hears_of_what_is_not_his_or_what_he_did_not_ask_for(office: Office, post: PostOffice) -> None:
    stranger = post.system("RS Kenanga")
    post.endpoint(*EVERYTHING, actor=stranger)
    post.endpoint("batch.finished")
    _, (case_id,) = sent_by(office, post, 1)
    confirm(office, case_id)
    drive(office, case_id, "ready")
    drive(office, an_application(office, "returned"), "returned")
    batches = Batches(office)
    batches.send(a_batch(2))
    watch(office.db, office.clock)
    assert [one["type"] for one in told(post)] == ["batch.finished"]


def test_what_is_undone_is_not_told_and_what_is_told_has_its_work(office: Office, post: PostOffice) -> None:
    post.endpoint(*EVERYTHING)
    _, (first, second) = sent_by(office, post, 1, 2)
    item = ReturnItem(requirement="ktp", note="Foto KTP buram.")

    def in_vain(db: Database) -> None:
        with db.whole():
            return_to_applicant(db, office.clock, office.actor("loket"), first, [item])
            assert len(post.rows()) == 1
            raise WrongStage("the request ends badly")

    with pytest.raises(WrongStage):
        in_vain(office.db)
    assert (post.rows(), office.case(first).stage) == ([], "verifying")
    return_to_applicant(office.db, office.clock, office.actor("loket"), second, [item])
    (row,) = post.rows()
    (work,) = post.due()
    assert (work.subject_id, work.generation, work.queue) == (row.id, 1, "webhooks")
    assert post.work() == 1
    assert post.row(row.id).state == "delivered"


def test_a_batch_that_ends_twice_over_is_told_once(office: Office, post: PostOffice) -> None:
    post.endpoint("batch.finished")
    _, (case_id,) = sent_by(office, post, 1)
    reject(office.db, office.clock, office.actor("loket"), case_id, "Pemohon bukan refraksionis optisien.")
    watch(office.db, office.clock)
    with office.db.transaction() as session:
        batch = session.get_one(Batch, only(office, Batch).id)
        batch.finished_at = None
        session.add(batch)
    watch(office.db, office.clock)
    assert len(told(post)) == 1


def test_a_key_that_looks_like_a_nik_leaves_masked(office: Office, post: PostOffice) -> None:
    post.endpoint("application.rejected")
    batches = Batches(office)
    batches.actor = post.actor
    sent = batches.send(a_batch(1, key="1471010101900001"))
    batches.take_all()
    office.work()
    found = batches.items(sent.batch_id)[0].application_id
    if found is None:  # refused at the door: better still
        return
    reject(office.db, office.clock, office.actor("loket"), found, "Pemohon bukan refraksionis optisien.")
    assert "1471010101900001" not in post.rows()[0].body
