"""`paraf migrate`: the tables and rights of this version, or (`--check`) whether tables and code agree."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from models import migrate
from ops.embedded import office_servers, start_servers
from ops.home import passing_home
from workers.settings import Settings


def main(
    check: Annotated[bool, typer.Option(help="Migrate an empty database and compare it with the code.")] = False,
) -> None:
    """Bring the office's database up to date; with --check nothing of the office is touched."""
    if check:
        raise typer.Exit(_compare())
    with office_servers(Settings()) as servers:
        migrate.upgrade(servers.database_url_owner)
    print("The tables are up to date.", file=sys.stderr)


def _compare() -> int:
    with passing_home() as home, start_servers(home, durable=False) as servers:
        migrate.upgrade(servers.database_url_owner)
        changes = migrate.pending_changes(servers.database_url_owner)
    for change in changes:
        print(f"the code has what no migration makes: {change}", file=sys.stderr)
    print("Tables and migrations agree." if not changes else "Write a migration.", file=sys.stderr)
    return 1 if changes else 0
