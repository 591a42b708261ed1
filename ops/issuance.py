"""`paraf issuance`: the stop switch. Nothing is lost while it is on; what waits goes on by itself afterwards."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import psycopg
import typer

from models.db import Database
from models.services import issuance
from ops.backups.fence import from_words, put_up
from ops.embedded import office_servers
from ops.embedded_postgres import plain
from workers.adapters.clock import SystemClock
from workers.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def stop(reason: Annotated[str, typer.Option(help="Why; operators and the page for operators see it.")]) -> None:
    """Stop signing, numbering and issuing from the next step on; a step that runs ends within seconds."""
    with _database() as db:
        issuance.stop_issuance(db, SystemClock(), reason)
    print("Nothing is signed, numbered or issued until `paraf issuance resume`.", file=sys.stderr)


@app.command()
def resume() -> None:
    """Go on with all that waited."""
    with _database() as db:
        count = issuance.resume_issuance(db, SystemClock())
    print(f"Letters are issued again; {count} pieces of work that waited go on now.", file=sys.stderr)


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False) -> None:
    """Whether letters are issued, why not, and how much waits. Exit 1 while they are not."""
    with _database() as db, db.transaction() as session:
        found = issuance.state(session, SystemClock().now())
    if json:
        print(jsonlib.dumps(asdict(found), default=str, indent=2))
    elif found.stopped:
        print(f"Stopped ({found.cause}): {found.reason} {found.held} pieces of work wait.")
    else:
        print("Letters are issued.")
    raise typer.Exit(1 if found.stopped else 0)


@app.command()
def fence(
    last: Annotated[list[str], typer.Argument(help="Last number on paper, such as 'SIKRO 2026=125'.")],
) -> None:
    """Declare numbers void that stand on paper and that a restored register does not know; they are never given again.

    Needs the address of the tables' owner.
    """
    known = from_words(last)
    with office_servers(Settings()) as servers, psycopg.connect(plain(servers.database_url_owner)) as connection:
        lost = put_up(connection, known, SystemClock().now()).lost
    print(f"Declared void: {', '.join(lost) or 'none, the register knows them all'}.", file=sys.stderr)


@contextmanager
def _database() -> Iterator[Database]:
    with office_servers(Settings()) as servers:
        db = Database(servers.database_url_app, application_name="paraf-issuance")
        try:
            yield db
        finally:
            db.dispose()
