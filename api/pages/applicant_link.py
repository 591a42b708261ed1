"""An applicant without an account: his link is in a cookie of his browser, so that no address holds a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import select

from api.actors import Office
from api.pages.desk import see_other
from api.wiring import ApiOffice
from models.rules.roles import APPLICANT, Actor
from models.services.draft import link_hash
from models.tables.cases import Application

KEPT_SECONDS = 30 * 24 * 3600


class NoApplication(Exception):
    """This browser holds no link: its user starts at the beginning."""


@dataclass(frozen=True, slots=True)
class Mine:
    """The application that this browser's link opens."""

    application_id: UUID
    actor: Actor
    link: str


def cookie_name(office: ApiOffice) -> str:
    """`__Host-` needs TLS."""
    return "__Host-permohonan" if office.https else "permohonan"


def find_link(office: ApiOffice, link: str) -> UUID | None:
    """The application that a link opens."""
    with office.db.transaction() as session:
        return session.exec(select(Application.id).where(Application.link_sha256 == link_hash(link))).one_or_none()


def mine_or_none(request: Request, office: Office) -> Mine | None:
    """The browser's application, None when it holds no link that is known."""
    link = request.cookies.get(cookie_name(office), "")
    found = find_link(office, link) if link else None
    return Mine(found, Actor(APPLICANT, link_to=found), link) if found else None


def mine_needed(mine: Annotated[Mine | None, Depends(mine_or_none)]) -> Mine:
    """Raises NoApplication."""
    if mine is None:
        raise NoApplication
    return mine


MaybeMine = Annotated[Mine | None, Depends(mine_or_none)]
MyApplication = Annotated[Mine, Depends(mine_needed)]


def keep_link(response: Response, office: ApiOffice, link: str) -> None:
    """Hand the link to the browser."""
    response.set_cookie(
        cookie_name(office), link, KEPT_SECONDS, path="/", secure=office.https, httponly=True, samesite="lax"
    )


def drop_link(response: Response, office: ApiOffice) -> None:
    """Have the browser forget the link."""
    response.delete_cookie(cookie_name(office), path="/", secure=office.https, httponly=True, samesite="lax")


def install(app: FastAPI) -> None:
    """Lead who has no application to where one begins."""

    async def lead(_: Request, __: Exception) -> RedirectResponse:
        return see_other("/ajukan")

    app.add_exception_handler(NoApplication, lead)
