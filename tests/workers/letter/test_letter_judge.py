"""Strangers' PDFs are judged in the cage: whole letters, changed ones, other people's, and no letters at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.letter import Letter, SampleOffice
from workers.adapters.letter_judge import CageLetterJudge
from workers.adapters.trust import Trust


@pytest.fixture(scope="module")
def judge(office: SampleOffice) -> Iterator[CageLetterJudge]:
    judge = CageLetterJudge(Trust((office.ca.certificate_pem,), (office.qr_public_key,)))
    yield judge
    judge.close()


def test_a_whole_letter_is_genuine_and_names_its_signers(judge: CageLetterJudge, letter: Letter) -> None:
    found = judge.judge(letter.licence)
    assert found.code == "genuine"
    assert [one.field for one in found.signatures] == ["paraf1", "paraf2", "paraf3", "kepala", "segel"]
    assert all(one.valid for one in found.signatures)
    assert found.number == letter.late.number
    assert found.blanko_sha256 == letter.late.blanko_sha256


def test_one_changed_byte_is_found(judge: CageLetterJudge, letter: Letter) -> None:
    data = bytearray(letter.licence)
    at = len(letter.blanko) // 2
    data[at] ^= 0x20
    assert judge.judge(bytes(data)).code in {"changed", "unreadable"}


def test_something_added_after_the_seal_is_found(judge: CageLetterJudge, letter: Letter) -> None:
    assert judge.judge(letter.licence + b"\n% more\n").code == "changed"


def test_a_letter_of_another_authority_is_foreign(letter: Letter, office: SampleOffice) -> None:
    judge = CageLetterJudge(Trust((), (office.qr_public_key,)))
    try:
        assert judge.judge(letter.licence).code == "foreign"
    finally:
        judge.close()


@pytest.mark.parametrize("data", [b"", b"no pdf", b"%PDF-1.7\nnothing", b"%PDF-" + b"\0" * 1000])
def test_what_is_no_letter_is_unreadable(judge: CageLetterJudge, data: bytes) -> None:
    assert judge.judge(data).code == "unreadable"


def test_a_pdf_without_signatures_says_so(judge: CageLetterJudge, letter: Letter) -> None:
    assert judge.judge(letter.blanko).code == "unsigned"
