"""The promises about people and numbers, in a small form here and as large as the environment asks by hand.

PARAF_TRIES=10000 PARAF_RACERS=50 PARAF_ROUNDS=200 PARAF_NUMBERS=20000 pytest tests/models/race/test_promises.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from random import Random
from uuid import UUID

import pytest
from sqlmodel import col, func, select

from models.db import Database
from models.rules.errors import AlreadyDone, StaleVersion, WrongStage
from models.services.endorse import endorse_one
from models.services.machine import begin
from models.tables.letters import Endorsement, NumberSeries, RegisterEntry
from tests.cases import an_application, drive, endorse, letter_of
from tests.conftest import Database as Urls
from tests.factories import Office, an_office, grant, passphrase_of
from tests.models.race.conftest import together
from tests.models.services.probe import standing

TRIES = int(os.environ.get("PARAF_TRIES", "60"))
RACERS = int(os.environ.get("PARAF_RACERS", "10"))
ROUNDS = int(os.environ.get("PARAF_ROUNDS", "3"))
NUMBERS = int(os.environ.get("PARAF_NUMBERS", "24"))
WRITERS = 8
CONFLICTS = (AlreadyDone, StaleVersion, WrongStage)
"""What the counter answers with 409 or 412: somebody else was faster."""

OLD_YEAR, NEW_YEAR = datetime(2026, 12, 31, 4, tzinfo=UTC), datetime(2026, 12, 31, 17, tzinfo=UTC)
"""The last working hours of a year in Jakarta, and the first moment of the next."""


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    db = Database(fresh_database.app_url, pool_size=max(RACERS, WRITERS))
    yield an_office(db)
    db.dispose()


def test_one_person_never_acts_twice_on_a_revision_mandates_included(office: Office) -> None:
    """Promise 7."""
    for username, post in (("muda", "ahli_madya"), ("muda", "sekretaris"), ("sekretaris", "kepala_dinas")):
        grant(office, username, post, acting="Plt.", decree="SK 12/2026")
    places = [
        ("muda", "paraf", an_application(office, "awaiting_paraf", paraf_next=2)),
        ("muda", "paraf", _third_by_madya(office)),
        ("sekretaris", "signature", an_application(office, "awaiting_signature")),
    ]
    before = [standing(office, case) for _, _, case in places]
    for number in range(TRIES):
        username, kind, case = places[number % len(places)]
        outcome = endorse(office, username, "paraf" if kind == "paraf" else "signature", case)
        assert isinstance(outcome.letters[0].error, AlreadyDone), outcome.letters[0]
    assert [standing(office, case) for _, _, case in places] == before


def _third_by_madya(office: Office) -> UUID:
    case = an_application(office, "awaiting_paraf", paraf_next=2)
    assert endorse(office, "madya", "paraf", case).letters[0].error is None
    return drive(office, case, "awaiting_paraf", paraf_next=3)


def test_of_many_racers_one_wins_and_nobody_deadlocks(office: Office) -> None:
    """Promise 8."""
    actor, word = office.actor("muda"), passphrase_of("muda")
    for _ in range(ROUNDS):
        case = an_application(office, "awaiting_paraf")
        act = partial(endorse_one, office.desk, actor, "paraf", letter_of(office, case), word)
        outcomes = together([act] * RACERS)
        losers = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert len(losers) == RACERS - 1
        assert [loser for loser in losers if not isinstance(loser, CONFLICTS)] == []
        with office.db.transaction() as session:
            acts = select(func.count()).select_from(Endorsement).where(Endorsement.application_id == case)
            assert session.exec(acts).one() == 1


def test_numbers_have_no_gap_and_no_double_through_crashes_and_the_turn_of_the_year(office: Office) -> None:
    """Promise 9."""
    dice = Random(9)
    cases = [_signed(office, number) for number in range(NUMBERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(partial(_number, office, dice), cases))
    with office.db.transaction() as session:
        entries = session.exec(select(RegisterEntry).order_by(col(RegisterEntry.year), col(RegisterEntry.seq))).all()
        last = {row.year: row.last_seq for row in session.exec(select(NumberSeries)).all()}
    assert len(entries) == len({entry.number for entry in entries}) == NUMBERS
    for year, highest in last.items():
        assert [entry.seq for entry in entries if entry.year == year] == list(range(1, highest + 1))
    assert set(last) == {2026, 2027}


def _signed(office: Office, number: int) -> UUID:
    """A letter that waits for its number; every other one was signed after the turn of the year."""
    office.clock.set(NEW_YEAR if number % 2 else OLD_YEAR)
    return an_application(office, "numbering")


def _number(office: Office, dice: Random, case: UUID) -> None:
    """Deliver the task, sometimes after a worker died over it, sometimes twice."""
    ticket = office.ticket(case)
    if dice.random() < 0.2:
        assert begin(office.db, office.clock, ticket) is not None
    assert office.perform(ticket)
    if dice.random() < 0.2:
        assert not office.perform(ticket)
