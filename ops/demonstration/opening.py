"""Who works in a local office, and what lies on the desks when it opens for the first time."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date

from ops.demonstration import scenario
from ops.demonstration.desk import Desk
from ops.demonstration.scenario import Case, Office, Tell
from ops.seed import demo_password

DRAFT, IN_CHECK, RETURNED, PARAF_1, PARAF_2, PARAF_3, SIGNATURE, READY, CLOSED = range(9)
"""The place of each case in the day's order, named by where it is left lying. RETURNED is the scenario's third."""


def sign_in(base_url: str, open_: ExitStack) -> Office:
    """The seeded people, each with a session of their own, closed with `open_`."""

    def desk(username: str) -> Desk:
        one = Desk(base_url, username, demo_password(username))
        open_.callback(one.close)
        return one

    officials = (desk("muda"), desk("madya"), desk("sekretaris"))
    return Office(desk("pemohon"), desk("loket"), desk("blanko"), officials, desk("kepala"))


def furnish(people: Office, today: date, tell: Tell) -> None:
    """A case at every desk, unless the office has cases already."""
    if people.front.get("/applications", limit=1)["items"]:
        return
    cases = scenario.day(today, CLOSED + 1)
    scenario.begin(people, cases[DRAFT])
    for case in cases[IN_CHECK:]:
        scenario.hand_in(people, case, today)
    people.front.wait_for(cases[IN_CHECK].id, {"verifying"})
    for case in cases[RETURNED:]:
        scenario.decide(people, case, tell)
    _endorse(people, cases)
    for case in cases[READY:]:
        people.front.wait_for(case.id, {"ready"})
    scenario.hand_over(people, cases[CLOSED])
    tell(f"{len(cases)} applications lie on the desks, one at each stage")


def _endorse(people: Office, cases: list[Case]) -> None:
    for ordinal, desk in enumerate(people.officials, start=1):
        pile = scenario.waiting_for(desk, cases[PARAF_1 + ordinal - 1 :], ordinal)
        scenario.endorse(desk, "paraf", pile[1:])
    for case in cases[SIGNATURE:]:
        people.head.wait_for(case.id, {"awaiting_signature"})
    scenario.endorse(people.head, "signature", cases[READY:])
