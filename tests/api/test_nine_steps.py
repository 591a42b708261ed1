"""The nine steps over HTTP, the machines' work done in between by the services themselves."""

from __future__ import annotations

from models.rules.requirements import applicable
from models.rules.sop import Requirement
from ops.samples.people import applicant, holder_data
from tests.api.counter import JPEG, PDF, Counter, act, put_file
from tests.factories import HEAD, INITIALLERS, passphrase_of, sikro_definition


def fields_for(requirement: Requirement, str_number: str, str_until: str | None) -> dict[str, str]:
    own = requirement.evidence_of == "str"
    values = {
        "number": str_number if own else "12/A/2026",
        "date": "2026-02-26",
        "expiry": (str_until if own else None) or "seumur hidup",
        "issuer": "Dinas Kesehatan",
    }
    return {item.code: values[item.code] for item in requirement.fields}


def test_a_licence_goes_from_draft_to_archive(counter: Counter) -> None:
    office = counter.office
    applicant_, front, head = counter.sign_in("pemohon"), counter.sign_in("loket"), counter.sign_in(HEAD)
    opened = applicant_.post("/v1/applications", json={"licence_code": "SIKRO", "application_type": "baru"})
    assert opened.status_code == 201
    case_id = opened.json()["id"]
    assert opened.headers["Location"] == f"/v1/applications/{case_id}"

    data = holder_data(applicant(7, on=office.today))
    described = applicant_.put(f"/v1/applications/{case_id}/holder", json=data)
    assert described.status_code == 200
    assert described.json()["holder"]["nik"] == "*" * 12 + str(data["nik"])[-4:]

    for item in applicable(sikro_definition().sop, "baru", office.today):
        content, name = (JPEG, "foto.jpg") if item.requirement.kinds == ("image",) else (PDF, "pindai.pdf")
        typed = fields_for(item.requirement, str(data["str_number"]), data["str_valid_until"])
        assert put_file(applicant_, case_id, item.requirement.code, content, name, typed).status_code == 200

    receipt = act(applicant_, case_id, "submission")
    assert receipt.status_code == 200
    assert receipt.json()["registration_number"] == "REG/00001/SIKRO/2026"
    assert receipt.json()["promised_at"] is not None

    office.work()
    found = front.get(f"/v1/applications/{case_id}").json()
    assert found["stage"] == "verifying"
    assert found["waiting_for"] == "front_office"
    assert found["check"]["complete"], found["check"]
    assert act(front, case_id, "verification").json()["stage"] == "preparing"
    office.work()

    for username in INITIALLERS:
        official = counter.sign_in(username)
        inbox = official.get("/v1/applications", params={"mine": True}).json()["items"]
        assert [item["id"] for item in inbox] == [case_id]
        blanko = official.get(f"/v1/applications/{case_id}/blanko")
        assert blanko.headers["ETag"] == f'"{inbox[0]["blanko_sha256"]}"'
        body = {"blanko_sha256": inbox[0]["blanko_sha256"], "passphrase": passphrase_of(username)}
        accepted = act(official, case_id, "paraf", body)
        assert accepted.status_code == 202
        assert accepted.json()["letters"][0]["state"] == "pending"
        office.work()
        assert official.get(accepted.headers["Location"]).json()["finished"] is True
        assert official.get("/v1/applications", params={"mine": True}).json()["items"] == []

    sha256 = head.get(f"/v1/applications/{case_id}").json()["blanko"]["sha256"]
    signed = act(head, case_id, "signature", {"blanko_sha256": sha256, "passphrase": passphrase_of(HEAD)})
    assert signed.json()["kind"] == "signature"
    office.work()

    ready = front.get(f"/v1/applications/{case_id}").json()
    assert ready["stage"] == "ready"
    assert ready["licence"]["number"] == "503/0001/DPMPTSP/SIKRO/2026"
    assert [(e["kind"], e["applied"]) for e in ready["endorsements"]] == [*[("paraf", True)] * 3, ("signature", True)]
    taken = {"receiver": data["name"], "relation": "pemohon", "identity": "ktp"}
    assert act(front, case_id, "hand-over", taken).json()["hand_over"]["receiver"] == data["name"]
    office.work()

    closed = applicant_.get(f"/v1/applications/{case_id}").json()
    assert closed["stage"] == "closed"
    licence = applicant_.get(f"/v1/applications/{case_id}/licence")
    assert licence.content == office.vault.get(closed["licence"]["sha256"])
    assert licence.content.startswith(head.get(f"/v1/applications/{case_id}/blanko").content)

    lines = front.get("/v1/register", params={"year": 2026}).json()["items"]
    assert [(line["number"], line["state"], line["name"]) for line in lines] == [
        ("503/0001/DPMPTSP/SIKRO/2026", "active", data["name"])
    ]
    kinds = [event["kind"] for event in front.get(f"/v1/applications/{case_id}/events").json()["items"]]
    assert kinds[:2] == ["open_draft", "describe"]
    assert kinds[-6:] == ["sign", "finish_signature", "assign_number", "finish_licence", "hand_over", "finish_dossier"]
