"""DER against asn1crypto, which was written by others."""

from __future__ import annotations

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from workers.adapters.letter import der


@given(st.integers(min_value=0, max_value=2**170))
def test_integers(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


@given(st.binary(max_size=400))
def test_octet_strings_of_every_length(value: bytes) -> None:
    assert der.octets(value) == core.OctetString(value).dump()


@pytest.mark.parametrize("dotted", ["1.2.840.113549.1.9.16.2.47", "2.16.840.1.101.3.4.2.1", "1.3.0.127.128.16384"])
def test_object_identifiers(dotted: str) -> None:
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()


def test_sets_are_sorted_and_sequences_are_not() -> None:
    one, two = der.octets(b"a"), der.octets(b"bb")
    assert der.set_of(two, one) == der.set_of(one, two)
    assert der.sequence(two, one) != der.sequence(one, two)
