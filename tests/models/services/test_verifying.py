"""Step 2: the machine's opinion, and the officer who decides with a reason for each point."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlmodel import col

from models.ports import Finding, Inspection
from models.rules.errors import Forbidden, InvalidInput, NotFound, NotSignedIn, ParafError, StaleVersion, WrongStage
from models.rules.roles import Actor
from models.services.inputs import ReturnItem
from models.services.submit import submit
from models.services.verify import reject, return_to_applicant, verify
from models.tables.cases import CompletenessCheck, Deficiency, Document, Verification
from ops.samples.people import applicant
from tests.cases import a_draft, an_application, attach_file, drive, hand_in, holder_input
from tests.factories import Office
from tests.models.services.probe import events, only, rows, standing, undone

KTP = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")
BAD_REASON = "Bukan refraksionis optisien menurut KKI."


CURRENT_KTP = (col(Document.requirement) == "ktp", col(Document.replaced_at).is_(None))


def incomplete(office: Office, *without: str) -> UUID:
    """A case at the front office's desk that lacks documents."""
    case_id = a_draft(office)
    hand_in(office, case_id, without=without)
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    office.work()
    return case_id


def decisions(office: Office, actor: Actor, case_id: UUID) -> tuple[Callable[[], int], ...]:
    """The three things that an officer may say to a checked berkas."""
    return (
        lambda: verify(office.db, office.clock, actor, case_id),
        lambda: return_to_applicant(office.db, office.clock, actor, case_id, [KTP]),
        lambda: reject(office.db, office.clock, actor, case_id, BAD_REASON),
    )


def test_a_complete_berkas_is_proposed_as_complete_and_nothing_is_decided(office: Office) -> None:
    case_id = an_application(office, "verifying")
    check = only(office, CompletenessCheck)
    assert check.complete is True
    assert {verdict["state"] for verdict in check.verdicts if verdict["required"]} == {"ada"}
    assert office.case(case_id).sop_id is None
    assert rows(office, Verification) == []


def test_verifying_pins_the_definition_and_sets_the_blanko_going(office: Office) -> None:
    case_id = an_application(office, "verifying")
    version = office.case(case_id).version
    assert verify(office.db, office.clock, office.actor("loket"), case_id, version) == version + 1
    case = office.case(case_id)
    assert (case.stage, case.paraf_count, case.complete_at) == ("preparing", 3, office.clock.now())
    assert case.sop_id == only(office, CompletenessCheck).sop_id
    assert [row.task for row in undone(office, case_id)] == ["paraf.generate_blanko"]
    decision = only(office, Verification)
    assert (decision.decision, decision.officer_id) == ("complete", office.people["loket"])


def test_what_the_machine_held_against_it_needs_a_reason_each(office: Office) -> None:
    case_id = incomplete(office, "ktp", "ijazah")
    officer, before = office.actor("loket"), standing(office, case_id)
    with pytest.raises(InvalidInput) as refused:
        verify(office.db, office.clock, officer, case_id, overrides={"ktp": "asli diperlihatkan", "ijazah": "ok"})
    assert [fault.pointer for fault in refused.value.faults] == ["/overrides/ijazah"]
    assert "Ijazah" in refused.value.faults[0].message
    assert standing(office, case_id) == before
    reasons = {"ktp": "asli diperlihatkan", "ijazah": "dilihat di loket"}
    verify(office.db, office.clock, officer, case_id, overrides=reasons, note="dua dokumen asli dilihat")
    assert only(office, Verification).overrides == reasons
    assert events(office, case_id)[-1].detail == {"round": 1, "overrides": ["ijazah", "ktp"]}


def test_an_override_of_no_point_is_refused_and_never_reaches_the_trail(office: Office) -> None:
    case_id = an_application(office, "verifying")
    with pytest.raises(InvalidInput) as refused:
        verify(office.db, office.clock, office.actor("loket"), case_id, overrides={"Budi 1471": "apa saja boleh"})
    assert [fault.message for fault in refused.value.faults] == ["is no point of the check"]
    assert "Budi" not in str(refused.value.faults)


def test_a_rejected_file_makes_its_requirement_faulty_in_the_scanners_words(office: Office) -> None:
    case_id = a_draft(office)
    hand_in(office, case_id)
    attach_file(office, case_id, "ktp", "locked")
    data = office.vault.objects[only(office, Document, *CURRENT_KTP).sha256]
    finding = Finding("reject", "encrypted", "Berkas terkunci kata sandi. Buka kuncinya, lalu unggah lagi.")
    office.scanner.answers[data] = Inspection("reject", "application/pdf", 0, (finding,))
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    office.work()
    check = only(office, CompletenessCheck)
    (verdict,) = [v for v in check.verdicts if v["requirement"] == "ktp"]
    assert (check.complete, verdict["state"]) == (False, "bermasalah")
    assert verdict["reasons"][0]["message"] == finding.message
    assert only(office, Document, *CURRENT_KTP).clean_sha256 == ""


def test_officials_see_the_cleaned_file_and_the_original_stays(office: Office) -> None:
    case_id = a_draft(office)
    hand_in(office, case_id, without=("ktp",))
    attach_file(office, case_id, "ktp", "with a script")
    row = only(office, Document, Document.requirement == "ktp")
    original = office.vault.objects[row.sha256]
    office.scanner.answers[original] = Inspection("repair", "application/pdf", 1, (), b"%PDF clean", "application/pdf")
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    office.work()
    row = only(office, Document, Document.requirement == "ktp")
    assert office.vault.objects[row.clean_sha256] == b"%PDF clean"
    assert office.vault.objects[row.sha256] == original
    assert row.answer == "repair"


def test_a_photo_is_looked_at_as_a_photo(office: Office) -> None:
    an_application(office, "verifying")
    assert dict(office.scanner.seen)["pas_foto.jpg"] == "photo"
    assert dict(office.scanner.seen)["ktp.pdf"] == "document"


@pytest.mark.parametrize("stage", ["awaiting_paraf", "returned"])
def test_two_running_applications_for_one_place_are_told(office: Office, stage: str) -> None:
    same = holder_input(applicant(40), place_order=1, workplace_name="Optik Melati, Sudirman").model_dump(mode="json")
    first = an_application(office, stage, **same)
    second = a_draft(office, **{**same, "workplace_name": "OPTIK MELATI  SUDIRMAN"})
    drive(office, second, "verifying")
    check = only(office, CompletenessCheck, CompletenessCheck.application_id == second)
    found = {c["code"]: c["message"] for c in check.cross_checks}
    assert str(office.case(first).registration_number) in found["running-application"]
    assert check.complete is False


@pytest.mark.parametrize("username", ["blanko", "muda", "kepala", "pemohon", "operator"])
def test_the_front_office_alone_decides(office: Office, username: str) -> None:
    case_id = an_application(office, "verifying")
    before, actor = standing(office, case_id), office.actor(username)
    for act in decisions(office, actor, case_id):
        with pytest.raises(Forbidden, match="front_office"):
            act()
    assert standing(office, case_id) == before


def test_a_key_without_a_person_decides_nothing(office: Office) -> None:
    case_id = an_application(office, "verifying")
    machine = Actor("", frozenset({"front_office"}), client="aggregator")
    with pytest.raises(NotSignedIn):
        verify(office.db, office.clock, machine, case_id)
    assert office.case(case_id).stage == "verifying"


@pytest.mark.parametrize("stage", ["draft", "checking", "returned", "awaiting_paraf", "ready", "rejected"])
def test_there_is_nothing_to_decide_elsewhere(office: Office, stage: str) -> None:
    case_id, officer = an_application(office, stage), office.actor("loket")
    before = standing(office, case_id)
    for act in decisions(office, officer, case_id):
        with pytest.raises(WrongStage, match=stage):
            act()
    assert standing(office, case_id) == before


def test_a_stale_version_and_an_unknown_case(office: Office) -> None:
    case_id, officer = an_application(office, "verifying"), office.actor("loket")
    with pytest.raises(StaleVersion, match="reload"):
        verify(office.db, office.clock, officer, case_id, 1)
    with pytest.raises(NotFound):
        verify(office.db, office.clock, officer, uuid4())


def test_the_first_of_two_decisions_counts(office: Office) -> None:
    case_id, officer = an_application(office, "verifying"), office.actor("loket")
    verify(office.db, office.clock, officer, case_id)
    with pytest.raises(ParafError):
        return_to_applicant(office.db, office.clock, officer, case_id, [KTP])
    assert only(office, Verification).decision == "complete"
    assert rows(office, Deficiency) == []


@pytest.mark.parametrize(
    ("items", "pointer"),
    [
        ([], "/items"),
        ([ReturnItem(requirement="sim", note="x")], "/items/0/requirement"),
        ([ReturnItem(requirement="ktp", reason="tidak_suka")], "/items/0/reason"),
        ([KTP, ReturnItem(requirement="ktp")], "/items/1"),
    ],
)
def test_a_return_needs_reasons_that_the_applicant_can_act_on(
    office: Office, items: list[ReturnItem], pointer: str
) -> None:
    case_id = an_application(office, "verifying")
    with pytest.raises(InvalidInput) as refused:
        return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, items)
    assert refused.value.faults[0].pointer == pointer
    assert office.case(case_id).stage == "verifying"


def test_a_rejection_is_final_and_says_why(office: Office) -> None:
    case_id, officer = an_application(office, "verifying"), office.actor("loket")
    with pytest.raises(InvalidInput, match="ten characters"):
        reject(office.db, office.clock, officer, case_id, "tidak   ")
    reject(office.db, office.clock, officer, case_id, f"  {BAD_REASON} ")
    assert office.case(case_id).stage == "rejected"
    assert only(office, Verification).note == BAD_REASON
    assert undone(office, case_id) == []
    with pytest.raises(WrongStage, match="final"):
        verify(office.db, office.clock, officer, case_id)
