"""Until when a licence holds, under each rule, with a dated and a lifelong STR."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.errors import InvalidInput
from models.rules.sop import Validity
from models.rules.validity import holds_on, valid_until
from tests.models.rules.shipped import sikro

SIGNED = date(2026, 3, 27)
LATER = date(2028, 6, 1)
FAR = date(2040, 1, 1)


@pytest.mark.parametrize(
    ("rule", "years", "str_valid_until", "expected"),
    [
        ("until_str", 5, LATER, LATER),
        ("until_str", 5, FAR, FAR),
        ("until_str", 5, None, None),
        ("until_str", 5, SIGNED, SIGNED),
        ("years", 5, LATER, date(2031, 3, 27)),
        ("years", 1, None, date(2027, 3, 27)),
        ("years", 5, date(2026, 3, 26), date(2031, 3, 27)),
        ("earlier", 5, LATER, LATER),
        ("earlier", 5, FAR, date(2031, 3, 27)),
        ("earlier", 5, None, date(2031, 3, 27)),
    ],
)
def test_each_rule(rule: str, years: int, str_valid_until: date | None, expected: date | None) -> None:
    validity = Validity.model_validate({"rule": rule, "years": years})
    assert valid_until(validity, SIGNED, str_valid_until) == expected


@pytest.mark.parametrize("rule", ["until_str", "earlier"])
def test_an_str_that_ended_before_the_signature_gives_no_licence(rule: str) -> None:
    with pytest.raises(InvalidInput, match="STR berakhir 26 Maret 2026"):
        valid_until(Validity.model_validate({"rule": rule}), SIGNED, date(2026, 3, 26))


def test_signed_on_a_leap_day() -> None:
    validity = Validity(rule="years", years=5)
    assert valid_until(validity, date(2028, 2, 29), None) == date(2033, 2, 28)
    assert valid_until(Validity(rule="years", years=4), date(2028, 2, 29), None) == date(2032, 2, 29)


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(0, 20_000), st.integers(1, 50))
def test_earlier_is_never_later_than_either(signed: date, days: int, years: int) -> None:
    str_end = date.fromordinal(signed.toordinal() + days)
    ends = [
        valid_until(Validity.model_validate({"rule": rule, "years": years}), signed, str_end)
        for rule in ("earlier", "until_str", "years")
    ]
    assert None not in ends
    assert ends[0] == min(end for end in ends[1:] if end)


def test_the_shipped_rule_suits_old_and_lifelong_strs() -> None:
    validity = sikro().validity
    assert (valid_until(validity, SIGNED, LATER), valid_until(validity, SIGNED, None)) == (LATER, date(2031, 3, 27))


@pytest.mark.parametrize(("last", "day", "holds"), [(None, FAR, True), (SIGNED, SIGNED, True), (SIGNED, LATER, False)])
def test_the_last_day_belongs_to_the_validity(last: date | None, day: date, holds: bool) -> None:
    assert holds_on(last, day) is holds
