"""One sample licence through the whole chain, made once a session; the tests only read it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from models.ports import LetterExpectation
from ops.letter import TEMPLATES, Letter, Sample, SampleOffice, make_letter, portrait, read_sample, sample_office

SIKRO = TEMPLATES / "licences" / "sikro"


@pytest.fixture(scope="session")
def sample() -> Sample:
    return read_sample(SIKRO)


@pytest.fixture(scope="session")
def office(sample: Sample) -> SampleOffice:
    return sample_office(sample)


@pytest.fixture(scope="session")
def letter(sample: Sample, office: SampleOffice) -> Letter:
    return make_letter(sample, office, portrait())


@pytest.fixture(scope="session")
def stages(letter: Letter) -> dict[str, bytes]:
    return dict(letter.stages)


@pytest.fixture(scope="session")
def expected(letter: Letter) -> LetterExpectation:
    return LetterExpectation(letter.late.blanko_sha256, len(letter.blanko), letter.late, 3)


@pytest.fixture
def outside(tmp_path: Path) -> Callable[..., str]:
    """Runs an outside program on PDF bytes and gives what it prints; skips where it is not installed."""

    def run(program: str, pdf: bytes, *arguments: str, after: tuple[str, ...] = ()) -> str:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        path = tmp_path / "surat.pdf"
        path.write_bytes(pdf)
        command = [program, *arguments, str(path), *after]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        return done.stdout.decode() + f"\nexit {done.returncode}"

    return run
