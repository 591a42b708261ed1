"""A batch comes in: its list is read as a stream, each row is judged, and nothing runs before it is committed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, Stored, Vault
from models.queues import queue_of
from models.rules.batch_sheet import KEY, Cells, FileWish, Remark, files_of, known_columns, remarks_on_cells, unreadable
from models.rules.batch_zip import Limits, Member, members
from models.rules.errors import AlreadyDone, NotFound
from models.rules.numbering import jakarta_date
from models.rules.requirements import applicable, conditions_of
from models.rules.roles import BACK_OFFICE, FRONT_OFFICE, INTEGRATOR, OPERATOR, Actor, Verb, require_role, require_scope
from models.rules.sop import Sop
from models.rules.stages import Stage
from models.rules.working_time import Calendar
from models.services.batch_sheet import Form, form_of, holder_of, is_list, manifest_in, manifest_of, opened, sheet_of
from models.services.casework import record
from models.services.definitions import current_sop
from models.services.draft import MAX_PARTS, PRIORITIES
from models.services.inputs import HolderInput
from models.services.keeping import keep_object
from models.services.tracing import TRACEPARENT
from models.sign_in_ports import TextCipher
from models.tables.batch import Batch, BatchKey, BatchMember, BatchRow
from models.tables.cases import Application

TASK: Final = "paraf.take_row"
TOKEN_HOLDS: Final = timedelta(hours=24)
OFFICE: Final = "office"
"""Whose row keys count for batches that the office's own people send."""
SENDERS: Final = (OPERATOR, BACK_OFFICE, FRONT_OFFICE, INTEGRATOR)
USUAL_RATE: Final = 5.0
"""Rows a second, while a batch has not shown its own."""
_PORTION: Final = 500
_MENDABLE: Final = (Stage.RETURNED.value, Stage.LAPSED.value)


class SameFile(AlreadyDone):
    """This very file was sent before; `first` is the batch that it became."""

    code = "same-file"

    def __init__(self, first: UUID) -> None:
        super().__init__(f"This very file was sent before, as batch {first}: look there, or send only mended rows.")
        self.first = first


@dataclass(frozen=True, slots=True)
class BatchDesk:
    """What taking batches in needs of the world; sizes in bytes."""

    db: Database
    clock: Clock
    vault: Vault
    cipher: TextCipher
    calendar: Calendar
    most_bytes: int
    most_rows: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class BatchWish:
    """What is asked of a file: `mends` names the batch whose files its rows may still use."""

    licence_code: str
    name: str
    application_type: str = "baru"
    dry_run: bool = False
    mends: UUID | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One row as it would be taken; `holder` None when it can not be."""

    holder: HolderInput | None
    files: tuple[FileWish, ...]
    remarks: tuple[Remark, ...]

    @property
    def refused(self) -> bool:
        return any(remark.grade == "error" for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class Received:
    """`token` commits a dry run, once; "" when the batch runs already."""

    batch_id: UUID
    token: str


def client_of(actor: Actor) -> str:
    """Under whose name row keys and files count."""
    return f"client:{actor.client_id}" if actor.client_id else OFFICE


def receive(desk: BatchDesk, actor: Actor, wish: BatchWish, stored: Stored) -> Received:
    """Read and judge a stored upload; run it, or keep it for a commit.

    Raises Forbidden, NotFound for an unknown licence or batch, InvalidInput for a file that can not be read, SameFile.
    """
    require_role(actor, *SENDERS)
    require_scope(actor, Verb.BATCH, wish.licence_code)
    now, token = desk.clock.now(), secrets.token_urlsafe(24) if wish.dry_run else ""
    with desk.db.transaction() as session:
        keep_object(session, stored.sha256)
        if not wish.dry_run:
            _refuse_same(session, client_of(actor), stored.sha256)
        _, sop = current_sop(session, wish.licence_code, jakarta_date(now))
        sop.application_type(wish.application_type)
        batch = _new_batch(session, desk, actor, wish, stored)
        batch.row_count = _read(session, desk, batch, sop, stored, jakarta_date(now))
        batch.token_sha256 = hashlib.sha256(token.encode()).digest() if token else None
        detail = {"batch": str(batch.id), "rows": batch.row_count, "sha256": stored.sha256, "form": batch.form}
        record(session, "batch_checked", at=now, actor=actor, detail=detail)
        if not wish.dry_run:
            _run(session, batch, actor, now)
        return Received(batch.id, token)


def commit(db: Database, clock: Clock, actor: Actor, batch_id: UUID, token: str) -> None:
    """Run exactly the file of a dry run. Raises NotFound for a wrong or old token, AlreadyDone, SameFile."""
    require_role(actor, *SENDERS)
    now = clock.now()
    with db.transaction() as session:
        batch = session.exec(select(Batch).where(Batch.id == batch_id).with_for_update()).one_or_none()
        given = hashlib.sha256(token.encode()).digest()
        if batch is None or batch.client != client_of(actor):
            raise NotFound("There is no batch with this id.")
        if batch.state != "checked":
            raise AlreadyDone("This batch was committed before.")
        require_scope(actor, Verb.BATCH, batch.licence_code)
        if batch.token_sha256 != given or now - batch.created_at > TOKEN_HOLDS:
            raise NotFound("This token is wrong or older than a day: send the file again with dry_run=true.")
        _refuse_same(session, batch.client, batch.fingerprint)
        _run(session, batch, actor, now)


def judge_row(
    cells: Cells, sop: Sop, application_type: str, today: date, sizes: Mapping[str, int], file_bytes: int
) -> Judged:
    """What a row would become; `sizes` are the files that can be had, by name."""
    codes = [requirement.code for requirement in sop.requirements]
    remarks = remarks_on_cells(cells, known_columns(codes))
    holder, more = holder_of(cells)
    files = files_of(cells, codes)
    remarks += [*more, *_remarks_on_files(files, sizes, file_bytes)]
    if holder is not None:
        held = conditions_of(represented=holder.represented, place_order=holder.place_order)
        brought = {wish.requirement for wish in files}
        remarks += [
            Remark(item.requirement.code, f"{item.requirement.label} belum disertakan.", "file-missing", "warning")
            for item in applicable(sop, application_type, today, held)
            if item.required and item.requirement.code not in brought
        ]
    return Judged(holder, tuple(files), tuple(remarks))


def _remarks_on_files(files: Sequence[FileWish], sizes: Mapping[str, int], file_bytes: int) -> Iterator[Remark]:
    if not files:
        yield Remark("documents", "Tidak ada berkas. Sebutkan nama berkas di dalam ZIP pada kolom syarat.", "no-files")
    for wish in files:
        if wish.name not in sizes:
            yield Remark(wish.requirement, "Berkas ini tidak ada di dalam ZIP. Periksa namanya.", "file-unknown")
        elif sizes[wish.name] == 0:
            yield Remark(wish.requirement, "Berkas ini kosong (0 bita). Pindai ulang.", "file-empty")
        elif sizes[wish.name] > file_bytes:
            yield Remark(wish.requirement, "Berkas ini terlalu besar. Pindai ulang dengan 150 dpi.", "file-large")
        if wish.part > MAX_PARTS:
            yield Remark(wish.requirement, f"Paling banyak {MAX_PARTS} berkas. Gabungkan.", "file-parts")


def sizes_of(session: Session, batch_ids: Sequence[UUID], names: Sequence[str]) -> dict[str, int]:
    """Sizes of files by name, as the first of the batches that has one says."""
    found: dict[str, int] = {}
    for batch_id in reversed(batch_ids):
        rows = session.exec(
            select(BatchMember.name, BatchMember.size).where(
                BatchMember.batch_id == batch_id, col(BatchMember.name).in_(names)
            )
        )
        found |= dict(list(rows))
    return found


def _refuse_same(session: Session, client: str, fingerprint: str) -> None:
    first = session.exec(
        select(Batch.id).where(
            Batch.client == client, Batch.fingerprint == fingerprint, col(Batch.committed_at).is_not(None)
        )
    ).first()
    if first is not None:
        raise SameFile(first)


def _new_batch(session: Session, desk: BatchDesk, actor: Actor, wish: BatchWish, stored: Stored) -> Batch:
    if wish.mends is not None:
        mended = session.get(Batch, wish.mends)
        if mended is None or mended.client != client_of(actor):
            raise NotFound("There is no batch with the id that this file is to mend.")
    now = desk.clock.now()
    batch = Batch(
        client=client_of(actor),
        sender=actor.name,
        person_id=actor.person_id,
        licence_code=wish.licence_code,
        application_type=wish.application_type,
        form=form_of(desk.vault.part(stored.sha256, 0, 1024), wish.name),
        name=wish.name[-120:] or "batch",
        fingerprint=stored.sha256,
        upload_sha256=stored.sha256,
        size=stored.size,
        mends=wish.mends,
        created_at=now,
        changed_at=now,
        trace=TRACEPARENT.get(),
    )
    session.add(batch)
    session.flush()
    return batch


def _read(session: Session, desk: BatchDesk, batch: Batch, sop: Sop, stored: Stored, today: date) -> int:
    with _list_of(session, desk, batch, stored) as (file, form):
        known = known_columns(requirement.code for requirement in sop.requirements)
        sheet = sheet_of(file, form, known)
        place, seen = 0, dict[str, int]()
        while portion := list(islice(sheet.rows, _PORTION)):
            if place + len(portion) > desk.most_rows:
                raise unreadable(f"Paling banyak {desk.most_rows} baris dalam satu kiriman. Bagi menjadi beberapa.")
            judged = _judged(session, desk, batch, sop, portion, today)
            rows = [_row(batch.id, desk, place + i, cells, one, seen)
                    for i, (cells, one) in enumerate(zip(portion, judged, strict=True), 1)]  # fmt: skip
            _copy(session, "batch_row (batch_id, row, key, state, cells, errors)", rows)
            place += len(portion)
        if place == 0:
            raise unreadable("Daftar ini tidak memuat satu permohonan pun.")
        batch.columns = sheet.columns
        return place


@contextmanager
def _list_of(session: Session, desk: BatchDesk, batch: Batch, stored: Stored) -> Iterator[tuple[Any, Form]]:
    if batch.form != "zip":
        # The table holds forms alone.
        yield opened(desk.vault, stored), cast(Form, batch.form)
        return
    lists: dict[str, Member] = {}
    limits = Limits(max(desk.file_bytes, 1), desk.most_bytes * 4)

    def rows() -> Iterator[tuple[Any, ...]]:
        for member in members(_reader(desk.vault, stored.sha256), stored.size, limits):
            if is_list(member.name):
                lists[member.name] = member
            yield batch.id, member.name, member.place, member.packed, member.size, member.crc, member.method

    _copy(session, "batch_member (batch_id, name, place, packed, size, crc, method)", _once(rows()))
    name = manifest_of(list(lists))
    with manifest_in(desk.vault, stored, lists[name]) as file:
        head = file.read(1024)
        file.seek(0)
        yield file, form_of(head, name)


def _once(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    names: set[int] = set()
    for row in rows:
        if hash(row[1]) in names:
            raise unreadable(f"Nama {str(row[1])[-60:]!r} dua kali di dalam ZIP. Beri nama yang berbeda.")
        names.add(hash(row[1]))
        yield row


def _reader(vault: Vault, sha256: str) -> Callable[[int, int], bytes]:
    return lambda at, size: vault.part(sha256, at, size)


def _judged(
    session: Session, desk: BatchDesk, batch: Batch, sop: Sop, portion: Sequence[Cells], today: date
) -> list[Judged]:
    codes = [requirement.code for requirement in sop.requirements]
    names = sorted({wish.name for cells in portion for wish in files_of(cells, codes)})
    sizes = sizes_of(session, _sources(batch), names)
    judged = [judge_row(cells, sop, batch.application_type, today, sizes, desk.file_bytes) for cells in portion]
    taken = _taken(session, batch.client, [cells.get(KEY, "") for cells in portion])
    return [_with(one, taken.get(cells.get(KEY, ""))) for cells, one in zip(portion, judged, strict=True)]


def _sources(batch: Batch) -> list[UUID]:
    return [batch.id, *([batch.mends] if batch.mends else [])]


def _taken(session: Session, client: str, keys: Sequence[str]) -> dict[str, str]:
    """Registration numbers of running applications by the sender's key; those that he may mend are not among them."""
    found = session.exec(
        select(BatchKey.key, Application.registration_number)
        .join(Application, col(Application.id) == col(BatchKey.application_id))
        .where(BatchKey.client == client, col(BatchKey.key).in_(keys), col(Application.stage).not_in(_MENDABLE))
    )
    return {key: number or "-" for key, number in found}


def _with(judged: Judged, number: str | None) -> Judged:
    if number is None:
        return judged
    return replace(judged, remarks=(*judged.remarks, already(number)))


def already(number: str) -> Remark:
    """A row whose key is an application already."""
    return Remark(KEY, f"Baris ini sudah pernah dikirim: permohonan {number}.", "key-taken")


def _row(
    batch_id: UUID, desk: BatchDesk, place: int, cells: Cells, judged: Judged, seen: dict[str, int]
) -> tuple[Any, ...]:
    key, remarks = cells.get(KEY, "")[:100], list(judged.remarks)
    if key in seen and key:
        remarks.append(Remark(KEY, f"Kunci ini sudah dipakai baris {seen[key]}.", "key-doubled"))
    seen.setdefault(key, place)
    refused = any(remark.grade == "error" for remark in remarks)
    if any(remark.code == "key-nik" for remark in remarks):
        key = ""
    sealed = desk.cipher.seal(json.dumps(dict(cells), ensure_ascii=False), row_context(batch_id, place))
    errors = json.dumps([remark.as_row() for remark in remarks], ensure_ascii=False)
    return batch_id, place, key, "refused" if refused else "waiting", sealed, errors


def row_context(batch_id: UUID, place: int) -> str:
    """What the sealed cells of a row are bound to."""
    return f"batch:{batch_id}:{place}"


def _copy(session: Session, target: str, rows: Any) -> None:
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _run(session: Session, batch: Batch, actor: Actor, now: datetime) -> None:
    batch.state, batch.version = "running", batch.version + 1
    batch.committed_at = batch.changed_at = now
    batch.token_sha256 = None
    session.add(batch)
    session.flush()
    enqueue_rows(session, batch.id, now)
    record(session, "batch_committed", at=now, actor=actor, detail={"batch": str(batch.id), "rows": batch.row_count})


_ENQUEUE: Final = text(
    """INSERT INTO outbox (task, queue, subject_id, generation, priority, created_at, due_at, sent_count, attempts,
                           error, trace)
       SELECT :task, :queue, r.id, 1, :priority, :now, :now, 0, 0, '', :trace FROM batch_row r
        WHERE r.batch_id = :batch AND r.state = 'waiting' ORDER BY r.row"""
)


def enqueue_rows(session: Session, batch_id: UUID, now: datetime) -> None:
    """Ask for every row that waits; none of them has open work."""
    values = {"task": TASK, "queue": queue_of(TASK).value, "batch": batch_id, "now": now}
    session.connection().execute(_ENQUEUE, {**values, "priority": PRIORITIES["batch"], "trace": TRACEPARENT.get()})


def row_of(session: Session, row_id: UUID) -> BatchRow | None:
    """The row, locked."""
    return session.exec(
        select(BatchRow).where(BatchRow.id == row_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
