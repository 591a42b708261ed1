"""The receipt of a submission: its facts, its two sizes, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from models.catalogue import load_office
from models.ports import ReceiptFacts, ReceiptSize
from models.rules.errors import NotFound
from models.services.casework import holder_of
from models.services.receipts import SIZES, TASK, ReceiptDesk, make_receipt, receipt_sha256
from models.services.submit import submit
from models.tables.cases import Event
from models.tables.work import Outbox, ReceiptFile
from tests.cases import an_application, attach_file, drive
from tests.factories import TEMPLATES, Office
from tests.fakes import Knob


@dataclass
class KeepingPress:
    """A receipt as a line of text; keeps the facts it was given."""

    knob: Knob = field(default_factory=Knob)
    seen: list[ReceiptFacts] = field(default_factory=list)

    def receipt(self, facts: ReceiptFacts, size: ReceiptSize) -> bytes:
        self.knob.turn()
        self.seen.append(facts)
        return f"{size} {facts}".encode()


@dataclass
class Counter:
    """The receipt desk of an office."""

    office: Office
    press: KeepingPress = field(default_factory=KeepingPress)

    def make(self, case_id: UUID, round_: int = 1) -> bool:
        shipped = load_office(TEMPLATES / "office.toml")
        desk = ReceiptDesk(self.office.vault, self.press, shipped, "https://izin.example.go.id")
        return make_receipt(self.office.db, self.office.clock, desk, case_id, round_)

    def rows(self) -> list[ReceiptFile]:
        with self.office.db.transaction() as session:
            return list(session.exec(select(ReceiptFile)))

    def jobs(self) -> list[Outbox]:
        with self.office.db.transaction() as session:
            return list(session.exec(select(Outbox).where(Outbox.task == TASK)))

    def sha256(self, case_id: UUID, size: ReceiptSize = "a5", round_: int | None = None) -> str:
        with self.office.db.transaction() as session:
            return receipt_sha256(session, case_id, size, round_)


@pytest.fixture
def counter(office: Office) -> Counter:
    return Counter(office)


def hand_in_again(office: Office, case_id: UUID) -> None:
    office.clock.advance(days=1)
    attach_file(office, case_id, "ktp", "lebih jelas")
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)


def test_a_submission_asks_for_its_receipt(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    (job,) = counter.jobs()
    assert (job.subject_id, job.generation, job.queue, job.done_at) == (case_id, 1, "letters", None)


def test_both_sizes_are_stored_and_noted(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    assert counter.make(case_id)
    assert {row.size for row in counter.rows()} == set(SIZES)
    for size in SIZES:
        assert office.vault.get(counter.sha256(case_id, size)).startswith(size.encode())
    with office.db.transaction() as session:
        event = session.exec(select(Event).where(Event.kind == "make_receipt")).one()
    stored = {size: counter.sha256(case_id, size) for size in SIZES}
    assert event.detail == {"round": 1, "sha256": stored}


def test_it_says_what_was_handed_in_and_what_is_promised(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    counter.make(case_id)
    facts, case = counter.press.seen[0], office.case(case_id)
    with office.db.transaction() as session:
        holder = holder_of(session, case_id)
    assert facts.applicant == holder.name
    assert facts.registration_number == case.registration_number
    assert facts.received == "Senin, 2 Maret 2026 pukul 09.01 WIB"
    assert facts.promised == "Rabu, 4 Maret 2026 pukul 09.01 WIB"
    assert facts.received_on == office.today
    labels = [label for label, _ in facts.items]
    assert labels[:2] == ["Surat permohonan", "KTP"]
    assert "Pas foto berwarna 4x6, latar merah" in labels
    assert facts.follow_url == "https://izin.example.go.id/lacak"
    assert facts.qr_url.startswith("https://izin.example.go.id/lacak?nomor=")
    assert "/" not in facts.qr_url.partition("nomor=")[2], "the number's slashes are quoted"
    assert dict(facts.contact)["Surel"] == "dpmptsp@pekanbaru.go.id"


def test_no_private_value_is_among_its_facts(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    counter.make(case_id)
    with office.db.transaction() as session:
        holder = holder_of(session, case_id)
    whole = str(counter.press.seen[0])
    assert office.cipher.open(holder.nik_sealed) not in whole
    assert holder.phone not in whole
    assert holder.address not in whole


def test_made_twice_is_made_once(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    assert counter.make(case_id)
    office.clock.advance(minutes=1)
    assert not counter.make(case_id)
    assert len(counter.rows()) == len(SIZES)
    assert counter.press.knob.calls == len(SIZES)


def test_two_deliveries_at_once_leave_one_receipt_of_a_size(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    counter.press.knob.before = lambda: _made(counter.make, case_id)
    counter.make(case_id)
    assert sorted(row.size for row in counter.rows()) == sorted(SIZES)
    with office.db.transaction() as session:
        assert len(session.exec(select(Event).where(Event.kind == "make_receipt")).all()) == 1


def _made(make: Callable[[UUID], bool], case_id: UUID) -> None:
    assert make(case_id)


def test_a_press_that_fails_is_tried_again(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    counter.press.knob.fail_temporarily()
    assert not counter.make(case_id)
    assert counter.rows() == []
    assert counter.make(case_id)
    assert len(counter.rows()) == len(SIZES)


def test_each_round_has_its_own_receipt(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "returned")
    counter.make(case_id, 1)
    hand_in_again(office, case_id)
    assert counter.make(case_id, 2)
    first, second = counter.sha256(case_id, round_=1), counter.sha256(case_id, round_=2)
    assert first != second
    assert counter.sha256(case_id) == second, "without a round the newest counts"
    assert counter.press.seen[-1].received.startswith("Selasa, 3 Maret 2026")
    assert counter.press.seen[-1].round == 2


def test_a_late_receipt_tells_of_its_own_round(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "returned")
    attach_file(office, case_id, "npwp")
    hand_in_again(office, case_id)
    counter.make(case_id, 1)
    counter.make(case_id, 2)
    first, second = (dict(facts.items) for facts in counter.press.seen[:: len(SIZES)])
    assert "NPWP" not in first
    assert second["NPWP"] == 1
    assert first["KTP"] == second["KTP"] == 1
    assert counter.press.seen[0].received.startswith("Senin, 2 Maret 2026")


def test_a_forged_round_makes_nothing(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    assert not counter.make(case_id, 7)
    assert counter.rows() == []


def test_before_it_is_made_there_is_none(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "checking")
    with pytest.raises(NotFound):
        counter.sha256(case_id)


def test_receipts_do_not_hold_the_case_up(office: Office, counter: Counter) -> None:
    case_id = an_application(office, "closed")
    assert counter.make(case_id)
    assert office.case(case_id).stage == "closed"


@pytest.mark.parametrize("statement", ["UPDATE receipt SET sha256 = 'x'", "DELETE FROM receipt"])
def test_a_receipt_does_not_change(office: Office, counter: Counter, statement: str) -> None:
    counter.make(drive(office, an_application(office), "checking"))
    with pytest.raises(DBAPIError), office.db.transaction() as session:
        session.connection().execute(text(statement))
    assert len(counter.rows()) == len(SIZES)
