"""What is well known on purpose stays out of production."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.rules.errors import DefinitionError
from ops import seed

PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://a:b@127.0.0.1:9/none",
    "BROKER_URL": "redis://127.0.0.1:9/0",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "SESSION_SECRET": "s" * 32,
    "FLOWER_BASIC_AUTH": "operator:panjang-sekali",
    "PUBLIC_URL": "https://izin.example.go.id",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(f"PARAF_{name}", value)


@pytest.mark.usefixtures("production")
def test_invented_people_are_refused() -> None:
    with pytest.raises(DefinitionError, match="well-known passwords"):
        seed.main(people=None, demo=True)


@pytest.mark.parametrize("password", ["sekretaris-masuk-2026", "pendek"])
def test_their_passwords_are_refused_for_others_too(tmp_path: Path, password: str) -> None:
    file = tmp_path / "people.toml"
    file.write_text(
        f'[[people]]\nusername = "sekretaris"\npassword = "{password}"\nname = "Tirdian"\n'
        'roles = ["sekretaris"]\npassphrase = "frasa yang panjang"\n'
    )
    with pytest.raises(DefinitionError, match="12 characters"):
        seed.read_people(file)
