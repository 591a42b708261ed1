"""`paraf secrets FOLDER`: the random secrets that docker-compose.yml hands to its services as files."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from nacl.public import PrivateKey

from ops.home import write_private


def main(
    folder: Annotated[Path, typer.Argument(help="Where the files go; nothing that is there is replaced.")] = Path(
        "secrets"
    ),
) -> None:
    """Make each missing file. The folder is its owner's alone; the files in it are what containers read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = make(folder)
    print(
        f"Secrets are in {folder}; {kept} were there and stay. smtp_url points at mailpit: change it.", file=sys.stderr
    )


def make(folder: Path) -> int:
    """Write what is missing; returns how many files were kept. Addresses and passwords fit each other."""
    kept = 0
    for name, text in contents(folder).items():
        if (folder / name).exists():
            kept += 1
        else:
            write_private(folder / name, text)
            # A container's user is not the folder's owner, and file secrets keep the host's mode.
            (folder / name).chmod(0o444)
    return kept


def contents(folder: Path) -> dict[str, str]:
    """Text of every secret file, passwords that are already in `folder` kept."""
    names = ("postgres_password", "owner_password", "app_password", "redis_password", "session_secret", "nik_key")
    words = {name: _kept(folder / name) or secrets.token_urlsafe(32) for name in names}
    unsealing = _kept(folder / "unsealing_key") or bytes(PrivateKey.generate()).hex()
    return {
        **words,
        "database_url": f"postgresql://paraf_app:{words['app_password']}@postgres:5432/paraf",
        "migration_database_url": f"postgresql://paraf_owner:{words['owner_password']}@postgres:5432/paraf",
        "broker_url": f"redis://:{words['redis_password']}@redis:6379/0",
        "redis_acl": f"user default on >{words['redis_password']} ~* &* +@all\n",
        "smtp_url": "smtp://mailpit:1025",
        "flower_basic_auth": f"operator:{secrets.token_urlsafe(24)}",
        "unsealing_key": unsealing,
        "sealing_key": bytes(PrivateKey(bytes.fromhex(unsealing)).public_key).hex(),
    }


def _kept(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.exists() else ""
