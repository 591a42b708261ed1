"""What the tests of the back office share: browsers, a count of queries, presses that leave plain bytes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from starlette.testclient import TestClient

from models.ports import RegisterBookFacts
from tests.api.counter import Counter, password_of


def browser(counter: Counter, username: str) -> TestClient:
    """Somebody signed in on the page itself."""
    client = counter.client(accept="text/html")
    form = {"username": username, "password": password_of(username)}
    answer = client.post("/masuk", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return client


def queries_of(counter: Counter, client: TestClient, path: str) -> int:
    """How many statements a page costs."""
    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = counter.office.db.engine
    event.listen(engine, "before_cursor_execute", note)
    assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


class StampPress:
    """A `ConceptPress` whose print ends with the copy's number."""

    def concept(self, blanko: bytes, copy_number: int) -> bytes:
        return blanko + b" copy %d" % copy_number


class PlainRegisterPress:
    """A `RegisterPress` that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[RegisterBookFacts] = []

    def book(self, facts: RegisterBookFacts) -> bytes:
        self.given.append(facts)
        return f"%PDF-1.7 register {facts.year} {facts.volume}".encode()
