"""A counter a test: the office of the factories, everyone with a password, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

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


@pytest.fixture
def counter(office: Office) -> Counter:
    """The application over that office."""
    return Counter(office)
