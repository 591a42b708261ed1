"""Until when a licence holds: the rule is data, the last day belongs to it, None is for life."""

from __future__ import annotations

from datetime import date

from models.rules.dates import add_years, long_date
from models.rules.errors import InvalidInput
from models.rules.sop import Validity


def valid_until(validity: Validity, signed_on: date, str_valid_until: date | None) -> date | None:
    """The last day of a licence signed on `signed_on` (Asia/Jakarta date).

    `str_valid_until` None is a lifelong STR; the answer None is a lifelong licence, which only "until_str" can give.
    Raises InvalidInput when the rule reads the STR and it ended before the signature.
    """
    years_end = add_years(signed_on, validity.years)
    if validity.rule == "years":
        return years_end
    if str_valid_until is not None and str_valid_until < signed_on:
        raise InvalidInput(
            f"STR berakhir {long_date(str_valid_until)}, sebelum surat ditandatangani. Perbarui STR lebih dahulu."
        )
    if validity.rule == "until_str":
        return str_valid_until
    return min(years_end, str_valid_until or years_end)


def holds_on(last_day: date | None, day: date) -> bool:
    """Whether something valid until `last_day` (None: for life) still holds on `day`."""
    return last_day is None or day <= last_day
