"""`paraf verify FILE.pdf`: tells in words whether a file is a licence of this office, without the database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from models.rules.errors import DefinitionError
from workers.adapters.letter.letter_verify import VerificationReport, verify
from workers.adapters.letter.phrases import long_date
from workers.adapters.trust import load_trust
from workers.settings import Settings


def verify_file(path: Path, trust_roots: Sequence[bytes], qr_public_keys: Sequence[bytes]) -> tuple[int, str]:
    """Exit code and words for one file: 0 for a whole licence of this office, 1 for anything else.

    `trust_roots` are the office's certificates, `qr_public_keys` its Ed25519 keys, all PEM.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return 1, f"{path.name}: can not be read: {error.strerror}"
    report = verify(data, trust_roots, qr_public_keys)
    return (0 if report.genuine else 1), f"{path.name}: {in_words(report)}"


def in_words(report: VerificationReport) -> str:
    """The report in lines."""
    verdict = "a licence of this office, unchanged." if report.genuine else "NOT a valid licence of this office."
    lines = [verdict, *(f"  problem: {problem}" for problem in report.problems)]
    lines += [f"  signature {one.words}" for one in report.signatures]
    if report.blanko_sha256:
        lines.append(f"  blanko: first {report.blanko_bytes} bytes, SHA-256 {report.blanko_sha256}")
    if report.summary:
        summary = report.summary
        until = long_date(summary.valid_until)
        lines.append(
            f"  QR code: {summary.number}, {long_date(summary.signed_on)}, {summary.holder_name}, until {until}"
        )
    return "\n".join(lines)


def main(
    file: Annotated[Path, typer.Argument(help="The PDF to look at.")],
    trust: Annotated[
        Path | None, typer.Option(help="Folder with ca*.pem and qr*.pem; the office's own by default.")
    ] = None,
) -> None:
    """Exit 0 for a whole licence of this office, 1 for anything else."""
    held = load_trust(trust or Settings().home / "trust")
    if not held.roots:
        raise DefinitionError("No certificate to trust: name a folder with ca.pem and qr.pem by --trust.")
    code, words = verify_file(file, held.roots, held.qr_keys)
    print(words)
    raise typer.Exit(code)
