"""An official sends the blanko back: a new revision, all parafs again, and nothing of the old one counts."""

from __future__ import annotations

from uuid import UUID

import pytest

from models.rules.errors import Forbidden, InvalidInput, StaleVersion, WrongStage
from models.services.inputs import Amendment, ReturnItem
from models.services.send_back import amend, send_back
from models.services.verify import return_to_applicant
from models.tables.cases import HolderData, Verification
from models.tables.letters import Blanko, Endorsement, Letter, SentBack
from tests.cases import an_application, attach_file, drive, endorse, letter_of
from tests.factories import HEAD, INITIALLERS, SIGNERS, Office
from tests.models.services.probe import events, only, rows, standing, undone

REASON = "Nama tempat kerja salah tulis."
NEW_NAME = Amendment(workplace_name="Optik Netra Bening")


def before_turn(office: Office, ordinal: int) -> UUID:
    """A case that waits for the official of that ordinal; the fourth is the head."""
    if ordinal == 4:
        return an_application(office, "awaiting_signature")
    return an_application(office, "awaiting_paraf", paraf_next=ordinal)


@pytest.mark.parametrize("ordinal", [1, 2, 3, 4])
def test_each_official_in_turn_may_send_it_back_and_everyone_acts_again(office: Office, ordinal: int) -> None:
    case_id = before_turn(office, ordinal)
    old = letter_of(office, case_id)
    send_back(office.db, office.clock, office.actor(SIGNERS[ordinal - 1]), case_id, REASON, version=old.version)
    assert standing(office, case_id) == ("amending", old.version + 1, 2, 1)
    assert undone(office, case_id) == []
    assert events(office, case_id)[-1].detail == {"target": "blanko", "from_revision": 1}
    assert only(office, SentBack).reason == REASON
    amend(office.db, office.clock, office.actor("blanko"), case_id, NEW_NAME)
    drive(office, case_id, "ready")
    acts = rows(office, Endorsement)
    assert sorted(act.ordinal for act in acts if act.revision == 1) == list(range(1, ordinal))
    assert sorted(act.ordinal for act in acts if act.revision == 2) == [1, 2, 3, 4]
    assert len(rows(office, Letter)) == ordinal - 1 + 4
    blankos = {row.revision: row for row in rows(office, Blanko)}
    assert blankos[1].sha256 != blankos[2].sha256
    assert blankos[2].facts["workplace"]["name"] == "Optik Netra Bening"
    assert blankos[2].facts["revision"] == 2


@pytest.mark.parametrize("ordinal", [1, 2, 3, 4])
def test_only_whose_turn_it_is_may_send_it_back(office: Office, ordinal: int) -> None:
    case_id = before_turn(office, ordinal)
    before = standing(office, case_id)
    for username in ("loket", "blanko", "pemohon", *SIGNERS):
        if username != SIGNERS[ordinal - 1]:
            with pytest.raises(Forbidden, match="turn"):
                send_back(office.db, office.clock, office.actor(username), case_id, REASON)
    assert standing(office, case_id) == before


def test_the_old_blanko_can_not_be_endorsed_any_more(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf", paraf_next=2)
    old = letter_of(office, case_id)
    send_back(office.db, office.clock, office.actor("madya"), case_id, REASON)
    amend(office.db, office.clock, office.actor("blanko"), case_id, NEW_NAME)
    drive(office, case_id, "awaiting_paraf")
    forged = old.model_copy(update={"version": office.case(case_id).version})
    outcome = endorse(office, "muda", "paraf", forged)
    assert isinstance(outcome.letters[0].error, StaleVersion)
    assert rows(office, Endorsement, Endorsement.revision == 2) == []


def test_a_paraf_of_the_old_revision_is_no_paraf_of_the_new_one(office: Office) -> None:
    case_id = an_application(office, "awaiting_signature")
    send_back(office.db, office.clock, office.actor(HEAD), case_id, REASON)
    amend(office.db, office.clock, office.actor("blanko"), case_id, NEW_NAME)
    drive(office, case_id, "awaiting_paraf")
    assert isinstance(endorse(office, HEAD, "signature", case_id).letters[0].error, WrongStage)
    for username in INITIALLERS:
        assert endorse(office, username, "paraf", case_id).letters[0].error is None
        office.work()
    assert office.case(case_id).stage == "awaiting_signature"


@pytest.mark.parametrize("ordinal", [1, 3, 4])
def test_back_to_verification_needs_a_new_decision_on_the_same_round(office: Office, ordinal: int) -> None:
    case_id = before_turn(office, ordinal)
    pinned = office.case(case_id).sop_id
    send_back(office.db, office.clock, office.actor(SIGNERS[ordinal - 1]), case_id, REASON, "verification")
    case = office.case(case_id)
    assert (case.stage, case.revision, case.round, case.paraf_next) == ("verifying", 2, 1, 1)
    drive(office, case_id, "awaiting_signature")
    assert sorted((row.round, row.revision) for row in rows(office, Verification)) == [(1, 1), (1, 2)]
    assert office.case(case_id).sop_id == pinned


def test_from_verification_it_may_go_back_to_the_applicant(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf", paraf_next=2)
    complete_at = office.case(case_id).complete_at
    send_back(office.db, office.clock, office.actor("madya"), case_id, REASON, "verification")
    item = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [item])
    attach_file(office, case_id, "ktp", "again")
    drive(office, case_id, "ready")
    case = office.case(case_id)
    assert (case.revision, case.round, case.complete_at) == (2, 2, complete_at)


def test_a_reason_is_needed(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    with pytest.raises(InvalidInput) as refused:
        send_back(office.db, office.clock, office.actor("muda"), case_id, "  no  ")
    assert refused.value.faults[0].pointer == "/reason"
    assert office.case(case_id).stage == "awaiting_paraf"


def test_a_double_click_sends_back_once(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    version, muda = office.case(case_id).version, office.actor("muda")
    send_back(office.db, office.clock, muda, case_id, REASON, version=version)
    with pytest.raises(StaleVersion):
        send_back(office.db, office.clock, muda, case_id, REASON, version=version)
    with pytest.raises(WrongStage, match="amending"):
        send_back(office.db, office.clock, muda, case_id, REASON)
    assert office.case(case_id).revision == 2


@pytest.mark.parametrize("stage", ["verifying", "applying_paraf", "numbering", "ready", "closed"])
def test_there_is_no_sending_back_elsewhere(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    with pytest.raises(WrongStage, match=stage):
        send_back(office.db, office.clock, office.actor("muda"), case_id, REASON)


@pytest.mark.parametrize("username", ["loket", "muda", HEAD, "pemohon"])
def test_the_back_office_alone_amends(office: Office, username: str) -> None:
    case_id = an_application(office, "amending")
    with pytest.raises(Forbidden, match="back_office"):
        amend(office.db, office.clock, office.actor(username), case_id, NEW_NAME)
    assert office.case(case_id).stage == "amending"


def test_amending_changes_what_was_given_and_tells_which_never_what(office: Office) -> None:
    case_id = an_application(office, "amending", str_valid_until="2030-01-01")
    was = only(office, HolderData)
    changes = Amendment(name="Marjaya Sanggeni", str_valid_until=None)
    amend(office.db, office.clock, office.actor("blanko"), case_id, changes, office.case(case_id).version)
    now = only(office, HolderData)
    assert (now.name, now.str_valid_until) == ("Marjaya Sanggeni", None)
    assert (now.address, now.nik_sealed, now.workplace_name) == (was.address, was.nik_sealed, was.workplace_name)
    assert events(office, case_id)[-1].detail == {"changed": ["name", "str_valid_until"]}
    assert [row.task for row in undone(office, case_id)] == ["paraf.generate_blanko"]


def test_there_is_nothing_to_amend_elsewhere(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    with pytest.raises(WrongStage):
        amend(office.db, office.clock, office.actor("blanko"), case_id, NEW_NAME)
    with pytest.raises(StaleVersion):
        amend(office.db, office.clock, office.actor("blanko"), case_id, NEW_NAME, 1)


def test_an_old_message_finds_nothing_to_do_in_the_new_revision(office: Office) -> None:
    case_id = an_application(office, "preparing")
    old = office.ticket(case_id)
    drive(office, case_id, "awaiting_paraf")
    send_back(office.db, office.clock, office.actor("muda"), case_id, REASON)
    amend(office.db, office.clock, office.actor("blanko"), case_id, NEW_NAME)
    assert office.perform(old) is False
    assert rows(office, Blanko, Blanko.revision == 2) == []
    assert office.perform(office.ticket(case_id)) is True
