"""A counter a test: the office of the factories, everyone with a password, on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from models.db import Database
from tests.api.counter import Counter, give_passwords
from tests.conftest import Database as Urls
from tests.factories import Office, an_office


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    """People, keys and the SIKRO definition; Monday, 2 March 2026, 09.00 in Pekanbaru."""
    db = Database(fresh_database.app_url)
    office = an_office(db)
    give_passwords(office)
    yield office
    db.dispose()


@pytest.fixture(scope="module")
def shared(new_database: Callable[[], Urls]) -> Iterator[Counter]:
    """One counter for a file whose tests look at their own cases alone."""
    db = Database(new_database().app_url)
    office = an_office(db)
    give_passwords(office)
    yield Counter(office)
    db.dispose()


@pytest.fixture
def counter(office: Office) -> Counter:
    """The application over that office."""
    return Counter(office)
