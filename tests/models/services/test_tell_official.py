"""What officials are told: one message a pile however often its tasks run, one digest a working day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from models.catalogue import load_office
from models.ports import Message
from models.services.casework import holder_of
from models.services.digest import send_digests, tell_official
from models.services.put_off import put_off
from models.services.sweep import sweep
from models.services.tell_official import SHOWN, TASK, StaffPost
from models.tables.people import Person
from models.tables.work import Outbox, StaffMessage
from tests.cases import an_application, endorse
from tests.factories import HEAD, TEMPLATES, Office, grant
from tests.models.services.probe import rows
from workers.adapters.mailer import JinjaMailRenderer

PUBLIC = "https://izin.example.go.id/"


@dataclass
class Post:
    """The office's post to its own people."""

    office: Office

    def send(self, message_id: UUID) -> bool:
        office, shipped = self.office, load_office(TEMPLATES / "office.toml")
        room = StaffPost(office.courier, JinjaMailRenderer(TEMPLATES / "mails"), shipped, PUBLIC)
        return tell_official(office.db, office.clock, room, office.calendar, message_id, 1)

    def due(self) -> list[UUID]:
        with self.office.db.transaction() as session:
            wanted = select(Outbox.subject_id).where(Outbox.task == TASK, col(Outbox.done_at).is_(None))
            return list(session.exec(wanted.order_by(col(Outbox.id))))

    def sent(self) -> list[Message]:
        """Everything that is due, sent; what went out by it."""
        before = len(self.office.courier.sent)
        for message_id in self.due():
            assert self.send(message_id)
        return self.office.courier.sent[before:]


@pytest.fixture
def post(office: Office) -> Post:
    for username in ("muda", "madya", HEAD):
        give_address(office, username)
    return Post(office)


def give_address(office: Office, username: str, **values: Any) -> None:
    with office.db.transaction() as session:
        person = session.get_one(Person, office.people[username])
        person.email = f"{username}@kantor.example.invalid"
        for name, value in values.items():
            setattr(person, name, value)
        session.add(person)


def numbers(office: Office, *cases: UUID) -> list[str]:
    return [str(office.case(case).registration_number) for case in cases]


def private(office: Office, case: UUID) -> list[str]:
    """What no message to an official may say."""
    with office.db.transaction() as session:
        holder = holder_of(session, case)
    return [office.cipher.open(holder.nik_sealed), holder.name, holder.phone, holder.address]


def test_a_pile_that_is_done_is_told_once_with_its_counts(post: Post) -> None:
    office = post.office
    cases = [an_application(office, "awaiting_paraf") for _ in range(3)]
    pile = endorse(office, "muda", "paraf", *cases).pile_id
    tickets = office.due()
    for ticket in tickets[:-1]:
        office.perform(ticket)
    assert post.due() == [], "one letter is under way"
    for ticket in tickets * 2:
        office.perform(ticket)
    (message,) = post.sent()
    assert (message.to, message.subject) == ("muda@kantor.example.invalid", "Tumpukan selesai: 3 surat diparaf")
    for part in (message.text, message.html):
        assert f"https://izin.example.go.id/tinjau/tumpukan/{pile}" in part
        assert not [word for case in cases for word in private(office, case) if word in part]
    assert not post.send(rows(office, StaffMessage)[0].id)
    sweep(office.db, office.clock, office.calendar)
    assert (post.sent(), len(rows(office, StaffMessage))) == ([], 1)


def test_what_failed_is_named_and_leads_to_its_page(post: Post) -> None:
    office = post.office
    good, bad = an_application(office, "awaiting_signature"), an_application(office, "awaiting_signature")
    pile = endorse(office, HEAD, "signature", good, bad).pile_id
    first, second = office.due()
    office.perform(first)
    office.signer.rewrites = True
    office.perform(second)
    (message,) = post.sent()
    assert message.subject == "Tumpukan selesai: 1 surat ditandatangani, 1 belum"
    right, wrong = numbers(office, first.case_id, second.case_id)
    assert f"- {wrong}: gagal" in message.text
    assert right not in message.text
    assert f"/tinjau/tumpukan/{pile}" in message.html


def test_a_pile_whose_passphrase_ran_out_is_told_as_such(post: Post) -> None:
    office = post.office
    case = an_application(office, "awaiting_paraf")
    endorse(office, "muda", "paraf", case)
    office.clock.advance(minutes=20)
    sweep(office.db, office.clock, office.calendar)
    (message,) = post.sent()
    assert "0 surat diparaf, 1 surat belum" in message.text
    assert f"{numbers(office, case)[0]}: belum sempat dikerjakan" in message.text


def test_no_mail_for_one_letter_that_went_well_nor_for_nobody(post: Post) -> None:
    office = post.office
    case = an_application(office, "awaiting_paraf")
    endorse(office, "muda", "paraf", case)
    office.work()
    endorse(office, "madya", "paraf", case)
    office.work()
    others = [case, an_application(office, "awaiting_paraf", paraf_next=3)]
    endorse(office, "sekretaris", "paraf", *others)
    office.work()
    assert rows(office, StaffMessage) == [], "the secretary has no address"


def test_a_mail_server_that_is_away_is_tried_again_under_the_same_name(post: Post) -> None:
    office = post.office
    endorse(office, "muda", "paraf", *(an_application(office, "awaiting_paraf") for _ in range(2)))
    office.work()
    (message_id,) = post.due()
    office.courier.knob.fail_temporarily()
    assert not post.send(message_id)
    (message,) = post.sent()
    assert message.key == f"pile_done:{rows(office, StaffMessage)[0].pile_id}"
    assert rows(office, StaffMessage)[0].error == ""


def digests(office: Office) -> int:
    return send_digests(office.db, office.clock, office.calendar)


def at(office: Office, day: int, hour: int) -> None:
    """An hour of March 2026 in Pekanbaru."""
    office.clock.set(datetime(2026, 3, day, hour - 7, 5, tzinfo=UTC))


def test_the_digest_says_what_waits_and_what_is_near_its_promise(post: Post) -> None:
    office = post.office
    cases = [an_application(office, "awaiting_paraf") for _ in range(2)]
    at(office, 4, 8)
    assert [digests(office) for _ in range(2)] == [1, 0]
    (message,) = post.sent()
    assert message.subject.startswith("2 surat menunggu Anda")
    assert message.to == "muda@kantor.example.invalid"
    for number in numbers(office, *cases):
        assert f"{number}: dijanjikan Rabu, 4 Maret 2026" in message.text
    assert "https://izin.example.go.id/tinjau\n" in message.text
    assert not [word for case in cases for word in private(office, case) if word in message.text + message.html]
    at(office, 5, 8)
    assert digests(office) == 1
    assert "2 lewat janji" in post.sent()[0].subject


def test_no_digest_before_seven_on_a_free_day_or_without_work(post: Post) -> None:
    office = post.office
    assert digests(office) == 0, "nothing waits"
    an_application(office, "awaiting_paraf")
    at(office, 4, 7)
    office.clock.advance(minutes=-10)
    assert digests(office) == 0, "too early"
    at(office, 8, 9)
    assert digests(office) == 0, "a Sunday"
    at(office, 9, 9)
    assert digests(office) == 1


def test_the_digest_is_written_when_it_is_sent(post: Post) -> None:
    office = post.office
    case = an_application(office, "awaiting_paraf")
    at(office, 3, 8)
    assert digests(office) == 1
    endorse(office, "muda", "paraf", case)
    (message_id,) = post.due()
    assert post.send(message_id)
    assert office.courier.sent == []
    assert [row.error for row in rows(office, StaffMessage)] == ["overtaken"]


def test_put_off_letters_wait_for_their_day_and_mandates_count(post: Post) -> None:
    office = post.office
    case = an_application(office, "awaiting_paraf")
    at(office, 3, 8)
    put_off(office.db, office.clock, office.actor("muda"), case, office.today + timedelta(days=1))
    assert digests(office) == 0
    grant(office, "madya", "ahli_muda", acting="Plh.", decree="800/1/2026")
    assert digests(office) == 1
    assert [message.to for message in post.sent()] == ["madya@kantor.example.invalid"]


def test_a_long_list_ends_with_a_count(post: Post) -> None:
    office = post.office
    for _ in range(SHOWN + 2):
        an_application(office, "awaiting_paraf")
    at(office, 6, 9)
    digests(office)
    (message,) = post.sent()
    assert message.text.count("- REG/") == SHOWN
    assert "- dan 2 surat lain" in message.text
