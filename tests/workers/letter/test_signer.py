"""Signatures: incremental, in the right field, with the right lock, and by the right hand only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from pikepdf import Array

from models.ports import Credential, KeyKind
from models.rules.errors import PermanentFailure, WrongPassphrase
from models.rules.letter import Official
from ops.letter import PASSPHRASE, TEMPLATES, Letter, SampleOffice
from workers.adapters.letter.containers import is_intact, range_is_whole, signed_fields
from workers.adapters.letter.signer import SoftSigner
from workers.adapters.letter.signers import OfficeSigner
from workers.adapters.letter.soft_keys import open_key

AT = datetime(2026, 3, 18, 16, 59, tzinfo=UTC)


def rsa_key(passphrase: bytes) -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kunci RSA")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(AT).not_valid_after(AT + timedelta(days=9))
    certificate = builder.sign(key, hashes.SHA256())
    return pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(passphrase))


def test_each_stage_begins_with_the_one_before(letter: Letter) -> None:
    bytes_ = [pdf for _, pdf in letter.stages]
    for before, after in pairwise(bytes_):
        assert after.startswith(before)
        assert len(after) > len(before)


def test_the_signatures_are_in_order_and_intact(letter: Letter) -> None:
    with pikepdf.open(BytesIO(letter.licence)) as pdf:
        signed = signed_fields(pdf)
        assert [one.name for one in signed] == ["paraf1", "paraf2", "paraf3", "kepala", "segel"]
        assert all(is_intact(one, letter.licence) for one in signed)
        assert all(range_is_whole(one, letter.licence) for one in signed)


def test_a_changed_byte_is_not_intact(letter: Letter) -> None:
    changed = letter.licence[:3000] + b"X" + letter.licence[3001:]
    with pikepdf.open(BytesIO(letter.licence)) as pdf:
        assert not any(is_intact(one, changed) for one in signed_fields(pdf))


def test_poppler_calls_all_five_valid(outside: Callable[..., str], letter: Letter) -> None:
    said = outside("pdfsig", letter.licence)
    assert said.count("Signature is Valid.") == 5
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert said.count("Total document signed") == 1


@pytest.mark.parametrize("stage", ["blanko", "paraf1", "paraf2", "paraf3", "signed", "filled", "sealed"])
def test_qpdf_finds_every_stage_sound(outside: Callable[..., str], stages: dict[str, bytes], stage: str) -> None:
    assert "No syntax or stream encoding errors found" in outside("qpdf", stages[stage], "--check")


def test_the_moment_is_the_one_that_was_given(office: SampleOffice, letter: Letter) -> None:
    signed = office.signer.paraf(letter.blanko, 1, office.credentials[0], PASSPHRASE, AT)
    with pikepdf.open(BytesIO(signed)) as pdf:
        (paraf,) = signed_fields(pdf)
        assert str(paraf.dictionary.M) == "D:20260318165900Z"
        assert str(paraf.dictionary.Reason) == "Paraf 1: JF Analis Kebijakan Ahli Muda"


def test_the_mark_tells_initials_and_local_time(
    outside: Callable[..., str], office: SampleOffice, letter: Letter
) -> None:
    signed = office.signer.paraf(letter.blanko, 2, office.credentials[1], PASSPHRASE, AT)
    text = outside("pdftotext", signed, "-layout", after=("-",))
    assert "BP" in text
    assert "18-03-2026 23.59 WIB" in text


def test_the_head_locks_all_but_the_late_fields(letter: Letter) -> None:
    with pikepdf.open(BytesIO(letter.licence)) as pdf:
        locks = {one.name: one.dictionary.get("/Reference", Array()) for one in signed_fields(pdf)}
        head = locks["kepala"].as_list()[0].TransformParams
        seal = locks["segel"].as_list()[0].TransformParams
        assert (str(head.Action), int(head.P)) == ("/Exclude", 2)
        assert {str(name) for name in head.Fields} == {"nomor", "tanggal", "berlaku", "qr", "kode", "segel"}
        assert (str(seal.Action), int(seal.P)) == ("/All", 1)
        assert len(locks["paraf1"].as_list()) == 0


def test_a_wrong_passphrase_moves_nothing(office: SampleOffice, letter: Letter) -> None:
    with pytest.raises(WrongPassphrase, match="Kata sandi"):
        office.signer.paraf(letter.blanko, 1, office.credentials[0], "salah", AT)


def test_an_empty_passphrase_is_a_wrong_one(office: SampleOffice, letter: Letter) -> None:
    with pytest.raises(WrongPassphrase):
        office.signer.sign(letter.blanko, office.credentials[3], "", AT)


@pytest.mark.parametrize("material", [b"", b"not a key", b"\x30\x03\x02\x01\x03", b"\x30\x80"])
def test_a_damaged_key_file_is_no_wrong_passphrase(office: SampleOffice, letter: Letter, material: bytes) -> None:
    broken = replace(office.credentials[0], material=material)
    with pytest.raises(PermanentFailure, match="PKCS#12"):
        office.signer.paraf(letter.blanko, 1, broken, PASSPHRASE, AT)


def test_a_field_is_signed_once(office: SampleOffice, stages: dict[str, bytes]) -> None:
    with pytest.raises(PermanentFailure, match="filled already"):
        office.signer.paraf(stages["paraf1"], 1, office.credentials[0], PASSPHRASE, AT)


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"hello"])
def test_what_is_no_letter_can_not_be_signed(office: SampleOffice, pdf: bytes) -> None:
    with pytest.raises(PermanentFailure, match="can not be signed"):
        office.signer.sign(pdf, office.credentials[3], PASSPHRASE, AT)


def test_a_paraf_that_the_letter_lacks_is_refused(office: SampleOffice, letter: Letter) -> None:
    with pytest.raises(PermanentFailure, match="paraf9"):
        office.signer.paraf(letter.blanko, 9, office.credentials[0], PASSPHRASE, AT)


def test_an_rsa_key_signs_too(outside: Callable[..., str], office: SampleOffice, letter: Letter) -> None:
    credential = Credential(KeyKind.SOFT, Official("Kunci RSA", "Uji"), rsa_key(b"rsa"))
    signed = office.signer.paraf(letter.blanko, 1, credential, "rsa", AT)
    with pikepdf.open(BytesIO(signed)) as pdf:
        assert is_intact(signed_fields(pdf)[0], signed)
    assert "Signature is Valid." in outside("pdfsig", signed)


def test_secrets_are_not_shown(office: SampleOffice) -> None:
    key = open_key(office.credentials[0].material, PASSPHRASE)
    assert "PrivateKey" not in repr(key)
    assert "material" not in repr(office.credentials[0])


def test_a_seal_that_can_not_be_opened_stops_the_start(office: SampleOffice) -> None:
    with pytest.raises(WrongPassphrase):
        SoftSigner(TEMPLATES / "fonts", Official("x", "y"), office.credentials[0].material, "salah")


@pytest.mark.parametrize("kind", [KeyKind.PKCS11, KeyKind.BSRE])
def test_a_key_of_another_kind_needs_its_own_signer(office: SampleOffice, letter: Letter, kind: KeyKind) -> None:
    elsewhere = replace(office.credentials[0], kind=kind)
    with pytest.raises(PermanentFailure, match=kind.value):
        office.signer.paraf(letter.blanko, 1, elsewhere, PASSPHRASE, AT)
    with pytest.raises(PermanentFailure, match=kind.value):
        OfficeSigner(office.signer).sign(letter.blanko, elsewhere, PASSPHRASE, AT)


def test_the_office_signer_hands_soft_keys_on(office: SampleOffice, letter: Letter) -> None:
    signer = OfficeSigner(office.signer)
    pdf = signer.paraf(letter.blanko, 1, office.credentials[0], PASSPHRASE, AT)
    pdf = signer.seal(signer.sign(pdf, office.credentials[3], PASSPHRASE, AT), AT)
    with pikepdf.open(BytesIO(pdf)) as document:
        assert [one.name for one in signed_fields(document)] == ["paraf1", "kepala", "segel"]
