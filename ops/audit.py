"""`paraf audit`: the chain over all events, verified without the code that made it."""

from __future__ import annotations

import json as jsonlib
from datetime import datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from models.rules.errors import TemporaryFailure
from ops.checker.audit import verify
from ops.checker.report import CheckReport
from ops.embedded import office_servers
from ops.embedded_postgres import plain
from workers.adapters.checkpoints import NAME
from workers.adapters.trust import load_trust
from workers.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("verify")
def verify_command(
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    checkpoints: Annotated[Path | None, typer.Option(help="Another copy of the checkpoint file.")] = None,
    printed: Annotated[
        list[str] | None, typer.Option(help="SEAL:HASH as a closed day's page says it; the hash may be its beginning.")
    ] = None,
) -> None:
    """Exit 0 when every event, seal, checkpoint and closed day holds; 1 with a line for each that does not."""
    settings = Settings()
    with office_servers(settings) as servers:
        findings = verify_office(settings, servers.database_url_app, checkpoints, printed or [])
    print(jsonlib.dumps(findings.as_json(), indent=2) if json else "\n".join(findings.lines()))
    raise typer.Exit(0 if findings.ok else 1)


def verify_office(
    settings: Settings, database_url: str, checkpoints: Path | None = None, printed: list[str] | None = None
) -> CheckReport:
    """Verify the office that `settings` describe."""
    return verify(
        database_url,
        read_checkpoints(checkpoints or settings.checkpoints_path / NAME),
        load_trust(settings.home / "trust").audit_keys,
        printed or [],
    )


def read_checkpoints(file: Path) -> bytes:
    """The whole file; empty when there is none yet. Raises TemporaryFailure when it can not be read."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise TemporaryFailure(f"{file} can not be read: {error.strerror}") from error


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False) -> None:
    """How far the chain reaches, the last checkpoint, and until when the next one must come."""
    with office_servers(Settings()) as servers:
        found = standing(servers.database_url_app)
    if json:
        print(jsonlib.dumps({name: _plain(value) for name, value in found.items()}, indent=2))
    else:
        print("\n".join(f"{name}: {_plain(value)}" for name, value in found.items()))


def standing(database_url: str) -> dict[str, int | str | datetime | None]:
    """Keys `seal`, `hash`, `sealed_at`, `unsealed`, `checkpoint`, `checkpoint_at`, `checkpoint_by`."""
    statement = """SELECT s.n, s.hash, s.sealed_at,
        (SELECT count(*) FROM event e WHERE (e.tx, e.id) > (coalesce(s.last_tx, -1), coalesce(s.ids[cardinality(s.ids)],
            -1))),
        c.n, c.written_at, (SELECT checkpoint_by FROM audit_watch)
        FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT * FROM audit_seal ORDER BY n DESC LIMIT 1) s ON true
        LEFT JOIN LATERAL (SELECT * FROM audit_checkpoint ORDER BY n DESC LIMIT 1) c ON true"""
    with psycopg.connect(plain(database_url), connect_timeout=5) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    names = ("seal", "hash", "sealed_at", "unsealed", "checkpoint", "checkpoint_at", "checkpoint_by")
    return dict(zip(names, row, strict=True))


def _plain(value: int | str | datetime | None) -> int | str | None:
    return value.isoformat() if isinstance(value, datetime) else value
