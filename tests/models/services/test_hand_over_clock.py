"""A clock that is set back between the issue and the hand-over."""

from __future__ import annotations

from models.services.hand_over import hand_over
from models.tables.letters import HandOver, Licence
from tests.cases import TAKEN, an_application
from tests.factories import Office
from tests.models.services.probe import events, only


def test_a_hand_over_is_never_before_the_issue(office: Office) -> None:
    case = an_application(office, "ready")
    office.clock.advance(minutes=-5)
    hand_over(office.db, office.clock, office.actor("loket"), case, TAKEN)
    given, licence = only(office, HandOver), only(office, Licence)
    assert given.handed_over_at == licence.issued_at
    assert events(office, case)[-1].at == given.handed_over_at
