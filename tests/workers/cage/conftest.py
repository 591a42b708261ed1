"""One cage for the honest tests, one that may be asked to be hostile; both end with the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pikepdf
import pytest
from PIL import Image

from workers.adapters.cage.client import Cage
from workers.adapters.cage.limits import Limits
from workers.adapters.inspect.warmup import set_up_parsers
from workers.adapters.scanner import CageScanner


@pytest.fixture(scope="session")
def cage() -> Iterator[Cage]:
    """A cage with the limits of the office."""
    one = Cage()
    yield one
    one.close()


@pytest.fixture(scope="session")
def scanner(cage: Cage) -> CageScanner:
    """The real scanner."""
    return CageScanner(cage)


@pytest.fixture(scope="session")
def hostile_cage() -> Iterator[Cage]:
    """A cage whose forks do as a test says, with a short time."""
    one = Cage(Limits(cpu_seconds=2, wall_seconds=4.0), extra_calls=("tests.workers.cage.hostile",))
    yield one
    one.close()


@pytest.fixture(scope="module")
def parsers() -> Iterator[None]:
    """The parsers as the cage sets them up; their process-wide limits go back afterwards."""
    limits: dict[str, Any] = dict(pikepdf.settings.get_qpdf_limits())
    most = Image.MAX_IMAGE_PIXELS
    set_up_parsers()
    yield
    pikepdf.settings.set_qpdf_limits(**limits)
    Image.MAX_IMAGE_PIXELS = most
