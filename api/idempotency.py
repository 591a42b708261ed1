"""Idempotency-Key: a request that makes something is done once, however often it is sent.

`@once(201)` under the route's decorator does it for a route with a JSON body that has the parameters `response`,
`office` and `asked: Asked`. A route that streams its body makes the `Asking` itself, with the SHA-256 of what it
received, and works inside `turn_of`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar, cast
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from api.actors import AnyCaller, Caller
from api.refusals import IdempotencyKeyMissing
from api.wiring import ApiOffice
from models.services.idempotency import Answer, Asking, Subject, earlier_answer, remember

REPLAYED = "Idempotent-Replayed"
JSON = "application/json"
KEY_FORM = "^[!-~]{16,255}$"
_FORM = re.compile(KEY_FORM)
Made = tuple[Subject, UUID | None]
P = ParamSpec("P")
T = TypeVar("T", bound=BaseModel)


async def key_of(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="A name for this request, random and your own (a UUID): send it again with each repetition.",
            examples=["7f3c0b6e-3f0e-4f0b-9a58-6a2d6ad5f6d1"],
        ),
    ] = None,
) -> str:
    """The key of a request that makes something; raises IdempotencyKeyMissing."""
    if idempotency_key is None or not _FORM.fullmatch(idempotency_key):
        raise IdempotencyKeyMissing(
            "This request makes something: send Idempotency-Key with 16 to 255 visible characters, such as a UUID."
        )
    return idempotency_key


GivenKey = Annotated[str, Depends(key_of)]


def asking(caller: Caller, request: Request, key: str, body_sha256: str) -> Asking:
    """Who asks for what: nobody is told apart by his address, so that no stranger's key is his."""
    address = request.client.host if request.client else ""
    what = "\x1f".join((request.method, request.url.path, request.url.query, body_sha256))
    return Asking(caller.owner or f"address:{address}", key, hashlib.sha256(what.encode()).hexdigest())


async def _asked(caller: AnyCaller, request: Request, key: GivenKey) -> Asking:
    return asking(caller, request, key, hashlib.sha256(await request.body()).hexdigest())


Asked = Annotated[Asking, Depends(_asked)]
"""For routes whose whole body lies in memory anyway."""


@dataclass
class Turn:
    """One request in its transaction: `earlier` is what was answered before; else the answer must be kept."""

    earlier: Response | None
    _office: ApiOffice
    _asking: Asking

    def keep(self, answer: Response, made: Made = ("other", None)) -> None:
        """Remember the answer together with all that was done in this turn."""
        kept = Answer(answer.status_code, dict(answer.headers), bytes(answer.body))
        with self._office.db.transaction() as session:
            remember(session, self._office.answer_cipher, self._asking, kept, self._office.clock.now(), made)


@contextmanager
def turn_of(office: ApiOffice, asked: Asking) -> Iterator[Turn]:
    """All transactions within are one, committed at the end. Raises RequestInFlight, KeyUsedOtherwise."""
    with office.db.whole():
        with office.db.transaction() as session:
            earlier = earlier_answer(session, office.answer_cipher, asked)
        yield Turn(_again(earlier) if earlier else None, office, asked)


def _again(earlier: Answer) -> Response:
    headers = {name: value for name, value in earlier.headers.items() if name != "content-length"}
    return Response(earlier.body, earlier.status, {**headers, REPLAYED: "true"})


def made_nothing(_: BaseModel) -> Made:
    """An answer that no licence hangs on."""
    return ("other", None)


def once(status: int, made: Callable[[Any], Made] = made_nothing) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Run a route once for an Idempotency-Key; `made` says what came of it, from the answer."""

    def decorate(act: Callable[P, T]) -> Callable[P, T]:
        @wraps(act)
        def done_once(*args: P.args, **given: P.kwargs) -> Any:
            office, asked = cast(ApiOffice, given["office"]), cast(Asking, given["asked"])
            with turn_of(office, asked) as turn:
                if turn.earlier is not None:
                    return turn.earlier
                found = act(*args, **given)
                headers = dict(cast(Response, given["response"]).headers)
                answer = Response(found.model_dump_json(by_alias=True), status, headers, JSON)
                turn.keep(answer, made(found))
            return answer

        return done_once

    return decorate
