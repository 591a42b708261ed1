"""Batches at the counter: the way of an upload into the vault, and how a batch is told, for the API and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

import anyio.from_thread
from sqlmodel import Session

from api.batch_shapes import BatchItem, BatchLinks, BatchShape
from api.wiring import ApiOffice
from models.ports import Stored
from models.rules.errors import InvalidInput
from models.rules.numbering import jakarta_date
from models.services.batch_control import Item, Standing, standing
from models.services.batch_intake import BatchDesk
from models.services.definitions import current_sop
from models.tables.batch import Batch

BLOCK = 1024 * 1024


def desk_of(office: ApiOffice) -> BatchDesk:
    """What taking a batch in needs, of this office."""
    settings = office.settings
    return BatchDesk(
        db=office.db,
        clock=office.clock,
        vault=office.vault,
        cipher=office.answer_cipher,
        calendar=office.calendar,
        most_bytes=settings.batch_max_bytes,
        most_rows=settings.batch_max_rows,
        file_bytes=settings.upload_max_bytes,
    )


async def _blocks(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in larger pieces: each costs a way between two threads."""
    parts: list[bytes] = []
    size = 0
    async for part in body:
        parts.append(part)
        size += len(part)
        if size >= BLOCK:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)


def store_body(office: ApiOffice, body: AsyncIterator[bytes]) -> Stored:
    """Put a request's body into the vault as it comes; called in a worker thread of the event loop's.

    Raises InvalidInput for an empty one and beyond the largest batch.
    """
    blocks = _blocks(body)

    async def following() -> bytes | None:
        return await anext(blocks, None)

    def chunks() -> Iterator[bytes]:
        while (block := anyio.from_thread.run(following)) is not None:
            yield block

    stored = office.vault.put_stream(chunks(), office.settings.batch_max_bytes)
    if stored.size == 0:
        raise InvalidInput("The body is empty: send the file itself as the body of the request.")
    return stored


def standing_of(office: ApiOffice, session: Session, batch: Batch) -> Standing:
    """Where the batch stands now."""
    now = office.clock.now()
    _, sop = current_sop(session, batch.licence_code, jakarta_date(now))
    return standing(session, office.calendar, batch, sop.promise_working_days, now)


def shape_of(found: Standing) -> BatchShape:
    """A batch as the API tells it."""
    batch, here = found.batch, f"/v1/batches/{found.batch.id}"
    links = BatchLinks(
        items=f"{here}/items",
        errors=f"{here}/errors.csv",
        events=f"{here}/events",
        zip=f"{here}/zip" if batch.bundle_sha256 else None,
    )
    return BatchShape.model_validate(
        {
            **batch.model_dump(include=_SAME),
            "sha256": batch.fingerprint,
            "rows": batch.row_count,
            "counts": found.counts,
            "letters": found.letters,
            "rate": found.rate,
            "taken_by": found.taken_by,
            "expected_end": found.expected,
            "links": links,
        }
    )


_SAME = {
    *("id", "state", "version", "licence_code", "application_type", "name", "size", "mends", "created_at"),
    *("committed_at", "finished_at"),
}


def items_of(rows: Sequence[Item]) -> list[BatchItem]:
    """Rows as the API tells them."""
    return [
        BatchItem.model_validate(
            {
                "row": one.row,
                "key": one.key,
                "state": one.place,
                "errors": one.errors,
                "application_id": one.application_id,
                "registration_number": one.registration_number,
                "application": f"/v1/applications/{one.application_id}" if one.application_id else None,
            }
        )
        for one in rows
    ]
