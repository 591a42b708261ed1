"""`paraf`: one command for everything that runs, shows or proves the office.

Progress goes to stderr, results to stdout (`--json` where a program reads them). Exit codes: 0 all is well,
1 something does not hold, 2 wrong use or wrong settings, 3 a server can not be reached.

A command is a module of `ops`, loaded when it is called: it has a function `main` (one command) or a Typer
`app` (a group). To add one, write the module and name it in COMMANDS.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence

import typer

from models.rules.errors import ParafError, TemporaryFailure

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("ops.run", "Open the local office and keep it open."),
    "demo": ("ops.demo", "Issue licences through the whole office and show each step."),
    "check": ("ops.check", "Hold every row and every stored file against the rules; independent of the office's code."),
    "verify": ("ops.verify", "Say whether a PDF is a licence of this office; needs no database."),
    "letter": ("ops.letter", "Render the sample licence to PDF and PNG."),
    "migrate": ("ops.migrate", "Bring the database's tables up to date."),
    "seed": ("ops.seed", "Load people, SOP and calendar into a database."),
    "bench": ("ops.bench", "Measure speed and memory."),
    "faults": ("ops.faults.command", "Break whatever can break, under load, and show that nothing is lost."),
    "queue": ("ops.queue", "Look at, refill, pause and drain the queues."),
    "case": ("ops.case", "Say why a case stands where it stands, or try its step again."),
    "audit": ("ops.audit", "Verify the chain over all events, its checkpoints, and the register's closed days."),
    "issuance": ("ops.issuance", "Stop and resume signing, numbering and issuing."),
    "backup": ("ops.backup", "Copy database and files so that they fit each other."),
    "restore": ("ops.restore", "Open an office again from a backup; no printed number is given twice."),
    "sbom": ("ops.sbom", "Every package that runs in the office, with its hashes, as CycloneDX."),
    "doctor": ("ops.doctor", "Look over servers, versions, clocks, disk, keys and schedules."),
    "health": ("ops.health", "Exit 0 while a part of the office makes progress."),
    "metrics": ("ops.metrics", "Serve figures of queues, tasks and stages for Prometheus."),
    "flower": ("ops.flower", "Run Flower behind basic auth."),
    "secrets": ("ops.secrets", "Make the secret files that docker-compose.yml hands to its services."),
}


def build(words: Sequence[str]) -> typer.Typer:
    """The command line for one call: the command that `words` name is loaded, of the others only the help is known."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_office)
    called = next((word for word in words if not word.startswith("-")), None)
    for name, (module, help_text) in written().items():
        if name == called:
            _load(app, name, module, help_text)
        else:
            app.command(name, help=help_text)(_not_called)
    return app


def written() -> dict[str, tuple[str, str]]:
    """The commands whose module is there."""
    return {name: entry for name, entry in COMMANDS.items() if importlib.util.find_spec(entry[0])}


def _load(app: typer.Typer, name: str, module: str, help_text: str) -> None:
    found = importlib.import_module(module)
    group: typer.Typer | None = getattr(found, "app", None)
    if group is not None:
        app.add_typer(group, name=name, help=help_text)
    else:
        app.command(name, help=help_text)(found.main)


def _office() -> None:
    """Paraf runs the licensing SOP of an office, from the counter to the hand-over."""


def _not_called() -> None:
    raise AssertionError("only the command that is called is loaded, and only that one can run")


def main() -> None:
    """The program's entry: errors that are meant for a person are printed without a traceback."""
    try:
        build(sys.argv[1:])()
    except Exception as error:
        code, sentences = explain(error)
        if not sentences:
            raise
        print("paraf: " + "\n  ".join(sentences), file=sys.stderr)
        sys.exit(code)


def explain(error: Exception) -> tuple[int, list[str]]:
    """Exit code and sentences for an error that a person can do something about; no sentence for a bug."""
    # Loaded only when something has failed: they would double the time of `paraf --help`.
    from pydantic import ValidationError
    from redis.exceptions import ConnectionError as BrokerAway
    from sqlalchemy.exc import OperationalError as DatabaseAway

    if isinstance(error, ParafError):
        faults = [f"{fault.pointer}: {fault.message}" for fault in error.faults]
        return 3 if isinstance(error, TemporaryFailure) else 2, [str(error), *faults]
    if isinstance(error, ValidationError):
        return 2, [f"settings: {found['msg']} ({'.'.join(map(str, found['loc']))})" for found in error.errors()]
    if isinstance(error, (DatabaseAway, BrokerAway)):
        return 3, [f"a server can not be reached: {getattr(error, 'orig', error)}".strip()]
    return 1, []


if __name__ == "__main__":
    main()
