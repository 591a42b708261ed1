"""The day's tables for a person: the nine steps, the register, where the files lie."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from models.rules.numbering import JAKARTA
from ops.demonstration.desk import Desk
from ops.demonstration.results import StepTime, step_times


def show(console: Console, desk: Desk, events: dict[str, list[Any]], result: dict[str, Any], root: Path) -> None:
    """Print all of it."""
    console.print(steps(desk.get("/licences/SIKRO"), events, result))
    console.print(register(desk))
    console.print(f"Licences: {root / 'licences'}\nResult:   {root / 'result.json'}", markup=False)


def steps(sop: dict[str, Any], events: dict[str, list[Any]], result: dict[str, Any]) -> Table:
    """Who did each step, when the last one of the day was done, how long it took against the standard."""
    table = Table(title=f"{sop['sop_number']}: nine steps, {sop['promise_working_days']} working days promised")
    for name in ("#", "step", "who", "done", "last done at", "median", "mutu baku"):
        table.add_column(name, justify="right" if name in {"#", "done", "median"} else "left", no_wrap=name != "step")
    titles = {role["code"]: role["title"] for role in sop["roles"]}
    passed = _by_step(events)
    for step in sop["steps"]:
        number = str(step["number"])
        ends = [time.ended for time in passed[number]]
        last = max(ends).astimezone(JAKARTA).strftime("%H:%M:%S WIB") if ends else "-"
        took = f"{result['step_seconds'][number]:.2f} s"
        table.add_row(number, step["title"], titles[step["actor"]], str(len(ends)), last, took, _standard(step))
    return table


def _by_step(events: dict[str, list[Any]]) -> dict[str, list[StepTime]]:
    found: dict[str, list[StepTime]] = defaultdict(list)
    for rows in events.values():
        for time in step_times(rows):
            found[time.step].append(time)
    return found


def _standard(step: dict[str, Any]) -> str:
    return f"{step['minutes']} menit" if step["minutes"] is not None else f"{step['working_days']} hari kerja"


def register(desk: Desk) -> Table:
    """The register of the year, as the API gives it."""
    page = desk.get("/register")
    table = Table(title=f"Register {page['year']}")
    for name in ("seq", "number", "signed on", "name", "workplace", "valid until", "state"):
        table.add_column(name, no_wrap=True)
    for line in page["items"]:
        until = line["valid_until"] or "seumur hidup"
        state = "handed over" if line["handed_over_at"] else line["licence_status"]
        values = (line["number"], line["signed_on"], line["name"], line["workplace_name"], until, state)
        table.add_row(str(line["seq"]), *values)
    return table
