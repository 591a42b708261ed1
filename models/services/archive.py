"""After the hand-over: bind the dossier for the archive and close the case."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, DossierFacts, DossierPart, DossierPress, Vault
from models.rules.errors import PermanentFailure
from models.rules.numbering import JAKARTA
from models.rules.sop import Sop
from models.rules.stages import Command
from models.services.casework import holder_of
from models.services.check import current_documents
from models.services.definitions import pinned_sop
from models.services.machine import Ticket, finish, run_step, still_mine
from models.tables.cases import Application, CompletenessCheck, Event
from models.tables.letters import Dossier, Licence, RegisterEntry


@dataclass(frozen=True, slots=True)
class Archive:
    """What binding a dossier needs of the world."""

    vault: Vault
    press: DossierPress


def assemble_dossier(db: Database, clock: Clock, archive: Archive, ticket: Ticket) -> bool:
    """Cover, check sheet, every accepted document and the audit page; the licence attached, its signatures whole."""
    return run_step(db, clock, ticket, lambda case: _bind(db, clock, archive, ticket, case))


def _bind(db: Database, clock: Clock, archive: Archive, ticket: Ticket, case: Application) -> None:
    with db.transaction() as session:
        facts, wanted, licence_sha256 = _gather(session, case)
    parts = [DossierPart(title, media, archive.vault.get(sha256)) for title, media, sha256 in wanted]
    stored = archive.vault.put(archive.press.dossier(facts, parts, archive.vault.get(licence_sha256)))
    now = clock.now()
    with db.transaction() as session:
        found = still_mine(session, ticket)
        if found is None:
            return
        session.add(Dossier(application_id=found.id, sha256=stored.sha256, size=stored.size, made_at=now))
        session.flush()
        finish(session, ticket, now, Command.FINISH_DOSSIER, {"sha256": stored.sha256})


def _gather(session: Session, case: Application) -> tuple[DossierFacts, list[tuple[str, str, str]], str]:
    if case.sop_id is None:
        raise PermanentFailure("The case has no pinned definition.")
    sop = pinned_sop(session, case.sop_id)
    licence, number = _licence(session, case)
    facts = DossierFacts(
        title=f"Berkas {number}",
        cover=_cover(session, case, sop, licence, number),
        checks=_checks(session, case, sop),
        events=_events(session, case),
    )
    wanted = [
        (_label(sop, row.requirement), row.clean_media_type or row.media_type, row.clean_sha256)
        for row in current_documents(session, case.id)
        if row.clean_sha256
    ]
    return facts, wanted, licence.sha256


def _licence(session: Session, case: Application) -> tuple[Licence, str]:
    row = session.exec(
        select(Licence, RegisterEntry.number)
        .join(
            RegisterEntry,
            (col(RegisterEntry.series) == col(Licence.series))
            & (col(RegisterEntry.year) == col(Licence.year))
            & (col(RegisterEntry.seq) == col(Licence.seq)),
        )
        .where(Licence.application_id == case.id, Licence.revision == case.revision, Licence.sha256 != "")
    ).one_or_none()
    if row is None:
        raise PermanentFailure("The case has no issued licence.")
    return row


def _cover(session: Session, case: Application, sop: Sop, licence: Licence, number: str) -> tuple[tuple[str, str], ...]:
    holder = holder_of(session, case.id)
    return (
        ("Izin", sop.licence_name),
        ("Nomor", number),
        ("Nomor pendaftaran", case.registration_number or ""),
        ("Nama", holder.name),
        ("Tempat kerja", holder.workplace_name),
        ("SHA-256 izin", licence.sha256),
        ("SHA-256 blanko", licence.blanko_sha256),
    )


def _checks(session: Session, case: Application, sop: Sop) -> tuple[tuple[str, str, str], ...]:
    check = session.get(CompletenessCheck, (case.id, case.round))
    rows = check.verdicts if check else []
    return tuple(
        (_label(sop, v["requirement"]), str(v["state"]), "; ".join(str(r["message"]) for r in v["reasons"]))
        for v in rows
    )


def _label(sop: Sop, code: str) -> str:
    return next((r.label for r in sop.requirements if r.code == code), code)


def _events(session: Session, case: Application) -> tuple[tuple[str, str, str], ...]:
    rows = session.exec(select(Event).where(Event.application_id == case.id).order_by(col(Event.id)))
    return tuple((row.at.astimezone(JAKARTA).strftime("%d-%m-%Y %H:%M:%S"), row.kind, row.stage_to) for row in rows)
