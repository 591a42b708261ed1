"""Page images of objects: which pages are drawn, and whether an object belongs to a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from models.rules.errors import NotFound
from models.services.page_images import LARGE, SMALL
from models.tables.cases import Document
from models.tables.desks import PageImage
from models.tables.letters import Blanko


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawn page: addresses of its two sizes, and its text."""

    page: int
    small: str
    large: str
    text: str


def pictures_of(session: Session, objects: Mapping[str, UUID]) -> dict[str, list[Picture]]:
    """The drawn pages of objects (SHA-256 to the case that each belongs to), in one query, pages in order."""
    rows = session.exec(
        select(PageImage.object_sha256, PageImage.page, PageImage.text)
        .where(col(PageImage.object_sha256).in_(list(objects)), PageImage.width == SMALL)
        .order_by(col(PageImage.object_sha256), col(PageImage.page))
    ).all()
    found: dict[str, list[Picture]] = {}
    for sha256, page, text in rows:
        base = f"/permohonan/{objects[sha256]}/gambar/{sha256}/{page}"
        found.setdefault(sha256, []).append(Picture(page, f"{base}/{SMALL}", f"{base}/{LARGE}", text))
    return found


def is_paper(session: Session, application_id: UUID, object_sha256: str) -> bool:
    """Whether an object is a paper that was handed in with the case, and not its letter."""
    return _names(session, application_id, Document, Document.clean_sha256, object_sha256)


def picture_sha256(session: Session, application_id: UUID, object_sha256: str, page: int, width: int) -> str:
    """The vault's name of a page image. The large one may still be on its way: then the small one stands for it.

    Raises NotFound for an object that is none of the case's.
    """
    if not _belongs(session, application_id, object_sha256):
        raise NotFound("There is no such page in this case.")
    for size in (width, SMALL):
        row = session.get(PageImage, (object_sha256, page, size))
        if row is not None:
            return row.sha256
    raise NotFound("This page is not drawn yet.")


def _belongs(session: Session, application_id: UUID, object_sha256: str) -> bool:
    return is_paper(session, application_id, object_sha256) or _names(
        session, application_id, Blanko, Blanko.sha256, object_sha256
    )


def _names(
    session: Session, application_id: UUID, table: type[Document] | type[Blanko], column: object, object_sha256: str
) -> bool:
    statement = select(table.application_id).where(table.application_id == application_id, column == object_sha256)
    return session.exec(statement.limit(1)).first() is not None
