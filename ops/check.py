"""`paraf check`: the independent checker on this office's database and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from models.ports import Vault
from models.rules.errors import DamagedObject, NotFound
from ops.checker.check import run_check
from ops.embedded import office_servers
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault
from workers.settings import Settings


def main(
    home: Annotated[Path | None, typer.Option(help="The office's files; PARAF_HOME or var/.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    quick: Annotated[bool, typer.Option(help="Leave the signatures out.")] = False,
) -> None:
    """Exit 0 when all holds, 1 with a line a violation."""
    settings = Settings() if home is None else Settings(home=home)
    with office_servers(settings) as servers:
        code = run_check(
            servers.database_url_app,
            reader(open_vault(settings)),
            load_trust(settings.home / "trust").roots,
            json=json,
            quick=quick,
        )
    raise typer.Exit(code)


def reader(vault: Vault) -> Callable[[str], bytes | None]:
    """What lies in the vault under a hash, damaged or not: judging it is the checker's work."""

    def read(sha256: str) -> bytes | None:
        try:
            return vault.get(sha256)
        except NotFound:
            return None
        except DamagedObject:
            return b"".join(vault.stream(sha256))

    return read
