"""Parafs and signatures: one letter, or a pile of them under one step-up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from api.actors import Office, Who, require_visible
from api.idempotency import Asked, once
from api.inputs import Endorse, Pile
from api.login_delay import count_attempt, forgive_attempt, of_passphrase, refuse_blocked
from api.shapes import PileShape
from api.versions import LookedAt
from api.views import piles
from api.wiring import ApiOffice
from models.rules.errors import WrongPassphrase
from models.rules.roles import Actor, person_of
from models.services.endorse import PileOutcome, endorse_one, endorse_pile
from models.services.inputs import PileLetter

router = APIRouter(prefix="/v1", tags=["parafs and signatures"])
Kind = Literal["paraf", "signature"]


@router.post(
    "/applications/{application_id}/paraf",
    operation_id="initialLetter",
    status_code=202,
    summary="Steps 4 to 6: put a paraf on the letter",
)
def initial(
    application_id: UUID, given: Endorse, version: LookedAt, actor: Who, response: Response, office: Office
) -> PileShape:
    """The official whose turn it is, over the exact blanko that was looked at; the signing room applies it."""
    return _one(office, actor, "paraf", application_id, given, version, response)


@router.post(
    "/applications/{application_id}/signature",
    operation_id="signLetter",
    status_code=202,
    summary="Step 7: sign the letter",
)
def sign(
    application_id: UUID, given: Endorse, version: LookedAt, actor: Who, response: Response, office: Office
) -> PileShape:
    """The head of office. Number and licence follow by themselves."""
    return _one(office, actor, "signature", application_id, given, version, response)


@router.post("/piles", operation_id="openPile", status_code=202, summary="Paraf or sign many letters with one step-up")
@once(202)
def open_pile(
    given: Pile,
    actor: Who,
    response: Response,
    office: Office,
    asked: Asked,  # noqa: ARG001 - `once` takes it
) -> PileShape:
    """Each letter stands or falls alone: those that were refused carry the problem."""
    letters = [letter.as_letter() for letter in given.letters]
    with no_guessing(office, actor):
        outcome = endorse_pile(office.desk, actor, given.kind, letters, given.passphrase.get_secret_value())
    return _accepted(office, actor, outcome, response)


@router.get("/piles/{pile_id}", operation_id="getPile", summary="How a pile goes")
def get_pile(pile_id: UUID, actor: Who, office: Office) -> PileShape:
    """The result of each letter; only its own official sees it."""
    with office.db.transaction() as session:
        return piles.shape(session, actor, pile_id)


def _one(
    office: ApiOffice,
    actor: Actor,
    kind: Kind,
    application_id: UUID,
    given: Endorse,
    version: int,
    response: Response,
) -> PileShape:
    require_visible(office, actor, application_id)
    letter = PileLetter(application_id=str(application_id), version=version, blanko_sha256=given.blanko_sha256)
    with no_guessing(office, actor):
        outcome = endorse_one(office.desk, actor, kind, letter, given.passphrase.get_secret_value())
    return _accepted(office, actor, outcome, response)


@contextmanager
def no_guessing(office: ApiOffice, actor: Actor) -> Iterator[None]:
    """Wrong passphrases make the next try wait; raises TooManyAttempts."""
    attempt = of_passphrase(person_of(actor))
    failed_before = refuse_blocked(office, attempt)
    try:
        yield
    except WrongPassphrase:
        count_attempt(office, attempt)
        raise
    if failed_before:
        forgive_attempt(office, attempt)


def _accepted(office: ApiOffice, actor: Actor, outcome: PileOutcome, response: Response) -> PileShape:
    response.headers["Location"] = f"/v1/piles/{outcome.pile_id}"
    with office.db.transaction() as session:
        return piles.shape(session, actor, outcome.pile_id, outcome.letters)
