"""Step 8, first half: the number, taken and entered in one short transaction, with the intent to issue."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from models.db import Database
from models.ports import Clock
from models.rules.errors import PermanentFailure
from models.rules.numbering import jakarta_date, series_year
from models.rules.sop import Sop
from models.rules.stages import Command
from models.rules.typed_code import code_of
from models.rules.validity import valid_until
from models.services.casework import holder_of
from models.services.definitions import pinned_sop
from models.services.machine import Ticket, finish, run_step, still_mine
from models.tables.cases import Application
from models.tables.letters import Blanko, Endorsement, Licence, RegisterEntry

TOKEN_BYTES = 16
"""128 random bits: a licence's address can not be guessed."""


def assign_number(db: Database, clock: Clock, ticket: Ticket) -> bool:
    """Give the signed letter the next number of its series and year, and intend its licence."""
    return run_step(db, clock, ticket, lambda _case: _assign(db, clock, ticket))


def _assign(db: Database, clock: Clock, ticket: Ticket) -> None:
    now = clock.now()
    with db.transaction() as session:
        case = still_mine(session, ticket)
        if case is None or case.sop_id is None:
            return
        sop = pinned_sop(session, case.sop_id)
        entry = _enter(session, case, sop, now)
        session.add(_intend(session, case, sop, entry, now))
        session.flush()
        finish(session, ticket, now, Command.ASSIGN_NUMBER, {"number": entry.number})


def _enter(session: Session, case: Application, sop: Sop, now: datetime) -> RegisterEntry:
    signature = session.get(Endorsement, (case.id, case.revision, case.paraf_count + 1))
    if signature is None:
        raise PermanentFailure("The letter is not signed.")
    signed_on, year = jakarta_date(signature.acted_at), series_year(signature.acted_at)
    values = {"series": sop.number.series, "year": year}
    seq = session.execute(text("SELECT take_number(:series, :year)"), values).scalar_one()
    entry = RegisterEntry(
        series=sop.number.series,
        year=year,
        seq=seq,
        number=sop.number.render(seq, signed_on, holder_of(session, case.id).place_order),
        application_id=case.id,
        revision=case.revision,
        signature_ordinal=signature.ordinal,
        signed_on=signed_on,
        assigned_at=now,
    )
    session.add(entry)
    session.flush()
    return entry


def _intend(session: Session, case: Application, sop: Sop, entry: RegisterEntry, now: datetime) -> Licence:
    blanko = session.get(Blanko, (case.id, case.revision))
    if blanko is None:
        raise PermanentFailure("The blanko of this revision is missing.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return Licence(
        application_id=case.id,
        revision=case.revision,
        series=entry.series,
        year=entry.year,
        seq=entry.seq,
        token=token,
        code=code_of(token),
        blanko_sha256=blanko.sha256,
        blanko_size=blanko.size,
        valid_until=valid_until(sop.validity, entry.signed_on, holder_of(session, case.id).str_valid_until),
        intended_at=now,
    )
