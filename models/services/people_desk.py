"""People on record: added and switched off, never deleted; their posts, and mandates of acting officials."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import update
from sqlmodel import Session, col, or_, select

from models.db import Database
from models.ports import Clock, SecretHasher
from models.rules.errors import AlreadyDone, Fault, InvalidInput, NotFound
from models.rules.nip import parse_nip
from models.rules.numbering import jakarta_date
from models.rules.passwords import MIN_LENGTH, weakness
from models.rules.roles import ADMIN, Actor, require_role
from models.services.casework import record
from models.services.inputs import Input
from models.services.sign_in import SignInRoom
from models.services.step_up import Shown, prove, subject_of
from models.tables.people import LoginSession, Person, RoleGrant

MIN_PASSWORD = MIN_LENGTH
HANDED_OUT = timedelta(days=3)
"""How long a password holds that an admin handed out: until then its owner chooses his own."""
ACTING = ("Plt.", "Plh.")
_ROLE = re.compile(r"[a-z][a-z0-9_]{1,39}")


class StaffInput(Input):
    """A member of staff as an admin types him; `nip` is 18 digits with or without spaces, or empty."""

    username: str = Field(min_length=2, max_length=60, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    name: str = Field(min_length=2, max_length=120)
    title: str = Field(default="", max_length=120)
    rank: str = Field(default="", max_length=80)
    nip: str = Field(default="", max_length=30)
    email: str = Field(default="", max_length=200, pattern=r"^$|^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """What putting people on record needs."""

    db: Database
    clock: Clock
    hasher: SecretHasher


def add_person(desk: PeopleDesk, actor: Actor, given: StaffInput) -> tuple[UUID, str]:
    """The new person's id, and his first password, shown this once. Raises Forbidden, InvalidInput."""
    require_role(actor, ADMIN)
    password, now = _new_password(), desk.clock.now()
    nip = _checked_nip(given.nip)
    with desk.db.transaction() as session:
        if session.exec(select(Person.id).where(Person.username == given.username)).first() is not None:
            raise _fault("username", "Nama pengguna ini sudah dipakai. Pilih yang lain.")
        person = Person(**{**given.model_dump(), "nip": nip}, password_hash=desk.hasher.hash(password), created_at=now)
        person.password_until = now + HANDED_OUT
        session.add(person)
        session.flush()
        record(session, "person_added", at=now, actor=actor, detail={"person_id": str(person.id)})
        return person.id, password


def change_person(desk: PeopleDesk, actor: Actor, person_id: UUID, title: str, rank: str, email: str) -> None:
    """What may change about a person; his name, NIP and user name stay as they stand on letters."""
    require_role(actor, ADMIN)
    with desk.db.transaction() as session:
        person = _person(session, person_id)
        person.title, person.rank, person.email = title[:120], rank[:80], email[:200]
        session.add(person)
        record(session, "person_changed", at=desk.clock.now(), actor=actor, detail={"person_id": str(person_id)})


def switch_person(desk: PeopleDesk, actor: Actor, person_id: UUID, active: bool) -> None:
    """Let a person in, or keep him out and end his sessions. Raises Forbidden, InvalidInput for oneself."""
    require_role(actor, ADMIN)
    if person_id == actor.person_id:
        raise InvalidInput("Anda tidak dapat menonaktifkan diri sendiri. Minta admin lain.")
    now = desk.clock.now()
    with desk.db.transaction() as session:
        person = _person(session, person_id)
        person.active = active
        session.add(person)
        end_sessions(session, person_id, now)
        kind = "person_activated" if active else "person_deactivated"
        record(session, kind, at=now, actor=actor, detail={"person_id": str(person_id)})


def reset_password(desk: PeopleDesk, actor: Actor, person_id: UUID) -> str:
    """A new password, shown this once; his sessions end. Raises Forbidden, NotFound."""
    require_role(actor, ADMIN)
    password, now = _new_password(), desk.clock.now()
    with desk.db.transaction() as session:
        person = _person(session, person_id)
        person.password_hash, person.password_until = desk.hasher.hash(password), now + HANDED_OUT
        session.add(person)
        end_sessions(session, person_id, now)
        record(session, "password_reset", at=now, actor=actor, detail={"person_id": str(person_id)})
    return password


def change_password(
    db: Database, clock: Clock, hasher: SecretHasher, actor: Actor, person_id: UUID, password: str
) -> None:
    """One's own new password. Raises InvalidInput when it is easy to guess."""
    with db.transaction() as session:
        person = _person(session, person_id)
        if refusal := weakness(password, (person.username, *person.name.replace(",", " ").split())):
            raise InvalidInput(refusal)
        person.password_hash, person.password_until = hasher.hash(password), None
        session.add(person)
        record(session, "password_changed", at=clock.now(), actor=actor)


def grant_role(
    desk: PeopleDesk, actor: Actor, person_id: UUID, role: str, first: date, last: date | None = None
) -> None:
    """A post from a day, to a day or without end. Raises Forbidden, InvalidInput, AlreadyDone."""
    _grant(
        desk, actor, RoleGrant(person_id=person_id, role=role, valid_from=first, valid_until=last, **_by(desk, actor))
    )


@dataclass(frozen=True, slots=True)
class Mandate:
    """Another's post from a day to a day, Plt. or Plh., by a decree."""

    person_id: UUID
    role: str
    acting: str
    decree: str
    first: date
    last: date

    @property
    def subject(self) -> str:
        """What the step-up is for: this mandate and no other."""
        return subject_of("mandate", [self.person_id, self.role, self.acting, self.decree, self.first, self.last])


def grant_mandate(desk: PeopleDesk, room: SignInRoom, actor: Actor, given: Mandate, shown: Shown) -> None:
    """Put an acting official in another's post, after a step-up for exactly this mandate.

    Raises Forbidden, InvalidInput, WrongPassphrase (nothing has moved), AlreadyDone.
    """
    require_role(actor, ADMIN)
    if given.acting not in ACTING:
        raise _fault("acting", "Pilih Plt. atau Plh.")
    if len(given.decree.strip()) < 3:
        raise _fault("decree", "Isi nomor surat perintah. Tanpa itu mandat tidak sah.")
    prove(room, actor, given.subject, shown)
    row = RoleGrant(
        person_id=given.person_id,
        role=given.role,
        acting=given.acting,
        decree=given.decree.strip()[:120],
        valid_from=given.first,
        valid_until=given.last,
        **_by(desk, actor),
    )
    _grant(desk, actor, row)


def _by(desk: PeopleDesk, actor: Actor) -> dict[str, Any]:
    return {"granted_at": desk.clock.now(), "granted_by": actor.person_id}


def _grant(desk: PeopleDesk, actor: Actor, row: RoleGrant) -> None:
    require_role(actor, ADMIN)
    if not _ROLE.fullmatch(row.role):
        raise _fault("role", "Pilih peran dari daftar.")
    if row.valid_until is not None and row.valid_until < row.valid_from:
        raise _fault("last", "Hari terakhir tidak boleh sebelum hari pertama.")
    now = desk.clock.now()
    with desk.db.transaction() as session:
        if not _person(session, row.person_id).active:
            raise InvalidInput("Orang ini tidak aktif. Aktifkan dahulu.")
        _refuse_overlap(session, row)
        session.add(row)
        session.flush()
        # What he may do changed: he signs in anew.
        end_sessions(session, row.person_id, now, but=actor.person_id)
        record(session, "mandate_granted" if row.acting else "role_granted", at=now, actor=actor, detail=_said(row))


def _refuse_overlap(session: Session, row: RoleGrant) -> None:
    """A person holds a post once at a time, and of acting officials a post has one at a time."""
    same = RoleGrant.acting != "" if row.acting else RoleGrant.person_id == row.person_id
    wanted = select(RoleGrant.id).where(RoleGrant.role == row.role, same)
    wanted = wanted.where(or_(col(RoleGrant.valid_until).is_(None), col(RoleGrant.valid_until) >= row.valid_from))
    if row.valid_until is not None:
        wanted = wanted.where(RoleGrant.valid_from <= row.valid_until)
    if session.exec(wanted.limit(1)).first() is not None:
        raise AlreadyDone("Peran atau mandat ini sudah ada untuk tanggal itu. Akhiri yang lama dahulu.")


def end_grant(desk: PeopleDesk, actor: Actor, grant_id: UUID, last: date) -> None:
    """A post ends after a day, which may be yesterday; it stays on record. Raises Forbidden, InvalidInput, NotFound."""
    require_role(actor, ADMIN)
    now = desk.clock.now()
    with desk.db.transaction() as session:
        row = session.get(RoleGrant, grant_id, with_for_update=True)
        if row is None:
            raise NotFound("There is no such grant.")
        if row.role == ADMIN and row.person_id == actor.person_id:
            raise InvalidInput("Anda tidak dapat mengakhiri peran admin Anda sendiri. Minta admin lain.")
        row.valid_until = last
        session.add(row)
        end_sessions(session, row.person_id, now, but=actor.person_id)
        record(session, "role_ended", at=now, actor=actor, detail=_said(row))


def end_sessions(session: Session, person_id: UUID, now: datetime, *, but: UUID | None = None) -> None:
    """Sign a person out everywhere, unless he is `but`."""
    if person_id != but:
        session.execute(
            update(LoginSession)
            .where(col(LoginSession.person_id) == person_id, col(LoginSession.revoked_at).is_(None))
            .values(revoked_at=now)
        )


def has_ended(row: RoleGrant, now: datetime) -> bool:
    """Whether the last day of a grant is behind us."""
    return row.valid_until is not None and row.valid_until < jakarta_date(now)


def _said(row: RoleGrant) -> dict[str, object]:
    last = row.valid_until.isoformat() if row.valid_until else None
    words = {"role": row.role, "acting": row.acting, "decree": row.decree}
    return {"person_id": str(row.person_id), **words, "from": row.valid_from.isoformat(), "until": last}


def _person(session: Session, person_id: UUID) -> Person:
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _checked_nip(text: str) -> str:
    digits = "".join(text.split())
    if digits:
        try:
            parse_nip(digits)
        except InvalidInput as error:
            raise _fault("nip", "NIP harus 18 angka dengan tanggal yang benar. Salin dari kartu pegawai.") from error
    return digits


def _new_password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _fault(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, faults=[Fault(f"/{field}", sentence)])
