"""`paraf seed`: what an office needs before its first application: definitions, its own keys, and people.

Invented people with well-known passwords are for development only; production takes its people from a file.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlmodel import select

from models.catalogue import load_all, load_office
from models.db import Database
from models.ports import Clock, Sealer, SecretHasher
from models.rules.errors import DefinitionError
from models.rules.letter import Official
from models.services.apply import key_context
from models.services.casework import record
from models.services.definitions import load_definitions
from models.tables.people import Person, RoleGrant, SigningKey
from workers.adapters.clock import SystemClock
from workers.adapters.hashing import Argon2Hasher
from workers.adapters.letter.office_ca import LEAF_YEARS, OfficeCa, issue
from workers.adapters.office_keys import load_authority, make_audit_key, make_office_keys
from workers.adapters.sealing import BoxSealer, key_from
from workers.settings import Settings
from workers.wiring import TEMPLATES

if TYPE_CHECKING:
    from ops.office import LocalOffice

SIGNING_ROLES = frozenset({"ahli_muda", "ahli_madya", "sekretaris", "kepala_dinas"})
IN_OFFICE_SINCE = date(2022, 10, 20)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be put on record. `passphrase` is empty for those who sign nothing."""

    username: str
    password: str
    name: str
    roles: tuple[str, ...]
    title: str = ""
    rank: str = ""
    nip: str = ""
    email: str = ""
    passphrase: str = ""


@dataclass(frozen=True, slots=True)
class Registrar:
    """What putting people on record needs: the office's authority makes their keys, sealed at once."""

    db: Database
    clock: Clock
    hasher: SecretHasher
    sealer: Sealer
    authority: OfficeCa
    office: str


def demo_password(username: str) -> str:
    """Well known on purpose: production refuses people that have it."""
    return f"{username}-masuk-2026"


def demo_passphrase(username: str) -> str:
    return f"{username}-paraf-2026"


def demo_people() -> list[NewPerson]:
    """One invented person for each role, and an applicant with an account."""
    from ops.samples.people import OFFICE_PEOPLE

    staff = [
        NewPerson(
            username=p.username,
            password=demo_password(p.username),
            name=p.name,
            roles=tuple(p.roles),
            title=p.title,
            rank=p.rank,
            nip=p.nip,
            passphrase=demo_passphrase(p.username) if SIGNING_ROLES & set(p.roles) else "",
        )
        for p in OFFICE_PEOPLE
    ]
    return [*staff, NewPerson("pemohon", demo_password("pemohon"), "Pemohon Contoh", ("pemohon",))]


def seed_local_office(office: LocalOffice) -> None:
    """Everything a local office needs, on its first day; later days find it there."""
    keys = office.secrets.office_keys
    seed_keys(keys, office.home.root / "trust", TEMPLATES, SystemClock().now())
    db = Database(office.servers.database_url_app, application_name="paraf-seed")
    seed_definitions(db, SystemClock(), TEMPLATES)
    put_people(registrar(db, keys, office.secrets.sealing_key, TEMPLATES), demo_people())
    db.dispose()


def seed_keys(folder: Path, trust: Path, templates: Path, at: datetime) -> bool:
    """The office's authority, seal, QR key and the key of checkpoints; False when they are there."""
    make_audit_key(folder, trust)
    office = load_office(templates / "office.toml")
    seal = Official(office.name, f"Segel elektronik {office.short_name}")
    return make_office_keys(folder, trust, office.name, seal, at)


def seed_definitions(db: Database, clock: Clock, templates: Path) -> list[str]:
    """Store the shipped SOPs; raises DefinitionError when a version in use has other content."""
    return load_definitions(db, clock, load_all(templates / "licences").values())


def registrar(db: Database, keys: Path, sealing_key: Path, templates: Path) -> Registrar:
    office = load_office(templates / "office.toml")
    sealer = BoxSealer(key_from(sealing_key))
    return Registrar(db, SystemClock(), Argon2Hasher(), sealer, load_authority(keys), office.name)


def put_people(registrar: Registrar, people: Sequence[NewPerson]) -> int:
    """Put those on record that are not yet, with roles and signing keys; returns how many were new."""
    return sum(_put_person(registrar, person) for person in people)


def _put_person(registrar: Registrar, new: NewPerson) -> bool:
    now = registrar.clock.now()
    with registrar.db.transaction() as session:
        if session.exec(select(Person.id).where(Person.username == new.username)).first() is not None:
            return False
        person = Person(
            username=new.username,
            name=new.name,
            title=new.title,
            rank=new.rank,
            nip=new.nip,
            email=new.email,
            password_hash=registrar.hasher.hash(new.password),
            created_at=now,
        )
        session.add(person)
        session.flush()
        for role in new.roles:
            session.add(RoleGrant(person_id=person.id, role=role, valid_from=IN_OFFICE_SINCE, granted_at=now))
        if new.passphrase:
            session.add(_signing_key(registrar, person, new.passphrase, now))
        record(session, "person_added", at=now, detail={"roles": sorted(new.roles)})
        return True


def _signing_key(registrar: Registrar, person: Person, passphrase: str, now: datetime) -> SigningKey:
    official = Official(person.name, person.title, person.rank, person.nip)
    material = issue(registrar.authority, official, registrar.office, passphrase, now)
    return SigningKey(
        person_id=person.id,
        kind="soft",
        material=registrar.sealer.seal(material.hex(), key_context(person.id)),
        passphrase_hash=registrar.hasher.hash(passphrase),
        not_after=now.replace(year=now.year + LEAF_YEARS, day=min(now.day, 28)),
        created_at=now,
    )


def read_people(path: Path) -> list[NewPerson]:
    """People from a TOML file of [[people]] tables. Raises DefinitionError for unknown keys or weak secrets."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("people", [])
    try:
        people = [NewPerson(**{**row, "roles": tuple(row.get("roles", ()))}) for row in rows]
    except TypeError as error:
        raise DefinitionError(f"{path.name}: {error}; known keys are {', '.join(NewPerson.__slots__)}") from error
    for person in people:
        _refuse_weak(path, person)
    return people


def _refuse_weak(path: Path, person: NewPerson) -> None:
    if len(person.password) < 12 or person.password == demo_password(person.username):
        raise DefinitionError(f"{path.name}: {person.username} needs a password of 12 characters or more of its own")
    signs = SIGNING_ROLES & set(person.roles)
    if signs and (len(person.passphrase) < 12 or person.passphrase == demo_passphrase(person.username)):
        raise DefinitionError(f"{path.name}: {person.username} signs and needs a passphrase of 12 characters or more")


def main(
    people: Annotated[Path | None, typer.Option(help="TOML file with the office's people.")] = None,
    demo: Annotated[bool, typer.Option(help="Invented people with well-known passwords; development only.")] = False,
) -> None:
    """Load definitions and people into the database; makes the office's keys on its first day."""
    settings = Settings()
    if demo and settings.environment == "production":
        raise DefinitionError("Invented people have well-known passwords: production takes --people FILE.")
    if settings.office_keys_dir is None or settings.sealing_key_file is None:
        raise DefinitionError("PARAF_OFFICE_KEYS_DIR and PARAF_SEALING_KEY_FILE are needed to make keys.")
    templates = settings.templates_dir or TEMPLATES
    clock = SystemClock()
    seed_keys(settings.office_keys_dir, settings.home / "trust", templates, clock.now())
    db = Database(settings.app_database, application_name="paraf-seed")
    new = seed_definitions(db, clock, templates)
    wanted = (read_people(people) if people else []) + (demo_people() if demo else [])
    count = put_people(registrar(db, settings.office_keys_dir, settings.sealing_key_file, templates), wanted)
    print(f"Definitions new: {', '.join(new) or 'none'}; people new: {count}.", file=sys.stderr)
