"""Opens PKCS#12 key files and makes the CMS container of a PAdES baseline signature (ETSI EN 319 142-1, level B-B).

The container (RFC 5652, RFC 5035) is encoded here in half a millisecond; pyHanko's signer takes 12, since it encodes
the certificates anew at each step. pyHanko and poppler are the judges of it in the tests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from models.rules.errors import PermanentFailure, WrongPassphrase
from workers.adapters.letter.der import CONTEXT_0, NULL, SET, integer, octets, oid, sequence, set_of, tlv

WRONG = "Kata sandi tanda tangan salah; surat tidak berubah. Masukkan kata sandi yang benar, lalu ulangi."
DATA, SIGNED_DATA = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"))
RSA_SHA256 = sequence(oid("1.2.840.113549.1.1.11"), tlv(NULL))
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class SoftKey:
    """An opened key with its certificate and the issuers'."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()

    def container(self, digest: bytes) -> bytes:
        """The CMS SignedData (DER) over a document's SHA-256."""
        certificates = [one.public_bytes(Encoding.DER) for one in (self.certificate, *self.issuers)]
        attributes = _signed_attributes(digest, certificates[0])
        content = sequence(
            integer(1),
            set_of(SHA256),
            sequence(DATA),
            tlv(CONTEXT_0, *sorted(certificates)),
            set_of(self._signer_info(attributes)),
        )
        return sequence(SIGNED_DATA, tlv(CONTEXT_0, content))

    def _signer_info(self, attributes: list[bytes]) -> bytes:
        issuer = sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number))
        # Signed as a SET OF, stored under an implicit tag (RFC 5652, 5.4).
        signature = self._raw(tlv(SET, *attributes))
        return sequence(integer(1), issuer, SHA256, tlv(CONTEXT_0, *attributes), self._mechanism(), octets(signature))

    def _mechanism(self) -> bytes:
        return ECDSA_SHA256 if isinstance(self.key, ec.EllipticCurvePrivateKey) else RSA_SHA256

    def _raw(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def open_key(material: bytes, passphrase: str) -> SoftKey:
    """The key and certificates in a PKCS#12 file. Raises WrongPassphrase, or PermanentFailure for a damaged file."""
    if not _is_pkcs12(material):
        raise PermanentFailure("The key file is not PKCS#12")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(material, passphrase.encode())
    except ValueError as error:
        raise WrongPassphrase(WRONG) from error
    if certificate is None or not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise PermanentFailure("The key file lacks an elliptic-curve or RSA key, or its certificate")
    return SoftKey(key, certificate, tuple(others))


def _signed_attributes(digest: bytes, certificate: bytes) -> list[bytes]:
    # ESSCertIDv2 with its default digest, SHA-256.
    reference = sequence(sequence(sequence(octets(hashlib.sha256(certificate).digest()))))
    return sorted(
        [
            sequence(CONTENT_TYPE, set_of(DATA)),
            sequence(MESSAGE_DIGEST, set_of(octets(digest))),
            sequence(SIGNING_CERTIFICATE_V2, set_of(reference)),
        ]
    )


def _is_pkcs12(material: bytes) -> bool:
    try:
        return bool(asn1_pkcs12.Pfx.load(material)["version"].native == "v3")
    except (ValueError, TypeError, KeyError):
        return False
