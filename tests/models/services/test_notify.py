"""Messages at the moments that matter: one an event, with the case's facts and nothing private."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlmodel import select

from models.catalogue import LicenceDefinition, load_office
from models.ports import Message, MessageFacts
from models.rules.masking import mask_nik
from models.rules.sop import Requirement
from models.services.casework import holder_of
from models.services.definitions import load_definitions
from models.services.inputs import ReturnItem
from models.services.notify import CLAIM, TASK, Mailroom, contact_lines, send_message
from models.services.rule_news import tell_rule_changes
from models.services.submit import submit
from models.services.verify import return_to_applicant, verify
from models.tables.cases import Event
from models.tables.work import MailMessage, Outbox
from tests.cases import a_draft, an_application, attach_file, drive
from tests.factories import TEMPLATES, Office, sikro_definition
from tests.fakes import FakeCourier
from workers.adapters.mailer import JinjaMailRenderer

PUBLIC = "https://izin.example.go.id/"


@dataclass
class KeepingRenderer:
    """The real words, and the facts that went into them."""

    inner: JinjaMailRenderer = field(default_factory=lambda: JinjaMailRenderer(TEMPLATES / "mails"))
    seen: list[MessageFacts] = field(default_factory=list)

    def render(self, facts: MessageFacts) -> tuple[str, str, str]:
        self.seen.append(facts)
        return self.inner.render(facts)


@dataclass
class Post:
    """The mail room of an office."""

    office: Office
    renderer: KeepingRenderer = field(default_factory=KeepingRenderer)
    whatsapp: FakeCourier | None = None

    @property
    def room(self) -> Mailroom:
        shipped = load_office(TEMPLATES / "office.toml")
        office = self.office
        return Mailroom(office.courier, self.renderer, shipped, office.calendar, PUBLIC, self.whatsapp)

    def send(self, message_id: UUID) -> bool:
        return send_message(self.office.db, self.office.clock, self.room, message_id, 1)

    def messages(self, kind: str | None = None) -> list[MailMessage]:
        with self.office.db.transaction() as session:
            rows = session.exec(select(MailMessage).order_by(MailMessage.created_at))  # type: ignore[arg-type]
            return [row for row in rows if kind in {None, row.kind}]

    def the(self, kind: str) -> MailMessage:
        (message,) = self.messages(kind)
        return message

    def sent(self, kind: str) -> Message:
        assert self.send(self.the(kind).id)
        return self.office.courier.sent[-1]

    def outbox(self, message_id: UUID) -> Outbox:
        with self.office.db.transaction() as session:
            return session.exec(select(Outbox).where(Outbox.subject_id == message_id, Outbox.task == TASK)).one()


@pytest.fixture
def post(office: Office) -> Post:
    return Post(office)


def private_values(office: Office, case_id: UUID) -> list[str]:
    with office.db.transaction() as session:
        holder = holder_of(session, case_id)
        return [office.cipher.open(holder.nik_sealed), holder.phone, holder.address]


def test_a_submission_is_confirmed_with_its_promise(office: Office, post: Post) -> None:
    case_id = an_application(office, "checking")
    message = post.sent("received")
    case = office.case(case_id)
    with office.db.transaction() as session:
        holder = holder_of(session, case_id)
    assert message.to == holder.email
    assert case.registration_number is not None
    for words in (case.registration_number, holder.name, "Rabu, 4 Maret 2026 pukul 09.", "WIB"):
        assert words in message.text
        assert words in message.html
    assert "https://izin.example.go.id/lacak" in message.text


def test_each_moment_on_the_straight_road_has_one_message(office: Office, post: Post) -> None:
    an_application(office, "closed")
    for message in post.messages():
        assert post.send(message.id)
        assert not post.send(message.id)
    assert [message.kind for message in post.messages()] == ["received", "signed", "ready"]
    assert len(office.courier.sent) == 3
    assert len({message.key for message in office.courier.sent}) == 3


def test_no_message_holds_nik_phone_or_address(office: Office, post: Post) -> None:
    cases = [an_application(office, stage) for stage in ("closed", "returned", "lapsed", "rejected")]
    for message in post.messages():
        assert post.send(message.id)
    kinds = {message.kind for message in post.messages()}
    assert kinds == {"received", "returned", "signed", "ready", "lapsed", "rejected"}
    secrets = [value for case_id in cases for value in private_values(office, case_id)]
    assert all(len(value) > 5 for value in secrets)
    for mail in office.courier.sent:
        whole = f"{mail.subject}\n{mail.text}\n{mail.html}\n{mail.key}"
        assert [secret for secret in secrets if secret in whole] == []


def test_rules_that_change_are_told_in_their_own_words(office: Office, post: Post) -> None:
    case_id = an_application(office, "returned")
    ask_for_a_card(office)
    assert tell_rule_changes(office.db, office.clock) == 1
    mail = post.sent("rules_changed")
    for part in (mail.text, mail.html):
        assert "Kartu BPJS sekarang diminta. Unggah dokumen ini sebelum mengirim. Unggah kartunya." in part
    whole = f"{mail.subject}\n{mail.text}\n{mail.html}\n{mail.key}"
    assert [secret for secret in private_values(office, case_id) if secret in whole] == []


def test_news_that_a_complete_berkas_overtook_is_not_sent(office: Office, post: Post) -> None:
    case_id = an_application(office, "verifying")
    ask_for_a_card(office)
    tell_rule_changes(office.db, office.clock)
    verify(office.db, office.clock, office.actor("loket"), case_id, overrides={"bpjs": "dilihat di loket"})
    assert post.send(post.the("rules_changed").id)
    assert post.the("rules_changed").error == "overtaken"
    assert office.courier.sent == []


def ask_for_a_card(office: Office) -> None:
    """A version of the rules, in force from today, that asks for one document more."""
    card = Requirement(code="bpjs", label="Kartu BPJS", need="mandatory", hint="Unggah kartunya.")
    shipped = sikro_definition()
    values = {"version": "2026.9", "effective_on": office.today, "requirements": (*shipped.sop.requirements, card)}
    newer = LicenceDefinition(shipped.sop.model_copy(update=values), shipped.wording, shipped.layout, "9" * 64)
    load_definitions(office.db, office.clock, [newer])


def test_a_return_says_what_to_mend_by_when(office: Office, post: Post) -> None:
    case_id = an_application(office, "verifying")
    nik = private_values(office, case_id)[0]
    items = [
        ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca", note=f"Yang tertulis {nik} tidak jelas."),
        ReturnItem(requirement="pas_foto", note="Latarnya biru."),
        ReturnItem(requirement="data", note="Nama tempat kerja belum lengkap."),
    ]
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, items)
    text = post.sent("returned").text
    for words in ("KTP tidak terbaca.", "Pas foto", "Latarnya biru.", "Data permohonan", "Nama tempat kerja belum"):
        assert words in text
    assert nik not in text
    assert mask_nik(nik) in text, "an officer's slip is masked, not sent"
    # Fourteen working days after Monday 2 March 2026; the 17th is a holiday.
    assert post.renderer.seen[-1].mend_until == "23 Maret 2026"


def test_a_second_return_names_only_its_own_points(office: Office, post: Post) -> None:
    case_id = an_application(office, "returned")
    office.clock.advance(hours=1)
    attach_file(office, case_id, "ktp", "lebih jelas")
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    drive(office, case_id, "verifying")
    second = ReturnItem(requirement="ijazah", reason="ijazah_belum_legalisasi")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [second])
    first, again = post.messages("returned")
    post.send(again.id)
    post.send(first.id)
    assert [[label for label, _ in facts.deficiencies] for facts in post.renderer.seen] == [
        ["Ijazah terakhir, dilegalisasi"],
        ["KTP"],
    ]


def test_a_rejection_carries_the_officers_reason(office: Office, post: Post) -> None:
    an_application(office, "rejected")
    assert "Pemohon bukan refraksionis optisien." in post.sent("rejected").text


def test_a_sent_message_is_noted_without_its_words(office: Office, post: Post) -> None:
    case_id = an_application(office, "checking")
    post.sent("received")
    with office.db.transaction() as session:
        event = session.exec(select(Event).where(Event.kind == "message_sent")).one()
    assert event.application_id == case_id
    assert event.detail == {"message": "received"}
    assert post.the("received").sent_at == office.clock.now()


def test_two_deliveries_at_once_send_one_message(office: Office, post: Post) -> None:
    an_application(office, "checking")
    message = post.the("received")
    inner: list[bool] = []
    office.courier.knob.before = lambda: inner.append(post.send(message.id))
    post.send(message.id)
    assert inner == [False]
    assert len(office.courier.sent) == 1
    assert post.the("received").sent_at is not None
    office.clock.advance(minutes=10)
    post.send(message.id)
    assert len(office.courier.sent) == 1


def test_a_sender_that_died_is_replaced_after_a_while(office: Office, post: Post) -> None:
    an_application(office, "checking")
    message = post.the("received")
    office.courier.knob.fail_with(KeyboardInterrupt())  # type: ignore[arg-type]  # a killed process
    with pytest.raises(KeyboardInterrupt):
        post.send(message.id)
    assert not post.send(message.id), "it may still be sending"
    office.clock.advance(seconds=CLAIM.total_seconds())
    assert post.send(message.id)
    assert len(office.courier.sent) == 1


def test_a_mail_server_that_is_away_is_tried_again(office: Office, post: Post) -> None:
    an_application(office, "checking")
    message = post.the("received")
    office.courier.knob.fail_temporarily()
    assert not post.send(message.id)
    assert post.the("received").error == "the machine is busy"
    assert post.outbox(message.id).done_at is None
    office.clock.set(post.outbox(message.id).due_at)
    assert post.send(message.id)
    assert post.the("received").error == ""
    assert len(office.courier.sent) == 1


def test_a_refused_address_ends_it_and_holds_nothing_up(office: Office, post: Post) -> None:
    case_id = an_application(office, "checking")
    message = post.the("received")
    office.courier.knob.fail_permanently(message="SMTP 550: the address is refused.")
    assert not post.send(message.id)
    assert post.outbox(message.id).done_at is not None
    assert "550" in post.the("received").error
    assert post.the("received").sent_at is None
    drive(office, case_id, "verifying")


def test_a_faulty_template_sends_nothing(office: Office, post: Post, tmp_path_factory: pytest.TempPathFactory) -> None:
    an_application(office, "checking")
    post.renderer.inner = JinjaMailRenderer(tmp_path_factory.mktemp("mails"))
    assert not post.send(post.the("received").id)
    assert office.courier.sent == []
    assert "received.txt" in post.the("received").error


def test_who_has_only_a_phone_is_written_to_by_whatsapp(office: Office, post: Post) -> None:
    post.whatsapp = FakeCourier()
    an_application(office, "checking", email="", phone="0812 3456 789")
    assert post.send(post.the("received").id)
    assert [message.to for message in post.whatsapp.sent] == ["0812 3456 789"]
    assert office.courier.sent == []


def test_whatsapp_is_off_unless_it_is_given(office: Office, post: Post) -> None:
    an_application(office, "checking", email="", phone="0812 3456 789")
    message = post.the("received")
    assert post.send(message.id)
    assert office.courier.sent == []
    assert post.the("received").error == "no address"
    assert post.outbox(message.id).done_at is not None


def test_who_gave_an_address_gets_mail_even_when_whatsapp_is_on(office: Office, post: Post) -> None:
    post.whatsapp = FakeCourier()
    an_application(office, "checking")
    post.sent("received")
    assert len(office.courier.sent) == 1
    assert post.whatsapp.sent == []


def test_without_any_way_there_is_no_message(office: Office, post: Post) -> None:
    case_id = a_draft(office, email="", phone="")
    drive(office, case_id, "checking")
    assert post.messages() == []


def test_ways_to_reach_the_office_that_are_empty_are_left_out() -> None:
    shipped = load_office(TEMPLATES / "office.toml")
    lines = dict(contact_lines(shipped))
    assert "Telepon" not in lines
    assert lines["Surel"] == shipped.contact.email
