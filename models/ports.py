"""The few narrow doors to the world; real adapters live in `workers.adapters`, real fakes in `tests.fakes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import BinaryIO, Literal, Protocol

from models.rules.letter import LateFacts, LetterFacts, Official


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in the vault: lower-case hex SHA-256 and size in bytes."""

    sha256: str
    size: int


class Vault(Protocol):
    """Content-addressed store: an object is named by the SHA-256 of its bytes and never changes."""

    def put(self, data: bytes) -> Stored:
        """Store durably (fsynced before it returns); the same bytes twice are one object.

        Raises TemporaryFailure when the store can not be reached or is full.
        """
        ...

    def put_stream(self, chunks: Iterable[bytes], limit: int) -> Stored:
        """Store without holding the whole in memory; raises InvalidInput once `limit` bytes are passed."""
        ...

    def get(self, sha256: str) -> bytes:
        """Read back and verify; raises NotFound or DamagedObject."""
        ...

    def stream(self, sha256: str) -> Iterator[bytes]:
        """Chunks of the object, unverified; raises NotFound."""
        ...

    def part(self, sha256: str, start: int, size: int) -> bytes:
        """`size` bytes from `start`, fewer at the end, unverified; raises NotFound."""
        ...

    def has(self, sha256: str) -> bool: ...

    def delete(self, sha256: str) -> None:
        """Only the retention job calls this; deleting what is not there is no error."""
        ...


@dataclass(frozen=True, slots=True)
class LetterDefinition:
    """The pinned definition of a letter: wording as parsed TOML, layout as Typst source text."""

    licence_code: str
    wording: dict[str, object]
    layout: str
    paraf_count: int
    late_fields: tuple[str, ...] = ("nomor", "tanggal", "berlaku", "qr", "kode")


@dataclass(frozen=True, slots=True)
class LetterExpectation:
    """What a finished licence must show; the lint holds the bytes against it."""

    blanko_sha256: str
    blanko_size: int
    late: LateFacts
    paraf_count: int


class LetterPress(Protocol):
    """Makes and checks letters: a pure function of its arguments, safe to call twice."""

    def blanko(self, definition: LetterDefinition, facts: LetterFacts, photo: bytes | None) -> bytes:
        """The letter as prepared for signature: tagged PDF/A-2a with all fields empty. Raises PermanentFailure."""
        ...

    def fill(self, signed: bytes, late: LateFacts) -> bytes:
        """`signed` plus one incremental update that fills number, date, validity and QR."""
        ...

    def lint(self, licence: bytes, expected: LetterExpectation) -> Sequence[str]:
        """Sentences on what is wrong with a finished licence; empty when all holds."""
        ...


class KeyKind(StrEnum):
    """Where an official's signing key lives."""

    SOFT = "soft"
    PKCS11 = "pkcs11"
    BSRE = "bsre"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a signer needs besides the secret. `material` is PKCS#12 bytes, a PKCS#11 URI or a NIK, by `kind`."""

    kind: KeyKind
    official: Official
    material: bytes = field(repr=False)


class Signer(Protocol):
    """Puts one signature on a PDF as an incremental update: the input is a prefix of the output."""

    def paraf(self, pdf: bytes, ordinal: int, credential: Credential, secret: str, at: datetime) -> bytes:
        """Sign field `paraf{ordinal}` (from 1). Raises WrongPassphrase, TemporaryFailure, PermanentFailure."""
        ...

    def sign(self, pdf: bytes, credential: Credential, secret: str, at: datetime) -> bytes:
        """Sign field `kepala` with its lock: afterwards only the late fields and the seal may change."""
        ...

    def seal(self, pdf: bytes, at: datetime) -> bytes:
        """Sign field `segel` with the office's key: afterwards nothing may change."""
        ...


class Sealer(Protocol):
    """Seals a step-up secret so that only the signing worker can open it."""

    def seal(self, secret: str, context: str) -> bytes: ...


class Unsealer(Protocol):
    """Held by the signing worker alone."""

    def open(self, sealed: bytes, context: str) -> str:
        """Raises PermanentFailure when it was sealed for another context or another key."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the inspection: `grade` is note, warning, repair or reject; `message` is Bahasa Indonesia."""

    grade: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """The verdict on one upload. `clean` is what officials see (None when rejected or when the bytes are kept)."""

    answer: str  # accept | repair | convert | reject
    media_type: str
    pages: int
    findings: tuple[Finding, ...]
    clean: bytes | None = field(default=None, repr=False)
    clean_media_type: str = ""


class Scanner(Protocol):
    """Looks at hostile bytes inside a cage; never raises for what the file does, only for its own failures."""

    def inspect(self, data: bytes, name: str, profile: str) -> Inspection:
        """`profile` is the requirement's: document or photo. Raises TemporaryFailure when no cage can be had."""
        ...

    def why_locked(self, file: BinaryIO) -> str:
        """The sentence for a PDF that does not open without a password, "" for one that does.

        `file` lies on disk and is never held here. Raises TemporaryFailure when no cage can be had.
        """
        ...


JudgementCode = Literal["genuine", "changed", "foreign", "unsigned", "unreadable"]


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """One signature of a file: who, in which post, when by the signer's own clock, and whether it holds."""

    field: str
    signer: str
    title: str
    at: str
    valid: bool


@dataclass(frozen=True, slots=True)
class LetterJudgement:
    """What a file that may be a licence is, by its signatures alone. `number` is what its QR code vouches for."""

    code: JudgementCode
    signatures: tuple[SignatureSeen, ...] = ()
    number: str = ""
    blanko_sha256: str = ""


class LetterJudge(Protocol):
    """Judges the signatures of a stranger's PDF inside a cage; never raises for what the file does."""

    def judge(self, data: bytes) -> LetterJudgement:
        """Raises TemporaryFailure when no cage can be had."""
        ...


@dataclass(frozen=True, slots=True)
class PageLook:
    """A page as people see it: a JPEG for each width that was asked for, and the text of a PDF's page."""

    pictures: tuple[bytes, ...] = field(repr=False)
    text: str


class PageReader(Protocol):
    """Draws and reads pages of files that a Scanner let in; parses in the same cage."""

    def look_at_page(self, data: bytes, media_type: str, page: int, widths: Sequence[int]) -> PageLook:
        """Page `page` (from 1), at most `widths` pixels wide (1 to 2000 each), the widest first.

        Raises TemporaryFailure when no cage can be had, PermanentFailure when there is no such page to draw.
        """
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A message to an applicant or official; never holds a NIK."""

    to: str
    subject: str
    text: str
    html: str
    key: str


class Courier(Protocol):
    """Delivers one message; the same `key` twice is sent once by the caller's own bookkeeping."""

    def send(self, message: Message) -> None:
        """Raises TemporaryFailure or PermanentFailure."""
        ...


class NikCipher(Protocol):
    """Keeps a NIK unreadable at rest and still findable; 16 digits in, bytes out."""

    def seal(self, nik: str) -> bytes: ...

    def open(self, sealed: bytes) -> str: ...

    def blind(self, nik: str) -> bytes:
        """The same NIK always gives the same bytes; nobody without the key can try NIKs against them."""
        ...


class SecretHasher(Protocol):
    """Argon2id for passwords and for the check of a signing passphrase at the desk."""

    def hash(self, secret: str) -> str: ...

    def verify(self, secret: str, hashed: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class DossierPart:
    """One accepted document of a dossier, as officials saw it."""

    title: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """Cover lines, check sheet and audit page of a dossier: rows of words, no markup."""

    title: str
    cover: tuple[tuple[str, str], ...]
    checks: tuple[tuple[str, str, str], ...]
    events: tuple[tuple[str, str, str], ...]


class DossierPress(Protocol):
    """Binds the archive copy; the licence goes in as an attachment, so that its signatures stay whole."""

    def dossier(self, facts: DossierFacts, parts: Sequence[DossierPart], licence: bytes) -> bytes: ...


ReceiptSize = Literal["a5", "80mm"]


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt says, in words: `items` are what was handed in and how many files, `contact` label and value."""

    licence_name: str
    registration_number: str
    applicant: str
    round: int
    received_on: date
    received: str
    promised: str
    items: tuple[tuple[str, int], ...]
    follow_url: str
    qr_url: str
    contact: tuple[tuple[str, str], ...]


class ReceiptPress(Protocol):
    """Sets receipts for a printer: a pure function of its arguments."""

    def receipt(self, facts: ReceiptFacts, size: ReceiptSize) -> bytes:
        """A PDF of one A5 page or more, or of one strip 80 mm wide. Raises PermanentFailure."""
        ...


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What a message may say; never a NIK, phone or home address. `deficiencies`: requirement and reasons.

    `changes`: sentences about what the rules ask otherwise than at the last check.
    """

    kind: str
    round: int
    name: str
    licence_name: str
    registration_number: str
    received: str
    promised: str
    mend_until: str
    deficiencies: tuple[tuple[str, tuple[str, ...]], ...]
    reason: str
    changes: tuple[str, ...]
    follow_url: str
    office: str
    office_address: str
    contact: tuple[tuple[str, str], ...]
    official_domain: str


class MessageRenderer(Protocol):
    """Puts facts into the office's words."""

    def render(self, facts: MessageFacts) -> tuple[str, str, str]:
        """Subject, plain text and HTML. Raises PermanentFailure when a template is faulty."""
        ...


@dataclass(frozen=True, slots=True)
class RegisterBookFacts:
    """One volume of the register: `lines` in the book's columns (`heads`), each cell lines of words, no markup."""

    year: int
    volume: int
    made_on: date
    made: str
    heads: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], ...], ...]
    void: tuple[bool, ...]
    summary: str


class RegisterPress(Protocol):
    """Sets the register like the paper book: a pure function of its arguments."""

    def book(self, facts: RegisterBookFacts) -> bytes:
        """A PDF of landscape pages. Raises PermanentFailure."""
        ...


class ConceptPress(Protocol):
    """Makes paper prints of blankos that nobody takes for a letter."""

    def concept(self, blanko: bytes, copy_number: int) -> bytes:
        """`blanko` with KONSEP across it; from the second print on it says which copy it is."""
        ...
