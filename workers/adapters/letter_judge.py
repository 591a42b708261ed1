"""The LetterJudge port over the cage: the parser of signatures lives in the cage's server, never in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from models.ports import JudgementCode, LetterJudgement, SignatureSeen
from workers.adapters.cage.client import Cage, Stopped
from workers.adapters.trust import Trust

CALLS = "workers.adapters.cage.letter_calls"
_TEXT = 300


class CageLetterJudge:
    """Trusts the certificates and QR keys it is given."""

    def __init__(self, trust: Trust, cage: Cage | None = None) -> None:
        self._arguments = {
            "roots": [pem.decode() for pem in trust.roots],
            "qr_keys": [pem.decode() for pem in trust.qr_keys],
        }
        self._cage = cage or Cage(extra_calls=(CALLS,))

    def judge(self, data: bytes) -> LetterJudgement:
        """See `models.ports.LetterJudge`; a file that gets its fork killed is unreadable."""
        outcome = self._cage.run("judge_letter", data, self._arguments)
        if isinstance(outcome, Stopped):
            return LetterJudgement("unreadable")
        try:
            return _judgement(outcome.header)
        except (KeyError, TypeError, ValueError):
            return LetterJudgement("unreadable")  # only a fork that was taken over speaks like that

    def close(self) -> None:
        """End the cage's server."""
        self._cage.close()


def _judgement(header: Mapping[str, Any]) -> LetterJudgement:
    if header["code"] not in get_args(JudgementCode):
        raise ValueError("unknown code")
    seen = tuple(_seen(one) for one in header["signatures"][:20])
    code = cast(JudgementCode, header["code"])
    return LetterJudgement(code, seen, str(header["number"])[:_TEXT], str(header["blanko_sha256"])[:64])


def _seen(one: Mapping[str, Any]) -> SignatureSeen:
    words = [str(one[name])[:_TEXT] for name in ("field", "signer", "title", "at")]
    return SignatureSeen(words[0], words[1], words[2], words[3], one["valid"] is True)
