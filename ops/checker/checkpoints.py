"""The checkpoint file: every line signed, each over the one before, and the chain as the lines say."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from ops.checker.chain import Chain, Snapshot
from ops.checker.report import Violation

_NEEDED = {"n", "seal", "hash", "previous", "signature", "key"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file."""

    place: int
    sha256: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"checkpoint line {self.place}"


def hold(
    snapshot: Snapshot, chain: Chain, data: bytes, keys: Sequence[bytes], printed: Iterable[str] = ()
) -> Iterator[Violation]:
    """Hold file, database and chain against each other; `printed`: "SEAL:HASH" from paper, HASH or its beginning."""
    lines, odd = _parsed(data)
    yield from odd
    yield from _signed(lines, _by_fingerprint(keys))
    yield from _joined(lines)
    yield from _vouched(lines, chain)
    yield from _remembered(snapshot, lines)
    yield from _days(snapshot, lines, chain)
    yield from _on_paper(printed, chain)


def _parsed(data: bytes) -> tuple[list[Line], list[Violation]]:
    lines: list[Line] = []
    odd: list[Violation] = []
    for place, raw in enumerate(data.splitlines(), 1):
        try:
            content = json.loads(raw)
            if not content.keys() >= _NEEDED:
                raise ValueError(raw)
            lines.append(Line(place, hashlib.sha256(raw).hexdigest(), content))
        except (ValueError, AttributeError):
            odd.append(Violation("checkpoint_form", f"checkpoint line {place}", "is no checkpoint"))
    return lines, odd


def _by_fingerprint(keys: Sequence[bytes]) -> dict[str, Ed25519PublicKey]:
    found: dict[str, Ed25519PublicKey] = {}
    for pem in keys:
        key = load_pem_public_key(pem)
        if isinstance(key, Ed25519PublicKey):
            raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            found[hashlib.sha256(raw).hexdigest()[:16]] = key
    return found


def _signed(lines: Sequence[Line], keys: Mapping[str, Ed25519PublicKey]) -> Iterator[Violation]:
    for line in lines:
        key = keys.get(str(line.content["key"]))
        content = {name: value for name, value in line.content.items() if name != "signature"}
        said = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            if key is None:
                raise InvalidSignature
            key.verify(base64.b64decode(str(line.content["signature"])), said)
        except (InvalidSignature, ValueError):
            yield Violation("checkpoint_signature", line.name, "is not signed by a key of this office")


def _joined(lines: Sequence[Line]) -> Iterator[Violation]:
    before: Line | None = None
    for line in lines:
        if line.content["previous"] != (before.sha256 if before else ""):
            yield Violation("checkpoint_chain", line.name, "does not follow the line before it: lines are missing")
        elif before is not None and line.content["n"] <= before.content["n"]:
            yield Violation("checkpoint_order", line.name, "has the number of an earlier one")
        before = line


def _vouched(lines: Sequence[Line], chain: Chain) -> Iterator[Violation]:
    """The chain is what each line says; what a signed restore gave up is not asked for."""
    for line, limit in zip(lines, _kept(lines), strict=True):
        seal, digest = line.content["seal"], line.content["hash"]
        if (limit is not None and seal > limit) or (seal == 0 and line.content.get("kind") == "restored"):
            continue
        if seal not in chain.hashes:
            sentence = f"vouches for seal {seal}, the chain ends at {chain.last}: events were cut off"
            yield Violation("checkpoint_ahead", line.name, sentence)
        elif chain.hashes[seal] != digest:
            yield Violation("checkpoint_hash", line.name, f"vouches for another seal {seal}: the chain was made anew")


def _kept(lines: Sequence[Line]) -> list[int | None]:
    """For each line the last seal that every later restore kept; None without one."""
    found: list[int | None] = []
    limit: int | None = None
    for line in reversed(lines):
        found.append(limit)
        if line.content.get("kind") == "restored":
            seal = int(line.content["seal"])
            limit = seal if limit is None else min(limit, seal)
    return found[::-1]


def _remembered(snapshot: Snapshot, lines: Sequence[Line]) -> Iterator[Violation]:
    """Lines that the database knows of stand in the file; and the file is at most one line ahead."""
    known = snapshot.execute("SELECT n, seal, hash, line_sha256 FROM audit_checkpoint ORDER BY n").fetchall()
    by_number = {line.content["n"]: line for line in lines}
    for n, seal, digest, sha256 in known:
        line = by_number.get(n)
        if line is None:
            yield Violation("checkpoint_missing", f"checkpoint {n}", "was written and is not in the file")
        elif line.sha256 != sha256 or (line.content["seal"], line.content["hash"]) != (seal, digest):
            yield Violation("checkpoint_differs", f"checkpoint {n}", "is not what the database remembers of it")
    numbers = {row[0] for row in known}
    given_up = max((line.content["n"] for line in lines if line.content.get("kind") == "restored"), default=0)
    forgotten = [n for n in by_number if n not in numbers and n > given_up]
    if len(forgotten) > 1:
        sentence = f"the database does not know of {len(forgotten)} checkpoints, the first is {min(forgotten)}"
        yield Violation("checkpoint_forgotten", "table audit_checkpoint", sentence)


def _days(snapshot: Snapshot, lines: Sequence[Line], chain: Chain) -> Iterator[Violation]:
    """Closed days are those that checkpoints and chain know."""
    days = {
        day.isoformat(): (digest, seal, seal_hash)
        for day, digest, seal, seal_hash in snapshot.execute("SELECT day, hash, seal, seal_hash FROM register_day")
    }
    for line, limit in zip(lines, _kept(lines), strict=True):
        register = line.content.get("register")
        if not register or limit is not None:
            continue
        if days.get(register["day"], ("",))[0] != register["hash"]:
            yield Violation("register_day_differs", line.name, f"vouches for another close of {register['day']}")
    for day, (_, seal, seal_hash) in days.items():
        if seal and chain.hashes.get(seal) != seal_hash:
            yield Violation("register_day_seal", f"day {day}", f"was closed over another seal {seal}")


def _on_paper(printed: Iterable[str], chain: Chain) -> Iterator[Violation]:
    for said in printed:
        seal, _, digest = said.replace(" ", "").partition(":")
        found = chain.hashes.get(int(seal)) if seal.isdigit() else None
        if not digest or found is None or not found.startswith(digest.lower()):
            yield Violation("printed_differs", f"seal {seal}", "is not what the printed page says")
