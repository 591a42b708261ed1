"""The office's own keys on disk: authority, seal and QR key in one private folder, what verifiers trust in another."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.rules.errors import PermanentFailure
from models.rules.letter import Official
from workers.adapters.letter import office_ca

CA_FILE, SEAL_FILE, QR_FILE, PASSPHRASE_FILE = "ca.p12", "seal.p12", "qr.pem", "passphrase"
AUDIT_FILE = "audit.pem"
TRUST_CA, TRUST_QR, TRUST_AUDIT = "ca.pem", "qr.pem", "audit.pem"


@dataclass(frozen=True, slots=True)
class IssuingKeys:
    """What the signing worker holds: the seal's PKCS#12 with its passphrase, and the QR key."""

    seal: bytes = field(repr=False)
    passphrase: str = field(repr=False)
    qr: Ed25519PrivateKey = field(repr=False)


def make_office_keys(folder: Path, trust: Path, office: str, seal: Official, at: datetime) -> bool:
    """Make authority, seal and QR key on an office's first day; False when they are there already."""
    if (folder / QR_FILE).exists():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    trust.mkdir(parents=True, exist_ok=True)
    passphrase = secrets.token_urlsafe(32)
    ca, qr = office_ca.make_ca(office, at), office_ca.make_qr_key()
    _write(folder / PASSPHRASE_FILE, passphrase.encode())
    _write(folder / CA_FILE, ca.export(passphrase))
    _write(folder / SEAL_FILE, office_ca.issue(ca, seal, office, passphrase, at))
    (trust / TRUST_CA).write_bytes(ca.certificate_pem)
    (trust / TRUST_QR).write_bytes(office_ca.public_pem(qr))
    _write(folder / QR_FILE, office_ca.private_pem(qr))
    return True


def make_audit_key(folder: Path, trust: Path) -> bool:
    """The key that signs checkpoints; False when it is there already."""
    if (folder / AUDIT_FILE).exists():
        return False
    key = Ed25519PrivateKey.generate()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    trust.mkdir(parents=True, exist_ok=True)
    (trust / TRUST_AUDIT).write_bytes(office_ca.public_pem(key))
    _write(folder / AUDIT_FILE, office_ca.private_pem(key))
    return True


def load_audit_key(folder: Path) -> Ed25519PrivateKey:
    """Raises PermanentFailure when it is missing."""
    return office_ca.load_qr_key(_read(folder / AUDIT_FILE))


def load_issuing_keys(folder: Path) -> IssuingKeys:
    """Raises PermanentFailure when one is missing."""
    passphrase = _read(folder / PASSPHRASE_FILE).decode()
    return IssuingKeys(_read(folder / SEAL_FILE), passphrase, office_ca.load_qr_key(_read(folder / QR_FILE)))


def load_authority(folder: Path) -> office_ca.OfficeCa:
    """The authority, for issuing an official's key."""
    return office_ca.load_ca(_read(folder / CA_FILE), _read(folder / PASSPHRASE_FILE).decode())


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(data)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PermanentFailure(f"The office key {path.name} is missing; `paraf seed` makes it.") from error
