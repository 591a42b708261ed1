"""E-mail over real sockets: what goes over the line, and which refusals may be tried again."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from models.ports import Message
from models.rules.errors import DefinitionError, PermanentFailure, TemporaryFailure
from tests.fakes import FakeClock
from tests.workers.mail.conftest import SENDER
from tests.workers.mail.smtpd import MailServer, serving
from workers.adapters.courier_letter import message_id
from workers.adapters.courier_smtp import SmtpCourier, SmtpServer


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving(MailServer()) as running:
        yield running


def courier(server: MailServer, scheme: str = "smtp", user: str = "", **options: ssl.SSLContext) -> SmtpCourier:
    url = f"{scheme}://{user}127.0.0.1:{server.port}"
    return SmtpCourier(url, SENDER, FakeClock(), sender_name="DPMPTSP Kota Contoh", timeout=5, **options)


def only_mail(server: MailServer) -> EmailMessage:
    (mail,) = server.mails
    found = message_from_bytes(mail, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def test_a_message_arrives_with_both_parts(server: MailServer, message: Message) -> None:
    courier(server).send(message)
    mail = only_mail(server)
    assert mail["To"] == "rani@example.org"
    assert mail["From"] == f"DPMPTSP Kota Contoh <{SENDER}>"
    assert mail["Subject"] == message.subject
    assert mail["Date"] == "Mon, 02 Mar 2026 02:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert body(mail, "plain") == message.text
    assert body(mail, "html").strip() == message.html


def test_the_same_message_keeps_its_identity(server: MailServer, message: Message) -> None:
    courier(server).send(message)
    courier(server).send(message)
    first, second = (message_from_bytes(mail)["Message-ID"] for mail in server.mails)
    assert first == second == message_id(message.key, SENDER)
    assert first.endswith("@kantor.example.go.id>")
    assert message.key not in first
    assert message_id("0198:received:2:1", SENDER) != first


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [(421, TemporaryFailure), (451, TemporaryFailure), (550, PermanentFailure), (554, PermanentFailure)],
)
def test_the_servers_code_says_whether_to_try_again(
    server: MailServer, message: Message, verb: str, code: int, kind: type[Exception]
) -> None:
    server.answers[verb] = f"{code} not rani@example.org"
    with pytest.raises(kind) as refusal:
        courier(server).send(message)
    assert server.mails == []
    assert str(code) in str(refusal.value)
    assert "rani" not in str(refusal.value), "the server's words name the person"


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "DATA", "END"])
def test_a_server_that_hangs_up_may_come_back(server: MailServer, message: Message, verb: str) -> None:
    server.answers[verb] = ""
    with pytest.raises(TemporaryFailure):
        courier(server).send(message)


def test_a_bad_farewell_does_not_unsend(server: MailServer, message: Message) -> None:
    server.answers["QUIT"] = "500 what?"
    courier(server).send(message)
    assert len(server.mails) == 1


def test_nobody_at_home_is_temporary(message: Message) -> None:
    with serving(MailServer()) as gone:
        away = courier(gone)
    with pytest.raises(TemporaryFailure, match="can not be used"):
        away.send(message)


def test_a_wrong_password_waits_for_the_office(server: MailServer, message: Message) -> None:
    server.answers["AUTH"] = "535 no"
    with pytest.raises(TemporaryFailure, match="535"):
        courier(server, user="kantor:salah@").send(message)


def test_starttls_comes_before_the_password(
    message: Message, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with serving(MailServer(server_tls)) as server:
        courier(server, "smtp+starttls", "kantor:r%40hasia@", context=trusting).send(message)
    assert server.encrypted == [True]
    assert server.logins == [("kantor", "r@hasia")]
    assert server.verbs.index("STARTTLS") < server.verbs.index("AUTH")


def test_smtps_is_encrypted_from_the_first_byte(
    message: Message, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with serving(MailServer(server_tls, implicit=True)) as server:
        courier(server, "smtps", "kantor:rahasia@", context=trusting).send(message)
    assert server.encrypted == [True]
    assert server.logins == [("kantor", "rahasia")]


@pytest.mark.parametrize(("scheme", "implicit"), [("smtp+starttls", False), ("smtps", True)])
def test_a_stranger_with_a_certificate_gets_nothing(
    message: Message, server_tls: ssl.SSLContext, scheme: str, implicit: bool
) -> None:
    with serving(MailServer(server_tls, implicit)) as server, pytest.raises(TemporaryFailure):
        courier(server, scheme, "kantor:rahasia@").send(message)
    assert server.logins == []
    assert server.mails == []


def test_a_server_without_starttls_gets_no_password(server: MailServer, message: Message) -> None:
    with pytest.raises(TemporaryFailure):
        courier(server, "smtp+starttls", "kantor:rahasia@").send(message)
    assert server.logins == []


def test_an_address_that_is_none_is_permanent(server: MailServer, message: Message) -> None:
    broken = Message("bukan alamat\r\nBcc: x@example.org", message.subject, message.text, message.html, message.key)
    with pytest.raises(PermanentFailure, match="address"):
        courier(server).send(broken)
    assert server.verbs == []


def test_letters_beyond_ascii_need_a_server_that_takes_them(server: MailServer, message: Message) -> None:
    with pytest.raises(PermanentFailure, match="ASCII"):
        courier(server).send(Message("rani@contóh.example.org", "x", "x\n", "x", "k"))


@pytest.mark.parametrize(
    ("url", "port"),
    [("smtp://mail.example.org", 25), ("smtp+starttls://mail.example.org", 587), ("smtps://mail.example.org", 465)],
)
def test_each_scheme_has_its_port(url: str, port: int) -> None:
    assert SmtpServer.of(url).port == port


@pytest.mark.parametrize(
    "url",
    [
        *("http://mail.example.org", "smtp://", "mail.example.org", "smtps://u:sangatrahasia@host:port"),
        "smtp://user:sangatrahasia@mail.example.org",
    ],
)
def test_a_url_that_can_not_serve_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        SmtpServer.of(url)
    assert "sangatrahasia" not in str(refusal.value)


def test_a_password_is_in_no_repr() -> None:
    assert "sangatrahasia" not in repr(SmtpServer.of("smtps://kantor:sangatrahasia@mail.example.org"))
