"""Who may do what: roles as data, one question, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from models.rules.errors import Forbidden, NotSignedIn

APPLICANT = "pemohon"
FRONT_OFFICE = "front_office"
BACK_OFFICE = "back_office"
ADMIN = "admin"
OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, or the bearer of one application's link (`link_to`).

    `roles` are those that hold today; `client` names an API client when a key was used instead of a sign-in.
    """

    name: str
    roles: frozenset[str] = frozenset()
    person_id: UUID | None = None
    link_to: UUID | None = None
    client: str = ""

    @property
    def is_staff(self) -> bool:
        """Anyone who holds a post of the office: any role but the applicant's, also one of a later licence's SOP."""
        return bool(self.roles - {APPLICANT})


def require_role(actor: Actor, *roles: str) -> None:
    """Raises Forbidden unless the actor holds one of `roles`."""
    if not actor.roles & set(roles):
        raise Forbidden(f"This act needs the role {' or '.join(sorted(roles))}; ask an admin if it should be yours.")


def require_owner_or_staff(actor: Actor, application_id: UUID, owner_id: UUID | None) -> None:
    """The applicant himself (signed in or by link) or any staff; raises Forbidden otherwise."""
    own = actor.link_to == application_id or (owner_id is not None and owner_id == actor.person_id)
    if not own and not actor.is_staff:
        raise Forbidden("Only the applicant and the office may see or change this application.")


def person_of(actor: Actor) -> UUID:
    """The signed-in person behind an act; raises NotSignedIn for links and keys, which can not act for the office."""
    if actor.person_id is None:
        raise NotSignedIn("This act needs a signed-in person; sign in and repeat it.")
    return actor.person_id
