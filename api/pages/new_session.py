"""Handing a browser its session: after a sign-in, and anew at each rise of what it may do."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api.actors import cookie_name, token_of
from api.pages.desk import see_other
from api.routes.session import set_session_cookie
from api.sessions import begin_session, find_session
from api.wiring import ApiOffice
from models.rules.roles import OPERATOR, Actor
from models.services import proofs
from models.tables.people import Person
from models.tables.sign_in import Proof

OFFICIALS = frozenset({"ahli_muda", "ahli_madya", "sekretaris", "kepala_dinas"})
OWN_PATH_LETTERS = frozenset(chr(code) for code in range(0x21, 0x7F)) - {"\\"}
LONGEST_PATH = 500
Answer = TypeVar("Answer", bound=Response)


def welcome(request: Request, office: ApiOffice, person: Person, goal: str) -> RedirectResponse:
    """A new session for who has shown all that he must."""
    device = request.headers.get("user-agent", "")
    token, signed_in = begin_session(office, person, device, address_of(request), token_of(request, office))
    answer = see_other(goal_of(signed_in.actor, goal))
    set_session_cookie(answer, office, token)
    answer.delete_cookie(step_cookie(office), path="/", secure=office.https, httponly=True, samesite="lax")
    return answer


def rotate(request: Request, office: ApiOffice, answer: Answer) -> Answer:
    """A new token for the session that asks, with its old end; programs with a bearer token keep theirs."""
    token = request.cookies.get(cookie_name(office), "")
    signed_in = find_session(office, token) if token and "authorization" not in request.headers else None
    if signed_in is not None:
        device = request.headers.get("user-agent", "")
        new, _ = begin_session(office, signed_in.person, device, address_of(request), token, signed_in.ends_at)
        set_session_cookie(answer, office, new)
    return answer


def goal_of(actor: Actor, wanted: str) -> str:
    """Where a person goes after signing in: where he was going, if that is a page of ours, else his own desk."""
    if is_own_path(wanted) and not wanted.startswith(("/masuk", "/keluar")):
        return wanted
    if actor.roles & OFFICIALS:
        return "/tinjau"
    if not actor.is_staff:
        return "/"
    return "/ops" if actor.roles == {OPERATOR} else "/kotak"


def is_own_path(wanted: str) -> bool:
    """A path of this office: one slash, no backslash, nothing that a browser reads as another address."""
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return inside and len(wanted) <= LONGEST_PATH and set(wanted) <= OWN_PATH_LETTERS


def address_of(request: Request) -> str:
    """The network address that asks."""
    return request.client.host if request.client else ""


def step_cookie(office: ApiOffice) -> str:
    """The cookie of a sign-in that is half done."""
    return "__Host-paraf-langkah" if office.https else "paraf-langkah"


def set_step(answer: Response, office: ApiOffice, token: str) -> None:
    """Keep the half-done sign-in in the browser."""
    seconds = int(proofs.LIFETIME.total_seconds())
    answer.set_cookie(
        step_cookie(office), token, max_age=seconds, path="/", secure=office.https, httponly=True, samesite="lax"
    )


def open_step(request: Request, office: ApiOffice, kind: proofs.Kind) -> Proof | None:
    """The half-done sign-in of this browser, None when there is none or it is over."""
    token = request.cookies.get(step_cookie(office), "")
    if not token:
        return None
    with office.db.transaction() as session:
        return proofs.peek(session, token, kind, office.clock.now())


def take_step(request: Request, office: ApiOffice, kind: proofs.Kind) -> proofs.Taken:
    """The half-done sign-in, which ends with this; raises InvalidInput when there is none."""
    with office.db.transaction() as session:
        return proofs.take(session, request.cookies.get(step_cookie(office), ""), kind, office.clock.now())
