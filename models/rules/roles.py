"""Who may do what: roles as data, one question, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from models.rules.errors import Forbidden, NotSignedIn

APPLICANT = "pemohon"
FRONT_OFFICE = "front_office"
BACK_OFFICE = "back_office"
ADMIN = "admin"
OPERATOR = "operator"
INTEGRATOR = "integrator"
"""Another system with a key: it acts for the applicants whom it hands in, never for the office."""


class Verb(StrEnum):
    """What a key may be good for; a scope is `verb:licence`, such as `write:SIKRO` or `read:*`."""

    READ = "read"
    WRITE = "write"
    BATCH = "batch"


ANY_LICENCE = "*"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, or the bearer of one application's link (`link_to`).

    `roles` are those that hold today; `client` names an API client when a key was used instead of a sign-in, with
    the scopes of that key.
    """

    name: str
    roles: frozenset[str] = frozenset()
    person_id: UUID | None = None
    link_to: UUID | None = None
    client: str = ""
    client_id: UUID | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def is_staff(self) -> bool:
        """Anyone who holds a post of the office: any role but the applicant's, also one of a later licence's SOP."""
        return bool(self.roles - {APPLICANT, INTEGRATOR})


def require_role(actor: Actor, *roles: str) -> None:
    """Raises Forbidden unless the actor holds one of `roles`."""
    if not actor.roles & set(roles):
        raise Forbidden(f"This act needs the role {' or '.join(sorted(roles))}; ask an admin if it should be yours.")


def owns(actor: Actor, application_id: UUID, owner_id: UUID | None, client_id: UUID | None = None) -> bool:
    """Whether the application is the actor's own: by link, by account, or handed in by his system."""
    by_account = owner_id is not None and owner_id == actor.person_id
    by_system = client_id is not None and client_id == actor.client_id
    return actor.link_to == application_id or by_account or by_system


def require_owner_or_staff(
    actor: Actor, application_id: UUID, owner_id: UUID | None, client_id: UUID | None = None
) -> None:
    """The applicant himself, the system that hands in for him, or any staff; raises Forbidden otherwise."""
    if not owns(actor, application_id, owner_id, client_id) and not actor.is_staff:
        raise Forbidden("Only the applicant and the office may see or change this application.")


def holds_scope(actor: Actor, verb: Verb, licence_code: str) -> bool:
    """Whether a key is good for this; who came without a key is not bound by scopes."""
    if INTEGRATOR not in actor.roles:
        return True
    return bool(actor.scopes & {f"{verb}:{licence_code}", f"{verb}:{ANY_LICENCE}"})


def licences_of(actor: Actor, verb: Verb) -> frozenset[str]:
    """The licence codes that a key is good for, ANY_LICENCE among them when it is good for all."""
    return frozenset(scope.partition(":")[2] for scope in actor.scopes if scope.startswith(f"{verb}:"))


def require_scope(actor: Actor, verb: Verb, licence_code: str) -> None:
    """Raises Forbidden when the actor's key was not given this verb for this licence."""
    if not holds_scope(actor, verb, licence_code):
        raise Forbidden(f"This key has no scope {verb}:{licence_code}; ask the office's admin for a key that has it.")


def person_of(actor: Actor) -> UUID:
    """The signed-in person behind an act; raises NotSignedIn for links and keys, which can not act for the office."""
    if actor.person_id is None:
        raise NotSignedIn("This act needs a signed-in person; sign in and repeat it.")
    return actor.person_id
