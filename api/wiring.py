"""What the counter works with: ports, database and settings, put together once a process."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from api.scanning import OneThreadJudge, OneThreadScanner
from models.catalogue import load_office
from models.db import Database
from models.ports import Clock, LetterJudge, NikCipher, Scanner, Sealer, SecretHasher, Vault
from models.rules.errors import DefinitionError
from models.rules.working_time import Calendar
from models.services.api_keys import KeyRoom
from models.services.endorse import Desk
from models.services.office_calendar import OfficeCalendar
from models.services.sign_in import SignInRoom
from models.services.webhooks import WebhookRoom
from models.sign_in_ports import SingleSignOn, TextCipher
from workers.adapters.clock import SystemClock
from workers.adapters.hashing import Argon2Hasher
from workers.adapters.holidays_id import closed_days
from workers.adapters.letter_judge import CageLetterJudge
from workers.adapters.nik_cipher import AesNikCipher
from workers.adapters.oidc import open_single_sign_on
from workers.adapters.passkeys import WebauthnPasskeys
from workers.adapters.scanner import CageScanner
from workers.adapters.sealing import BoxSealer, key_from
from workers.adapters.text_cipher import AesTextCipher
from workers.adapters.totp import TotpCodes
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault
from workers.settings import Settings

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
CALENDAR_YEARS = (2022, 2040)


@dataclass(frozen=True, slots=True)
class ApiOffice:
    """The office as the counter sees it. `scanner` None: a locked PDF is only found by the check.

    `judge` None: an uploaded letter is compared by its hash alone. `single_sign_on` None: passwords and passkeys only.
    """

    db: Database
    clock: Clock
    vault: Vault
    sealer: Sealer
    hasher: SecretHasher
    cipher: NikCipher
    usual_calendar: Calendar
    settings: Settings
    sign_in_room: SignInRoom
    scanner: Scanner | None = None
    judge: LetterJudge | None = None
    single_sign_on: SingleSignOn | None = None
    dummy_hash: str = field(default="", repr=False)
    days: OfficeCalendar = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", OfficeCalendar(self.db, self.clock, self.usual_calendar))
        # What a password is held against when nobody has that name: it takes as long, and never fits.
        object.__setattr__(self, "dummy_hash", self.hasher.hash(secrets.token_urlsafe(16)))

    @property
    def desk(self) -> Desk:
        """What an official's act needs."""
        lifetime = timedelta(minutes=self.settings.sealed_secret_minutes)
        return Desk(self.db, self.clock, self.sealer, self.hasher, lifetime)

    @property
    def answer_cipher(self) -> TextCipher:
        """Keeps remembered answers and signing secrets of keys unreadable at rest."""
        return self.sign_in_room.cipher

    @property
    def key_room(self) -> KeyRoom:
        """What making and ending keys of other systems needs."""
        environment = "live" if self.settings.environment == "production" else "test"
        return KeyRoom(self.db, self.clock, self.answer_cipher, environment)

    @property
    def webhook_room(self) -> WebhookRoom:
        """What endpoints of other systems need."""
        return WebhookRoom(self.db, self.clock, self.answer_cipher, self.settings.webhook_reach)

    @property
    def calendar(self) -> Calendar:
        """The office's working time with what admins entered."""
        return self.days.current()

    @property
    def https(self) -> bool:
        """Whether people reach the office over TLS; cookies and HSTS follow it."""
        return self.settings.environment == "production" or self.settings.public_url.startswith("https://")

    def close(self) -> None:
        """Let connections and the cage go; a later use opens them again."""
        self.db.dispose()
        for held in (self.scanner, self.judge):
            if isinstance(held, OneThreadScanner | OneThreadJudge):
                held.close()


def open_office(settings: Settings) -> ApiOffice:
    """The real office. Raises DefinitionError when a setting that the counter needs is missing.

    `workers.wiring` is not used: it knows every adapter, and the counter holds neither PDF libraries nor keys to sign.
    """
    templates = settings.templates_dir or TEMPLATES
    office = load_office(templates / "office.toml")
    db = Database(settings.app_database, pool_size=settings.database_pool_size, application_name="paraf-api")
    secret = _needed(settings.nik_key_file, "NIK_KEY_FILE").read_bytes().strip()
    clock, hasher = SystemClock(), Argon2Hasher()
    return ApiOffice(
        db=db,
        clock=clock,
        vault=open_vault(settings),
        sealer=BoxSealer(key_from(_needed(settings.sealing_key_file, "SEALING_KEY_FILE"))),
        hasher=hasher,
        cipher=AesNikCipher(secret),
        usual_calendar=office.calendar(closed_days(*CALENDAR_YEARS)),
        settings=settings,
        sign_in_room=sign_in_room(db, clock, hasher, secret, settings.public_url, office.short_name),
        scanner=OneThreadScanner(CageScanner()),
        judge=OneThreadJudge(CageLetterJudge(load_trust(settings.home / "trust"))),
        single_sign_on=open_single_sign_on(settings),
    )


def sign_in_room(
    db: Database, clock: Clock, hasher: SecretHasher, secret: bytes, public_url: str, office: str
) -> SignInRoom:
    """Second factors and passkeys of an office at this address; `secret` is the one that keeps NIKs."""
    passkeys = WebauthnPasskeys(public_url, office)
    return SignInRoom(db, clock, hasher, AesTextCipher(secret), TotpCodes(), passkeys, office)


def _needed(path: Path | None, name: str) -> Path:
    if path is None:
        raise DefinitionError(f"PARAF_{name} is not set: the counter can not keep secrets without it")
    return path
