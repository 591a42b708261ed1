"""A desk for batches over an office of the factories, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select

from models.rules.roles import BACK_OFFICE, Actor
from models.services.batch_control import Item, items
from models.services.batch_intake import TASK, BatchDesk, BatchWish, Received, receive
from models.services.batch_rows import RowRoom, take_row
from models.tables.batch import BatchRow
from models.tables.work import Outbox
from tests.batch_files import ClearCipher
from tests.factories import Office, office_calendar


@dataclass
class Batches:
    """Sends batches as the back office, or as `actor`."""

    office: Office
    actor: Actor = field(init=False)
    cipher: ClearCipher = field(default_factory=ClearCipher)
    most_rows: int = 100

    def __post_init__(self) -> None:
        person = self.office.people["blanko"]
        self.actor = Actor("Petugas", frozenset({BACK_OFFICE}), person)

    @property
    def desk(self) -> BatchDesk:
        one = self.office
        return BatchDesk(
            one.db, one.clock, one.vault, self.cipher, office_calendar(), 10_000_000, self.most_rows, 1_000_000
        )

    @property
    def room(self) -> RowRoom:
        return RowRoom(self.office.vault, self.cipher, self.office.cipher, office_calendar(), 1_000_000)

    def send(
        self, data: bytes, name: str = "kiriman.zip", dry_run: bool = False, mends: UUID | None = None
    ) -> Received:
        stored = self.office.vault.put(data)
        return receive(self.desk, self.actor, BatchWish("SIKRO", name, "baru", dry_run, mends), stored)

    def rows(self, batch_id: UUID) -> list[BatchRow]:
        with self.office.db.transaction() as session:
            return list(session.exec(select(BatchRow).where(BatchRow.batch_id == batch_id).order_by(col(BatchRow.row))))

    def items(self, batch_id: UUID) -> list[Item]:
        with self.office.db.transaction() as session:
            return items(session, batch_id, 0, 1000)

    def places(self, batch_id: UUID) -> list[str]:
        return [item.place for item in self.items(batch_id)]

    def take(self, row_id: UUID) -> bool:
        return take_row(self.office.db, self.office.clock, self.room, row_id, 1)

    def due(self) -> list[UUID]:
        """Rows whose work waits, in the relay's order."""
        with self.office.db.transaction() as session:
            statement = select(Outbox.subject_id).where(Outbox.task == TASK, col(Outbox.done_at).is_(None))
            return list(session.exec(statement.order_by(col(Outbox.priority), col(Outbox.id))))

    def take_all(self) -> None:
        for row_id in self.due():
            self.take(row_id)
