"""The office's own authority."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from models.rules.errors import PermanentFailure
from models.rules.letter import Official
from workers.adapters.letter import office_ca
from workers.adapters.letter.soft_keys import open_key

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
CA = office_ca.make_ca("DPMPTSP Kota Pekanbaru", AT)
DEWI = Official("Dewi Kartika, S.H., M.H.", "Sekretaris", nip="198001012005012001")


def test_a_leaf_is_issued_by_the_authority() -> None:
    key = open_key(office_ca.issue(CA, DEWI, "DPMPTSP", "rahasia", AT), "rahasia")
    key.certificate.verify_directly_issued_by(CA.certificate)
    assert key.issuers == (CA.certificate,)
    assert isinstance(key.key, ec.EllipticCurvePrivateKey)
    assert key.key.curve.name == "secp256r1"


def test_a_leaf_names_the_official() -> None:
    subject = open_key(office_ca.issue(CA, DEWI, "DPMPTSP", "x", AT), "x").certificate.subject
    oids = (NameOID.COMMON_NAME, NameOID.TITLE, NameOID.SERIAL_NUMBER)
    values = [subject.get_attributes_for_oid(oid)[0].value for oid in oids]
    assert values == ["Dewi Kartika, S.H., M.H.", "Sekretaris", "198001012005012001"]


def test_a_leaf_may_sign_documents_and_nothing_else() -> None:
    certificate = open_key(office_ca.issue(CA, DEWI, "DPMPTSP", "x", AT), "x").certificate
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_names_longer_than_a_certificate_takes_are_cut() -> None:
    long = Official("N" * 90, "T" * 90)
    key = open_key(office_ca.issue(CA, long, "O" * 90, "x", AT), "x")
    assert key.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "N" * 64


def test_the_authority_is_kept_under_its_passphrase() -> None:
    again = office_ca.load_ca(CA.export("kunci"), "kunci")
    assert again.certificate == CA.certificate
    with pytest.raises(PermanentFailure, match="wrong passphrase"):
        office_ca.load_ca(CA.export("kunci"), "salah")


def test_key_files_can_not_be_read_without_the_passphrase() -> None:
    key = open_key(office_ca.issue(CA, DEWI, "DPMPTSP", "x", AT), "x").key
    assert key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) not in CA.export("x")
    assert "PrivateKey" not in repr(CA)


def test_qr_keys_survive_their_pem() -> None:
    key = office_ca.make_qr_key()
    again = office_ca.load_qr_key(office_ca.private_pem(key))
    office_ca.load_qr_public_key(office_ca.public_pem(key)).verify(again.sign(b"x"), b"x")


def test_a_key_of_another_kind_is_no_qr_key() -> None:
    pem = CA.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(PermanentFailure, match="Ed25519"):
        office_ca.load_qr_key(pem)
