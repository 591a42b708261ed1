"""`paraf flower`: Flower behind basic auth, capped. The login comes from the settings, never from the command line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from models.rules.errors import DefinitionError
from workers.settings import PREFIX, Settings

MOST_TASKS = 2000  # kept in memory; older ones are forgotten


def main(
    address: Annotated[
        str, typer.Option(help="Address to listen on; keep it on loopback or behind a proxy.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port to listen on; PARAF_FLOWER_PORT.")] = None,
) -> None:
    """Become Flower. Its /metrics and /healthcheck answer without sign-in."""
    settings = Settings()
    if settings.flower_basic_auth is None:
        raise DefinitionError(f"{PREFIX}FLOWER_BASIC_AUTH is not set: Flower shows every task and is not left open")
    listen = (f"--address={address}", f"--port={port or settings.flower_port}", f"--max_tasks={MOST_TASKS}")
    command = (sys.executable, "-m", "celery", "-A", "workers.app", "flower", *listen)
    login = {"FLOWER_BASIC_AUTH": settings.flower_basic_auth.get_secret_value()}
    os.execvpe(command[0], command, {**os.environ, **login})  # noqa: S606 - no shell is wanted
