"""Step 1: the draft, its documents, handing in, and taking it back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlmodel import col

from models.ports import Inspection
from models.rules.errors import Forbidden, InvalidInput, NotFound, StaleVersion, WrongStage
from models.rules.numbering import JAKARTA
from models.rules.roles import Actor
from models.services.draft import Upload, attach, describe, link_hash, open_draft, remove
from models.services.inspect_upload import AT_A_TIME, TASK, inspect_upload
from models.services.submit import submit
from models.services.withdraw import withdraw
from models.tables.cases import Document, HolderData
from models.tables.work import Outbox
from ops.samples.people import applicant
from tests.cases import a_draft, an_application, attach_file, hand_in, holder_input
from tests.factories import Office
from tests.fakes import FakeClock, FakeScanner
from tests.models.services.probe import events, kinds, only, rows, standing, undone


def test_a_draft_promises_nothing_and_its_link_is_kept_as_a_hash(office: Office) -> None:
    draft = open_draft(office.db, office.clock, office.actor("pemohon"), "SIKRO", "baru")
    case = office.case(draft.application_id)
    assert (case.stage, case.version, case.registration_number, case.promised_at) == ("draft", 1, None, None)
    assert case.link_sha256 == link_hash(draft.link)
    assert draft.link.encode() not in case.link_sha256
    assert case.applicant_id == office.people["pemohon"]


def test_a_draft_at_the_counter_belongs_to_nobody_with_an_account(office: Office) -> None:
    draft = open_draft(office.db, office.clock, office.actor("loket"), "SIKRO", "baru", "counter")
    assert office.case(draft.application_id).applicant_id is None


@pytest.mark.parametrize(("licence", "kind", "error"), [("SIPA", "baru", NotFound), ("SIKRO", "hibah", InvalidInput)])
def test_an_unknown_licence_or_type_is_refused(office: Office, licence: str, kind: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_draft(office.db, office.clock, office.actor("pemohon"), licence, kind)


def test_the_bearer_of_the_link_may_go_on_with_this_draft_alone(office: Office) -> None:
    mine, other = a_draft(office), a_draft(office)
    bearer = Actor("link", link_to=mine)
    data = holder_input(applicant(70), workplace_name="Optik Lain")
    assert describe(office.db, office.clock, office.cipher, bearer, mine, data) == 1
    assert events(office, mine)[-1].actor == "link"
    with pytest.raises(Forbidden):
        describe(office.db, office.clock, office.cipher, bearer, other, data)


def test_the_last_description_holds(office: Office) -> None:
    case_id = a_draft(office)
    changed = holder_input(applicant(71), place_order=2, represented=True)
    describe(office.db, office.clock, office.cipher, office.actor("pemohon"), case_id, changed)
    holder = only(office, HolderData, HolderData.application_id == case_id)
    assert holder.name == applicant(71).name
    assert holder.conditions == ["represented", "second_place"]


def test_another_applicant_sees_and_changes_nothing(office: Office) -> None:
    case_id = an_application(office, "draft")
    other = office.actor("pemohon_lain")
    with pytest.raises(Forbidden):
        describe(office.db, office.clock, office.cipher, other, case_id, holder_input(applicant(72)))
    with pytest.raises(Forbidden):
        attach_file(office, case_id, "ktp", username="pemohon_lain")
    with pytest.raises(Forbidden):
        submit(office.db, office.clock, office.calendar, other, case_id)
    with pytest.raises(Forbidden):
        withdraw(office.db, office.clock, other, case_id)
    assert kinds(office, case_id) == ["open_draft", "describe"]


def test_unknown_keys_and_odd_values_do_not_reach_a_table() -> None:
    good = {"name": "Ani", "nik": "1471064508900003"}
    for bad in ({"nik": "123"}, {"salary": 1}, {"email": "no address"}, {"place_order": 0}, {"sex": "X"}, {"name": ""}):
        with pytest.raises(ValidationError) as refused:
            holder_input(applicant(1), **{**good, **bad})
        assert next(iter(bad)) in {error["loc"][0] for error in refused.value.errors()}


def test_an_unknown_case_is_not_found(office: Office) -> None:
    nobody = uuid4()
    with pytest.raises(NotFound):
        submit(office.db, office.clock, office.calendar, office.actor("pemohon"), nobody)
    with pytest.raises(NotFound):
        withdraw(office.db, office.clock, office.actor("pemohon"), nobody)


# ---------------------------------------------------------------- documents
def test_a_new_file_replaces_the_old_one_which_is_kept(office: Office) -> None:
    case_id = a_draft(office)
    first, second = attach_file(office, case_id, "ktp", "one"), attach_file(office, case_id, "ktp", "two")
    found = {row.id: row for row in rows(office, Document, Document.application_id == case_id)}
    assert found[first].replaced_at == office.clock.now()
    assert found[second].replaced_at is None
    assert office.vault.has(found[first].sha256)


def test_the_same_bytes_again_change_nothing(office: Office) -> None:
    case_id = a_draft(office)
    assert attach_file(office, case_id, "ktp", "one") == attach_file(office, case_id, "ktp", "one")
    assert kinds(office, case_id).count("attach") == 1
    assert len(rows(office, Document)) == 1


def test_a_corrected_field_beside_the_same_bytes_counts(office: Office) -> None:
    case_id = a_draft(office)
    attach_file(office, case_id, "strro", fields={"number": "RO1", "expiry": "2027-01-01"})
    attach_file(office, case_id, "strro", fields={"number": "RO2", "expiry": "2027-01-01"})
    current = only(office, Document, col(Document.replaced_at).is_(None))
    assert current.fields["number"] == "RO2"


class SlowScanner(FakeScanner):
    """Each file takes a while."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        self._clock.advance(seconds=AT_A_TIME.total_seconds() - 1)
        return super().inspect(data, name, profile)


def test_a_look_at_heavy_files_steps_back_for_others(office: Office) -> None:
    case_id = a_draft(office)
    for code in ("ijazah", "ktp", "strro"):
        attach_file(office, case_id, code)
    office.scanner = SlowScanner(office.clock)
    seen = []
    while looks := [row for row in rows(office, Outbox) if row.task == TASK and row.done_at is None]:
        (look,) = looks
        assert inspect_upload(office.db, office.clock, office.inspector, look.subject_id, look.generation)
        seen.append(len(office.scanner.seen))
    assert seen == [2, 3]
    assert all(row.inspected_at for row in rows(office, Document))


def test_the_wrong_kind_of_file_or_requirement_is_refused_with_its_place(office: Office) -> None:
    case_id, mine = a_draft(office), office.actor("pemohon")
    stored = office.vault.put(b"%PDF-1.7 a photo that is none")
    photo = Upload("pas_foto", "foto.pdf", "application/pdf", stored, {})
    with pytest.raises(InvalidInput, match="image") as refused:
        attach(office.db, office.clock, mine, case_id, photo)
    assert refused.value.faults[0].pointer == "/documents/pas_foto"
    with pytest.raises(InvalidInput, match="no requirement"):
        attach(office.db, office.clock, mine, case_id, Upload("surat_cinta", "x.pdf", "application/pdf", stored, {}))
    with pytest.raises(InvalidInput, match="parts"):
        attach(office.db, office.clock, mine, case_id, Upload("ktp", "x.pdf", "application/pdf", stored, {}, part=21))
    assert rows(office, Document) == []


def test_a_removed_document_is_gone_from_the_berkas_not_from_the_vault(office: Office) -> None:
    case_id, mine = a_draft(office), office.actor("pemohon")
    document = attach_file(office, case_id, "ktp")
    remove(office.db, office.clock, mine, case_id, document)
    row = only(office, Document)
    assert row.replaced_at is not None
    assert office.vault.has(row.sha256)
    with pytest.raises(InvalidInput, match="no such document"):
        remove(office.db, office.clock, mine, case_id, document)


def test_a_document_of_another_case_can_not_be_removed(office: Office) -> None:
    mine, other = a_draft(office), a_draft(office)
    document = attach_file(office, other, "ktp")
    with pytest.raises(InvalidInput, match="no such document"):
        remove(office.db, office.clock, office.actor("pemohon"), mine, document)


@pytest.mark.parametrize("stage", ["checking", "preparing", "awaiting_paraf", "rejected", "withdrawn"])
def test_the_berkas_is_closed_to_changes_once_it_is_with_the_office(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    with pytest.raises(WrongStage, match=stage):
        attach_file(office, case_id, "ktp", "late")
    with pytest.raises(WrongStage, match=stage):
        describe(office.db, office.clock, office.cipher, office.actor("pemohon"), case_id, holder_input(applicant(73)))


# ---------------------------------------------------------------- handing in
def test_handing_in_registers_promises_and_sets_the_check_going(office: Office) -> None:
    case_id = a_draft(office)
    hand_in(office, case_id)
    receipt = submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id, 1)
    assert receipt.registration_number == "REG/00001/SIKRO/2026"
    assert receipt.promised_at == datetime(2026, 3, 4, 9, 0, tzinfo=JAKARTA)
    case = office.case(case_id)
    assert (case.stage, case.version, case.round, receipt.version) == ("checking", 2, 1, 2)
    assert [(row.task, row.generation) for row in undone(office, case_id)] == [("paraf.check_completeness", 2)]


def test_an_empty_berkas_is_refused_with_each_thing_that_is_missing(office: Office) -> None:
    mine = office.actor("pemohon")
    draft = open_draft(office.db, office.clock, mine, "SIKRO", "baru")
    with pytest.raises(InvalidInput) as refused:
        submit(office.db, office.clock, office.calendar, mine, draft.application_id)
    assert [fault.pointer for fault in refused.value.faults] == ["/holder", "/documents"]
    assert office.case(draft.application_id).registration_number is None


def test_a_double_click_hands_in_once(office: Office) -> None:
    case_id = an_application(office, "checking")
    before = standing(office, case_id)
    mine = office.actor("pemohon")
    with pytest.raises(StaleVersion):
        submit(office.db, office.clock, office.calendar, mine, case_id, 1)
    with pytest.raises(WrongStage, match="checking"):
        submit(office.db, office.clock, office.calendar, mine, case_id)
    assert standing(office, case_id) == before
    assert len(undone(office, case_id)) == 1


def test_a_refused_berkas_takes_no_registration_number(office: Office) -> None:
    mine = office.actor("pemohon")
    empty = open_draft(office.db, office.clock, mine, "SIKRO", "baru").application_id
    with pytest.raises(InvalidInput):
        submit(office.db, office.clock, office.calendar, mine, empty)
    first, second = an_application(office, "checking"), an_application(office, "checking")
    numbers = [office.case(case_id).registration_number for case_id in (first, second)]
    assert numbers == ["REG/00001/SIKRO/2026", "REG/00002/SIKRO/2026"]


def test_registration_numbers_begin_again_at_midnight_in_jakarta(office: Office) -> None:
    office.clock.set(datetime(2026, 12, 31, 16, 50, tzinfo=UTC))
    old = an_application(office, "checking")
    office.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    new = an_application(office, "checking")
    numbers = [office.case(case_id).registration_number for case_id in (old, new)]
    assert numbers == ["REG/00001/SIKRO/2026", "REG/00001/SIKRO/2027"]


def test_what_comes_in_after_hours_is_promised_from_the_next_opening(office: Office) -> None:
    office.clock.set(datetime(2026, 3, 6, 20, 0, tzinfo=JAKARTA))
    case = office.case(an_application(office, "checking"))
    assert case.promised_at == datetime(2026, 3, 11, 8, 0, tzinfo=JAKARTA)


# ---------------------------------------------------------------- taking back
@pytest.mark.parametrize("stage", ["draft", "verifying", "returned"])
def test_an_applicant_may_withdraw_while_no_blanko_exists(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    version = office.case(case_id).version
    assert withdraw(office.db, office.clock, office.actor("pemohon"), case_id, version) == version + 1
    assert office.case(case_id).stage == "withdrawn"
    with pytest.raises(WrongStage, match="final"):
        withdraw(office.db, office.clock, office.actor("pemohon"), case_id)


@pytest.mark.parametrize("stage", ["checking", "awaiting_paraf", "ready"])
def test_there_is_no_withdrawing_in_between(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    before = standing(office, case_id)
    with pytest.raises(WrongStage):
        withdraw(office.db, office.clock, office.actor("pemohon"), case_id)
    with pytest.raises(StaleVersion):
        withdraw(office.db, office.clock, office.actor("pemohon"), case_id, before[1] - 1)
    assert standing(office, case_id) == before


def test_the_rules_of_the_day_decide_what_is_asked(office: Office) -> None:
    assert office.today > date(2024, 1, 12)
    case_id = a_draft(office)
    assert "rekomendasi_profesi" not in hand_in(office, case_id)
