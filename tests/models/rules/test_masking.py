"""Masks hide what a desk need not know; the scrubber catches a NIK that strayed into a text."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.masking import mask_email, mask_phone, scrub


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("081234567890", "0812*****890"),
        ("0812-3456-7890", "0812*****890"),
        ("+6281234567890", "+628*******890"),
        ("07611234", "********"),
        ("", ""),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@given(st.text(alphabet="0123456789", max_size=20))
def test_at_least_three_digits_of_a_phone_stay_hidden(phone: str) -> None:
    assert mask_phone(phone).count("*") >= min(3, len(phone))


@pytest.mark.parametrize(
    ("email", "masked"),
    [("siti.aminah@example.org", "s***@example.org"), ("s@example.org", "s***@example.org"), ("salah", "*****")],
)
def test_emails(email: str, masked: str) -> None:
    assert mask_email(email) == masked


def test_a_stray_nik_is_masked_and_longer_numbers_are_not() -> None:
    text = "NIK 1471012005900003, NIP 197704172003121004; 1471016108940001."
    assert scrub(text) == "NIK 1471********0003, NIP 197704172003121004; 1471********0001."


def test_hashes_are_left_whole() -> None:
    digest = hashlib.sha256(b"blanko").hexdigest() + " 1234567890123456abcdef"
    assert scrub(digest) == digest
