"""Step 1, first half: start a draft, describe the applicant, attach documents. Nothing is promised yet."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, text
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock, NikCipher, Stored
from models.rules.errors import Fault, InvalidInput, NotFound, WrongStage
from models.rules.numbering import jakarta_date
from models.rules.requirements import conditions_of
from models.rules.roles import Actor, Verb, require_owner_or_staff, require_scope
from models.rules.sop import Sop
from models.rules.stages import Stage
from models.services.casework import enqueue, lock_case, record
from models.services.definitions import current_of, current_sop, pinned_sop, versions_of
from models.services.inputs import HolderInput
from models.tables.cases import Application, Document, HolderData
from models.tables.columns import table_of

EDITABLE = frozenset({Stage.DRAFT, Stage.RETURNED, Stage.LAPSED})
"""Where the applicant may change data and documents."""

MAX_PARTS = 20
LOOK: Final = "paraf.inspect_document"
PRIORITIES = {"counter": 3, "online": 5, "batch": 7}
"""By channel, the smallest first; an applicant who waits at the counter goes before files."""
PRECEDENCE = 1

# A rush day is mostly uploads: what each of them asks is put together once, and written without the object mapper.
_DOCUMENTS = table_of(Document)
_ADD_DOCUMENT = insert(_DOCUMENTS).returning(_DOCUMENTS.c.id)
_CURRENT = (
    select(Document)
    .where(Document.application_id == bindparam("case"), Document.requirement == bindparam("requirement"))
    .where(Document.part == bindparam("part"), col(Document.replaced_at).is_(None))
)
_LOCKED = (
    select(Application, versions_of(Application.licence_code))
    .where(Application.id == bindparam("id"))
    .with_for_update(of=Application)
    .execution_options(populate_existing=True)
)
_KEEP_AND_LOOK = text(
    """SELECT keep_object(:sha256), (
        SELECT o.id FROM outbox o JOIN document d ON d.id = o.subject_id
         WHERE d.application_id = :case AND o.task = :task AND o.done_at IS NULL AND o.sent_at IS NULL
         LIMIT 1 FOR UPDATE OF o) IS NOT NULL AS look_waits"""
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A new draft. `link` opens it again without an account: it is shown once and stored as a hash."""

    application_id: UUID
    version: int
    link: str


def open_draft(
    db: Database,
    clock: Clock,
    actor: Actor,
    licence_code: str,
    application_type: str,
    channel: str = "online",
    *,
    precedence: bool = False,
) -> Draft:
    """Start an application; raises NotFound for an unknown licence, InvalidInput for an unknown type.

    `precedence`: for the elderly, the disabled and the pregnant; which of them is nobody's business.
    """
    now, link = clock.now(), secrets.token_urlsafe(24)
    require_scope(actor, Verb.WRITE, licence_code)
    with db.transaction() as session:
        _, sop = current_sop(session, licence_code, jakarta_date(now))
        sop.application_type(application_type)
        case = Application(
            licence_code=licence_code,
            application_type=application_type,
            channel=channel,
            created_at=now,
            stage_since=now,
            applicant_id=None if actor.is_staff else actor.person_id,
            client_id=actor.client_id,
            link_sha256=link_hash(link),
            priority=PRECEDENCE if precedence else PRIORITIES.get(channel, 5),
        )
        session.add(case)
        session.flush()
        record(session, "open_draft", at=now, case=case, actor=actor, detail={"channel": channel})
        return Draft(case.id, case.version, link)


def link_hash(link: str) -> bytes:
    """What is stored of a resume link."""
    return hashlib.sha256(link.encode()).digest()


def describe(
    db: Database, clock: Clock, cipher: NikCipher, actor: Actor, application_id: UUID, data: HolderInput
) -> int:
    """Put the applicant's data; the last one holds. Returns the case's version. Raises WrongStage once submitted."""
    with db.transaction() as session:
        case = editable_case(session, actor, application_id)
        holder = session.get(HolderData, application_id)
        values = _holder_values(cipher, data)
        if holder is None:
            session.add(HolderData(application_id=application_id, **values))
        else:
            for name, value in values.items():
                setattr(holder, name, value)
            session.add(holder)
        record(session, "describe", at=clock.now(), case=case, actor=actor)
        return case.version


def _holder_values(cipher: NikCipher, data: HolderInput) -> dict[str, Any]:
    conditions = conditions_of(represented=data.represented, place_order=data.place_order)
    return {
        **data.model_dump(exclude={"nik", "represented"}),
        "nik_sealed": cipher.seal(data.nik),
        "nik_blind": cipher.blind(data.nik),
        "nik_tail": data.nik[-4:],
        "conditions": sorted(conditions),
    }


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored file on its way into a berkas. `media_type` was told from its first bytes, not from its name."""

    requirement: str
    name: str
    media_type: str
    stored: Stored
    fields: dict[str, str]
    part: int = 1


def attach(db: Database, clock: Clock, actor: Actor, application_id: UUID, upload: Upload) -> UUID:
    """As `put_document`; answers the document's id."""
    return put_document(db, clock, actor, application_id, upload).id


def put_document(db: Database, clock: Clock, actor: Actor, application_id: UUID, upload: Upload) -> Document:
    """Put a document under its requirement; an earlier one of the same part is kept as replaced.

    The same bytes again change nothing. Raises InvalidInput for an unknown requirement or a wrong kind of file.
    """
    now = clock.now()
    with db.transaction() as session:
        case, sop = _locked(session, application_id, jakarta_date(now))
        _require_editable(actor, case, staff_too=True)
        _check_kind(sop, upload)
        look_waits = _kept(session, case, upload)
        place = {"case": application_id, "requirement": upload.requirement, "part": upload.part}
        current = session.exec(_CURRENT, params=place).one_or_none()
        if current is not None:
            if current.sha256 == upload.stored.sha256 and current.fields == upload.fields:
                return current
            current.replaced_at = now
            session.add(current)
            session.flush()
        document = _add_document(session, now, actor, case, upload)
        # A row of a batch is handed in at once: its check looks at the files.
        if case.channel != "batch" and not look_waits:
            enqueue(session, LOOK, document.id, 1, now, priority=case.priority)
        return document


def _locked(session: Session, application_id: UUID, today: date) -> tuple[Application, Sop]:
    """The case, locked, and the rules that hold for it; raises NotFound."""
    found = session.exec(_LOCKED, params={"id": application_id}).one_or_none()
    if found is None:
        raise NotFound("There is no application with this id.")
    case, versions = found
    if case.sop_id is not None:
        return case, pinned_sop(session, case.sop_id)
    return case, current_of(session, versions, case.licence_code, today)[1]


def _kept(session: Session, case: Application, upload: Upload) -> bool:
    """Keep the file from now on. True when a look at this berkas waits unsent: it will see this file too.

    That message is locked, so that it is not sent now.
    """
    values = {"sha256": upload.stored.sha256, "case": case.id, "task": LOOK}
    return bool(session.connection().execute(_KEEP_AND_LOOK, values).one().look_waits)


def _add_document(session: Session, now: datetime, actor: Actor, case: Application, upload: Upload) -> Document:
    values: dict[str, Any] = {
        "application_id": case.id,
        "requirement": upload.requirement,
        "part": upload.part,
        "name": upload.name,
        "media_type": upload.media_type,
        "sha256": upload.stored.sha256,
        "size": upload.stored.size,
        "fields": upload.fields,
        "uploaded_at": now,
        "answer": "",
        "pages": 0,
        "clean_sha256": "",
        "clean_media_type": "",
    }
    document_id: UUID = session.connection().execute(_ADD_DOCUMENT, values).scalar_one()
    detail = {"requirement": upload.requirement, "part": upload.part, "sha256": upload.stored.sha256}
    record(session, "attach", at=now, case=case, actor=actor, detail=detail)
    return Document(id=document_id, findings=[], **values)


def remove(db: Database, clock: Clock, actor: Actor, application_id: UUID, document_id: UUID) -> None:
    """Take a document out of the berkas; the bytes stay in the vault until their class of data ends."""
    with db.transaction() as session:
        case = editable_case(session, actor, application_id, staff_too=True)
        row = session.get(Document, document_id)
        if row is None or row.application_id != case.id or row.replaced_at is not None:
            raise InvalidInput("There is no such document in this berkas; reload the list.")
        row.replaced_at = clock.now()
        session.add(row)
        record(session, "remove", at=clock.now(), case=case, actor=actor, detail={"requirement": row.requirement})


def _check_kind(sop: Sop, upload: Upload) -> None:
    requirement = sop.requirement(upload.requirement)
    kind = "pdf" if upload.media_type == "application/pdf" else "image"
    if kind not in requirement.kinds:
        raise InvalidInput(
            f"{requirement.label} harus berupa {' atau '.join(requirement.kinds)}; unggah berkas jenis itu.",
            faults=[Fault(f"/documents/{upload.requirement}", f"expected {' or '.join(requirement.kinds)}", "kind")],
        )
    if not 1 <= upload.part <= MAX_PARTS:
        raise InvalidInput(f"A requirement takes parts 1 to {MAX_PARTS}; join pages into one PDF.")


def editable_case(session: Session, actor: Actor, application_id: UUID, *, staff_too: bool = False) -> Application:
    """The case, locked, if its berkas may be changed by the actor now. Raises NotFound, Forbidden, WrongStage."""
    case = lock_case(session, application_id)
    _require_editable(actor, case, staff_too=staff_too)
    return case


def _require_editable(actor: Actor, case: Application, *, staff_too: bool) -> None:
    require_owner_or_staff(actor, case.id, case.applicant_id, case.client_id)
    require_scope(actor, Verb.WRITE, case.licence_code)
    allowed = EDITABLE | ({Stage.VERIFYING} if staff_too and actor.is_staff else set())
    if case.stage not in allowed:
        raise WrongStage(f"The berkas can not be changed while the case is {case.stage}.")
