"""Batches: many applications in one file, judged before anything runs, followed row by row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.actors import AnyCaller, Caller, Office, Who, actor_of_caller
from api.batch_shapes import BatchChecked, BatchItems, BatchPage, BatchShape, CommitBatch, Place
from api.batches import desk_of, items_of, shape_of, standing_of, store_body
from api.cursors import after_number, decode, next_page
from api.files import download_headers
from api.idempotency import Asked, GivenKey, Made, asking, once, turn_of
from api.refusals import MalformedRequest
from api.signatures import Signed, refuse_changed, refuse_unsigned
from api.versions import LookedAt, etag_of
from api.wiring import ApiOffice
from models.ports import Stored
from models.rules.errors import NotFound
from models.rules.roles import Actor, Verb, require_role, require_scope
from models.rules.sniffing import safe_name
from models.services import batch_control, batch_files, batch_intake, privacy
from models.services.api_keys import signing_secret
from models.services.batch_intake import SENDERS, TOKEN_HOLDS, BatchWish
from models.tables.batch import Batch

router = APIRouter(prefix="/v1/batches", tags=["batches"])
RETRY_SECONDS = 5
EVENT_SECONDS = 2.0
LONGEST_STREAM = 300
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself: a ZIP with a manifest and the berkas, or a list alone.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("application/zip", "application/x-ndjson", "text/csv", "application/octet-stream")
        },
    }
}
_EVENT = {
    "description": "One event of the stream.",
    "type": "object",
    "properties": {
        "event": {"const": "batch"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/BatchShape"},
        },
    },
    "required": ["event", "data"],
}
Licence = Annotated[str, Query(pattern=r"^[A-Z][A-Z0-9-]{0,19}$", examples=["SIKRO"])]
Type = Annotated[str, Query(alias="type", pattern=r"^[a-z][a-z0-9_]{0,47}$")]


@router.post(
    "",
    operation_id="createBatch",
    status_code=202,
    summary="Send a batch, or try one out",
    response_model=BatchShape,
    responses={200: {"model": BatchChecked, "description": "A dry run"}},
    openapi_extra=_BODY,
)
async def create_batch(
    request: Request,
    caller: AnyCaller,
    key: GivenKey,
    office: Office,
    licence: Licence,
    type_: Type = "baru",
    name: Annotated[str, Query(max_length=200, description="The file's name, for people.")] = "batch",
    dry_run: Annotated[bool, Query(description="Judge every row, run nothing, answer a token.")] = False,
    mends: Annotated[UUID | None, Query(description="A batch whose files these rows may still name.")] = None,
) -> Response:
    """At most 10,000 rows. Rows with errors are left out, the others become applications as fast as the office can.

    The same file twice is refused, the first in Link. With `dry_run=true` nothing runs until the token comes.
    """
    wish = BatchWish(licence, safe_name(name), type_, dry_run, mends)
    signed = await run_in_threadpool(_refuse_stranger, office, request, caller, licence)
    stored = await run_in_threadpool(store_body, office, request.stream())
    if signed is not None:
        refuse_changed(signed, stored.sha256)
    return await run_in_threadpool(_created, office, request, caller, key, wish, stored)


def _refuse_stranger(office: ApiOffice, request: Request, caller: Caller, licence: str) -> Signed | None:
    """Before a byte of the body is taken; what a signing key signed is held against the body afterwards."""
    actor = actor_of_caller(caller)
    require_role(actor, *SENDERS)
    require_scope(actor, Verb.BATCH, licence)
    if caller.key is None or not caller.key.must_sign:
        return None
    with office.db.transaction() as session:
        secret = signing_secret(session, office.answer_cipher, caller.key.key_id)
    return refuse_unsigned(request, caller.key.key_id, secret, office.clock.now())


def _created(
    office: ApiOffice, request: Request, caller: Caller, key: str, wish: BatchWish, stored: Stored
) -> Response:
    actor = actor_of_caller(caller)
    with turn_of(office, asking(caller, request, key, stored.sha256)) as turn:
        if turn.earlier is not None:
            return turn.earlier
        made = batch_intake.receive(desk_of(office), actor, wish, stored)
        with office.db.transaction() as session:
            answer = _answer(office, session, session.get_one(Batch, made.batch_id), made.token)
        turn.keep(answer, ("other" if made.token else "batch", made.batch_id))
    return answer


def _answer(office: ApiOffice, session: Session, batch: Batch, token: str) -> Response:
    shape = shape_of(standing_of(office, session, batch))
    headers = {"Location": f"/v1/batches/{batch.id}", "ETag": etag_of(batch.version)}
    if not token:
        headers["Retry-After"] = str(RETRY_SECONDS)
        return Response(shape.model_dump_json(), 202, headers, "application/json")
    rows = batch_control.items(session, batch.id, 0, batch.row_count)
    checked = BatchChecked(batch=shape, token=token, expires_at=batch.created_at + TOKEN_HOLDS, verdicts=items_of(rows))
    return Response(checked.model_dump_json(), 200, headers, "application/json")


@router.get("", operation_id="listBatches", summary="Batches, the newest first")
def list_batches(
    request: Request,
    response: Response,
    actor: Who,
    office: Office,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> BatchPage:
    """A system sees its own, the office's people all."""
    with office.db.transaction() as session:
        found = batch_control.batches(session, actor, _before(cursor), limit + 1)
        shapes = [shape_of(standing_of(office, session, batch)) for batch in found[:limit]]
    following = next_page(request, response, found, limit, lambda row: str(row.id))
    return BatchPage(items=shapes, next=following)


def _before(cursor: str) -> UUID | None:
    if not cursor:
        return None
    try:
        (value,) = decode(cursor)
        return UUID(str(value))
    except ValueError as error:
        raise MalformedRequest(
            "This cursor is none of ours: take `next` from the page before, or leave it out."
        ) from error


@router.get("/{batch_id}", operation_id="getBatch", summary="How a batch goes")
def get_batch(batch_id: UUID, actor: Who, response: Response, office: Office) -> BatchShape:
    """State, counts, pace, expected end and where to look further."""
    return _shown(office, actor, batch_id, response)


def _shown(office: ApiOffice, actor: Actor, batch_id: UUID, response: Response) -> BatchShape:
    with office.db.transaction() as session:
        found = shape_of(standing_of(office, session, batch_control.visible_batch(session, actor, batch_id)))
    response.headers["ETag"] = etag_of(found.version)
    if found.finished_at is None:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return found


def _a_batch(shape: BatchShape) -> Made:
    return "batch", shape.id


@router.post("/{batch_id}/commit", operation_id="commitBatch", status_code=202, summary="Run a dry run's file")
@once(202, made=_a_batch)
def commit_batch(
    batch_id: UUID,
    given: CommitBatch,
    actor: Who,
    response: Response,
    office: Office,
    asked: Asked,  # noqa: ARG001 - `once` takes it
) -> BatchShape:
    """Exactly the file that was judged; nothing is sent again."""
    batch_intake.commit(office.db, office.clock, actor, batch_id, given.token)
    response.headers["Location"] = f"/v1/batches/{batch_id}"
    return _shown(office, actor, batch_id, response)


@router.post("/{batch_id}/pause", operation_id="pauseBatch", summary="Begin no further row")
def pause_batch(batch_id: UUID, actor: Who, version: LookedAt, response: Response, office: Office) -> BatchShape:
    """What is an application already goes its way."""
    batch_control.pause(office.db, office.clock, actor, batch_id, version)
    return _shown(office, actor, batch_id, response)


@router.post("/{batch_id}/resume", operation_id="resumeBatch", summary="Go on with a paused batch")
def resume_batch(batch_id: UUID, actor: Who, version: LookedAt, response: Response, office: Office) -> BatchShape:
    """Where it was, no row twice."""
    batch_control.resume(office.db, office.clock, actor, batch_id, version)
    return _shown(office, actor, batch_id, response)


@router.delete("/{batch_id}", operation_id="cancelBatch", status_code=204, summary="Cancel what has not begun")
def cancel_batch(batch_id: UUID, actor: Who, version: LookedAt, office: Office) -> None:
    """Applications that exist already go on; a dry run is forgotten."""
    batch_control.cancel(office.db, office.clock, actor, batch_id, version)


@router.get("/{batch_id}/items", operation_id="listBatchItems", summary="The rows of a batch")
def list_items(
    batch_id: UUID,
    request: Request,
    response: Response,
    actor: Who,
    office: Office,
    state: Annotated[Place | None, Query(description="Only rows at this place.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> BatchItems:
    """In the order of the file. Follow `next` with the same filter."""
    after = after_number(cursor) if cursor else 0
    with office.db.transaction() as session:
        batch_control.visible_batch(session, actor, batch_id)
        found = batch_control.items(session, batch_id, min(after, 2**31 - 1), limit + 1, state or "")
    following = next_page(request, response, found, limit, lambda row: row.row)
    return BatchItems(items=items_of(found[:limit]), next=following)


def _file(kind: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file", "content": {kind: schema}}}


@router.get(
    "/{batch_id}/errors.csv",
    operation_id="getBatchErrors",
    summary="Rows to mend and send again",
    response_class=Response,
    responses=_file("text/csv"),
)
def get_errors(batch_id: UUID, actor: Who, office: Office) -> Response:
    """Own columns, then row, column and message. Mend it and send it with `mends` set to this batch."""
    with office.db.transaction() as session:
        batch = batch_control.visible_batch(session, actor, batch_id)
    privacy.note_rows(office.db, office.clock, actor, batch_id)
    headers = download_headers(f"errors-{batch_id}.csv", "")
    headers.pop("ETag")
    lines = batch_files.errors_csv(office.db, office.answer_cipher, batch)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/{batch_id}/zip",
    operation_id="getBatchZip",
    summary="The licences of a finished batch",
    response_class=Response,
    responses=_file("application/zip"),
)
def get_zip(batch_id: UUID, actor: Who, office: Office) -> Response:
    """Every licence as a PDF, and register.xlsx with the number, the dates and the SHA-256 of each."""
    with office.db.transaction() as session:
        batch = batch_control.visible_batch(session, actor, batch_id)
    if not batch.bundle_sha256:
        raise NotFound("The licences are not bound together yet: the batch must be finished; then it takes a minute.")
    headers = download_headers(f"izin-{batch_id}.zip", batch.bundle_sha256)
    headers["Content-Length"] = str(batch.bundle_size)
    return StreamingResponse(office.vault.stream(batch.bundle_sha256), media_type="application/zip", headers=headers)


@router.get(
    "/{batch_id}/events",
    operation_id="followBatch",
    summary="How a batch goes, as server-sent events",
    response_class=Response,
    responses={200: {"description": "A stream of events", "content": {"text/event-stream": {"schema": _EVENT}}}},
)
def follow_batch(batch_id: UUID, actor: Who, office: Office) -> Response:
    """An event `batch` with the batch as JSON whenever it changed; the stream ends with the batch."""
    with office.db.transaction() as session:
        batch_control.visible_batch(session, actor, batch_id)
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_events(office, actor, batch_id), media_type="text/event-stream", headers=headers)


async def _events(office: ApiOffice, actor: Actor, batch_id: UUID) -> AsyncIterator[str]:
    told, response = "", Response()
    for _ in range(LONGEST_STREAM):
        try:
            found = await run_in_threadpool(_shown, office, actor, batch_id, response)
        except NotFound:
            return
        text = found.model_dump_json()
        yield f"event: batch\ndata: {text}\n\n" if text != told else ": still here\n\n"
        told = text
        if found.finished_at is not None:
            return
        await asyncio.sleep(EVENT_SECONDS)
