"""A system with an endpoint, and the work of the outbox that sends to it: the world is a fake, the tables are real."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select

from models.db import Database
from models.rules.roles import INTEGRATOR, Actor
from models.rules.webhook_addresses import Reach
from models.services.webhook_delivery import NOTICE, PostRoom, deliver_webhook
from models.services.webhook_events import TASK
from models.services.webhook_watch import NoticeRoom, tell_of_webhook, watch_webhooks
from models.services.webhooks import EndpointInput, NewSecret, WebhookRoom, ping, register
from models.tables.clients import ApiClient
from models.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from models.tables.work import Outbox
from tests.batch_files import ClearCipher
from tests.fakes import FakeClock, FakeCourier, FakeWebhookSender

URL = "https://rs.example.org/paraf"


@dataclass
class PostOffice:
    """Sends for the system "RS Melati"; `chance` is 0, so that waits are exact."""

    db: Database
    clock: FakeClock = field(default_factory=FakeClock)
    sender: FakeWebhookSender = field(default_factory=FakeWebhookSender)
    courier: FakeCourier = field(default_factory=FakeCourier)
    cipher: ClearCipher = field(default_factory=ClearCipher)
    actor: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.actor = self.system("RS Melati", "ti@rsmelati.example")

    @property
    def room(self) -> WebhookRoom:
        return WebhookRoom(self.db, self.clock, self.cipher, Reach())

    @property
    def post(self) -> PostRoom:
        return PostRoom(self.sender, self.cipher, lambda: 0.0)

    @property
    def notices(self) -> NoticeRoom:
        return NoticeRoom(self.courier, "Kantor uji", "https://izin.example.go.id/", "ops@kantor.example")

    def system(self, name: str, contact: str = "") -> Actor:
        """One more system, as its key acts."""
        with self.db.transaction() as session:
            row = ApiClient(name=name, contact=contact, created_at=self.clock.now())
            session.add(row)
            session.flush()
            scopes = frozenset({"batch:SIKRO", "read:SIKRO", "write:SIKRO"})
            return Actor(name, frozenset({INTEGRATOR}), client=f"client:{row.id}", client_id=row.id, scopes=scopes)

    def endpoint(self, *types: str, url: str = URL, actor: Actor | None = None) -> NewSecret:
        """An endpoint that asks for `types`, for issued licences when none are named."""
        given = EndpointInput.model_validate({"url": url, "types": list(types) or ["licence.issued"]})
        return register(self.room, actor or self.actor, given)

    def ping(self, endpoint: NewSecret) -> UUID:
        return ping(self.room, self.actor, endpoint.endpoint.id)

    def deliver(self, delivery_id: UUID, generation: int = 1) -> bool:
        """One delivery of one message of the queue."""
        return deliver_webhook(self.db, self.clock, self.post, delivery_id, generation)

    def due(self) -> list[Outbox]:
        """Work of webhooks that waits, in order."""
        with self.db.transaction() as session:
            statement = select(Outbox).where(col(Outbox.done_at).is_(None), col(Outbox.task).in_([TASK, NOTICE]))
            return list(session.exec(statement.where(Outbox.due_at <= self.clock.now()).order_by(col(Outbox.id))))

    def work(self) -> int:
        """Do what is due once, as workers would; how much."""
        rows = self.due()
        for row in rows:
            if row.task == TASK:
                self.deliver(row.subject_id, row.generation)
            else:
                tell_of_webhook(self.db, self.clock, self.notices, row.subject_id, row.generation)
        return len(rows)

    def turn(self) -> int:
        """What beat and the workers do together: whatever is due is enqueued and tried once."""
        watch_webhooks(self.db, self.clock)
        return self.work()

    def row(self, delivery_id: UUID) -> WebhookDelivery:
        with self.db.transaction() as session:
            return session.get_one(WebhookDelivery, delivery_id)

    def standing(self, endpoint: NewSecret) -> WebhookEndpoint:
        with self.db.transaction() as session:
            return session.get_one(WebhookEndpoint, endpoint.endpoint.id)

    def rows(self) -> list[WebhookDelivery]:
        with self.db.transaction() as session:
            return list(session.exec(select(WebhookDelivery).order_by(col(WebhookDelivery.id))))

    def attempts(self, delivery_id: UUID) -> list[WebhookAttempt]:
        with self.db.transaction() as session:
            statement = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id)
            return list(session.exec(statement.order_by(col(WebhookAttempt.number))))

    def ids(self) -> list[str]:
        """The `webhook-id` of everything that was sent, in order."""
        return [headers["webhook-id"] for _, headers, _ in self.sender.sent]
