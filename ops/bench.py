"""`paraf bench`: how fast the office is, as a table or (`--json`) as one object."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True, add_completion=False)
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


def tell(line: str) -> None:
    """Progress, on stderr."""
    print(f"  {line}", file=sys.stderr, flush=True)


def show(title: str, figures: Mapping[str, Any], json: bool) -> None:
    """Print the figures to stdout."""
    if json:
        print(jsonlib.dumps(figures, indent=2))
        return
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:,}" if isinstance(value, int | float) else str(value))
    Console().print(table)


@app.command()
def letters(rounds: Annotated[int, typer.Option(help="Letters to make.")] = 60, json: Json = False) -> None:
    """One letter, stage by stage, beside the same letter by WeasyPrint. Milliseconds of CPU."""
    from ops.bench_letters import run

    show("bench letters", run(rounds), json)


@app.command()
def pipeline(licences: Annotated[int, typer.Option(help="Licences to issue.")] = 300, json: Json = False) -> None:
    """Licences a second through the whole office, people acting at once; CPU a licence against the floor."""
    from ops.benchmarks.pipeline import run

    show("bench pipeline", run(licences, tell), json)


@app.command()
def intake(
    applications: Annotated[int, typer.Option(help="Applications in each of the two rushes.")] = 1000,
    json: Json = False,
) -> None:
    """Applications a second through upload, inspection and verdict; waits at the counter with and without a batch."""
    from ops.benchmarks.intake import run

    show("bench intake", run(applications, tell), json)


@app.command()
def pages(
    cases: Annotated[int, typer.Option(help="Applications in the database, ten events each.")] = 500_000,
    json: Json = False,
) -> None:
    """Pages over ten years of cases at 20 requests a second: p95 in ms, and what a first visit weighs."""
    from ops.benchmarks.pages import run

    show("bench pages", run(cases, tell), json)


@app.command()
def audit(
    events: Annotated[int, typer.Option(help="Events in the chain.")] = 1_000_000,
    json: Json = False,
) -> None:
    """Sealing and verifying a chain of events; one edited event must be found."""
    from ops.benchmarks.audit import run

    show("bench audit", run(events, tell), json)


@app.command("restore")
def restore_command(
    cases: Annotated[int, typer.Option(help="Applications in the database, ten events each.")] = 100_000,
    files: Annotated[int, typer.Option(help="Files of 100 kB in the vault.")] = 20_000,
    json: Json = False,
) -> None:
    """A backup and its restore: seconds for the database alone and for everything."""
    from ops.benchmarks.restoring import run

    show("bench restore", run(cases, files, tell), json)


@app.command()
def batch(
    rows: Annotated[int, typer.Option(help="Rows of the batch, three files each.")] = 1000,
    json: Json = False,
) -> None:
    """A batch from its first byte to its last licence, with the counter open; memory with 100 and 10,000 rows."""
    from ops.benchmarks.batch import run

    show("bench batch", run(rows, tell), json)
