"""The letter press: blanko, late fields and lint (`models.ports.LetterPress`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.ports import LetterDefinition, LetterExpectation
from models.rules.errors import PermanentFailure
from models.rules.letter import LateFacts, LetterFacts
from workers.adapters.letter import late_fields, lint
from workers.adapters.letter.fields import add_fields
from workers.adapters.letter.late_font import late_font
from workers.adapters.letter.photo import letter_photo
from workers.adapters.letter.typst_press import Assets, Typesetter
from workers.adapters.letter.wording import descriptions, letter_content


class TypstPress:
    """Made once in a worker process, after the fork; safe for its threads."""

    def __init__(self, templates: Path, verification_url: str, qr_key: Ed25519PrivateKey | None) -> None:
        """`templates` holds fonts/ and emblem/; `verification_url` is the office's public address, without `/v`.

        Without a QR key (`qr_key` None) the press makes blankos and nothing else.
        """
        assets = Assets.below(templates)
        self._typesetter = Typesetter(assets)
        self._font = late_font(assets.fonts)
        self._url = verification_url.rstrip("/")
        self._qr_key = qr_key

    def blanko(self, definition: LetterDefinition, facts: LetterFacts, photo: bytes | None) -> bytes:
        """The letter with all fields empty; the same arguments give the same bytes. Raises PermanentFailure."""
        if definition.paraf_count > len(facts.initiallers):
            raise PermanentFailure(
                f"{definition.paraf_count} parafs are asked for, but only {len(facts.initiallers)} officials are named"
            )
        content = letter_content(definition, facts, self._url, photo is not None)
        ready = letter_photo(photo) if photo is not None else None
        pdf = self._typesetter.pdf(definition.layout, content, ready)
        tips = descriptions(definition, facts, self._url)
        return add_fields(pdf, definition.late_fields, definition.paraf_count, tips, self._font)

    def fill(self, signed: bytes, late: LateFacts) -> bytes:
        """One incremental update with number, date, validity and QR. Raises PermanentFailure."""
        return late_fields.fill(signed, late, self._url, self._key(), self._font)

    def lint(self, licence: bytes, expected: LetterExpectation) -> Sequence[str]:
        """What is wrong with a finished licence, in sentences."""
        return lint.findings(licence, expected, self._url, self._key())

    def _key(self) -> Ed25519PrivateKey:
        if self._qr_key is None:
            raise PermanentFailure("This press holds no QR key: it makes blankos only")
        return self._qr_key
