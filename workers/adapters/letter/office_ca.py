"""The office's own certification authority: ECDSA P-256 for officials and the seal, Ed25519 for QR summaries.

Made on first start of an office that has no outside certificates. Keys of officials leave here only as PKCS#12 under
their own passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from models.rules.errors import PermanentFailure
from models.rules.letter import Official

CA_YEARS, LEAF_YEARS = 20, 3
CLOCK_SKEW = timedelta(minutes=5)
# PBKDF2 rounds of a key file: about 7 ms of CPU for its owner at each act, and as much for each guess of a thief.
KDF_ROUNDS = 20_000
DIGITAL_SIGNATURE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
CERTIFICATE_SIGNING = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class OfficeCa:
    """The authority's certificate (PEM) and private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        """What a verifier trusts."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def export(self, passphrase: str) -> bytes:
        """The authority as PKCS#12 under `passphrase`."""
        return _pkcs12("ca", self.key, self.certificate, None, passphrase)


def make_ca(office: str, at: datetime) -> OfficeCa:
    """A new authority named after the office, valid for twenty years from `at`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(office, f"CA {office}"[:64])
    builder = _builder(name, name, key.public_key(), at, CA_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(CERTIFICATE_SIGNING, critical=True)
    return OfficeCa(builder.sign(key, hashes.SHA256()), key)


def load_ca(material: bytes, passphrase: str) -> OfficeCa:
    """The authority from `OfficeCa.export`; raises PermanentFailure when it can not be opened."""
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(material, passphrase.encode())
    except ValueError as error:
        raise PermanentFailure("The office CA can not be opened: wrong passphrase or damaged file") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate is None:
        raise PermanentFailure("The office CA holds no elliptic-curve key and certificate")
    return OfficeCa(certificate, key)


def issue(ca: OfficeCa, official: Official, office: str, passphrase: str, at: datetime) -> bytes:
    """A new key and certificate for `official`, as PKCS#12 under `passphrase`, valid for three years from `at`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(office, official.name[:64], official.title[:64], official.nip)
    builder = _builder(subject, ca.certificate.subject, key.public_key(), at, LEAF_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(DIGITAL_SIGNATURE, critical=True)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    certificate = builder.add_extension(authority, critical=False).sign(ca.key, hashes.SHA256())
    return _pkcs12(official.name, key, certificate, ca.certificate, passphrase)


def make_qr_key() -> Ed25519PrivateKey:
    """A new key for QR summaries."""
    return Ed25519PrivateKey.generate()


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """PKCS#8 PEM without encryption: its file must be readable by the office's own user only."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """What a verifier of QR summaries holds."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_qr_key(pem: bytes) -> Ed25519PrivateKey:
    """Raises PermanentFailure when `pem` is no Ed25519 private key."""
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise PermanentFailure("The QR key is not an Ed25519 key")
    return key


def load_qr_public_key(pem: bytes) -> Ed25519PublicKey:
    """Raises PermanentFailure when `pem` is no Ed25519 public key."""
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise PermanentFailure("The QR key is not an Ed25519 key")
    return key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - CLOCK_SKEW)
        .not_valid_after(at + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(office: str, common_name: str, title: str = "", serial: str = "") -> x509.Name:
    parts = [
        (NameOID.COUNTRY_NAME, "ID"),
        (NameOID.ORGANIZATION_NAME, office[:64]),
        (NameOID.TITLE, title),
        (NameOID.SERIAL_NUMBER, serial),
        (NameOID.COMMON_NAME, common_name),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _pkcs12(
    label: str,
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    issuer: x509.Certificate | None,
    passphrase: str,
) -> bytes:
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase.encode())
    )
    chain = [issuer] if issuer is not None else None
    return pkcs12.serialize_key_and_certificates(label.encode(), key, certificate, chain, encryption)
