"""The nine steps in their order, each leaving its event, its stage and the next task."""

from __future__ import annotations

from tests.factories import Office, an_application


def test_the_straight_road_ends_closed(office: Office) -> None:
    case_id = an_application(office, "closed")
    case = office.case(case_id)
    assert (case.stage, case.revision, case.round, case.paraf_next) == ("closed", 1, 1, 4)
