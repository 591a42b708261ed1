"""Pictures of what officials look at: each page of a clean copy or a blanko in two sizes, made after the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from models.db import Database
from models.ports import Clock, PageReader, Vault
from models.rules.masking import scrub
from models.services.casework import enqueue
from models.services.side_job import run_job
from models.tables.cases import Document
from models.tables.desks import PageImage
from models.tables.letters import Blanko

TASK: Final = "paraf.make_page_images"
SMALL: Final = 600
LARGE: Final = 1200
WIDTHS: Final = (LARGE, SMALL)
"""Pixels: one to read by, and half of it for lists and phones, which costs little beside it."""

MAX_PAGES: Final = 40
"""Longer files are looked at in the original from there on."""

LATER: Final = 9
"""Priority in the outbox: everything else goes first, and a rush at the intake holds these back."""

SOON: Final = 8
"""For what an official waits to sign: it goes whatever the intake does."""

_PDF = "application/pdf"
_TEXT_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class PictureRoom:
    """What making page images needs of the world."""

    vault: Vault
    reader: PageReader


@dataclass(frozen=True, slots=True)
class _Source:
    sha256: str
    media_type: str
    pages: int


def ask_for_images(
    session: Session, subject_id: UUID, generation: int, now: datetime, *, priority: int = LATER
) -> None:
    """Have a document (by its id) or a blanko (by case and revision) drawn, once this transaction is committed."""
    enqueue(session, TASK, subject_id, generation, now, priority=priority)


def make_page_images(db: Database, clock: Clock, room: PictureRoom, subject_id: UUID, generation: int) -> bool:
    """Draw every page that is not drawn yet. Pages that are done stay when a later one fails."""
    return run_job(db, clock, TASK, subject_id, generation, lambda: _draw(db, clock, room, subject_id, generation))


def _draw(db: Database, clock: Clock, room: PictureRoom, subject_id: UUID, generation: int) -> None:
    with db.transaction() as session:
        source = _source(session, subject_id, generation)
        if source is None:
            return
        made = _made(session, source.sha256)
    data = room.vault.get(source.sha256)
    for page in range(1, min(max(source.pages, 1), MAX_PAGES) + 1):
        if any((page, width) not in made for width in WIDTHS):
            look = room.reader.look_at_page(data, source.media_type, page, WIDTHS)
            names = [room.vault.put(picture).sha256 for picture in look.pictures]
            _keep(db, clock, source.sha256, page, dict(zip(WIDTHS, names, strict=True)), _plain(look.text))


def _source(session: Session, subject_id: UUID, generation: int) -> _Source | None:
    document = session.get(Document, subject_id)
    if document is not None:
        return _Source(document.clean_sha256, document.clean_media_type, document.pages) if _shown(document) else None
    blanko = session.get(Blanko, (subject_id, generation))
    return _Source(blanko.sha256, _PDF, 1) if blanko is not None else None


def _shown(document: Document) -> bool:
    return document.replaced_at is None and document.clean_sha256 != ""


def _made(session: Session, object_sha256: str) -> set[tuple[int, int]]:
    statement = select(PageImage.page, PageImage.width).where(PageImage.object_sha256 == object_sha256)
    return {(page, width) for page, width in session.exec(statement)}


def _plain(text: str) -> str:
    # The picture shows the number to who may look at it; readable in a row it lies nowhere.
    return scrub(text.replace("\0", ""))[:_TEXT_KEPT]


def _keep(db: Database, clock: Clock, object_sha256: str, page: int, names: Mapping[int, str], text: str) -> None:
    """Both sizes at once; the text stands with the small one."""
    rows = [
        {
            "object_sha256": object_sha256,
            "page": page,
            "width": width,
            "sha256": sha256,
            "text": text if width == SMALL else "",
            "made_at": clock.now(),
        }
        for width, sha256 in names.items()
    ]
    with db.transaction() as session:
        session.execute(insert(PageImage).values(rows).on_conflict_do_nothing())
