"""One empty office a test, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.db import Database
from tests.conftest import Database as Urls
from tests.factories import Office, an_office


@pytest.fixture
def office(fresh_database: Urls) -> Iterator[Office]:
    """People, keys and the SIKRO definition; Monday, 2 March 2026, 09.00 in Pekanbaru."""
    db = Database(fresh_database.app_url)
    yield an_office(db)
    db.dispose()
