"""`paraf bench letters`: what a letter costs, stage by stage, beside the same letter by WeasyPrint.

All figures are CPU milliseconds of this process, all its threads together: never less than the clock shows on a quiet
machine, and the same on a busy one.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

from models.ports import LetterExpectation
from ops.bench_html import letter_html
from ops.letter import PASSPHRASE, TEMPLATES, URL, Sample, SampleOffice, portrait, read_sample, sample_office
from workers.adapters.letter.letter_verify import verify
from workers.adapters.letter.photo import letter_photo
from workers.adapters.letter.wording import letter_content

WEASYPRINT_ROUNDS = 5
Figures = dict[str, float]


def run(rounds: int, licence: str = "sikro") -> Figures:
    """Medians over `rounds` different letters: `blanko_ms`, `weasyprint_ms`, each stage, and `chain_cpu_ms` for all.

    `weasyprint_ratio` is missing where WeasyPrint, a development dependency, is not installed.
    """
    sample = read_sample(TEMPLATES / "licences" / licence)
    office, photo = sample_office(sample), portrait()
    others = [_other(sample, number) for number in range(rounds + 1)]
    _chain(others.pop(), office, photo)
    gc.collect()
    chains = [_chain(one, office, photo) for one in others]
    figures = {key: median(one[key] for one in chains) for key in chains[0]}
    figures |= _weasyprint(sample, photo, figures["blanko_ms"])
    return {key: round(value, 2) for key, value in figures.items()}


def _chain(sample: Sample, office: SampleOffice, photo: bytes) -> Figures:
    figures: Figures = {}

    def stage(name: str, work: Callable[..., Any], *arguments: object) -> Any:
        start = time.process_time()
        result = work(*arguments)
        figures[f"{name}_ms"] = (time.process_time() - start) * 1000
        return result

    *initiallers, head = office.credentials
    signer, press, at = office.signer, office.press, office.at
    blanko = pdf = stage("blanko", press.blanko, sample.definition, sample.facts, photo)
    for ordinal, credential in enumerate(initiallers[: sample.definition.paraf_count], 1):
        pdf = stage(f"paraf{ordinal}", signer.paraf, pdf, ordinal, credential, PASSPHRASE, at)
    pdf = stage("sign", signer.sign, pdf, head, PASSPHRASE, at)
    late = sample.late_facts(blanko)
    filled = stage("fill", press.fill, pdf, late)
    sealed = stage("seal", signer.seal, filled, at)
    figures["chain_cpu_ms"] = sum(figures.values())
    expected = LetterExpectation(late.blanko_sha256, len(blanko), late, sample.definition.paraf_count)
    stage("lint", press.lint, sealed, expected)
    stage("verify", verify, sealed, [office.ca.certificate_pem], [office.qr_public_key])
    figures["licence_bytes"] = len(sealed)
    return figures


def _weasyprint(sample: Sample, photo: bytes, blanko_ms: float) -> Figures:
    try:
        from weasyprint import HTML
    except ImportError:
        return {}
    ready = letter_photo(photo)

    def render(number: int) -> object:
        content = letter_content(sample.definition, _other(sample, number).facts, URL, True)
        return HTML(string=letter_html(content, TEMPLATES, ready)).write_pdf(pdf_variant="pdf/ua-1")

    render(0)
    spent = median(_timed(render, number) for number in range(1, WEASYPRINT_ROUNDS + 1))
    return {"weasyprint_ms": spent, "weasyprint_ratio": spent / blanko_ms}


def _other(sample: Sample, number: int) -> Sample:
    """The sample for another person: Typst keeps what it has set, and would set the same letter for nothing."""
    holder = replace(sample.facts.holder, name=f"{sample.facts.holder.name} {number}")
    return replace(sample, facts=replace(sample.facts, holder=holder))


def _timed(work: Callable[..., object], *arguments: object) -> float:
    start = time.process_time()
    work(*arguments)
    return (time.process_time() - start) * 1000
