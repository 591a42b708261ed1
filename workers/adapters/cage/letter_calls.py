"""The call that judges a letter's signatures; only a cage that is asked for it loads the parser of signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.adapters.cage.calls import Call
from workers.adapters.cage.protocol import Reply
from workers.adapters.letter.letter_verify import SignatureReport, VerificationReport, verify


def _judge(data: bytes, arguments: Mapping[str, Any]) -> Reply:
    report = verify(data, _pems(arguments["roots"]), _pems(arguments["qr_keys"]))
    header = {
        "answer": "judged",
        "code": _code(report),
        "signatures": [_signature(one) for one in report.signatures],
        "number": report.summary.number if report.summary else "",
        "blanko_sha256": report.blanko_sha256,
    }
    return Reply(header)


def _pems(texts: list[str]) -> list[bytes]:
    return [text.encode() for text in texts]


def _code(report: VerificationReport) -> str:
    if report.genuine:
        return "genuine"
    if not report.signatures:
        return "unsigned" if report.problems and "no signature" in report.problems[0] else "unreadable"
    if any(not (one.intact and one.changes_allowed) for one in report.signatures):
        return "changed"
    return "changed" if all(one.trusted for one in report.signatures) else "foreign"


def _signature(one: SignatureReport) -> dict[str, Any]:
    at = one.at.isoformat() if one.at else ""
    return {"field": one.field, "signer": one.signer, "title": one.title, "at": at, "valid": one.valid}


CALLS: Mapping[str, Call] = {"judge_letter": _judge}
