"""`/masuk/sso`: signing in through the office's own single sign-on, for people who are on record here."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Query, Request
from sqlmodel import col, func, select
from starlette.responses import RedirectResponse, Response

from api.actors import Office
from api.pages.desk import SEE_OTHER
from api.pages.new_session import set_step, take_step, welcome
from api.pages.second_step import back_to_sign_in
from api.wiring import ApiOffice
from models.rules.errors import InvalidInput, NotFound, NotSignedIn, TemporaryFailure
from models.services import proofs
from models.services.casework import record
from models.sign_in_ports import OidcStep, SingleSignOn
from models.tables.people import Person

router = APIRouter(include_in_schema=False)
BACK = "/masuk/sso/kembali"


@router.get("/masuk/sso")
def depart(office: Office, lanjut: str = Query("", max_length=500)) -> Response:
    """To the other sign-in, with what its reply must carry kept here."""
    door = _door(office)
    step = OidcStep(secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    detail = {"nonce": step.nonce, "verifier": step.verifier, "goal": lanjut}
    with office.db.transaction() as session:
        asked = proofs.begin(session, "oidc", office.clock.now(), detail=detail)
    try:
        answer = RedirectResponse(door.depart(asked.challenge.hex(), step, _back(office)), SEE_OTHER)
    except TemporaryFailure:
        return back_to_sign_in()
    set_step(answer, office, asked.token)
    return answer


@router.get(BACK)
def arrive(
    request: Request, office: Office, state: str = Query("", max_length=200), code: str = Query("", max_length=4000)
) -> Response:
    """The reply: only for the browser that left, once, and only for a person who is on record."""
    door = _door(office)
    try:
        step = take_step(request, office, "oidc")
        if not code or not secrets.compare_digest(step.challenge.hex(), state):
            return back_to_sign_in()
        away = OidcStep(step.detail["nonce"], step.detail["verifier"])
        claims = door.arrive(code, away, _back(office), office.clock.now())
        person = _matched(office, str(claims.get(office.settings.oidc_claim, "")))
    except (InvalidInput, NotSignedIn, TemporaryFailure):
        return back_to_sign_in()
    return welcome(request, office, person, str(step.detail.get("goal", "")))


def _matched(office: ApiOffice, value: str) -> Person:
    """The one active person whom the claim names; nobody is put on record by signing in. Raises NotSignedIn."""
    column = col(getattr(Person, office.settings.oidc_field))
    with office.db.transaction() as session:
        wanted = select(Person).where(func.lower(column) == value.strip().lower(), col(Person.active))
        found = session.exec(wanted).all() if value.strip() else []
        if len(found) != 1:
            record(session, "single_sign_on_unknown", at=office.clock.now(), detail={"matches": len(found)})
            person = None
        else:
            person = found[0]
    if person is None:
        raise NotSignedIn("Nobody on record here has this account.")
    return person


def _door(office: ApiOffice) -> SingleSignOn:
    if office.single_sign_on is None:
        raise NotFound("This office has no single sign-on.")
    return office.single_sign_on


def _back(office: ApiOffice) -> str:
    return office.settings.public_url.rstrip("/") + BACK
