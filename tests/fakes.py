"""Small real classes of the office's ports, in memory; each has a `knob` that makes it fail on purpose."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from models.ports import (
    Credential,
    DossierFacts,
    DossierPart,
    Inspection,
    LetterDefinition,
    LetterExpectation,
    Message,
    Stored,
)
from models.rules.errors import (
    DamagedObject,
    InvalidInput,
    NotFound,
    PermanentFailure,
    TemporaryFailure,
    WrongPassphrase,
)
from models.rules.letter import LateFacts, LetterFacts
from models.webhook_ports import WebhookAnswer

MONDAY_MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday, 2 March 2026, 09.00 in Pekanbaru: an ordinary working day."""


class Knob:
    """Makes the next calls of a fake fail; `calls` counts all of them, `before` runs in the middle of each."""

    def __init__(self) -> None:
        self.calls = 0
        self.before: Callable[[], object] | None = None
        self._failures: deque[Exception] = deque()

    def fail_with(self, error: Exception, times: int = 1) -> None:
        self._failures.extend([error] * times)

    def fail_temporarily(self, times: int = 1, message: str = "the machine is busy") -> None:
        self.fail_with(TemporaryFailure(message), times)

    def fail_permanently(self, times: int = 1, message: str = "the machine refuses") -> None:
        self.fail_with(PermanentFailure(message), times)

    def crash(self, times: int = 1, message: str = "a bug") -> None:
        """An exception that nobody raises on purpose."""
        self.fail_with(RuntimeError(message), times)

    def heal(self) -> None:
        self._failures.clear()

    def turn(self) -> None:
        """One call of the fake: raises what was asked for."""
        self.calls += 1
        before, self.before = self.before, None
        if before is not None:
            before()
        if self._failures:
            raise self._failures.popleft()


class FakeClock:
    """Stands still until it is set or moved on."""

    def __init__(self, at: datetime = MONDAY_MORNING) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def advance(self, **amount: float) -> None:
        """Move on by `timedelta(**amount)`; negative amounts are a clock that was set back."""
        self.at += timedelta(**amount)


class MemoryVault:
    """Content-addressed bytes in a dictionary; `damage` changes stored bytes behind the vault's back."""

    def __init__(self) -> None:
        self.knob = Knob()
        self.reading = Knob()
        self.objects: dict[str, bytes] = {}

    def put(self, data: bytes) -> Stored:
        self.knob.turn()
        sha256 = hashlib.sha256(data).hexdigest()
        self.objects[sha256] = data
        return Stored(sha256, len(data))

    def put_stream(self, chunks: Iterable[bytes], limit: int) -> Stored:
        data = b""
        for chunk in chunks:
            data += chunk
            if len(data) > limit:
                raise InvalidInput(f"The file is larger than {limit} bytes.")
        return self.put(data)

    def get(self, sha256: str) -> bytes:
        self.reading.turn()
        if sha256 not in self.objects:
            raise NotFound("The vault has no such object.")
        data = self.objects[sha256]
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedObject("The stored bytes changed.")
        return data

    def stream(self, sha256: str) -> Iterator[bytes]:
        if sha256 not in self.objects:
            raise NotFound("The vault has no such object.")
        data = self.objects[sha256]
        return (data[start : start + 4096] for start in range(0, len(data), 4096))

    def part(self, sha256: str, start: int, size: int) -> bytes:
        if sha256 not in self.objects:
            raise NotFound("The vault has no such object.")
        return self.objects[sha256][start : start + size]

    def has(self, sha256: str) -> bool:
        return sha256 in self.objects

    def delete(self, sha256: str) -> None:
        self.objects.pop(sha256, None)

    def damage(self, sha256: str) -> None:
        self.objects[sha256] = self.objects[sha256][:-1] + b"?"


class FakePress:
    """Letters as lines of text: a pure function of the facts, each step appended to the one before.

    `faults` are what `lint` finds wrong besides a prefix that differs or a number that is missing.
    """

    def __init__(self) -> None:
        self.knob = Knob()
        self.faults: list[str] = []

    def blanko(self, definition: LetterDefinition, facts: LetterFacts, photo: bytes | None) -> bytes:
        self.knob.turn()
        picture = hashlib.sha256(photo).hexdigest() if photo is not None else ""
        body = {"licence": definition.licence_code, "facts": asdict(facts), "photo": picture}
        return b"BLANKO " + json.dumps(body, default=str, sort_keys=True).encode() + b"\n"

    def fill(self, signed: bytes, late: LateFacts) -> bytes:
        self.knob.turn()
        return signed + b"FILLED " + json.dumps(asdict(late), default=str, sort_keys=True).encode() + b"\n"

    def lint(self, licence: bytes, expected: LetterExpectation) -> Sequence[str]:
        prefix = hashlib.sha256(licence[: expected.blanko_size]).hexdigest()
        wrong = [] if prefix == expected.blanko_sha256 else ["the blanko is not a prefix"]
        if expected.late.number.encode() not in licence:
            wrong.append("the number is missing")
        return [*wrong, *self.faults]


class FakeSigner:
    """Appends one line a signature. A credential's material is the bytes of the passphrase that opens it."""

    def __init__(self) -> None:
        self.knob = Knob()
        self.rewrites = False

    def paraf(self, pdf: bytes, ordinal: int, credential: Credential, secret: str, at: datetime) -> bytes:
        return self._put(pdf, f"PARAF{ordinal}", credential, secret, at)

    def sign(self, pdf: bytes, credential: Credential, secret: str, at: datetime) -> bytes:
        return self._put(pdf, "KEPALA", credential, secret, at)

    def seal(self, pdf: bytes, at: datetime) -> bytes:
        self.knob.turn()
        return pdf + f"SEGEL {at.isoformat()}\n".encode()

    def _put(self, pdf: bytes, field: str, credential: Credential, secret: str, at: datetime) -> bytes:
        self.knob.turn()
        if credential.material != secret.encode():
            raise WrongPassphrase("The passphrase does not open the key.")
        start = b"%" + pdf[1:] if self.rewrites else pdf
        name = f"{credential.official.acting} {credential.official.name}".strip()
        return start + f"{field} {name} {at.isoformat()}\n".encode()


class FakeSealer:
    """Not readable at a glance and bound to its context; no secrecy."""

    def seal(self, secret: str, context: str) -> bytes:
        return b"sealed:" + base64.b64encode(f"{context}\0{secret}".encode())


class FakeUnsealer:
    """Opens what FakeSealer sealed, for the same context alone."""

    def __init__(self) -> None:
        self.knob = Knob()

    def open(self, sealed: bytes, context: str) -> str:
        self.knob.turn()
        bound, _, secret = base64.b64decode(sealed.removeprefix(b"sealed:")).decode().partition("\0")
        if bound != context:
            raise PermanentFailure("This was sealed for something else.")
        return secret


class FakeHasher:
    """A plain digest where the real one is slow on purpose."""

    def hash(self, secret: str) -> str:
        return "fake$" + hashlib.sha256(secret.encode()).hexdigest()

    def verify(self, secret: str, hashed: str) -> bool:
        return self.hash(secret) == hashed


class FakeCipher:
    """The NIK turned round and encoded: not the digits, but no secret either."""

    def seal(self, nik: str) -> bytes:
        return base64.b64encode(nik[::-1].encode())

    def open(self, sealed: bytes) -> str:
        return base64.b64decode(sealed).decode()[::-1]

    def blind(self, nik: str) -> bytes:
        return hashlib.sha256(b"blind:" + nik.encode()).digest()


class FakeScanner:
    """Accepts every file, unless `answers` says otherwise for its bytes."""

    def __init__(self) -> None:
        self.knob = Knob()
        self.answers: dict[bytes, Inspection] = {}
        self.seen: list[tuple[str, str]] = []

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        self.knob.turn()
        self.seen.append((name, profile))
        media_type = "application/pdf" if data.startswith(b"%PDF") else "image/jpeg"
        return self.answers.get(data) or Inspection("accept", media_type, 1, ())

    def why_locked(self, file: BinaryIO) -> str:
        self.knob.turn()
        file.seek(0)
        found = self.answers.get(file.read())
        return found.findings[0].message if found else ""


class FakeCourier:
    """Keeps what it would have delivered."""

    def __init__(self) -> None:
        self.knob = Knob()
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.knob.turn()
        self.sent.append(message)


class FakeWebhookSender:
    """Keeps what it would have sent; answers with the next of `answers`, else with 204."""

    def __init__(self) -> None:
        self.knob = Knob()
        self.answers: deque[WebhookAnswer] = deque()
        self.sent: list[tuple[str, dict[str, str], str]] = []

    def post(self, url: str, headers: Mapping[str, str], body: str) -> WebhookAnswer:
        self.sent.append((url, dict(headers), body))
        self.knob.turn()
        return self.answers.popleft() if self.answers else WebhookAnswer(204)


class FakeDossierPress:
    """The dossier as one line per part, the licence at its end, whole."""

    def __init__(self) -> None:
        self.knob = Knob()

    def dossier(self, facts: DossierFacts, parts: Sequence[DossierPart], licence: bytes) -> bytes:
        self.knob.turn()
        lines = [facts.title, *(f"{label}: {value}" for label, value in facts.cover)]
        lines += [f"{part.title} {part.media_type} {len(part.data)}" for part in parts]
        lines += [" ".join(row) for row in (*facts.checks, *facts.events)]
        return "\n".join(lines).encode() + b"\n" + licence
