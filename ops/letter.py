"""`make letter`: the sample licence through the whole chain, as PDF and PNG, without database or queue."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import pypdfium2
import typer
from PIL import Image, ImageDraw

import templates
from models.ports import Credential, KeyKind, LetterDefinition, LetterExpectation
from models.rules.errors import PermanentFailure
from models.rules.letter import Holder, LateFacts, LetterFacts, Official, Workplace
from workers.adapters.letter.office_ca import OfficeCa, issue, make_ca, make_qr_key, public_pem
from workers.adapters.letter.press import TypstPress
from workers.adapters.letter.signer import SoftSigner

TEMPLATES = Path(templates.__file__).parent
OFFICE = "DPMPTSP Kota Pekanbaru"
URL = "https://perizinan.pekanbaru.example"
PASSPHRASE = "contoh-saja"  # noqa: S105
DOTS_PER_INCH = 150
# Pixels of a small 4 x 6 portrait.
PORTRAIT = (400, 600)


@dataclass(frozen=True, slots=True)
class Sample:
    """A licence folder's definition with its invented facts."""

    definition: LetterDefinition
    facts: LetterFacts
    late: dict[str, Any]

    def late_facts(self, blanko: bytes) -> LateFacts:
        """The late facts for one rendering of the blanko."""
        until = self.late["valid_until"]
        return LateFacts(
            number=self.late["number"],
            signed_on=date.fromisoformat(self.late["signed_on"]),
            valid_until=date.fromisoformat(until) if until else None,
            token=self.late["token"],
            holder_name=self.facts.holder.name,
            blanko_sha256=hashlib.sha256(blanko).hexdigest(),
        )


@dataclass(frozen=True, slots=True)
class SampleOffice:
    """An office with a throw-away authority: press, signer and one credential per official, the head's last."""

    press: TypstPress
    signer: SoftSigner
    credentials: tuple[Credential, ...]
    ca: OfficeCa
    qr_public_key: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """The stages of one licence, in order: blanko, paraf1 to N, signed, filled, sealed."""

    stages: tuple[tuple[str, bytes], ...] = field(repr=False)
    late: LateFacts

    @property
    def blanko(self) -> bytes:
        """The first stage."""
        return self.stages[0][1]

    @property
    def licence(self) -> bytes:
        """The last stage."""
        return self.stages[-1][1]


def read_sample(folder: Path) -> Sample:
    """The definition and sample of one licence folder (layout.typ, wording.toml, sample.json)."""
    sample = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
    facts = _facts(sample)
    wording = tomllib.loads((folder / "wording.toml").read_text(encoding="utf-8"))
    layout = (folder / "layout.typ").read_text(encoding="utf-8")
    return Sample(LetterDefinition(folder.name, wording, layout, len(facts.initiallers)), facts, sample["late"])


def sample_office(sample: Sample) -> SampleOffice:
    """An office for `sample` whose keys live as long as this process."""
    signed_on = date.fromisoformat(sample.late["signed_on"])
    at = datetime(signed_on.year, signed_on.month, signed_on.day, 2, 0, tzinfo=UTC)
    ca, qr_key = make_ca(OFFICE, at), make_qr_key()
    people = (*sample.facts.initiallers, sample.facts.head)
    credentials = tuple(Credential(KeyKind.SOFT, one, issue(ca, one, OFFICE, PASSPHRASE, at)) for one in people)
    seal = Official(OFFICE, "Segel elektronik")
    signer = SoftSigner(TEMPLATES / "fonts", seal, issue(ca, seal, OFFICE, PASSPHRASE, at), PASSPHRASE)
    return SampleOffice(TypstPress(TEMPLATES, URL, qr_key), signer, credentials, ca, public_pem(qr_key), at)


def make_letter(sample: Sample, office: SampleOffice, photo: bytes | None) -> Letter:
    """`sample` through the whole chain."""
    blanko = office.press.blanko(sample.definition, sample.facts, photo)
    late = sample.late_facts(blanko)
    return Letter((("blanko", blanko), *_acts(sample, office, blanko, late)), late)


def render_sample(folder: Path, target: Path) -> tuple[Path, Path]:
    """Write `sample-<licence>.pdf` and `.png` into `target`; raises PermanentFailure when our own lint objects."""
    sample = read_sample(folder)
    office = sample_office(sample)
    letter = make_letter(sample, office, portrait())
    expected = LetterExpectation(
        letter.late.blanko_sha256, len(letter.blanko), letter.late, sample.definition.paraf_count
    )
    findings = office.press.lint(letter.licence, expected)
    if findings:
        raise PermanentFailure("The sample licence is not fit: " + "; ".join(findings))
    target.mkdir(parents=True, exist_ok=True)
    pdf, png = (target / f"sample-{folder.name}.{kind}" for kind in ("pdf", "png"))
    pdf.write_bytes(letter.licence)
    png.write_bytes(page_image(letter.licence))
    return pdf, png


def main(
    licence: Annotated[str, typer.Argument(help="A folder of templates/licences.")] = "sikro",
    target: Annotated[Path, typer.Option(help="Where the two files go.")] = Path("var/letter"),
) -> None:
    """Write the sample licence as PDF and PNG and print where they are."""
    print(*render_sample(TEMPLATES / "licences" / licence, target), sep="\n")


def page_image(pdf: bytes) -> bytes:
    """The first page with its fields as PNG, at 150 dots an inch."""
    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()
        bitmap = document[0].render(scale=DOTS_PER_INCH / 72, may_draw_forms=True)
        target = BytesIO()
        bitmap.to_pil().save(target, "PNG")
        return target.getvalue()


def portrait() -> bytes:
    """An invented person before a red ground, as JPEG."""
    image = Image.new("RGB", PORTRAIT, (178, 22, 30))
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 400, 340, 820), fill=(38, 56, 92))
    draw.polygon(((160, 420), (240, 420), (200, 520)), fill=(240, 242, 246))
    draw.rectangle((172, 360, 228, 440), fill=(214, 168, 136))
    draw.ellipse((118, 130, 282, 400), fill=(30, 24, 24))
    draw.ellipse((130, 160, 270, 392), fill=(224, 180, 148))
    draw.pieslice((124, 128, 276, 300), 180, 360, fill=(30, 24, 24))
    target = BytesIO()
    image.save(target, "JPEG", quality=90)
    return target.getvalue()


def _acts(sample: Sample, office: SampleOffice, blanko: bytes, late: LateFacts) -> Iterator[tuple[str, bytes]]:
    pdf, at = blanko, office.at
    *initiallers, head = office.credentials
    for ordinal in range(1, sample.definition.paraf_count + 1):
        at += timedelta(minutes=7)
        pdf = office.signer.paraf(pdf, ordinal, initiallers[ordinal - 1], PASSPHRASE, at)
        yield f"paraf{ordinal}", pdf
    pdf = office.signer.sign(pdf, head, PASSPHRASE, at + timedelta(minutes=20))
    yield "signed", pdf
    pdf = office.press.fill(pdf, late)
    yield "filled", pdf
    yield "sealed", office.signer.seal(pdf, at + timedelta(minutes=25))


def _facts(sample: dict[str, Any]) -> LetterFacts:
    holder = sample["holder"] | {"birth_date": date.fromisoformat(sample["holder"]["birth_date"])}
    until = sample["str_valid_until"]
    return LetterFacts(
        registration_number=sample["registration_number"],
        application_date=date.fromisoformat(sample["application_date"]),
        holder=Holder(**holder),
        str_number=sample["str_number"],
        str_valid_until=date.fromisoformat(until) if until else None,
        workplace=Workplace(**sample["workplace"]),
        head=Official(**sample["head"]),
        initiallers=tuple(Official(**one) for one in sample["initiallers"]),
        revision=sample["revision"],
    )
