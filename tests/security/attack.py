"""Schemathesis against the counter: requests made from our own description, real ids among them, and what it finds."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass
class Found:
    """What an attack did: a sentence for each failed check, the answers by status, and the operations it reached."""

    faults: list[str] = field(default_factory=list)
    statuses: Tally[int] = field(default_factory=Tally)
    reached: set[str] = field(default_factory=set)


def attack(
    app: Any,
    who: Mapping[str, Any],
    known: Mapping[str, Sequence[str]],
    *,
    examples: int,
    phases: Iterable[str] = PHASES,
    without: Sequence[str] = (),
) -> Found:
    """Attack every operation as whoever `who` names (`{"bearer": {"bearer": token}}`, {} for nobody).

    `known` gives real values of parameters (`path.batch_id`).
    """
    config = SchemathesisConfig.from_dict(_settings(who, known, examples, tuple(phases), without))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    found = Found()
    for event in from_schema(schema).execute():
        _note(found, event)
    return found


def _settings(
    who: Mapping[str, Any],
    known: Mapping[str, Sequence[str]],
    examples: int,
    phases: tuple[str, ...],
    without: Sequence[str],
) -> dict[str, Any]:
    words = {name.replace(".", "-"): {"values": list(values)} for name, values in known.items() if values}
    bound = {
        name: {"dictionary": name.replace(".", "-"), "probability": 0.7} for name, values in known.items() if values
    }
    return {
        "seed": 1,
        "cache": {"enabled": False},
        "dictionaries": words,
        "parameters": bound,
        "auth": {"openapi": dict(who)} if who else {},
        "continue-on-failure": True,
        "max-stream-events": 1,
        "generation": {"deterministic": True, "max-examples": examples, "database": "none", "no-shrink": True},
        "phases": {name: {"enabled": name in phases} for name in PHASES},
        "checks": {"positive_data_acceptance": {"enabled": False}},
        "operations": [{"include-operation-id": name, "enabled": False} for name in without],
    }


def _note(found: Found, event: events.EngineEvent) -> None:
    if isinstance(event, events.NonFatalError):
        found.faults.append(f"{event.label}: {event.info.format()}")
    if isinstance(event, events.FatalError):
        raise event.exception
    if not isinstance(event, events.ScenarioFinished):
        return
    for case_id, interaction in event.recorder.interactions.items():
        if interaction.response is not None:
            found.statuses[interaction.response.status_code] += 1
            found.reached.add(event.recorder.cases[case_id].value.operation.label)
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                found.faults.append(_sentence(event, case_id, check))


def _sentence(event: events.ScenarioFinished, case_id: str, check: Any) -> str:
    case = event.recorder.cases[case_id].value
    failure = check.failure_info.failure
    what = f"{event.phase.value} {case.operation.label} {check.name}: {failure.title}: {failure.message}"
    return f"{what}\n{check.failure_info.code_sample}"
