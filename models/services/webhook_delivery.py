"""One attempt to deliver one message. Nothing waits here: what is to come again has its moment in the database.

An endpoint that answers slowly or not at all rests between attempts, so that it can not keep the senders from others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import func
from sqlmodel import Session, col, select

from models.db import Database
from models.ports import Clock
from models.rules.errors import InvalidInput, PermanentFailure, TemporaryFailure
from models.rules.masking import scrub
from models.rules.webhooks import (
    GIVE_UP_AFTER,
    SCHEDULE,
    headers_of,
    rest_after,
    retry_after,
    wait_before,
)
from models.services.casework import SYSTEM, Work, end_work, enqueue
from models.services.side_job import run_job
from models.services.webhook_events import TASK
from models.services.webhooks import Reason, live_secrets, switch_off
from models.sign_in_ports import TextCipher
from models.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from models.webhook_ports import WebhookAnswer, WebhookSender

NOTICE: Final = "paraf.tell_of_webhook"
CLAIM: Final = timedelta(seconds=150)
"""Longer than a task's hard limit: after it the sender is taken for dead."""

IN_HAND: Final = 2
"""Attempts at one endpoint at once; one for an endpoint that fails."""

BUSY: Final = timedelta(seconds=2)
EXCERPT: Final = 200
_THROTTLED: Final = frozenset({429, 503})
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What sending needs of the world. `chance` gives numbers from 0 to 1, for the jitter."""

    sender: WebhookSender
    cipher: TextCipher
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class _Letter:
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: str
    number: int


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: str
    status: int | None = None
    excerpt: str = ""
    wait: timedelta = timedelta(0)


def message_id(delivery_id: UUID) -> str:
    """What a receiver knows a message by, however often it comes."""
    return f"msg_{delivery_id.hex}"


def deliver_webhook(db: Database, clock: Clock, room: PostRoom, delivery_id: UUID, generation: int) -> bool:
    """Try once. True when an attempt was made; its failure is no failure of this task."""
    work = Work(TASK, delivery_id, generation)
    return run_job(db, clock, TASK, delivery_id, generation, lambda: _deliver(db, clock, room, work))


def _deliver(db: Database, clock: Clock, room: PostRoom, work: Work) -> bool:
    began = clock.now()
    letter = _claimed(db, room, work, began)
    if not isinstance(letter, _Letter):
        return letter
    result = _post(room, letter, clock)
    now = clock.now()
    log.info("webhook_tried", message=message_id(work.subject_id), outcome=result.outcome, status=result.status)
    with db.transaction() as session:
        end_work(session, work, now)
        _settle(session, work.subject_id, letter, result, now, now - began, room.chance())
    return True


def _claimed(db: Database, room: PostRoom, work: Work, now: datetime) -> _Letter | bool:
    try:
        with db.transaction() as session:
            return _claim(session, room, work, now)
    except PermanentFailure:
        # No secret can be opened: it would be tried for ever, since nothing was counted.
        with db.transaction() as session:
            _end(session, session.get_one(WebhookDelivery, work.subject_id, with_for_update=True), "given_up")
        raise


def _claim(session: Session, room: PostRoom, work: Work, now: datetime) -> _Letter | bool:
    """The message, taken by this sender. False: nothing to do now; True: another one is at it and ends the work."""
    known = session.get(WebhookDelivery, work.subject_id)
    if known is None:
        return False
    # The endpoint first, as everywhere: whoever switches it off holds it and then its messages.
    endpoint = session.get_one(WebhookEndpoint, known.endpoint_id, with_for_update=True)
    row = session.get_one(WebhookDelivery, known.id, with_for_update=True, populate_existing=True)
    if row.state != "pending" or row.round != work.generation:
        return False
    if row.claimed_until is not None and row.claimed_until > now:
        return True
    if endpoint.disabled_for or endpoint.removed_at is not None or row.tries >= len(SCHEDULE):
        _end(session, row, "given_up" if row.tries >= len(SCHEDULE) else "stopped")
        return False
    free_at = _free_at(session, endpoint, now)
    if free_at is not None:
        row.next_attempt_at = free_at
        session.add(row)
        return False
    return _taken(session, room, endpoint, row, now)


def _free_at(session: Session, endpoint: WebhookEndpoint, now: datetime) -> datetime | None:
    """When the endpoint may be tried next; None: now."""
    if endpoint.rest_until is not None and endpoint.rest_until > now:
        return endpoint.rest_until
    statement = select(func.count()).where(
        WebhookDelivery.endpoint_id == endpoint.id, col(WebhookDelivery.claimed_until) > now
    )
    limit = 1 if endpoint.failures else IN_HAND
    return now + BUSY if session.exec(statement).one() >= limit else None


def _taken(session: Session, room: PostRoom, endpoint: WebhookEndpoint, row: WebhookDelivery, now: datetime) -> _Letter:
    # Counted before the work: a message that kills its sender ends too.
    row.tries, row.attempts, row.claimed_until = row.tries + 1, row.attempts + 1, now + CLAIM
    session.add(row)
    session.add(WebhookAttempt(delivery_id=row.id, number=row.attempts, started_at=now))
    secrets = live_secrets(session, room.cipher, endpoint.id, now)
    headers = headers_of(message_id(row.id), now, row.body, secrets)
    return _Letter(endpoint.url, headers, row.body, row.attempts)


def _post(room: PostRoom, letter: _Letter, clock: Clock) -> _Result:
    try:
        answer = room.sender.post(letter.url, letter.headers, letter.body)
    except TemporaryFailure as error:
        return _Result("unreachable", excerpt=str(error)[:EXCERPT])
    except InvalidInput as error:
        return _Result("forbidden", excerpt=str(error)[:EXCERPT])
    return _judged(answer, clock.now())


def _judged(answer: WebhookAnswer, now: datetime) -> _Result:
    wait = retry_after(answer.retry_after, now) if answer.status in _THROTTLED else timedelta(0)
    redirect = 300 <= answer.status < 400
    outcome = "delivered" if 200 <= answer.status < 300 else "redirect" if redirect else "refused"
    return _Result(outcome, answer.status, scrub(answer.excerpt)[:EXCERPT], wait)


def _settle(
    session: Session, delivery_id: UUID, letter: _Letter, result: _Result, now: datetime, took: timedelta, chance: float
) -> None:
    known = session.get_one(WebhookDelivery, delivery_id)
    endpoint = session.get_one(WebhookEndpoint, known.endpoint_id, with_for_update=True, populate_existing=True)
    row = session.get_one(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
    _note_attempt(session, row, letter.number, result, now)
    if row.attempts != letter.number:
        return  # its claim ran out, and another sender is at it
    row.claimed_until = None
    _note_health(endpoint, result, now, took)
    session.add(endpoint)
    if result.outcome == "delivered":
        row.delivered_at = now
        _end(session, row, "delivered")
    elif row.state == "pending":
        _put_off(session, row, endpoint, now, max(result.wait, wait_before(row.tries + 1, chance) or timedelta(0)))
    session.flush()
    reason = _reason_to_end(endpoint, result, now)
    if reason is not None and not endpoint.disabled_for:
        _switch_off(session, endpoint, reason, now)


def _note_attempt(session: Session, row: WebhookDelivery, number: int, result: _Result, now: datetime) -> None:
    attempt = session.exec(
        select(WebhookAttempt).where(WebhookAttempt.delivery_id == row.id, WebhookAttempt.number == number)
    ).one()
    attempt.ended_at, attempt.outcome = now, result.outcome
    attempt.status, attempt.excerpt = result.status, result.excerpt
    session.add(attempt)


def _note_health(endpoint: WebhookEndpoint, result: _Result, now: datetime, took: timedelta) -> None:
    failed = result.outcome != "delivered"
    endpoint.failures = endpoint.failures + 1 if failed else 0
    endpoint.failing_since = (endpoint.failing_since or now) if failed else None
    rest = max(rest_after(endpoint.failures, took), result.wait)
    endpoint.rest_until = now + rest if rest else None


def _put_off(session: Session, row: WebhookDelivery, endpoint: WebhookEndpoint, now: datetime, wait: timedelta) -> None:
    if row.tries >= len(SCHEDULE):
        _end(session, row, "given_up")
        return
    row.next_attempt_at = max(now + wait, endpoint.rest_until or now)
    session.add(row)


def _reason_to_end(endpoint: WebhookEndpoint, result: _Result, now: datetime) -> Reason | None:
    if result.status == 410:
        return "gone"
    since = endpoint.failing_since
    return "failing" if since is not None and now - since >= GIVE_UP_AFTER else None


def _switch_off(session: Session, endpoint: WebhookEndpoint, reason: Reason, now: datetime) -> None:
    endpoint.version += 1
    switch_off(session, endpoint, reason, now, SYSTEM)
    enqueue(session, NOTICE, endpoint.id, endpoint.version, now, priority=8)


def _end(session: Session, row: WebhookDelivery, state: str) -> None:
    row.state, row.next_attempt_at = state, None
    session.add(row)
