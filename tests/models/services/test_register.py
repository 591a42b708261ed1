"""Step 8 and after: numbers without gap, the year of the signature, void and re-issue, revoke, hand-over, archive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from models.rules.errors import Forbidden, InvalidInput, NotFound, StaleVersion, WrongStage
from models.services.hand_over import hand_over
from models.services.inputs import Amendment, HandOverInput
from models.services.number import TOKEN_BYTES, assign_number
from models.services.send_back import amend
from models.services.void import end_licence, void_number
from models.tables.letters import Dossier, HandOver, Licence, NumberSeries, RegisterEntry
from tests.cases import TAKEN, an_application, drive, endorse
from tests.factories import HEAD, Office
from tests.models.services.probe import events, kinds, only, rows, standing, undone

REASON = "Nomor salah dicetak pada map."


def seqs(office: Office) -> list[tuple[int, int, str]]:
    return sorted((row.year, row.seq, row.state) for row in rows(office, RegisterEntry))


def test_number_date_and_intent_are_one_commit(office: Office) -> None:
    case_id = an_application(office, "assembling")
    entry, licence = only(office, RegisterEntry), only(office, Licence)
    assert (entry.number, entry.signed_on, entry.state) == ("503/0001/DPMPTSP/SIKRO/2026", date(2026, 3, 2), "active")
    assert (licence.status, licence.sha256, licence.valid_until) == ("intended", "", date(2031, 3, 2))
    assert len(licence.token) >= TOKEN_BYTES * 4 // 3
    assert events(office, case_id)[-1].detail == {"number": entry.number}


def test_a_line_keeps_the_name_that_it_was_entered_with(office: Office) -> None:
    case_id = an_application(office, "ready", name="Melur Andrasari")
    blanko = office.actor("blanko")
    void_number(office.db, office.clock, blanko, case_id, REASON)
    amend(office.db, office.clock, blanko, case_id, Amendment(name="Melur Andrasasi"))
    drive(office, case_id, "ready")
    names = [(entry.seq, entry.state, entry.name) for entry in sorted(rows(office, RegisterEntry), key=lambda e: e.seq)]
    assert names == [(1, "void", "Melur Andrasari"), (2, "active", "Melur Andrasasi")]


def test_a_licence_ends_with_the_str_when_that_is_earlier(office: Office) -> None:
    an_application(office, "assembling", str_valid_until="2028-06-30")
    assert only(office, Licence).valid_until == date(2028, 6, 30)


def test_ten_threads_take_ten_numbers_in_a_row(office: Office) -> None:
    cases = [an_application(office, "awaiting_signature") for _ in range(10)]
    endorse(office, HEAD, "signature", *cases)
    for case_id in cases:
        office.perform(office.ticket(case_id))
    tickets = [office.ticket(case_id) for case_id in cases] * 2
    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda ticket: assign_number(office.db, office.clock, ticket), tickets))
    assert done.count(True) >= 10
    assert seqs(office) == [(2026, seq, "active") for seq in range(1, 11)]
    assert only(office, NumberSeries).last_seq == 10
    assert {office.case(case_id).stage for case_id in cases} == {"assembling"}


def test_the_signature_decides_the_year_however_late_the_number_comes(office: Office) -> None:
    office.clock.set(datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    late = an_application(office, "numbering")
    assert office.clock.now() < datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    office.clock.set(datetime(2027, 1, 4, 2, 0, tzinfo=UTC))
    new = an_application(office, "assembling")
    office.perform(office.ticket(late))
    entries = {row.application_id: row for row in rows(office, RegisterEntry)}
    assert (entries[late].number, entries[late].signed_on) == ("503/0001/DPMPTSP/SIKRO/2026", date(2026, 12, 31))
    assert (entries[new].number, entries[new].signed_on) == ("503/0001/DPMPTSP/SIKRO/2027", date(2027, 1, 4))


# ---------------------------------------------------------------- void and re-issue
@pytest.mark.parametrize("stage", ["assembling", "ready"])
def test_a_void_number_stays_in_the_register_and_the_next_one_follows(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    version = office.case(case_id).version
    assert void_number(office.db, office.clock, office.actor("blanko"), case_id, f" {REASON} ", version) == version + 1
    assert standing(office, case_id) == ("amending", version + 1, 2, 1)
    entry = only(office, RegisterEntry)
    assert (entry.state, entry.void_reason, entry.voided_by) == ("void", REASON, office.people["blanko"])
    assert only(office, Licence).status == "void"
    amend(office.db, office.clock, office.actor("blanko"), case_id, Amendment())
    drive(office, case_id, "closed")
    an_application(office, "ready")
    assert seqs(office) == [(2026, 1, "void"), (2026, 2, "active"), (2026, 3, "active")]
    valid = only(office, Licence, Licence.application_id == case_id, Licence.status == "valid")
    assert (valid.seq, valid.revision) == (2, 2)
    assert only(office, HandOver).licence_id == valid.id
    assert only(office, Dossier).application_id == case_id


def test_a_number_voided_under_a_running_worker_is_not_issued(office: Office) -> None:
    case_id = an_application(office, "assembling")
    ticket = office.ticket(case_id)
    back = office.actor("blanko")
    office.press.knob.before = lambda: void_number(office.db, office.clock, back, case_id, REASON)
    office.perform(ticket)
    assert office.case(case_id).stage == "amending"
    assert (only(office, Licence).status, only(office, Licence).sha256) == ("void", "")
    assert office.perform(ticket) is False
    assert undone(office, case_id) == []


def test_a_case_set_aside_at_assembly_can_be_voided(office: Office) -> None:
    case_id = an_application(office, "assembling")
    office.press.faults = ["the QR can not be read"]
    office.perform(office.ticket(case_id))
    void_number(office.db, office.clock, office.actor("blanko"), case_id, REASON)
    case = office.case(case_id)
    assert (case.stage, case.quarantined_at, case.quarantine_reason) == ("amending", None, "")


def test_voiding_needs_the_back_office_a_reason_and_a_number(office: Office) -> None:
    case_id, back = an_application(office, "ready"), office.actor("blanko")
    before = standing(office, case_id)
    for username in ("loket", HEAD, "pemohon"):
        with pytest.raises(Forbidden):
            void_number(office.db, office.clock, office.actor(username), case_id, REASON)
    with pytest.raises(InvalidInput):
        void_number(office.db, office.clock, back, case_id, "oh ")
    with pytest.raises(StaleVersion):
        void_number(office.db, office.clock, back, case_id, REASON, 3)
    with pytest.raises(NotFound):
        void_number(office.db, office.clock, back, uuid4(), REASON)
    assert standing(office, case_id) == before
    drive(office, case_id, "closed")
    with pytest.raises(WrongStage, match="closed"):
        void_number(office.db, office.clock, back, case_id, REASON)
    assert seqs(office) == [(2026, 1, "active")]


def test_a_double_click_voids_once(office: Office) -> None:
    case_id, back = an_application(office, "ready"), office.actor("blanko")
    void_number(office.db, office.clock, back, case_id, REASON)
    with pytest.raises(WrongStage):
        void_number(office.db, office.clock, back, case_id, REASON)
    assert kinds(office, case_id).count("void") == 1


# ---------------------------------------------------------------- revoke
def test_the_head_revokes_an_issued_licence_whose_bytes_stay(office: Office) -> None:
    case_id = an_application(office, "closed")
    was = only(office, Licence)
    end_licence(office.db, office.clock, office.actor(HEAD), was.id, "Tempat kerja tutup.")
    now = only(office, Licence)
    assert (now.status, now.status_reason, now.sha256) == ("revoked", "Tempat kerja tutup.", was.sha256)
    assert office.case(case_id).stage == "closed"
    assert kinds(office, case_id)[-1] == "licence_revoked"
    assert seqs(office) == [(2026, 1, "active")]
    with pytest.raises(WrongStage):
        end_licence(office.db, office.clock, office.actor(HEAD), was.id, "Sekali lagi.")


def test_revoking_is_refused_to_others_for_nothing_and_for_no_reason(office: Office) -> None:
    an_application(office, "ready")
    licence = only(office, Licence)
    with pytest.raises(Forbidden):
        end_licence(office.db, office.clock, office.actor("sekretaris"), licence.id, REASON)
    with pytest.raises(NotFound):
        end_licence(office.db, office.clock, office.actor(HEAD), uuid4(), REASON)
    with pytest.raises(InvalidInput):
        end_licence(office.db, office.clock, office.actor(HEAD), licence.id, "")
    assert only(office, Licence).status == "valid"


def test_a_licence_that_nobody_has_taken_is_voided_and_not_revoked(office: Office) -> None:
    case_id = an_application(office, "ready")
    with pytest.raises(WrongStage, match="void its number instead"):
        end_licence(office.db, office.clock, office.actor(HEAD), only(office, Licence).id, "Data palsu.")
    assert only(office, Licence).status == "valid"
    hand_over(office.db, office.clock, office.actor("loket"), case_id, TAKEN)
    end_licence(office.db, office.clock, office.actor(HEAD), only(office, Licence).id, "Data palsu.")
    assert only(office, Licence).status == "revoked"


def test_voiding_and_revoking_at_once_do_not_wait_for_each_other(office: Office) -> None:
    for _ in range(3):
        case_id = an_application(office, "ready")
        licence = only(office, Licence, Licence.application_id == case_id)
        head, back = office.actor(HEAD), office.actor("blanko")
        with ThreadPoolExecutor(2) as pool:
            ends = pool.submit(end_licence, office.db, office.clock, head, licence.id, REASON)
            voids = pool.submit(void_number, office.db, office.clock, back, case_id, REASON)
            errors = [type(future.exception(timeout=30)) for future in (ends, voids)]
        assert set(errors) == {WrongStage, type(None)}


# ---------------------------------------------------------------- hand-over and archive
def test_the_hand_over_says_who_took_it_and_sets_the_archive_going(office: Office) -> None:
    case_id = an_application(office, "ready")
    version = office.case(case_id).version
    taken = HandOverInput(receiver="Wanhanti Karlana", relation="kuasa", identity="surat_kuasa_dan_ktp")
    hand_over(office.db, office.clock, office.actor("loket"), case_id, taken, version)
    row = only(office, HandOver)
    assert (row.receiver, row.relation, row.officer_id) == ("Wanhanti Karlana", "kuasa", office.people["loket"])
    assert events(office, case_id)[-1].detail == {"relation": "kuasa", "identity": "surat_kuasa_dan_ktp"}
    assert [work.task for work in undone(office, case_id)] == ["paraf.assemble_dossier"]


def test_a_representative_without_power_of_attorney_gets_nothing(office: Office) -> None:
    case_id = an_application(office, "ready")
    taken = HandOverInput(receiver="Wanhanti Karlana", relation="kuasa", identity="ktp")
    with pytest.raises(InvalidInput) as refused:
        hand_over(office.db, office.clock, office.actor("loket"), case_id, taken)
    assert refused.value.faults[0].pointer == "/identity"
    assert office.case(case_id).stage == "ready"


def test_the_front_office_hands_over_once_and_only_what_is_ready(office: Office) -> None:
    case_id, officer = an_application(office, "assembling"), office.actor("loket")
    with pytest.raises(WrongStage, match="assembling"):
        hand_over(office.db, office.clock, officer, case_id, TAKEN)
    drive(office, case_id, "ready")
    for username in ("blanko", HEAD, "pemohon"):
        with pytest.raises(Forbidden):
            hand_over(office.db, office.clock, office.actor(username), case_id, TAKEN)
    with pytest.raises(StaleVersion):
        hand_over(office.db, office.clock, officer, case_id, TAKEN, 1)
    hand_over(office.db, office.clock, officer, case_id, TAKEN)
    with pytest.raises(WrongStage):
        hand_over(office.db, office.clock, officer, case_id, TAKEN)
    assert len(rows(office, HandOver)) == 1


def test_the_dossier_holds_every_accepted_document_and_the_licence_whole(office: Office) -> None:
    an_application(office, "closed")
    licence, dossier = only(office, Licence), only(office, Dossier)
    data = office.vault.objects[dossier.sha256]
    assert data.endswith(office.vault.objects[licence.sha256])
    text = data.decode("latin-1")
    for words in (
        "Berkas 503/0001/DPMPTSP/SIKRO/2026",
        "Surat permohonan application/pdf",
        "Pas foto",
        "finish_licence",
    ):
        assert words in text
    assert dossier.size == len(data)
