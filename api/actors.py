"""Who asks: a session by cookie or bearer token, another system by its key, an applicant by his link, or nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import text
from sqlmodel import Session

from api.limits import take_share
from api.sessions import SignedIn, find_session
from api.wiring import ApiOffice
from models.rules.errors import Forbidden, NotFound, NotSignedIn
from models.rules.roles import APPLICANT, Actor, Verb, holds_scope, owns
from models.services.api_keys import KeyHolder, holder_of_key, looks_like_key
from models.services.casework import read_case
from models.services.draft import link_hash
from models.tables.cases import Application

LINK_HEADER = "Paraf-Link"
_BY_LINK = text("SELECT id FROM application WHERE link_sha256 = :link_sha256")


async def office_of(request: Request) -> ApiOffice:
    """The office that this application serves. It asks nothing that waits, so it takes no thread of its own."""
    office: ApiOffice = request.app.state.office
    return office


Office = Annotated[ApiOffice, Depends(office_of)]


def cookie_name(office: ApiOffice) -> str:
    """`__Host-` needs TLS: over plain HTTP, in development, the name is bare."""
    return "__Host-paraf" if office.https else "paraf"


def token_of(request: Request, office: ApiOffice) -> str:
    """The session token that came with a request, "" when none did; a bearer token goes before the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.cookies.get(cookie_name(office), "")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; `actor` None is nobody."""

    signed_in: SignedIn | None
    actor: Actor | None
    key: KeyHolder | None = None

    @property
    def owner(self) -> str:
        """Whose requests these are, for what is kept of them; "" for nobody."""
        if self.key is not None:
            return self.key.actor.client
        if self.signed_in is not None:
            return f"person:{self.signed_in.person.id}"
        return f"link:{self.actor.link_to}" if self.actor else ""


def caller_of(request: Request, office: Office) -> Caller:
    """Raises NotSignedIn for a token, a key or a link that does not hold; a cookie that ran out counts as none.

    Raises TooManyRequests for a key whose minute is used up.
    """
    token = token_of(request, office)
    if looks_like_key(token):
        held = holder_of_key(office.db, office.clock, token)
        take_share(request, office, held)
        return Caller(None, held.actor, held)
    signed_in = find_session(office, token) if token else None
    if signed_in is None and "authorization" in request.headers:
        raise NotSignedIn("This token is unknown or has run out: sign in again with POST /v1/session.")
    link = request.headers.get(LINK_HEADER, "")
    linked = _linked(office, link) if link else None
    if signed_in is not None:
        return Caller(signed_in, replace(signed_in.actor, link_to=linked))
    return Caller(None, Actor(APPLICANT, link_to=linked) if linked else None)


def _linked(office: ApiOffice, link: str) -> UUID:
    with office.db.transaction() as session:
        found: UUID | None = (
            session.connection().execute(_BY_LINK, {"link_sha256": link_hash(link)}).scalar_one_or_none()
        )
    if found is None:
        raise NotSignedIn("Tautan permohonan ini tidak dikenal. Salin tautan secara utuh, atau hubungi loket.")
    return found


AnyCaller = Annotated[Caller, Depends(caller_of)]


def actor_of_caller(caller: Caller) -> Actor:
    """Raises NotSignedIn when nobody asks."""
    if caller.actor is None:
        raise NotSignedIn("Sign in (POST /v1/session), or send the application's link in the header Paraf-Link.")
    return caller.actor


async def actor_needed(caller: AnyCaller) -> Actor:
    """Raises NotSignedIn when nobody asks."""
    return actor_of_caller(caller)


async def staff_needed(caller: AnyCaller) -> Actor:
    """Raises NotSignedIn for nobody, Forbidden for applicants."""
    actor = actor_of_caller(caller)
    if not actor.is_staff:
        raise Forbidden("Only the office's staff may see this; sign in as one of them.")
    return actor


Who = Annotated[Actor, Depends(actor_needed)]
Staff = Annotated[Actor, Depends(staff_needed)]


def may_see(actor: Actor, case: Application) -> bool:
    """Staff see every case, an applicant his own, another system what it handed in and may read."""
    own = owns(actor, case.id, case.applicant_id, case.client_id)
    return actor.is_staff or (own and holds_scope(actor, Verb.READ, case.licence_code))


def visible_case(session: Session, actor: Actor, application_id: UUID) -> Application:
    """The case, if the actor may know of it; raises NotFound for a foreign one as for an unknown one."""
    case = read_case(session, application_id)
    if not may_see(actor, case):
        raise NotFound("There is no application with this id.")
    return case


def require_visible(office: ApiOffice, actor: Actor, application_id: UUID) -> None:
    """Raises NotFound unless the actor may know of the case; every act asks before it answers anything else."""
    with office.db.transaction() as session:
        visible_case(session, actor, application_id)
