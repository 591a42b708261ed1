"""The nine steps in their order: each act and each task leaves its event, its stage and the work that follows."""

from __future__ import annotations

import json

import pytest
from sqlmodel import col

from models.rules.stages import TASKS, Stage
from models.services import page_images
from models.tables.cases import CompletenessCheck, Event, HolderData, Verification
from models.tables.letters import Blanko, Dossier, Endorsement, HandOver, Letter, Licence, Pile, RegisterEntry
from models.tables.people import Person
from models.tables.work import MailMessage, Outbox
from tests.cases import an_application
from tests.factories import SIGNERS, Office
from tests.models.services.probe import events, kinds, only, rows, undone, work_of
from workers import relay

PASSAGES = [
    ("submit", "draft", "checking"),
    ("finish_check", "checking", "verifying"),
    ("verify", "verifying", "preparing"),
    ("finish_blanko", "preparing", "awaiting_paraf"),
    ("initial", "awaiting_paraf", "applying_paraf"),
    ("finish_paraf", "applying_paraf", "awaiting_paraf"),
    ("initial", "awaiting_paraf", "applying_paraf"),
    ("finish_paraf", "applying_paraf", "awaiting_paraf"),
    ("initial", "awaiting_paraf", "applying_paraf"),
    ("finish_paraf", "applying_paraf", "awaiting_signature"),
    ("sign", "awaiting_signature", "applying_signature"),
    ("finish_signature", "applying_signature", "numbering"),
    ("assign_number", "numbering", "assembling"),
    ("finish_licence", "assembling", "ready"),
    ("hand_over", "ready", "archiving"),
    ("finish_dossier", "archiving", "closed"),
]


def test_every_act_and_task_writes_its_event_with_the_stage_left_and_entered(office: Office) -> None:
    case_id = an_application(office, "closed")
    moved = [event for event in events(office, case_id) if event.stage_from]
    assert [(event.kind, event.stage_from, event.stage_to) for event in moved] == PASSAGES
    assert [event.version for event in moved] == list(range(2, len(PASSAGES) + 2))
    assert [event.at for event in moved] == sorted(event.at for event in moved)


def test_people_are_named_by_id_and_machines_by_system(office: Office) -> None:
    case_id = an_application(office, "closed")
    human = {"submit", "verify", "initial", "sign", "hand_over"}
    for event in events(office, case_id):
        if event.kind in human:
            assert event.actor_id is not None, event.kind
            assert event.actor == ""
        elif event.stage_from:
            assert (event.actor_id, event.actor) == (None, "system"), event.kind
    officers = [event.actor_id for event in events(office, case_id) if event.kind in ("initial", "sign")]
    assert officers == [office.people[name] for name in SIGNERS]


def test_each_commit_that_calls_for_a_task_leaves_one_outbox_row_of_its_version(office: Office) -> None:
    case_id = an_application(office, "closed")
    called = [(TASKS[Stage(to)], i + 2) for i, (_, _, to) in enumerate(PASSAGES) if Stage(to) in TASKS]
    own = work_of(office, case_id)
    assert [(row.task, row.generation) for row in own] == called
    assert all(row.done_at is not None and row.attempts == 1 and row.error == "" for row in own)


@pytest.mark.parametrize("stage", ["verifying", "awaiting_paraf", "awaiting_signature", "ready", "closed"])
def test_no_machine_work_waits_while_a_person_is_next(office: Office, stage: str) -> None:
    case_id = an_application(office, stage)
    assert undone(office, case_id) == []


@pytest.mark.parametrize(("channel", "priority"), [("counter", 3), ("online", 5), ("batch", 7)])
def test_the_counter_goes_before_the_batch(office: Office, channel: str, priority: int) -> None:
    case_id = an_application(office, "checking", channel=channel)
    assert office.case(case_id).priority == priority
    assert [row.priority for row in undone(office, case_id)] == [priority]


def test_a_rush_at_the_intake_holds_back_pictures_of_papers_and_none_of_a_letter(office: Office) -> None:
    case_id = an_application(office, "awaiting_paraf")
    pictures = [row for row in rows(office, Outbox) if row.task == page_images.TASK]
    assert {row.priority for row in pictures if row.subject_id == case_id} == {page_images.SOON}
    assert {row.priority for row in pictures if row.subject_id != case_id} == {relay.LATER}
    assert page_images.SOON < relay.LATER == page_images.LATER


def test_due_work_comes_in_order_of_priority(office: Office) -> None:
    batch = an_application(office, "checking", channel="batch")
    counter = an_application(office, "checking", channel="counter")
    assert [ticket.case_id for ticket in office.due()] == [counter, batch]


def test_the_licence_begins_with_the_blanko_that_all_four_looked_at(office: Office) -> None:
    case_id = an_application(office, "closed")
    blanko = only(office, Blanko, Blanko.application_id == case_id)
    licence = only(office, Licence, Licence.application_id == case_id)
    acts = rows(office, Endorsement, Endorsement.application_id == case_id)
    assert [act.ordinal for act in sorted(acts, key=lambda act: act.ordinal)] == [1, 2, 3, 4]
    assert {act.blanko_sha256 for act in acts} == {blanko.sha256} == {licence.blanko_sha256}
    data = office.vault.objects[licence.sha256]
    assert data.startswith(office.vault.objects[blanko.sha256])
    lines = [line.split(b" ")[0] for line in data.splitlines()]
    assert lines == [b"BLANKO", b"PARAF1", b"PARAF2", b"PARAF3", b"KEPALA", b"FILLED", b"SEGEL"]


def test_each_letter_grows_from_the_one_before(office: Office) -> None:
    case_id = an_application(office, "ready")
    letters = sorted(rows(office, Letter, Letter.application_id == case_id), key=lambda row: row.ordinal)
    parent = only(office, Blanko, Blanko.application_id == case_id).sha256
    for letter in letters:
        assert letter.parent_sha256 == parent
        assert len(office.vault.objects[letter.sha256]) == letter.size
        parent = letter.sha256
    assert len(letters) == 4


def test_one_of_each_is_left_at_the_end(office: Office) -> None:
    case_id = an_application(office, "closed")
    for table in (CompletenessCheck, Verification, RegisterEntry, Licence, HandOver, Dossier):
        assert only(office, table, table.application_id == case_id) is not None
    assert only(office, Licence, Licence.application_id == case_id).status == "valid"
    assert only(office, RegisterEntry, RegisterEntry.application_id == case_id).number == "503/0001/DPMPTSP/SIKRO/2026"


def test_no_personal_value_stands_in_an_event(office: Office) -> None:
    case_id = an_application(office, "closed")
    holder = only(office, HolderData, HolderData.application_id == case_id)
    nik = office.cipher.open(holder.nik_sealed)
    private = [nik, holder.name, holder.address, holder.phone, holder.email, holder.str_number, holder.birth_place]
    private += [holder.workplace_name, holder.workplace_address, holder.birth_date.isoformat(), "Pemohon sendiri"]
    private += [person.name for person in rows(office, Person)]
    trail = rows(office, Event)
    told = [json.dumps(event.model_dump(mode="json", exclude={"actor_id", "application_id"})) for event in trail]
    assert len(told) > len(PASSAGES)
    assert [value for value in private if any(value in line for line in told)] == []


def test_the_nik_is_sealed_at_rest_and_still_found(office: Office) -> None:
    case_id = an_application(office, "verifying")
    holder = only(office, HolderData, HolderData.application_id == case_id)
    nik = office.cipher.open(holder.nik_sealed)
    assert len(nik) == 16
    assert nik.encode() not in holder.nik_sealed
    assert nik.encode() not in holder.nik_blind
    assert holder.nik_tail == nik[-4:]
    assert [
        row.application_id for row in rows(office, HolderData, HolderData.nik_blind == office.cipher.blind(nik))
    ] == [case_id]


def test_no_secret_is_left_when_the_case_is_closed(office: Office) -> None:
    an_application(office, "closed")
    piles = rows(office, Pile)
    assert len(piles) == 4
    assert all(pile.secret is None and pile.wiped_at is not None for pile in piles)


def test_the_applicant_hears_of_it_once_at_each_moment(office: Office) -> None:
    case_id = an_application(office, "closed")
    told = rows(office, MailMessage, col(MailMessage.application_id) == case_id)
    assert sorted(message.kind for message in told) == ["ready", "received", "signed"]
    assert len({message.key for message in told}) == 3


def test_a_definition_is_recorded_when_it_is_loaded(office: Office) -> None:
    loaded = only(office, Event, Event.kind == "definition_loaded")
    assert loaded.application_id is None
    assert loaded.detail is not None
    assert loaded.detail["licence_code"] == "SIKRO"


def test_the_first_events_are_the_draft_and_its_documents(office: Office) -> None:
    case_id = an_application(office, "checking")
    assert kinds(office, case_id)[:2] == ["open_draft", "describe"]
    assert kinds(office, case_id).count("attach") == 8
