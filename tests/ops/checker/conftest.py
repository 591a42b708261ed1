"""One office with the real letter chain and a case at every stage, built once and copied for each corruption."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from PIL import Image
from sqlalchemy.engine import make_url

from models.db import Database
from models.ports import Inspection
from models.rules.letter import Official
from models.rules.stages import Stage
from models.services.apply import key_context
from models.services.inputs import Amendment
from models.services.send_back import amend
from models.services.void import void_number
from models.tables.people import SigningKey
from ops.checker.check import check
from ops.checker.report import CheckReport
from ops.embedded_postgres import plain
from ops.samples.pdf import TextLine, typed
from ops.samples.people import OFFICE_PEOPLE
from tests.cases import an_application, drive
from tests.conftest import TestServers
from tests.factories import SIGNERS, TEMPLATES, Office, an_office, passphrase_of
from tests.fakes import FakeScanner
from workers.adapters.dossier import TypstDossierPress
from workers.adapters.letter import office_ca
from workers.adapters.letter.press import TypstPress
from workers.adapters.letter.signer import SoftSigner

SEAL_PASSPHRASE = "segel-uji"


def _photo() -> bytes:
    target = BytesIO()
    Image.new("RGB", (400, 600), (190, 20, 30)).save(target, "JPEG")
    return target.getvalue()


class CleaningScanner(FakeScanner):
    """Gives officials a small readable file in place of every upload, since a dossier binds real pages only."""

    def __init__(self) -> None:
        super().__init__()
        self._clean = {
            "application/pdf": typed([TextLine(72, 700, "Berkas contoh", 12)]),
            "image/jpeg": _photo(),
        }

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        found = super().inspect(data, name, profile)
        return Inspection("convert", found.media_type, 1, (), self._clean[found.media_type], found.media_type)


def with_real_letters(office: Office) -> bytes:
    """Let the office print and sign as in production; returns the authority's certificate (PEM)."""
    at = office.clock.now()
    ca = office_ca.make_ca("Kantor Uji", at)
    seal = Official("Kantor Uji", "Segel elektronik")
    office.press = TypstPress(TEMPLATES, "https://izin.example.go.id", office_ca.make_qr_key())  # type: ignore[assignment]
    office.signer = SoftSigner(  # type: ignore[assignment]
        TEMPLATES / "fonts", seal, office_ca.issue(ca, seal, "Kantor Uji", SEAL_PASSPHRASE, at), SEAL_PASSPHRASE
    )
    office.dossiers = TypstDossierPress(TEMPLATES)  # type: ignore[assignment]
    office.scanner = CleaningScanner()
    office.clock.advance(minutes=1)
    for one in OFFICE_PEOPLE:
        if one.username in SIGNERS:
            official = Official(one.name, one.title, one.rank, one.nip)
            _add_real_key(
                office, one.username, office_ca.issue(ca, official, "Kantor Uji", passphrase_of(one.username), at)
            )
    return ca.certificate_pem


def _add_real_key(office: Office, username: str, material: bytes) -> None:
    person_id = office.people[username]
    with office.db.transaction() as session:
        session.add(
            SigningKey(
                person_id=person_id,
                material=office.sealer.seal(material.hex(), key_context(person_id)),
                passphrase_hash=office.hasher.hash(passphrase_of(username)),
                not_after=office.clock.now().replace(year=office.clock.now().year + 2),
                created_at=office.clock.now(),
            )
        )


def _sent_back(office: Office) -> UUID:
    case_id = an_application(office, "amending")
    amend(office.db, office.clock, office.actor("blanko"), case_id, Amendment(workplace_name="Optik Terang"))
    return drive(office, case_id, "closed")


def _renumbered(office: Office) -> UUID:
    case_id = an_application(office, "ready")
    void_number(office.db, office.clock, office.actor("blanko"), case_id, "Nomor salah cetak")
    amend(office.db, office.clock, office.actor("blanko"), case_id, Amendment())
    return drive(office, case_id, "ready")


# A sealed passphrase lasts minutes: where one is waiting comes last, and the days that let a berkas lapse pass first.
_LAST = (Stage.APPLYING_PARAF, Stage.APPLYING_SIGNATURE)
_FIRST = (Stage.LAPSED,)


def populate(office: Office) -> None:
    """A case at every stage, one that was sent back, one whose number was voided, one at the last paraf."""
    between = [stage for stage in Stage if stage not in (*_FIRST, *_LAST)]
    for stage in (*_FIRST, *between):
        an_application(office, stage.value)
    _sent_back(office)
    _renumbered(office)
    an_application(office, "awaiting_paraf", paraf_next=3)
    for stage in _LAST:
        an_application(office, stage.value)


@dataclass
class Copy:
    """A copy of an office: its rows as the superuser can change them, and its files."""

    url: str
    files: dict[str, bytes]
    trust: tuple[bytes, ...]
    at: datetime

    def corrupt(self, sql: LiteralString) -> None:
        """Change rows behind the wall's back: triggers and foreign keys do not see it. It must change something."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in sql.split(";\n"):
                done = connection.execute(statement)
                # -1: a statement on the tables themselves.
                assert done.rowcount != 0, f"changed nothing: {statement}"

    def one(self, sql: LiteralString) -> str:
        """The one value that `sql` selects."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(sql).fetchone()
        assert row is not None, f"found nothing: {sql}"
        return str(row[0])

    def check(self, *, quick: bool = True) -> CheckReport:
        return check(self.url, self.files.get, self.trust, quick=quick, at=self.at)


@pytest.fixture(scope="session")
def furnished(servers: TestServers, worker_number: int) -> Iterator[Copy]:
    """The office that copies are taken from; nobody changes it."""
    name = f"checked_{worker_number}"
    db = Database(servers.database(name).app_url)
    office = an_office(db)
    trust = with_real_letters(office)
    populate(office)
    db.dispose()
    yield Copy(_superuser(servers, name), dict(office.vault.objects), (trust,), office.clock.now())
    servers.drop(name)


@pytest.fixture(scope="session")
def _copier(servers: TestServers, furnished: Copy, worker_number: int) -> Callable[[], tuple[str, Copy]]:
    numbers = itertools.count()
    source = str(make_url(furnished.url).database)

    def make() -> tuple[str, Copy]:
        name = f"{source}_{next(numbers)}"
        servers.database(name, source)
        return name, Copy(_superuser(servers, name), dict(furnished.files), furnished.trust, furnished.at)

    return make


@pytest.fixture
def copy(servers: TestServers, _copier: Callable[[], tuple[str, Copy]]) -> Iterator[Copy]:
    """A copy of the furnished office for one test."""
    name, made = _copier()
    yield made
    servers.drop(name)


def _superuser(servers: TestServers, name: str) -> str:
    return plain(make_url(servers.superuser_url).set(database=name).render_as_string(hide_password=False))
