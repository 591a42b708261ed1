"""The one place where ports meet adapters, for workers.

Everything is made at its first use, which in a worker is after the fork: no socket, thread or key is shared with the
parent process. Adapters are imported there too, so that a queue's worker carries only what its tasks need.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from models.catalogue import load_office
from models.db import Database
from models.ports import Courier, LetterPress, NikCipher, Scanner, Signer, Unsealer, Vault
from models.rules.errors import DefinitionError
from models.rules.office import Office
from models.rules.working_time import Calendar
from workers.adapters.clock import SystemClock
from workers.settings import Settings

if TYPE_CHECKING:
    from models.services.apply import SigningRoom
    from models.services.archive import Archive
    from models.services.assemble import IssuingRoom
    from models.services.audit import CheckpointBook, Pace
    from models.services.batch_rows import RowRoom
    from models.services.check import Inspector
    from models.services.concept_prints import ConceptDesk
    from models.services.notify import Mailroom
    from models.services.office_calendar import OfficeCalendar
    from models.services.page_images import PictureRoom
    from models.services.receipts import ReceiptDesk
    from models.services.register_book import BookBinder
    from models.services.register_close import ClosingDesk
    from models.services.tell_official import StaffPost
    from models.services.webhook_delivery import PostRoom
    from models.services.webhook_watch import NoticeRoom
    from workers.adapters.letter.key_ring import KeyRing
    from workers.adapters.office_keys import IssuingKeys
    from workers.adapters.register_press import TypstRegisterPress

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
CALENDAR_YEARS = (2022, 2040)


@cache
def settings() -> Settings:
    return Settings()


@cache
def database() -> Database:
    return Database(settings().app_database, pool_size=2, application_name="paraf-worker")


@cache
def clock() -> SystemClock:
    return SystemClock()


@cache
def vault() -> Vault:
    from workers.adapters.vault import open_vault

    return open_vault(settings())


def templates() -> Path:
    return settings().templates_dir or TEMPLATES


@cache
def office() -> Office:
    return load_office(templates() / "office.toml")


@cache
def _office_calendar() -> OfficeCalendar:
    from models.services.office_calendar import OfficeCalendar
    from workers.adapters.holidays_id import closed_days

    return OfficeCalendar(database(), clock(), office().calendar(closed_days(*CALENDAR_YEARS)))


def calendar() -> Calendar:
    """The file's calendar with what admins entered since."""
    return _office_calendar().current()


@cache
def cipher() -> NikCipher:
    from workers.adapters.nik_cipher import AesNikCipher

    return AesNikCipher(_needed(settings().nik_key_file, "NIK_KEY_FILE").read_bytes().strip())


@cache
def scanner() -> Scanner:
    from workers.adapters.scanner import CageScanner

    return CageScanner()


@cache
def picture_room() -> PictureRoom:
    from models.services.page_images import PictureRoom
    from workers.adapters.scanner import CageScanner

    return PictureRoom(vault(), CageScanner())


@cache
def inspector() -> Inspector:
    from models.services.check import Inspector

    return Inspector(vault(), scanner(), cipher(), office().area_code)


@cache
def blanko_press() -> LetterPress:
    """A press that makes blankos; it holds no key and can fill nothing."""
    from workers.adapters.letter.press import TypstPress

    return TypstPress(templates(), settings().public_url, None)


@cache
def _issuing_keys() -> IssuingKeys:
    from workers.adapters.office_keys import load_issuing_keys

    return load_issuing_keys(_needed(settings().office_keys_dir, "OFFICE_KEYS_DIR"))


@cache
def _key_ring() -> KeyRing:
    from workers.adapters.letter.key_ring import KeyRing

    return KeyRing()


@cache
def signer() -> Signer:
    from models.rules.letter import Official
    from workers.adapters.letter.signer import SoftSigner

    keys = _issuing_keys()
    seal = Official(office().name, f"Segel elektronik {office().short_name}")
    return SoftSigner(templates() / "fonts", seal, keys.seal, keys.passphrase, _key_ring())


@cache
def unsealer() -> Unsealer:
    from workers.adapters.sealing import BoxUnsealer, key_from

    return BoxUnsealer(key_from(_needed(settings().unsealing_key_file, "UNSEALING_KEY_FILE")))


@cache
def signing_room() -> SigningRoom:
    from models.services.apply import SigningRoom

    return SigningRoom(vault(), signer(), unsealer(), _key_ring())


@cache
def issuing_room() -> IssuingRoom:
    from models.services.assemble import IssuingRoom
    from workers.adapters.letter.press import TypstPress

    press = TypstPress(templates(), settings().public_url, _issuing_keys().qr)
    return IssuingRoom(vault(), press, signer())


@cache
def archive() -> Archive:
    from models.services.archive import Archive
    from workers.adapters.dossier import TypstDossierPress

    return Archive(vault(), TypstDossierPress(templates()))


@cache
def receipt_desk() -> ReceiptDesk:
    from models.services.receipts import ReceiptDesk
    from workers.adapters.receipt import TypstReceiptPress

    return ReceiptDesk(vault(), TypstReceiptPress(templates()), office(), settings().public_url)


@cache
def concept_desk() -> ConceptDesk:
    from models.services.concept_prints import ConceptDesk
    from workers.adapters.letter.concept import KonsepPress

    return ConceptDesk(vault(), KonsepPress())


def book_binder() -> BookBinder:
    """With the calendar of now."""
    from models.services.register_book import BookBinder

    return BookBinder(vault(), _register_press(), calendar())


@cache
def _register_press() -> TypstRegisterPress:
    from workers.adapters.register_press import TypstRegisterPress

    return TypstRegisterPress(templates())


def closing_desk() -> ClosingDesk:
    """With the calendar of now."""
    from models.services.register_close import ClosingDesk

    return ClosingDesk(vault(), _register_press(), calendar())


@cache
def checkpoint_book() -> CheckpointBook:
    from workers.adapters.checkpoints import CheckpointFile
    from workers.adapters.office_keys import load_audit_key

    key = load_audit_key(_needed(settings().office_keys_dir, "OFFICE_KEYS_DIR"))
    return CheckpointFile(settings().checkpoints_path, key)


@cache
def pace() -> Pace:
    from models.services.audit import Pace

    return Pace(
        timedelta(seconds=settings().checkpoint_seconds), timedelta(minutes=settings().checkpoint_longest_minutes)
    )


@cache
def courier() -> Courier:
    return _courier()


def row_room() -> RowRoom:
    """With the calendar of now."""
    from models.services.batch_rows import RowRoom
    from workers.adapters.text_cipher import AesTextCipher

    secret = _needed(settings().nik_key_file, "NIK_KEY_FILE").read_bytes().strip()
    return RowRoom(vault(), AesTextCipher(secret), cipher(), calendar(), settings().upload_max_bytes)


@cache
def post_room() -> PostRoom:
    from models.services.webhook_delivery import PostRoom
    from workers.adapters.text_cipher import AesTextCipher
    from workers.adapters.webhook_sender import HttpWebhookSender

    secret = _needed(settings().nik_key_file, "NIK_KEY_FILE").read_bytes().strip()
    return PostRoom(HttpWebhookSender(settings().webhook_reach), AesTextCipher(secret))


@cache
def notice_room() -> NoticeRoom:
    from models.services.webhook_watch import NoticeRoom

    return NoticeRoom(_courier(), office().short_name, settings().public_url, settings().alarm_to)


def mailroom() -> Mailroom:
    """With the calendar of now."""
    return replace(_mailroom(), calendar=calendar())


@cache
def _mailroom() -> Mailroom:
    from models.services.notify import Mailroom
    from workers.adapters.mailer import JinjaMailRenderer

    renderer = JinjaMailRenderer(templates() / "mails")
    return Mailroom(_courier(), renderer, office(), calendar(), settings().public_url, _whatsapp())


@cache
def staff_post() -> StaffPost:
    from models.services.tell_official import StaffPost
    from workers.adapters.mailer import JinjaMailRenderer

    return StaffPost(_courier(), JinjaMailRenderer(templates() / "mails"), office(), settings().public_url)


def _courier() -> Courier:
    """SMTP where a server is named; a local office keeps its letters in a folder."""
    from workers.adapters.courier_folder import FolderCourier
    from workers.adapters.courier_smtp import SmtpCourier

    sender, name, url = settings().mail_from, office().short_name, settings().smtp_url
    if url is None:
        return FolderCourier(settings().home / "mail", sender, clock(), sender_name=name)
    return SmtpCourier(url.get_secret_value(), sender, clock(), sender_name=name)


def _whatsapp() -> Courier | None:
    from workers.adapters.courier_whatsapp import WhatsAppCourier

    url, token = settings().whatsapp_url, settings().whatsapp_token
    return WhatsAppCourier(url, token.get_secret_value()) if url and token else None


def _needed(path: Path | None, name: str) -> Path:
    if path is None:
        raise DefinitionError(f"PARAF_{name} is not set for this process; only the process that needs it may have it")
    return path
