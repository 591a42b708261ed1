"""Overriding what the check held against a berkas: every point of it can be named over HTTP."""

from __future__ import annotations

import itertools

from tests.api.counter import Counter, act
from tests.cases import an_application


def test_a_comparisons_code_can_be_overridden_like_a_requirements(counter: Counter) -> None:
    office = counter.office
    office.seeds = itertools.repeat(7)
    an_application(office, "verifying")
    second = an_application(office, "verifying")
    front = counter.sign_in("loket")
    refused = act(front, second, "verification").json()
    assert [item["pointer"] for item in refused["errors"]] == ["/overrides/running-application"]
    given = {"overrides": {"running-application": "permohonan pertama ditarik pemohon"}}
    assert act(front, second, "verification", given).json()["stage"] == "preparing"
