"""`paraf faults`: break everything that can break, many times, and show that nothing is lost, doubled or disordered."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops.faults.run import holds, run


def main(
    cases: Annotated[int, typer.Option(min=1, help="Applications that go from the counter to the hand-over.")] = 200,
    faults: Annotated[int, typer.Option(min=1, help="Things that break meanwhile.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed gives the same faults in the same order.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Exit 0 only when nothing was lost, doubled, out of order, missing or different from the books."""
    figures = run(cases, faults, seed, _tell)
    if json:
        print(jsonlib.dumps(figures, indent=2, ensure_ascii=False))
    else:
        _show(figures)
    raise typer.Exit(0 if holds(figures) else 1)


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _show(figures: dict[str, object]) -> None:
    table = Table(title="faults")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        if name not in ("sentences", "by_kind"):
            table.add_row(name, str(value))
    Console().print(table)
    sentences = figures["sentences"]
    for sentence in sentences if isinstance(sentences, list) else []:
        print(sentence)
