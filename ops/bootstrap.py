"""What a local office makes for itself on its first day: random secrets, each in a file that only its user can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nacl.public import PrivateKey

from ops.home import Home, write_private

FLOWER_USER = "operator"


@dataclass(frozen=True, slots=True)
class OfficeSecrets:
    """Paths of the office's own secrets; the two private ones are handed to the signing worker alone."""

    session_secret: Path
    nik_key: Path
    flower_basic_auth: Path
    sealing_key: Path
    unsealing_key: Path
    office_keys: Path


def make_secrets(home: Home) -> OfficeSecrets:
    """Make what is missing below `home.secrets`; what is there stays."""
    home.secret("session_secret")
    home.secret("nik_key")
    flower = home.secrets / "flower_basic_auth"
    if not flower.exists():
        write_private(flower, f"{FLOWER_USER}:{home.secret('flower_password')}")
    signing = home.secrets / "signing"
    signing.mkdir(mode=0o700, exist_ok=True)
    _make_sealing_pair(signing / "unsealing_key", home.secrets / "sealing_key")
    return OfficeSecrets(
        home.secrets / "session_secret",
        home.secrets / "nik_key",
        flower,
        home.secrets / "sealing_key",
        signing / "unsealing_key",
        signing,
    )


def _make_sealing_pair(private: Path, public: Path) -> None:
    """X25519, 32 bytes each, as 64 hexadecimal digits."""
    if not private.exists():
        write_private(private, bytes(PrivateKey.generate()).hex())
    pair = PrivateKey(bytes.fromhex(private.read_text(encoding="ascii")))
    write_private(public, bytes(pair.public_key).hex())
