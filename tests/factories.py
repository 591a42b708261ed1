"""An office with its people and definitions: `office = an_office(Database(url))`. Its cases are `tests.cases`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, col, select

import templates
from models.catalogue import LicenceDefinition, load_licence, load_office
from models.db import Database
from models.rules.numbering import jakarta_date
from models.rules.roles import Actor
from models.rules.stages import TASKS, Stage
from models.rules.working_time import Calendar
from models.services.apply import SigningRoom, apply_paraf, apply_signature, key_context
from models.services.archive import Archive, assemble_dossier
from models.services.assemble import IssuingRoom, assemble_licence
from models.services.casework import read_case
from models.services.check import Inspector, check_completeness
from models.services.definitions import load_definitions
from models.services.endorse import Desk
from models.services.machine import Ticket
from models.services.number import assign_number
from models.services.people import actor_of
from models.services.prepare import generate_blanko
from models.tables.cases import Application
from models.tables.people import Person, RoleGrant, SigningKey
from models.tables.work import Outbox
from ops.samples.people import OFFICE_PEOPLE
from tests.fakes import (
    FakeCipher,
    FakeClock,
    FakeCourier,
    FakeDossierPress,
    FakeHasher,
    FakePress,
    FakeScanner,
    FakeSealer,
    FakeSigner,
    FakeUnsealer,
    MemoryVault,
)

TEMPLATES = Path(templates.__path__[0])
IN_OFFICE_SINCE = date(2024, 1, 1)
INITIALLERS = ("muda", "madya", "sekretaris")
HEAD = "kepala"
SIGNERS = (*INITIALLERS, HEAD)


@cache
def sikro_definition() -> LicenceDefinition:
    """The shipped definition of SIKRO."""
    return load_licence(TEMPLATES / "licences" / "sikro")


@cache
def office_calendar() -> Calendar:
    """The shipped office's working time; 17 March 2026 stands for all holidays."""
    return load_office(TEMPLATES / "office.toml").calendar(frozenset({date(2026, 3, 17)}))


def passphrase_of(username: str) -> str:
    """What opens a seeded official's key; it stands nowhere in the database."""
    return f"sandi-{username}-rahasia"


@dataclass
class Office:
    """Everything a use case needs, with fakes for the world; `people` are ids by user name."""

    db: Database
    clock: FakeClock = field(default_factory=FakeClock)
    calendar: Calendar = field(default_factory=office_calendar)
    vault: MemoryVault = field(default_factory=MemoryVault)
    press: FakePress = field(default_factory=FakePress)
    signer: FakeSigner = field(default_factory=FakeSigner)
    sealer: FakeSealer = field(default_factory=FakeSealer)
    unsealer: FakeUnsealer = field(default_factory=FakeUnsealer)
    hasher: FakeHasher = field(default_factory=FakeHasher)
    cipher: FakeCipher = field(default_factory=FakeCipher)
    scanner: FakeScanner = field(default_factory=FakeScanner)
    courier: FakeCourier = field(default_factory=FakeCourier)
    dossiers: FakeDossierPress = field(default_factory=FakeDossierPress)
    people: dict[str, UUID] = field(default_factory=dict)
    seeds: Iterator[int] = field(default_factory=itertools.count)

    @property
    def desk(self) -> Desk:
        return Desk(self.db, self.clock, self.sealer, self.hasher)

    @property
    def inspector(self) -> Inspector:
        return Inspector(self.vault, self.scanner, self.cipher)

    @property
    def signing_room(self) -> SigningRoom:
        return SigningRoom(self.vault, self.signer, self.unsealer)

    @property
    def issuing_room(self) -> IssuingRoom:
        return IssuingRoom(self.vault, self.press, self.signer)

    @property
    def archive(self) -> Archive:
        return Archive(self.vault, self.dossiers)

    @property
    def today(self) -> date:
        return jakarta_date(self.clock.now())

    def actor(self, username: str) -> Actor:
        """A person of the office with the roles of today."""
        with self.db.transaction() as session:
            person = session.get(Person, self.people[username])
            assert person is not None
            return actor_of(session, person, self.today)

    def case(self, case_id: UUID) -> Application:
        """The case as it stands now."""
        with self.db.transaction() as session:
            return read_case(session, case_id)

    def ticket(self, case_id: UUID) -> Ticket:
        """The machine work that the case's present stage calls for."""
        case = self.case(case_id)
        return Ticket(TASKS[Stage(case.stage)], case.id, case.version)

    def perform(self, ticket: Ticket) -> bool:
        """One delivery of one message, as a worker would take it."""
        step: dict[str, Callable[[], bool]] = {
            "paraf.check_completeness": lambda: check_completeness(self.db, self.clock, self.inspector, ticket),
            "paraf.generate_blanko": lambda: generate_blanko(self.db, self.clock, self.vault, self.press, ticket),
            "paraf.apply_paraf": lambda: apply_paraf(self.db, self.clock, self.signing_room, ticket),
            "paraf.apply_signature": lambda: apply_signature(self.db, self.clock, self.signing_room, ticket),
            "paraf.assign_number": lambda: assign_number(self.db, self.clock, ticket),
            "paraf.assemble_licence": lambda: assemble_licence(self.db, self.clock, self.issuing_room, ticket),
            "paraf.assemble_dossier": lambda: assemble_dossier(self.db, self.clock, self.archive, ticket),
        }
        return step[ticket.task]()

    def due(self) -> list[Ticket]:
        """The machine work on cases that is due in the outbox, in the relay's order; messages and the like are not."""
        with self.db.transaction() as session:
            rows = session.exec(
                select(Outbox)
                .where(col(Outbox.done_at).is_(None), Outbox.due_at <= self.clock.now())
                .where(col(Outbox.task).in_(list(TASKS.values())))
                .order_by(Outbox.priority, col(Outbox.id))  # type: ignore[arg-type]
            )
            return [Ticket(row.task, row.subject_id, row.generation) for row in rows]

    def work(self) -> int:
        """Deliver what is due until nothing is; returns the number of deliveries."""
        delivered = 0
        while tickets := self.due():
            for ticket in tickets:
                self.perform(ticket)
            delivered += len(tickets)
        return delivered


def an_office(db: Database, *, clock: FakeClock | None = None, definition: LicenceDefinition | None = None) -> Office:
    """An office with everyone of OFFICE_PEOPLE, keys for those who sign, two applicants and the SIKRO definition."""
    office = Office(db, clock=clock or FakeClock())
    load_definitions(db, office.clock, [definition or sikro_definition()])
    with db.transaction() as session:
        for one in OFFICE_PEOPLE:
            _person(
                office, session, one.username, one.roles, name=one.name, title=one.title, rank=one.rank, nip=one.nip
            )
        for username in ("pemohon", "pemohon_lain"):
            _person(office, session, username, ("pemohon",), name=f"Akun {username}")
        session.add_all(_key(office, username, passphrase_of(username), True) for username in SIGNERS)
    return office


def add_person(
    office: Office,
    username: str,
    roles: tuple[str, ...] = (),
    *,
    name: str,
    title: str = "",
    rank: str = "",
    nip: str = "",
) -> UUID:
    """One more person, with open-ended grants of `roles`."""
    with office.db.transaction() as session:
        return _person(office, session, username, roles, name=name, title=title, rank=rank, nip=nip)


def _person(
    office: Office,
    session: Session,
    username: str,
    roles: tuple[str, ...],
    *,
    name: str,
    title: str = "",
    rank: str = "",
    nip: str = "",
) -> UUID:
    at = office.clock.now()
    person = Person(username=username, name=name, title=title, rank=rank, nip=nip, created_at=at)
    session.add(person)
    session.flush()
    office.people[username] = person.id
    for role in roles:
        session.add(_grant(office, username, role))
    return person.id


def grant(
    office: Office,
    username: str,
    role: str,
    *,
    acting: str = "",
    decree: str = "",
    since: date = IN_OFFICE_SINCE,
    until: date | None = None,
) -> None:
    """A role from a day to a day (both included), with `acting` and `decree` for a mandate."""
    with office.db.transaction() as session:
        session.add(_grant(office, username, role, acting=acting, decree=decree, valid_from=since, valid_until=until))


def _grant(
    office: Office,
    username: str,
    role: str,
    *,
    acting: str = "",
    decree: str = "",
    valid_from: date = IN_OFFICE_SINCE,
    valid_until: date | None = None,
) -> RoleGrant:
    return RoleGrant(
        person_id=office.people[username],
        role=role,
        acting=acting,
        decree=decree,
        valid_from=valid_from,
        valid_until=valid_until,
        granted_at=office.clock.now(),
    )


def end_grants(office: Office, username: str, last_day: date) -> None:
    """Let every grant of a person end on a day."""
    with office.db.transaction() as session:
        for row in session.exec(select(RoleGrant).where(RoleGrant.person_id == office.people[username])):
            row.valid_until = last_day
            session.add(row)


def add_key(office: Office, username: str, *, passphrase: str | None = None, checked: bool = True) -> None:
    """A soft key that the person's passphrase opens; `checked` False leaves the desk no hash to check against."""
    with office.db.transaction() as session:
        session.add(_key(office, username, passphrase or passphrase_of(username), checked))


def _key(office: Office, username: str, secret: str, checked: bool) -> SigningKey:
    person_id = office.people[username]
    return SigningKey(
        person_id=person_id,
        material=office.sealer.seal(secret.encode().hex(), key_context(person_id)),
        passphrase_hash=office.hasher.hash(secret) if checked else "",
        not_after=office.clock.now() + timedelta(days=730),
        created_at=office.clock.now(),
    )
