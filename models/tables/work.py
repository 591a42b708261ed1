"""Work for machines: the outbox, and what schedules and queues last achieved."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import moment, primary_uuid, serial, small, words


class Outbox(SQLModel, table=True):
    """A task that a commit called for. `generation` is the case's version then: an older one finds nothing to do."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_due", "queue", "priority", "id", postgresql_where=text("done_at IS NULL")),
        Index("outbox_flying", "queue", postgresql_where=text("done_at IS NULL AND sent_at IS NOT NULL")),
        Index("outbox_subject", "subject_id"),
        CheckConstraint("attempts >= 0", name="outbox_attempts"),
    )

    id: int = serial()
    task: str = words()
    queue: str = words()
    subject_id: UUID
    generation: int
    priority: int = small(5)
    created_at: datetime = moment()
    due_at: datetime = moment()
    sent_at: datetime | None = moment(optional=True)
    sent_count: int = 0
    attempts: int = 0
    done_at: datetime | None = moment(optional=True)
    error: str = words("")
    trace: str = words("")


class Heartbeat(SQLModel, table=True):
    """Progress, not presence: what a schedule or a queue's canary last finished."""

    __tablename__ = "heartbeat"

    name: str = words(primary_key=True)
    started_at: datetime | None = moment(optional=True)
    succeeded_at: datetime | None = moment(optional=True)
    detail: str = words("")


class MailMessage(SQLModel, table=True):
    """One message to one person about one event, however often the task runs; claimed before it is sent."""

    __tablename__ = "mail_message"
    __table_args__ = (Index("mail_message_key", "key", unique=True),)

    id: UUID = primary_uuid()
    key: str = words()
    kind: str = words()
    application_id: UUID
    created_at: datetime = moment()
    claimed_at: datetime | None = moment(optional=True)
    sent_at: datetime | None = moment(optional=True)
    error: str = words("")


class StaffMessage(SQLModel, table=True):
    """One message to one of the office's own people: a pile that is done, or the work that waits for him on a day."""

    __tablename__ = "staff_message"
    __table_args__ = (
        Index("staff_message_key", "key", unique=True),
        CheckConstraint("(kind = 'pile_done') = (pile_id IS NOT NULL)", name="staff_message_about"),
    )

    id: UUID = primary_uuid()
    key: str = words()
    kind: str = words()
    person_id: UUID = Field(foreign_key="person.id")
    pile_id: UUID | None = Field(default=None, foreign_key="pile.id")
    created_at: datetime = moment()
    claimed_at: datetime | None = moment(optional=True)
    sent_at: datetime | None = moment(optional=True)
    error: str = words("")


class ReceiptFile(SQLModel, table=True):
    """A receipt of one submission, printed: `size` is a5 or 80mm, `sha256` its bytes in the vault."""

    __tablename__ = "receipt"
    __table_args__ = (CheckConstraint("size IN ('a5', '80mm')", name="receipt_size"),)

    application_id: UUID = Field(foreign_key="application.id", primary_key=True)
    round: int = small(primary_key=True)
    size: str = words(primary_key=True)
    sha256: str = words()
    made_at: datetime = moment()
