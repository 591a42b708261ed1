"""`paraf run`: the local office, open until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from models.rules.numbering import jakarta_date
from ops.demonstration.opening import furnish, sign_in
from ops.office import LocalOffice
from ops.sandbox import Sandbox, open_sandbox
from ops.seed import demo_people
from workers.adapters.clock import SystemClock
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
        with ExitStack() as signed_in:
            furnish(sign_in(office.base_url, signed_in), jakarta_date(SystemClock().now()), tell)
        print(welcome(office, open_sandbox(office)), flush=True)
        asked_to_close.wait()
        tell("closing the office")


def welcome(office: LocalOffice, sandbox: Sandbox | None) -> str:
    """Addresses, logins and the sandbox of integrators, for a person."""
    login = office.secrets.flower_basic_auth.read_text(encoding="ascii").strip()
    addresses = {
        "Counter": office.base_url,
        "API": f"{office.base_url}/docs",
        "Flower": f"{office.flower_url}  {login.replace(':', ' / ')}",
        "Logs": str(office.home.logs),
    }
    lines = [f"{name:<10}{address}" for name, address in addresses.items()]
    return "\n".join([*lines, "", *logins(), "", *_for_programs(office, sandbox), "Ctrl-C closes the office."])


def _for_programs(office: LocalOffice, sandbox: Sandbox | None) -> list[str]:
    if sandbox is None:
        return []
    heading = f"A system to try the API with (docs/first-batch.md); also in {office.home.secrets / 'sandbox.env'}:"
    return [heading, *sandbox.lines(), ""]


def logins() -> list[str]:
    """The invented people of a local office: user name, password, passphrase and what they do."""
    heading = f"{'user':<14}{'password':<26}{'passphrase':<26}roles"
    rows = [f"{p.username:<14}{p.password:<26}{p.passphrase:<26}{', '.join(p.roles)}" for p in demo_people()]
    return [heading, *rows]


def tell(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)
