"""An office with its people and definitions, and applications driven by the real services to where a test wants them.

office = an_office(Database(url))
case_id = an_application(office, "awaiting_paraf", paraf_next=2)
"""

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
from models.rules.requirements import applicable
from models.rules.roles import Actor
from models.rules.sop import Requirement
from models.rules.stages import TASKS, Stage
from models.rules.working_time import Calendar
from models.services.apply import SigningRoom, apply_paraf, apply_signature, key_context
from models.services.archive import Archive, assemble_dossier
from models.services.assemble import IssuingRoom, assemble_licence
from models.services.casework import holder_of, read_case
from models.services.check import Inspector, check_completeness
from models.services.definitions import current_sop, load_definitions
from models.services.draft import Upload, attach, describe, open_draft
from models.services.endorse import Desk, Kind, PileOutcome, endorse_pile
from models.services.hand_over import hand_over
from models.services.inputs import HandOverInput, HolderInput, PileLetter, ReturnItem
from models.services.machine import Ticket
from models.services.number import assign_number
from models.services.people import actor_of
from models.services.prepare import generate_blanko
from models.services.send_back import send_back
from models.services.submit import submit
from models.services.verify import reject, return_to_applicant, verify
from models.services.withdraw import lapse_overdue, withdraw
from models.tables.cases import Application, HolderData
from models.tables.letters import Blanko
from models.tables.people import Person, RoleGrant, SigningKey
from models.tables.work import Outbox
from ops.samples.people import OFFICE_PEOPLE, SampleApplicant, applicant, holder_data
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


def holder_input(sample: SampleApplicant, **changes: object) -> HolderInput:
    """The sample's data as the applicant types it."""
    return HolderInput.model_validate({**holder_data(sample), **changes})


def a_draft(office: Office, *, application_type: str = "baru", channel: str = "online", **changes: object) -> UUID:
    """A draft of the seeded applicant with his data filled in and no document yet; `changes` go to the data."""
    mine = office.actor("pemohon")
    draft = open_draft(office.db, office.clock, mine, "SIKRO", application_type, channel)
    sample = applicant(next(office.seeds), on=office.today)
    describe(office.db, office.clock, office.cipher, mine, draft.application_id, holder_input(sample, **changes))
    return draft.application_id


def hand_in(office: Office, case_id: UUID, *, without: tuple[str, ...] = ()) -> list[str]:
    """Attach one fitting file for each requirement that applies, but for `without`; returns the codes."""
    with office.db.transaction() as session:
        case, holder = read_case(session, case_id), holder_of(session, case_id)
        _, sop = current_sop(session, case.licence_code, office.today)
        items = applicable(sop, case.application_type, office.today, frozenset(holder.conditions))
    wanted = [item.requirement for item in items if item.required and item.requirement.code not in without]
    mine = office.actor("pemohon")
    for requirement in wanted:
        values = _fields(office, holder, requirement)
        attach(office.db, office.clock, mine, case_id, _upload(office, case_id, requirement, "", values))
    return [requirement.code for requirement in wanted]


def attach_file(
    office: Office,
    case_id: UUID,
    requirement: str,
    content: str = "",
    *,
    username: str = "pemohon",
    fields: dict[str, str] | None = None,
) -> UUID:
    """One invented file under a requirement, its fields filled in as the SOP asks unless `fields` says otherwise."""
    asked = sikro_definition().sop.requirement(requirement)
    with office.db.transaction() as session:
        holder = holder_of(session, case_id)
    values = _fields(office, holder, asked) if fields is None else fields
    upload = _upload(office, case_id, asked, content, values)
    return attach(office.db, office.clock, office.actor(username), case_id, upload)


def _upload(office: Office, case_id: UUID, requirement: Requirement, content: str, values: dict[str, str]) -> Upload:
    image = "pdf" not in requirement.kinds
    head = "\xff\xd8\xff" if image else "%PDF-1.7\n"
    stored = office.vault.put(f"{head}{requirement.code} of {case_id} {content}".encode("latin-1"))
    name = f"{requirement.code}.{'jpg' if image else 'pdf'}"
    return Upload(requirement.code, name, "image/jpeg" if image else "application/pdf", stored, values)


def _fields(office: Office, holder: HolderData, requirement: Requirement) -> dict[str, str]:
    own = requirement.evidence_of == "str"
    ends = holder.str_valid_until if own else None
    values = {
        "number": holder.str_number if own else "12/A/2026",
        "date": (office.today - timedelta(days=3)).isoformat(),
        "expiry": ends.isoformat() if ends else "seumur hidup",
        "issuer": "Dinas Kesehatan",
    }
    return {item.code: values[item.code] for item in requirement.fields}


def letter_of(office: Office, case_id: UUID) -> PileLetter:
    """The letter as an official looks at it now."""
    with office.db.transaction() as session:
        case = read_case(session, case_id)
        blanko = session.get(Blanko, (case.id, case.revision))
        sha256 = blanko.sha256 if blanko else "0" * 64
        return PileLetter(application_id=str(case.id), version=case.version, blanko_sha256=sha256)


def endorse(
    office: Office, username: str, kind: Kind, *letters: PileLetter | UUID, passphrase: str | None = None
) -> PileOutcome:
    """Paraf or sign letters, given as ids or as they were looked at."""
    pile = [letter if isinstance(letter, PileLetter) else letter_of(office, letter) for letter in letters]
    return endorse_pile(office.desk, office.actor(username), kind, pile, passphrase or passphrase_of(username))


TAKEN = HandOverInput(receiver="Pemohon sendiri", relation="pemohon", identity="ktp")


def _take_next(office: Office, case_id: UUID) -> None:
    """One step along the straight road from draft to closed."""
    case = office.case(case_id)
    stage, db, clock = Stage(case.stage), office.db, office.clock
    if stage in TASKS:
        assert office.perform(office.ticket(case_id)), f"the step at {stage} did not run"
    elif stage is Stage.DRAFT:
        hand_in(office, case_id)
        submit(db, clock, office.calendar, office.actor("pemohon"), case_id, case.version)
    elif stage in (Stage.RETURNED, Stage.LAPSED):
        submit(db, clock, office.calendar, office.actor("pemohon"), case_id, case.version)
    elif stage is Stage.VERIFYING:
        verify(db, clock, office.actor("loket"), case_id, case.version)
    elif stage is Stage.AWAITING_PARAF:
        _must(endorse(office, INITIALLERS[case.paraf_next - 1], "paraf", case_id))
    elif stage is Stage.AWAITING_SIGNATURE:
        _must(endorse(office, HEAD, "signature", case_id))
    elif stage is Stage.READY:
        hand_over(db, clock, office.actor("loket"), case_id, TAKEN, case.version)
    else:
        raise AssertionError(f"no straight road leads on from {stage}")


def _must(outcome: PileOutcome) -> None:
    for letter in outcome.letters:
        if letter.error is not None:
            raise letter.error


def _return(office: Office, case_id: UUID) -> None:
    item = ReturnItem(requirement="ktp", reason="ktp_tidak_terbaca")
    return_to_applicant(office.db, office.clock, office.actor("loket"), case_id, [item])


def _lapse(office: Office, case_id: UUID) -> None:
    _return(office, case_id)
    office.clock.advance(days=40)
    lapse_overdue(office.db, office.clock, office.calendar)


def _reject(office: Office, case_id: UUID) -> None:
    reject(office.db, office.clock, office.actor("loket"), case_id, "Pemohon bukan refraksionis optisien.")


def _send_back(office: Office, case_id: UUID) -> None:
    send_back(office.db, office.clock, office.actor("muda"), case_id, "Nama tempat kerja salah tulis.")


def _withdraw(office: Office, case_id: UUID) -> None:
    withdraw(office.db, office.clock, office.actor("pemohon"), case_id)


_SIDE_ROADS: dict[Stage, tuple[Stage, Callable[[Office, UUID], None]]] = {
    Stage.RETURNED: (Stage.VERIFYING, _return),
    Stage.LAPSED: (Stage.VERIFYING, _lapse),
    Stage.REJECTED: (Stage.VERIFYING, _reject),
    Stage.WITHDRAWN: (Stage.VERIFYING, _withdraw),
    Stage.AMENDING: (Stage.AWAITING_PARAF, _send_back),
}


def drive(office: Office, case_id: UUID, stage: str, *, paraf_next: int = 1) -> UUID:
    """Take a case along the straight road (people and machines doing their part) until it stands at `stage`."""
    target = Stage(stage)
    if target in _SIDE_ROADS:
        through, turn = _SIDE_ROADS[target]
        drive(office, case_id, through)
        turn(office, case_id)
        return case_id
    with_ordinal = target in (Stage.AWAITING_PARAF, Stage.APPLYING_PARAF)
    for _ in range(40):
        case = office.case(case_id)
        if case.stage == target and (not with_ordinal or case.paraf_next == paraf_next):
            return case_id
        office.clock.advance(minutes=1)
        _take_next(office, case_id)
    raise AssertionError(f"{stage} was not reached")


def an_application(
    office: Office,
    stage: str = "draft",
    *,
    paraf_next: int = 1,
    application_type: str = "baru",
    channel: str = "online",
    **holder: object,
) -> UUID:
    """An application of the seeded applicant at a stage; `holder` changes what he fills in."""
    case_id = a_draft(office, application_type=application_type, channel=channel, **holder)
    return drive(office, case_id, stage, paraf_next=paraf_next)
