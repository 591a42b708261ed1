"""What every page of the office's people begins with: who looks, what he sent, and where to sign in first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData
from starlette.responses import Response

from api.actors import AnyCaller
from api.pages.rendering import page
from models.rules.errors import Forbidden
from models.rules.roles import Actor
from models.tables.people import Person

SEE_OTHER = 303
"""After a post the browser asks anew: reloading the page repeats nothing."""


class SignInFirst(Exception):
    """Nobody looks at this page without signing in: the browser is led to the sign-in and back."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The signed-in member of staff in front of the screen."""

    person: Person
    actor: Actor

    def page(
        self, request: Request, template: str, context: Mapping[str, Any] | None = None, status: int = 200
    ) -> HTMLResponse:
        """A page with his name in its header."""
        return page(request, template, context, actor=self.actor, title=self.person.title, status=status)


def anybody_signed_in(caller: AnyCaller) -> Desk:
    """Raises SignInFirst for nobody."""
    if caller.signed_in is None:
        raise SignInFirst
    return Desk(caller.signed_in.person, caller.signed_in.actor)


def staff_at_desk(caller: AnyCaller) -> Desk:
    """Raises SignInFirst for nobody, Forbidden for applicants."""
    desk = anybody_signed_in(caller)
    if not desk.actor.is_staff:
        raise Forbidden("Only the office's staff may see this page.")
    return desk


async def sent_form(request: Request) -> AsyncIterator[FormData]:
    """What the browser sent; its files are closed when the answer is out."""
    async with request.form() as form:
        yield form


SignedInDesk = Annotated[Desk, Depends(anybody_signed_in)]
StaffDesk = Annotated[Desk, Depends(staff_at_desk)]
Sent = Annotated[FormData, Depends(sent_form)]


def see_other(path: str, **query: str) -> RedirectResponse:
    """Where to look after a post."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, SEE_OTHER)


def text_of(sent: FormData, name: str) -> str:
    """One field without spaces around it, "" when it did not come."""
    value = sent.get(name, "")
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def texts_of(sent: FormData, name: str) -> list[str]:
    """Every value of a field, in the order on the page."""
    return [value for value in sent.getlist(name) if isinstance(value, str) and value]


def number_of(sent: FormData, name: str) -> int | None:
    """A whole number, None when it is none."""
    value = text_of(sent, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def install(app: FastAPI) -> None:
    """Lead who is not signed in to the sign-in."""

    async def lead(request: Request, _: Exception) -> Response:
        back = request.url.path
        if request.method == "GET" and request.url.query:
            back += f"?{request.url.query}"
        return see_other("/masuk", lanjut=back)

    app.add_exception_handler(SignInFirst, lead)
