"""What anyone may hold to verify the office's letters: no secret, and no parser of letters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trust:
    """Certificates, QR keys and the keys of checkpoints, PEM."""

    roots: tuple[bytes, ...]
    qr_keys: tuple[bytes, ...]
    audit_keys: tuple[bytes, ...] = ()


def load_trust(folder: Path) -> Trust:
    """Every certificate and QR key in the folder: retired ones stay there, so that old letters still verify."""
    roots = [path.read_bytes() for path in sorted(folder.glob("ca*.pem"))]
    keys = [path.read_bytes() for path in sorted(folder.glob("qr*.pem"))]
    audit = [path.read_bytes() for path in sorted(folder.glob("audit*.pem"))]
    return Trust(tuple(roots), tuple(keys), tuple(audit))
