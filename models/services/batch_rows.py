"""One row of a batch becomes an ordinary application, or mends one: all of it in one transaction, or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, NikCipher, Stored, Vault
from models.rules.batch_sheet import KEY, Cells, FileWish, Remark
from models.rules.batch_zip import Member, unpacked_member
from models.rules.errors import InvalidInput, NotFound, ParafError, TemporaryFailure
from models.rules.numbering import jakarta_date
from models.rules.roles import BACK_OFFICE, INTEGRATOR, Actor, Verb
from models.rules.sniffing import HEAD, media_type_of, safe_name
from models.rules.stages import Stage
from models.rules.working_time import Calendar
from models.services.batch_intake import TASK, Judged, already, judge_row, row_context, row_of, sizes_of
from models.services.casework import Work, end_work, read_case
from models.services.definitions import current_sop
from models.services.draft import Upload, attach, describe, open_draft
from models.services.inputs import HolderInput
from models.services.side_job import run_job
from models.services.submit import submit
from models.sign_in_ports import TextCipher
from models.tables.batch import Batch, BatchKey, BatchMember, BatchRow

GIVEN_UP: Final = Remark(
    "baris", "Kantor tidak dapat memproses baris ini karena gangguan. Kirim ulang baris ini.", "given-up"
)


@dataclass(frozen=True, slots=True)
class RowRoom:
    """What making an application of a row needs of the world."""

    vault: Vault
    cipher: TextCipher
    nik_cipher: NikCipher
    calendar: Calendar
    file_bytes: int


@dataclass(frozen=True, slots=True)
class _Job:
    batch: Batch
    row: BatchRow
    cells: Cells
    judged: Judged
    members: dict[str, tuple[str, Member]]


def take_row(db: Database, clock: Clock, room: RowRoom, row_id: UUID, generation: int) -> bool:
    """Take one row; delivered twice, late or in the middle of a crash, there is one application of it."""
    work = Work(TASK, row_id, generation)
    return run_job(db, clock, TASK, row_id, generation, lambda: _take(db, clock, room, work))


def _take(db: Database, clock: Clock, room: RowRoom, work: Work) -> bool:
    with db.transaction() as session:
        job = _job(session, clock, room, work.subject_id)
    if job is None:
        return False
    try:
        if job.judged.refused or job.judged.holder is None:
            raise InvalidInput("The row can not be taken.")
        uploads = [_stored(room, job, wish) for wish in job.judged.files]
        _become(db, clock, room, work, job, job.judged.holder, uploads)
    except TemporaryFailure:
        raise
    except ParafError as error:
        _refuse(db, clock, work, job, error)
    return True


def _job(session: Session, clock: Clock, room: RowRoom, row_id: UUID) -> _Job | None:
    row = session.get(BatchRow, row_id)
    batch = session.get(Batch, row.batch_id) if row is not None else None
    if row is None or batch is None or row.state != "waiting" or batch.state != "running" or not row.cells:
        return None
    cells: Cells = json.loads(room.cipher.open(row.cells, row_context(batch.id, row.row)))
    today = jakarta_date(clock.now())
    _, sop = current_sop(session, batch.licence_code, today)
    members = _members(session, batch, cells)
    sizes = {name: member.size for name, (_, member) in members.items()}
    return _Job(
        batch, row, cells, judge_row(cells, sop, batch.application_type, today, sizes, room.file_bytes), members
    )


def _members(session: Session, batch: Batch, cells: Cells) -> dict[str, tuple[str, Member]]:
    """Where the files of a row lie: the upload's name in the vault, and the place in it."""
    names = [name.strip() for cell in cells.values() for name in cell.split(";")]
    found: dict[str, tuple[str, Member]] = {}
    mended = session.get(Batch, batch.mends) if batch.mends else None
    for source in (mended, batch):
        if source is None or not source.upload_sha256 or not sizes_of(session, [source.id], names):
            continue
        rows = session.exec(
            select(BatchMember).where(BatchMember.batch_id == source.id, col(BatchMember.name).in_(names))
        )
        for one in rows:
            member = Member(one.name, one.place, one.packed, one.size, one.crc, one.method)
            found[one.name] = (source.upload_sha256, member)
    return found


def _stored(room: RowRoom, job: _Job, wish: FileWish) -> Upload:
    upload, member = job.members[wish.name]
    data = unpacked_member(lambda at, size: room.vault.part(upload, at, size), member, room.file_bytes)
    name = safe_name(wish.name)
    return Upload(
        wish.requirement, name, media_type_of(data[:HEAD], name), room.vault.put(data), dict(wish.fields), wish.part
    )


def _become(
    db: Database, clock: Clock, room: RowRoom, work: Work, job: _Job, holder: HolderInput, uploads: Sequence[Upload]
) -> None:
    actor = actor_of_batch(job.batch)
    with db.whole():
        with db.transaction() as session:
            row = row_of(session, job.row.id)
            if row is None or row.state != "waiting":
                return
            case_id = _known(session, job)
        if case_id is None:
            opened = open_draft(db, clock, actor, job.batch.licence_code, job.batch.application_type, "batch")
            case_id = opened.application_id
        mine = replace(actor, link_to=case_id)
        describe(db, clock, room.nik_cipher, mine, case_id, holder)
        for upload in uploads:
            attach(db, clock, mine, case_id, upload)
        _still_there(room.vault, [upload.stored for upload in uploads])
        # Last: the counter of registration numbers stays locked until the commit.
        submit(db, clock, room.calendar, mine, case_id)
        with db.transaction() as session:
            _note(session, job, case_id, clock, work)


def _still_there(vault: Vault, stored: Sequence[Stored]) -> None:
    if not all(vault.has(one.sha256) for one in stored):
        raise TemporaryFailure("A file left the vault meanwhile; it is stored again.")


def _known(session: Session, job: _Job) -> UUID | None:
    """The returned application that this row mends; None for a new one. Raises InvalidInput for one that runs."""
    found = session.get(BatchKey, (job.batch.client, job.cells.get(KEY, "")))
    if found is None:
        return None
    case = read_case(session, found.application_id)
    if case.stage not in (Stage.RETURNED, Stage.LAPSED):
        raise _Taken(case.registration_number or "-")
    return case.id


class _Taken(InvalidInput):
    """The row's key is a running application."""

    def __init__(self, number: str) -> None:
        super().__init__("The row was sent before.")
        self.number = number


def _note(session: Session, job: _Job, case_id: UUID, clock: Clock, work: Work) -> None:
    row = session.get_one(BatchRow, job.row.id)
    row.state, row.application_id, row.taken_at = "taken", case_id, clock.now()
    session.add(row)
    if session.get(BatchKey, (job.batch.client, row.key)) is None:
        session.add(BatchKey(client=job.batch.client, key=row.key, application_id=case_id))
    session.flush()
    end_work(session, work, clock.now())


def actor_of_batch(batch: Batch) -> Actor:
    """Who acts when a row is taken: the system that sent it, or the official who did."""
    kind, _, client = batch.client.partition(":")
    if kind == "client":
        scopes = frozenset({f"{Verb.WRITE}:{batch.licence_code}"})
        return Actor(batch.sender, frozenset({INTEGRATOR}), client=batch.client, client_id=UUID(client), scopes=scopes)
    return Actor(batch.sender, frozenset({BACK_OFFICE}), person_id=batch.person_id)


def _refuse(db: Database, clock: Clock, work: Work, job: _Job, error: ParafError) -> None:
    remarks = list(job.judged.remarks)
    if isinstance(error, _Taken):
        remarks.append(already(error.number))
    elif not job.judged.refused:
        remarks.append(Remark("baris", str(error), error.code))
    with db.transaction() as session:
        refuse_row(session, work.subject_id, remarks)
        end_work(session, work, clock.now())


def refuse_row(session: Session, row_id: UUID, remarks: Sequence[Remark]) -> None:
    """The row is over; what to mend stands beside it. Raises NotFound."""
    row = row_of(session, row_id)
    if row is None:
        raise NotFound("There is no such row.")
    if row.state == "waiting":
        row.state, row.errors = "refused", [remark.as_row() for remark in remarks]
        session.add(row)
        session.flush()
