"""Opens PKCS#12 key files."""

from __future__ import annotations

from asn1crypto import keys, x509
from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from models.rules.errors import PermanentFailure, WrongPassphrase

WRONG = "Kata sandi tanda tangan salah; surat tidak berubah. Masukkan kata sandi yang benar, lalu ulangi."


def open_key(material: bytes, passphrase: str) -> SimpleSigner:
    """The key and certificates in a PKCS#12 file. Raises WrongPassphrase, or PermanentFailure for a damaged file."""
    if not _is_pkcs12(material):
        raise PermanentFailure("The key file is not PKCS#12")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(material, passphrase.encode())
    except ValueError as error:
        raise WrongPassphrase(WRONG) from error
    if key is None or certificate is None:
        raise PermanentFailure("The key file lacks a key or its certificate")
    store = SimpleCertificateStore()
    store.register_multiple([_asn1(other.public_bytes(Encoding.DER)) for other in others])
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        signing_cert=_asn1(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(der),
        cert_registry=store,
    )


def _asn1(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der)


def _is_pkcs12(material: bytes) -> bool:
    try:
        return bool(asn1_pkcs12.Pfx.load(material)["version"].native == "v3")
    except (ValueError, TypeError, KeyError):
        return False
