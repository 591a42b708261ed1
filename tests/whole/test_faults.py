"""A whole office under 200 applications and 40 faults: nothing acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import pytest

from ops.faults.run import holds, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("office")]


def test_two_hundred_cases_under_forty_faults() -> None:
    told: list[str] = []
    figures = run(200, 40, 1, told.append)
    assert holds(figures), (figures["sentences"], told[-20:])
    assert (figures["cases"], figures["faults"]) == (200, 40)
    assert figures["redelivered"] >= 100
    assert figures["recovery_max_s"] <= 60, told
    assert len(figures["by_kind"]) == 15
