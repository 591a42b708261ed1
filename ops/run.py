"""`paraf run`: the local office, open until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from ops.office import LocalOffice
from workers.settings import Settings


def main(
    home: Annotated[Path | None, typer.Option(help="Where the office keeps its files; PARAF_HOME or var/.")] = None,
    port: Annotated[int, typer.Option(help="Port of the counter; another one is taken when it is in use.")] = 8000,
) -> None:
    """Open the office, print addresses and logins, close it cleanly on Ctrl-C or SIGTERM."""
    asked_to_close = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_close.set())
    with LocalOffice(home or Settings().home, port, tell=tell) as office:
        print(welcome(office), flush=True)
        asked_to_close.wait()
        tell("closing the office")


def welcome(office: LocalOffice) -> str:
    """Addresses and logins, for a person."""
    login = office.secrets.flower_basic_auth.read_text(encoding="ascii").strip()
    lines = [
        f"Counter   {office.base_url}",
        f"API       {office.base_url}/docs",
        f"Flower    {office.flower_url}  ({login.replace(':', ' / ')})",
        f"Logs      {office.home.logs}",
        "Ctrl-C closes the office.",
    ]
    return "\n".join(lines)


def tell(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)
