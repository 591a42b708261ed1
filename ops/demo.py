"""`paraf demo`: a whole office on this machine issues twelve applications, and the checker has the last word."""

from __future__ import annotations

import json as jsonlib
import sys
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from models.rules.numbering import jakarta_date
from ops.check import reader
from ops.checker.check import check
from ops.demonstration import results, scenario, tables
from ops.demonstration.opening import sign_in
from ops.demonstration.scenario import NEVER_MENDED, SENT_BACK, TO_CORRECT, Case, Office
from ops.embedded import forget
from ops.office import LocalOffice
from workers.adapters.clock import SystemClock
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault
from workers.settings import Settings

CASES = 12
EXPECTED = {"issued": CASES - 1, "returned": 2, "revisions": 1}


def main(
    home: Annotated[Path | None, typer.Option(help="Where the demo's office lives; var/demo.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print result.json to stdout.")] = False,
) -> None:
    """Exit 0 only when everything holds."""
    root = home or Settings().home / "demo"
    result = play(root)
    if json:
        print(jsonlib.dumps(result, ensure_ascii=False, indent=2))
    raise typer.Exit(0 if holds(result) else 1)


def tell(line: str) -> None:
    """Progress, on stderr."""
    print(f"  {line}", file=sys.stderr, flush=True)


def play(root: Path) -> dict[str, Any]:
    """Open a fresh office in `root`, play the day, judge it; returns what `result.json` holds."""
    began = time.monotonic()
    _clear(root)
    with (
        LocalOffice(root, 8100, flower_port=5655, tell=tell) as office,
        ExitStack() as open_,
    ):
        people = sign_in(office.base_url, open_)
        cases = _day(people, jakarta_date(SystemClock().now()))
        result, events = _gathered(people, cases, root)
        report = check(office.servers.database_url_app, _reader(office), load_trust(root / "trust").roots)
        result["checker_violations"] = len(report.violations)
        result["seconds"] = round(time.monotonic() - began, 1)
        results.write(root / "result.json", result)
        console = Console(stderr=True, width=132, highlight=False)
        tables.show(console, people.back, events, result, root)
        for line in report.lines():
            console.print(line, markup=False)
        console.print(_verdict(result), markup=False)
    return result


def _clear(root: Path) -> None:
    # Every demo is a first day: yesterday's office, its numbers and its files go.
    forget(root)
    (root / "licences").mkdir(parents=True)


def _reader(office: LocalOffice) -> Any:
    return reader(open_vault(office.settings))


def _day(people: Office, today: date) -> list[Case]:
    cases = scenario.day(today, CASES)
    for case in cases:
        scenario.hand_in(people, case, today)
    tell(f"{len(cases)} applications handed in")
    confirmed = [case for case in cases if scenario.decide(people, case, tell)]
    tell(f"{len(confirmed)} found complete, {len(cases) - len(confirmed)} returned")
    scenario.correct(people, cases[TO_CORRECT], tell)
    scenario.decide(people, cases[TO_CORRECT], tell)
    running = [case for case in cases if case.place != NEVER_MENDED]
    _endorse(people, running)
    for case in running:
        scenario.hand_over(people, case)
    for case in running:
        people.front.wait_for(case.id, {"closed"})
    tell(f"{len(running)} licences handed over, their dossiers archived")
    return cases


def _endorse(people: Office, running: list[Case]) -> None:
    straight = [case for case in running if case.place != SENT_BACK]
    slip = [case for case in running if case.place == SENT_BACK]
    for ordinal, desk in enumerate(people.officials, start=1):
        pile = running if ordinal < len(people.officials) else straight
        scenario.endorse(desk, "paraf", scenario.waiting_for(desk, pile, ordinal))
        tell(f"paraf {ordinal} by {desk.username}: {len(pile)} letters")
    for case in slip:
        scenario.send_back(people, case, tell)
    for case in running:
        people.head.wait_for(case.id, {"awaiting_signature"})
    scenario.endorse(people.head, "signature", running)
    tell(f"signed by {people.head.username}: {len(running)} letters under one step-up")


def _gathered(people: Office, cases: list[Case], root: Path) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    events = {case.id: people.back.get(f"/applications/{case.id}/events", limit=200)["items"] for case in cases}
    details = [people.back.get(f"/applications/{case.id}") for case in cases]
    issued = [case for case, found in zip(cases, details, strict=True) if found["licence"]]
    trust = load_trust(root / "trust")
    licences = [results.licence_row(people.back, case, root / "licences", trust) for case in issued]
    times = [results.totals_by_step(list(results.step_times(events[case.id]))) for case in issued]
    result = {
        "issued": len(licences),
        "returned": sum(any(e["kind"] == "return" for e in events[case.id]) for case in cases),
        "revisions": sum(found["revision"] - 1 for found in details),
        "numbers": [row["number"] for row in licences],
        "licences": licences,
        "checker_violations": 0,
        "seconds": 0.0,
        "step_seconds": results.medians(times),
    }
    return result, events


def holds(result: dict[str, Any]) -> bool:
    """Whether the day went as the SOP says: counts, numbers, every licence sound, the checker content."""
    counts = {name: result[name] for name in EXPECTED}
    sound = all(row["genuine"] and row["signatures_valid"] == 5 for row in result["licences"])
    unique = len(set(result["numbers"])) == result["issued"]
    return counts == EXPECTED and sound and unique and result["checker_violations"] == 0


def _verdict(result: dict[str, Any]) -> str:
    if holds(result):
        return f"Everything holds: {result['issued']} licences in {result['seconds']} s."
    counts = {name: result[name] for name in EXPECTED}
    return f"SOMETHING DOES NOT HOLD: {counts}, wanted {EXPECTED}; {result['checker_violations']} violations."
