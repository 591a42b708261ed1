"""What somebody must show after his password, and the counting of wrong codes."""

from __future__ import annotations

from api.login_delay import count_attempt, forgive_attempt, of_code
from api.wiring import ApiOffice
from models.rules.errors import NotSignedIn
from models.rules.numbering import jakarta_date
from models.rules.second_factor import needs_second_factor
from models.services.people import actor_of
from models.services.sign_in import Factors, check_code, factors_of
from models.tables.people import Person

ENROL_FIRST = "This account needs a second factor: sign in once with a browser and set it up there."
CODE_NEEDED = "This account has a second factor: send its code in `code`."


def second_step(office: ApiOffice, person: Person) -> tuple[bool, Factors]:
    """Whether a password alone is too little for this person, and what he has."""
    with office.db.transaction() as session:
        factors = factors_of(session, person.id)
        roles = actor_of(session, person, jakarta_date(office.clock.now())).roles
    return factors.any or needs_second_factor(roles, enforced=office.settings.second_factor_enforced), factors


def require_code(office: ApiOffice, person: Person, code: str) -> None:
    """For programs: raises NotSignedIn unless the password alone is enough or `code` is right."""
    needed, factors = second_step(office, person)
    if not needed:
        return
    if not factors.any:
        raise NotSignedIn(ENROL_FIRST)
    if not code:
        raise NotSignedIn(CODE_NEEDED)
    try_code(office, person, code)


def try_code(office: ApiOffice, person: Person, code: str) -> None:
    """Raises NotSignedIn for a wrong code, TooManyAttempts while a delay runs."""
    attempt = of_code(person.id)
    count_attempt(office, attempt)
    check_code(office.sign_in_room, person.id, code)
    forgive_attempt(office, attempt)
