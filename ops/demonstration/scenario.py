"""Twelve applications, as they come on a working day: most go straight through, three do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from ops.demonstration.desk import Desk, until
from ops.samples.berkas import SampleFile, paint_berkas
from ops.samples.people import SampleApplicant, applicant, holder_data
from ops.seed import demo_passphrase

DECIDED = {"verifying"}
TO_CORRECT, SENT_BACK, NEVER_MENDED = 2, 6, 11
"""Places in the day's order of the three that do not go straight through."""

Tell = Callable[[str], None]


@dataclass(slots=True)
class Case:
    """One application of the day, as its applicant brings it."""

    place: int
    person: SampleApplicant
    files: dict[str, SampleFile] = field(repr=False)
    id: str = ""
    registration: str = ""


@dataclass(slots=True)
class Office:
    """Who is in today. `officials` act in the SOP's order."""

    applicant: Desk
    front: Desk
    back: Desk
    officials: tuple[Desk, Desk, Desk]
    head: Desk


def day(today: date, count: int) -> list[Case]:
    """`count` cases of invented people with complete berkas, painted for `today`."""
    return [_case(place, today) for place in range(count)]


def _case(place: int, today: date) -> Case:
    person = applicant(4001 + place, on=today)
    return Case(place, person, paint_berkas(person, on=today))


def hand_in(office: Office, case: Case, today: date) -> None:
    """Step 1: the applicant fills in, uploads and submits; the two to be returned leave something out."""
    desk = office.applicant
    begin(office, case)
    for code, file in _brought(case, today).items():
        _upload(desk, case, code, file)
    version = desk.get(f"/applications/{case.id}")["version"]
    case.registration = desk.post(f"/applications/{case.id}/submission", version=version)["registration_number"]


def begin(office: Office, case: Case) -> None:
    """A draft with the applicant's data and nothing else."""
    desk = office.applicant
    case.id = desk.post("/applications", {"licence_code": "SIKRO", "application_type": "baru"})["id"]
    desk.put(f"/applications/{case.id}/holder", holder_data(case.person))


def _brought(case: Case, today: date) -> dict[str, SampleFile]:
    files = dict(case.files)
    if case.place in (TO_CORRECT, NEVER_MENDED):
        del files["surat_sehat"]
    if case.place == TO_CORRECT:
        wrong = paint_berkas(case.person, ["ijazah"], on=today, defect="wrong:ijazah")
        files["ijazah"] = wrong["ijazah"]
    return files


def _upload(desk: Desk, case: Case, code: str, file: SampleFile) -> None:
    path = f"/applications/{case.id}/documents/{code}"
    desk.upload(path, file.name, file.media_type, file.data, json.dumps(file.fields))


def decide(office: Office, case: Case, tell: Tell) -> bool:
    """Step 2: the front office reads the machine's verdicts and confirms, or returns. True when confirmed."""
    found = office.front.wait_for(case.id, DECIDED)
    items = _deficiencies(found, case)
    if items:
        office.front.post(f"/applications/{case.id}/return", {"items": items}, found["version"])
        tell(f"{case.registration}: returned for {', '.join(item['requirement'] for item in items)}")
        return False
    office.front.post(f"/applications/{case.id}/verification", {}, found["version"])
    return True


def _deficiencies(found: dict[str, Any], case: Case) -> list[dict[str, str]]:
    machine = [
        {"requirement": verdict["requirement"], "note": verdict["reasons"][0]["message"]}
        for verdict in found["check"]["verdicts"]
        if verdict["required"] and verdict["state"] != "ada"
    ]
    # A shopping list handed in as a diploma is a sound PDF: only a person sees that it is the wrong one.
    first_round = found["round"] == 1 and case.place == TO_CORRECT
    seen = [{"requirement": "ijazah", "note": "Ini bukan ijazah. Unggah ijazah terakhir yang dilegalisir."}]
    return machine + (seen if first_round else [])


def correct(office: Office, case: Case, tell: Tell) -> None:
    """The applicant mends exactly what was named and hands in again."""
    found = office.applicant.wait_for(case.id, {"returned"})
    asked = {row["requirement"] for row in found["deficiencies"] if not row["resolved_at"]}
    for code in sorted(asked):
        _upload(office.applicant, case, code, case.files[code])
    version = office.applicant.get(f"/applications/{case.id}")["version"]
    office.applicant.post(f"/applications/{case.id}/submission", version=version)
    tell(f"{case.registration}: corrected {', '.join(sorted(asked))} and handed in again")


def waiting_for(desk: Desk, cases: list[Case], ordinal: int) -> list[Case]:
    """`cases` once every one of them waits for its paraf of that ordinal."""
    for case in cases:
        until(partial(_waits, desk, case, ordinal), f"{case.registration} to wait for paraf {ordinal}", 60)
    return cases


def _waits(desk: Desk, case: Case, ordinal: int) -> bool:
    found = desk.wait_for(case.id, {"awaiting_paraf", "applying_paraf", "preparing"})
    return bool(found["stage"] == "awaiting_paraf" and found["paraf_next"] == ordinal)


def endorse(desk: Desk, kind: str, cases: list[Case]) -> None:
    """One step-up over a pile, each letter as it was looked at, then wait until the machine has put all on."""
    if not cases:
        return
    letters = [_looked_at(desk, case) for case in cases]
    body = {"kind": kind, "letters": letters, "passphrase": demo_passphrase(desk.username)}
    pile = desk.post("/piles", body)
    finished = _finished(desk, pile["id"])
    for letter in finished["letters"]:
        if letter["state"] != "done":
            raise AssertionError(f"{kind} of {letter['application_id']} by {desk.username}: {letter}")


def _finished(desk: Desk, pile_id: str) -> Any:
    def ask() -> Any:
        pile = desk.get(f"/piles/{pile_id}")
        return pile if pile["finished"] else None

    return until(ask, f"pile {pile_id}", 60)


def _looked_at(desk: Desk, case: Case) -> dict[str, Any]:
    found = desk.get(f"/applications/{case.id}")
    return {"application_id": case.id, "version": found["version"], "blanko_sha256": found["blanko"]["sha256"]}


def send_back(office: Office, case: Case, tell: Tell) -> None:
    """The Sekretaris finds a slip; the back office amends it; a new blanko gets all three parafs again."""
    official = office.officials[-1]
    found = official.get(f"/applications/{case.id}")
    reason = {"reason": "Alamat tempat kerja kurang lengkap: tambahkan nomor ruko.", "target": "blanko"}
    official.post(f"/applications/{case.id}/send-back", reason, found["version"])
    tell(f"{case.registration}: sent back by {official.username}")
    found = office.back.wait_for(case.id, {"amending"})
    mended = {"workplace_address": f"Ruko Blok B No. 2, {found['holder']['workplace_address']}"}
    office.back.post(f"/applications/{case.id}/amendment", mended, found["version"])
    for ordinal, desk in enumerate(office.officials, start=1):
        endorse(desk, "paraf", waiting_for(desk, [case], ordinal))
    tell(f"{case.registration}: amended, revision 2 has all three parafs")


def hand_over(office: Office, case: Case) -> None:
    """Step 9: the applicant shows his card and takes the licence."""
    found = office.front.wait_for(case.id, {"ready"})
    taken = {"receiver": case.person.name, "relation": "pemohon", "identity": "ktp"}
    office.front.post(f"/applications/{case.id}/hand-over", taken, found["version"])
