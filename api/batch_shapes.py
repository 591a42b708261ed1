"""What the API answers about batches."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from api.shapes import EXAMPLE_ID, Shape
from models.services.inputs import Input

BatchState = Literal["checked", "running", "paused", "cancelled", "finished"]
Place = Literal[
    "waiting", "checking", "verifying", "paraf", "signature", "numbering",
    "issued", "returned", "rejected", "refused", "cancelled",
]  # fmt: skip


class RowRemark(Shape):
    """What is to be said of one cell of a row; a warning keeps nothing back."""

    column: str = Field(examples=["birth_date"])
    message: str = Field(examples=["Bukan tanggal. Tulis seperti 1990-01-31 atau 31-01-1990."])
    code: str = Field(examples=["date"])
    grade: Literal["error", "warning"] = "error"


class BatchItem(Shape):
    """One row: `row` counts from 1 beneath the head. Follow `application` once it is one."""

    row: int
    key: str = Field(examples=["RS-2026-0017"])
    state: Place
    errors: list[RowRemark]
    application_id: UUID | None = None
    registration_number: str | None = None
    application: str | None = Field(default=None, examples=[f"/v1/applications/{EXAMPLE_ID}"])


class BatchItems(Shape):
    """A page of rows; `next` is the cursor of the page after it."""

    items: list[BatchItem]
    next: str | None = None


class BatchLinks(Shape):
    """Where more about a batch stands; `zip` is there once the licences are bound together."""

    items: str
    errors: str
    events: str
    zip: str | None = None


class BatchShape(Shape):
    """A batch. It is finished when every row is issued, returned or refused; `letters` may still come of it."""

    id: UUID
    state: BatchState
    version: int
    licence_code: str
    application_type: str
    name: str
    sha256: str
    size: int
    rows: int
    counts: dict[Place, int] = Field(examples=[{"waiting": 940, "checking": 12, "refused": 48}])
    letters: int
    rate: float = Field(description="Rows a second that became applications in the last minute.")
    taken_by: datetime | None = Field(description="When the last waiting row may have become an application.")
    expected_end: datetime | None = Field(description="When the last letter is promised, if officials act in time.")
    mends: UUID | None
    created_at: datetime
    committed_at: datetime | None
    finished_at: datetime | None
    links: BatchLinks


class BatchChecked(Shape):
    """A dry run: nothing runs. `token` commits exactly this file within a day."""

    batch: BatchShape
    token: str
    expires_at: datetime
    verdicts: list[BatchItem]


class BatchPage(Shape):
    """Batches, the newest first."""

    items: list[BatchShape]
    next: str | None = None


class CommitBatch(Input):
    """The token of a dry run."""

    token: str = Field(min_length=1, max_length=100, examples=["dJ0Zp2wN5m8uQ1kYb7sT3xLrV6cFhA9e"])
