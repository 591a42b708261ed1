"""Signing in and out, and who I am."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.actors import AnyCaller, Office, cookie_name, token_of
from api.inputs import SignIn
from api.login_delay import count_attempt, forgive_attempt, of_sign_in
from api.second_factor import require_code
from api.sessions import SignedIn, begin_session, check_password, end_session
from api.shapes import Me, SessionToken
from api.wiring import ApiOffice
from models.rules.errors import NotSignedIn

router = APIRouter(prefix="/v1", tags=["session"])


@router.post("/session", operation_id="signIn", status_code=201, summary="Sign in")
def sign_in(given: SignIn, request: Request, response: Response, office: Office) -> SessionToken:
    """Sets the session's cookie and returns its token. Unknown names and wrong passwords get the same answer.

    A person with a second factor sends a code of it beside the password.
    """
    attempt = of_sign_in(given.username, request.client.host if request.client else "")
    count_attempt(office, attempt)
    person = check_password(office, given.username, given.password.get_secret_value())
    forgive_attempt(office, attempt)
    require_code(office, person, given.code.get_secret_value() if given.code else "")
    device, address = request.headers.get("user-agent", ""), request.client.host if request.client else ""
    token, signed_in = begin_session(office, person, device, address, token_of(request, office))
    set_session_cookie(response, office, token)
    return SessionToken(
        token=token,
        username=person.username,
        name=person.name,
        roles=sorted(signed_in.actor.roles),
        expires_at=signed_in.ends_at,
        idle_at=signed_in.idle_at,
    )


def set_session_cookie(response: Response, office: ApiOffice, token: str) -> None:
    """Hand the token to the browser."""
    # No Max-Age: the browser forgets it when it closes; the server's clocks end it anyway.
    response.set_cookie(cookie_name(office), token, path="/", secure=office.https, httponly=True, samesite="lax")


@router.delete("/session", operation_id="signOut", status_code=204, summary="Sign out")
def sign_out(request: Request, response: Response, office: Office) -> None:
    """Ends the session; asking twice is no error."""
    end_session(office, token_of(request, office))
    drop_session_cookie(response, office)


def drop_session_cookie(response: Response, office: ApiOffice) -> None:
    """Have the browser forget its token, and what it kept of the office's pages."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    response.delete_cookie(cookie_name(office), path="/", secure=office.https, httponly=True, samesite="lax")


@router.get("/me", operation_id="getMe", summary="Who I am to the office")
def me(caller: AnyCaller) -> Me:
    """The signed-in person, or the bearer of an application's link."""
    if caller.signed_in is not None:
        return _me(caller.signed_in)
    if caller.actor is None:
        raise NotSignedIn("Nobody is signed in: POST /v1/session with username and password.")
    return Me(username="", name="", roles=[], staff=False, link_to=caller.actor.link_to)


def _me(signed_in: SignedIn) -> Me:
    person, actor = signed_in.person, signed_in.actor
    return Me(
        username=person.username,
        name=person.name,
        title=person.title,
        roles=sorted(actor.roles),
        staff=actor.is_staff,
        link_to=actor.link_to,
        expires_at=signed_in.ends_at,
        idle_at=signed_in.idle_at,
    )
