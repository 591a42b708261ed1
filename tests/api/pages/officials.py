"""People with browsers over the office of fakes, for the tests of the officials' pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlmodel import col, select
from starlette.testclient import TestClient

from models.ports import PageLook, PageReader
from models.services.page_images import TASK, PictureRoom, make_page_images
from models.tables.work import Outbox
from tests.api.counter import Counter, password_of
from tests.factories import Office
from tests.fakes import Knob

HTML = {"accept": "text/html"}


def browser(counter: Counter, username: str = "") -> TestClient:
    """Somebody with a browser's cookies, signed in on the page itself."""
    client = counter.client(**HTML)
    if username:
        form = {"username": username, "password": password_of(username)}
        answer = client.post("/masuk", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
    return client


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def hidden(page: str, name: str) -> list[str]:
    """The values of hidden or check box fields of that name."""
    return re.findall(rf'<input type="(?:hidden|checkbox)" name="{re.escape(name)}" value="([^"]*)"', page)


def ticked(page: str, name: str) -> list[str]:
    """The values of the ticked check boxes of that name."""
    return re.findall(rf'<input type="checkbox" name="{re.escape(name)}" value="([^"]*)" checked', page)


def queries(office: Office, ask: Callable[[], Any]) -> int:
    """How many statements a request sends."""
    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(office.db.engine, "before_cursor_execute", note)
    ask()
    event.remove(office.db.engine, "before_cursor_execute", note)
    return len(seen)


@dataclass
class FakeReader:
    """Draws a page as bytes that name it."""

    knob: Knob = field(default_factory=Knob)
    drawn: list[tuple[str, int]] = field(default_factory=list)

    def look_at_page(self, data: bytes, media_type: str, page: int, widths: Sequence[int]) -> PageLook:
        self.knob.turn()
        self.drawn.append((media_type, page))
        pictures = tuple(b"\xff\xd8\xff" + f"{page} {width} ".encode() + data for width in widths)
        return PageLook(pictures, f"Halaman {page}\0" if media_type == "application/pdf" else "")


def draw(office: Office, reader: PageReader | None = None) -> None:
    """Have every page image made that is asked for."""
    room = PictureRoom(office.vault, reader or FakeReader())
    with office.db.transaction() as session:
        rows = session.exec(select(Outbox).where(Outbox.task == TASK, col(Outbox.done_at).is_(None))).all()
        work: list[tuple[UUID, int]] = [(row.subject_id, row.generation) for row in rows]
    for subject_id, generation in work:
        make_page_images(office.db, office.clock, room, subject_id, generation)
