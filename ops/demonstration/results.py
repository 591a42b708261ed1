"""What the day gave: the nine steps against the SOP's standard, the register, and one JSON for programs."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from ops.demonstration.desk import Desk
from ops.demonstration.scenario import Case
from workers.adapters.letter.letter_verify import verify
from workers.adapters.trust import Trust

STEP_OF_STAGE = {
    "draft": "1",
    "checking": "2",
    "verifying": "2",
    "preparing": "3",
    "amending": "3",
    "awaiting_signature": "7",
    "applying_signature": "7",
    "numbering": "8",
    "assembling": "8",
    "ready": "9",
}
PARAF_STAGES = ("awaiting_paraf", "applying_paraf")
FIRST_PARAF_STEP = 4


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one passage of one case through one step of the SOP took, in seconds, and when it ended."""

    step: str
    seconds: float
    ended: datetime


def step_times(events: Sequence[dict[str, Any]]) -> Iterator[StepTime]:
    """Each passage through a step, from a case's events; time with the applicant belongs to no step."""
    return merged(_stays(events))


def merged(stays: Iterable[StepTime]) -> Iterator[StepTime]:
    """Neighbouring stays in one step as one: an official's act and the machine's work on it are the same step."""
    for step, together in groupby(stays, key=lambda stay: stay.step):
        several = list(together)
        yield StepTime(step, sum(stay.seconds for stay in several), several[-1].ended)


def _stays(events: Sequence[dict[str, Any]]) -> Iterator[StepTime]:
    entered, paraf = _moment(events[0]["at"]), 1
    for event in events:
        if not event["stage_from"]:
            continue
        left, at = event["stage_from"], _moment(event["at"])
        step = str(FIRST_PARAF_STEP - 1 + paraf) if left in PARAF_STAGES else STEP_OF_STAGE.get(left)
        if step:
            yield StepTime(step, (at - entered).total_seconds(), at)
        paraf = paraf + 1 if event["kind"] == "finish_paraf" else 1 if event["kind"] == "send_back" else paraf
        entered = at


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def totals_by_step(times: Sequence[StepTime]) -> dict[str, float]:
    """Seconds of one case in each of the nine steps, every revision and round counted."""
    return {step: sum(time.seconds for time in times if time.step == step) for step in "123456789"}


def medians(cases: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median over cases of the seconds spent in each step."""
    return {step: round(statistics.median([case[step] for case in cases]), 3) if cases else 0.0 for step in "123456789"}


def licence_row(desk: Desk, case: Case, folder: Path, trust: Trust) -> dict[str, Any]:
    """Fetch, keep and judge one issued licence: hash, prefix and signatures by reading the file itself."""
    found = desk.get(f"/applications/{case.id}")["licence"]
    data, blanko = desk.download(f"/applications/{case.id}/licence"), desk.download(f"/applications/{case.id}/blanko")
    path = folder / f"{found['number'].replace('/', '-')}.pdf"
    path.write_bytes(data)
    report = verify(data, trust.roots, trust.qr_keys)
    sound = data.startswith(blanko) and hashlib.sha256(data).hexdigest() == found["sha256"]
    return {
        "number": found["number"],
        "path": str(path),
        "sha256": found["sha256"],
        "blanko_sha256": hashlib.sha256(data[: len(blanko)]).hexdigest(),
        "blanko_bytes": len(blanko),
        "signatures_valid": sum(one.valid for one in report.signatures) if sound else 0,
        "genuine": report.genuine and sound,
    }


def write(path: Path, result: dict[str, Any]) -> None:
    """The result as JSON, whole or not at all."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
