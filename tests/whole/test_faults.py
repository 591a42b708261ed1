"""A whole office while everything that can break is broken: nothing acknowledged is lost, nothing comes twice.

Each kind of fault strikes once; `PARAF_FAULT_CASES` and `PARAF_FAULTS` make it larger (`make faults`: 200 under 40).
"""

from __future__ import annotations

import os

import pytest

from ops.faults.run import holds, run
from ops.faults.schedule import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("office")]

CASES = int(os.environ.get("PARAF_FAULT_CASES", "40"))
FAULTS = int(os.environ.get("PARAF_FAULTS", str(len(KINDS))))


def test_what_breaks_loses_and_doubles_nothing() -> None:
    told: list[str] = []
    figures = run(CASES, FAULTS, 1, told.append)
    assert holds(figures), (figures["sentences"], told[-20:])
    assert (figures["cases"], figures["faults"]) == (CASES, FAULTS)
    assert set(figures["by_kind"]) == set(KINDS)
