"""The register on paper: a year in volumes of so many numbers, set by a worker, kept in the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy
from sqlmodel import Session, col, func, select

from models.db import Database
from models.ports import Clock, RegisterBookFacts, RegisterPress, Vault
from models.rules.dates import long_date
from models.rules.errors import InvalidInput, NotFound
from models.rules.masking import mask_phone
from models.rules.moments import moment_in_words
from models.rules.numbering import JAKARTA, jakarta_date
from models.rules.roles import Actor, person_of, require_role
from models.rules.working_time import Calendar
from models.services.casework import enqueue, record
from models.services.register_lines import Line, Place, Wanted, lines_after
from models.services.side_job import run_job
from models.tables.backoffice import RegisterBook
from models.tables.letters import NumberSeries, RegisterEntry

TASK: Final = "paraf.make_register_book"
VOLUME: Final = 500
"""Numbers in one volume: about sixty sheets, what can still be bound and leafed through."""

READERS: Final = ("back_office", "front_office", "admin", "sekretaris", "kepala_dinas")
HEADS: Final = (
    "No.",
    "Pendaftaran",
    "Pemohon",
    "STR",
    "Tempat kerja",
    "Lengkap, blanko, paraf, tanda tangan",
    "Surat izin",
    "Penyerahan",
    "Waktu",
    "Keterangan",
)


@dataclass(frozen=True, slots=True)
class BookBinder:
    """What making a book needs of the world."""

    vault: Vault
    press: RegisterPress
    calendar: Calendar


def volumes_of(session: Session, year: int) -> int:
    """How many volumes a year's numbers fill."""
    # Numbers are without gap: the last one of each series tells how many there are.
    count = session.exec(select(func.sum(NumberSeries.last_seq)).where(NumberSeries.year == year)).one()
    return -(-int(count or 0) // VOLUME)


def ask_for_book(db: Database, clock: Clock, actor: Actor, year: int, volume: int) -> UUID:
    """Have one volume set anew; returns the book's id. Raises InvalidInput for a volume that the year has not."""
    now = clock.now()
    with db.transaction() as session:
        require_role(actor, *READERS)
        if not 1 <= volume <= volumes_of(session, year):
            raise InvalidInput(f"The register of {year} has no volume {volume}.")
        row = RegisterBook(year=year, volume=volume, requested_by=person_of(actor), requested_at=now)
        session.add(row)
        session.flush()
        record(session, "register_exported", at=now, actor=actor, detail=_detail("pdf", year, volume))
        enqueue(session, TASK, row.id, 1, now, priority=4)
        return row.id


def note_export(db: Database, clock: Clock, actor: Actor, kind: str, wanted: Wanted) -> None:
    """Say in the events that a register left the office, and which part of it; never whose name was looked for."""
    with db.transaction() as session:
        require_role(actor, *READERS)
        part = {"series": wanted.series, "month": wanted.month, "state": wanted.state, "by_name": bool(wanted.name)}
        detail = {"format": kind, "year": wanted.year, **{key: value for key, value in part.items() if value}}
        record(session, "register_exported", at=clock.now(), actor=actor, detail=detail)


def _detail(kind: str, year: int, volume: int) -> dict[str, object]:
    return {"format": kind, "year": year, "volume": volume}


def make_book(db: Database, clock: Clock, binder: BookBinder, book_id: UUID, generation: int) -> bool:
    """Set and store one volume."""
    return run_job(db, clock, TASK, book_id, generation, lambda: _make(db, clock, binder, book_id))


def _make(db: Database, clock: Clock, binder: BookBinder, book_id: UUID) -> None:
    with db.transaction() as session:
        row = _book(session, book_id)
        wanted = Wanted(row.year)
        lines, _ = lines_after(session, binder.calendar, wanted, _before(session, row.year, row.volume), VOLUME)
    now = clock.now()
    stored = binder.vault.put(binder.press.book(_facts(row, lines, now)))
    with db.transaction() as session:
        row = _book(session, book_id)
        row.entries, row.sha256, row.size, row.made_at = len(lines), stored.sha256, stored.size, now
        session.add(row)


def _book(session: Session, book_id: UUID) -> RegisterBook:
    row = session.get(RegisterBook, book_id)
    if row is None:
        raise NotFound("There is no such book.")
    return row


def _before(session: Session, year: int, volume: int) -> Place | None:
    """The last line of the volume before, None for the first."""
    if volume == 1:
        return None
    order = (col(RegisterEntry.series), col(RegisterEntry.seq))
    statement = sqlalchemy.select(*order).where(col(RegisterEntry.year) == year).order_by(*order)
    found = session.execute(statement.offset((volume - 1) * VOLUME - 1).limit(1)).first()
    if found is None:
        raise NotFound("The register has no such volume any more.")
    return found[0], found[1]


def _facts(row: RegisterBook, lines: list[Line], now: datetime) -> RegisterBookFacts:
    void = tuple(line.state == "void" for line in lines)
    left = f"{len(lines) - sum(void)} berlaku dan {sum(void)} batal"
    span = f"{lines[0].number} sampai dengan {lines[-1].number}" if lines else "tanpa nomor"
    return RegisterBookFacts(
        year=row.year,
        volume=row.volume,
        made_on=jakarta_date(now),
        made=moment_in_words(now),
        heads=HEADS,
        lines=tuple(_cells(line) for line in lines),
        void=void,
        summary=f"Jilid ini memuat {len(lines)} nomor ({span}): {left}.",
    )


def _cells(line: Line) -> tuple[tuple[str, ...], ...]:
    stages = (("Lengkap", line.complete_at), ("Blanko", line.blanko_at))
    acts = tuple((f"Paraf {place}", at) for place, at in enumerate(line.parafs, 1))
    return (
        (str(line.seq),),
        (line.registration_number, f"masuk {_moment(line.received_at)}", line.application_type),
        (
            line.name,
            f"NIK {masked(line.nik_tail)}",
            f"{line.birth_place}, {long_date(line.birth_date)}",
            line.address,
            f"Telp. {mask_phone(line.phone)}" if line.phone else "",
        ),
        (line.str_number, f"s.d. {long_date(line.str_valid_until)}" if line.str_valid_until else "seumur hidup"),
        (line.workplace_name, line.workplace_address, f"tempat ke-{line.place_order}"),
        tuple(f"{word} {_moment(at)}" for word, at in (*stages, *acts, ("Tanda tangan", line.signed_at))),
        (
            line.number,
            f"tanggal {long_date(line.signed_on)}",
            f"berlaku s.d. {long_date(line.valid_until)}" if line.valid_until else "",
        ),
        (_moment(line.handed_over_at), line.receiver, f"bukti {line.proof}" if line.proof else ""),
        (days_in_words(line), on_time_in_words(line)),
        (line.remark,),
    )


def masked(nik_tail: str) -> str:
    """A NIK of which the register shows the last four digits."""
    return f"************{nik_tail}"


def days_in_words(line: Line) -> str:
    """`2 hari kerja`; nothing before the letter is issued."""
    return "" if line.working_days is None else f"{line.working_days} hari kerja"


def on_time_in_words(line: Line) -> str:
    """`tepat waktu`, `terlambat`, or nothing before the letter is issued."""
    return "" if line.on_time is None else "tepat waktu" if line.on_time else "terlambat"


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(JAKARTA):%d-%m-%Y %H.%M}" if at else "-"
