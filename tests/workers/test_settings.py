"""Settings: where they come from, what production refuses, and that no secret shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from models.rules.errors import DefinitionError
from workers.settings import Settings, psycopg_url

GOOD = {
    "environment": "production",
    "database_url": "postgresql://paraf_app:pw-database@db/paraf",
    "broker_url": "redis://:pw-broker@redis/0",
    "smtp_url": "smtp://user:pw-mail@mail",
    "session_secret": "s" * 32,
    "flower_basic_auth": "op:pw-flower-long-enough",
    "public_url": "https://izin.example.go.id",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PARAF_{name.upper()}", raising=False)
        monkeypatch.delenv(f"PARAF_{name.upper()}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"PARAF_{name.upper()}", value)


def test_development_needs_nothing(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.home == tmp_path / "var"
    assert settings.vault_location == (tmp_path / "var" / "vault").as_uri()
    assert settings.secrets_path == tmp_path / "var" / "secrets"


def test_production_starts_with_everything_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, GOOD)
    settings = Settings()
    assert settings.app_database == "postgresql+psycopg://paraf_app:pw-database@db/paraf"
    assert settings.owner_database == settings.app_database, "the owner's address defaults to the same"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("database_url", "", "needs PARAF_DATABASE_URL"),
        ("broker_url", "", "needs PARAF_BROKER_URL"),
        ("smtp_url", "", "needs PARAF_SMTP_URL"),
        ("session_secret", "", "needs PARAF_SESSION_SECRET"),
        ("session_secret", "short", "at least 32"),
        ("flower_basic_auth", "", "needs PARAF_FLOWER_BASIC_AUTH"),
        ("flower_basic_auth", "admin:admin", "12 characters"),
        ("public_url", "http://izin.example.go.id", "https://"),
    ],
)
def test_production_refuses_each_gap_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    set_all(monkeypatch, GOOD | {name: value})
    with pytest.raises(ValidationError, match=sentence) as refused:
        Settings()
    assert not any(secret in str(refused.value) for secret in ("pw-database", "pw-broker", "pw-mail", "pw-flower"))


def test_production_names_all_gaps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARAF_ENVIRONMENT", "production")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert str(refused.value).count("production needs") == 6


def test_a_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("redis://:from-file@redis/0\n")
    monkeypatch.setenv("PARAF_BROKER_URL_FILE", str(tmp_path / "broker"))
    assert Settings().broker == "redis://:from-file@redis/0"
    monkeypatch.setenv("PARAF_BROKER_URL", "redis://plain/0")
    assert Settings().broker == "redis://plain/0", "what is said outright wins"


def test_no_secret_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, GOOD)
    shown = repr(Settings()) + str(Settings()) + Settings().model_dump_json()
    assert not any(secret in shown for secret in ("pw-", "s" * 32))


def test_secrets_are_typed_as_secrets() -> None:
    telling = (
        "password",
        "secret_access",
        "auth",
        "session_secret",
        "database_url",
        "broker_url",
        "smtp_url",
        "_key_id",
    )
    for name, field in Settings.model_fields.items():
        if any(word in name for word in telling):
            assert field.annotation == SecretStr | None, name


def test_what_is_missing_is_named() -> None:
    with pytest.raises(DefinitionError, match="PARAF_DATABASE_URL is not set"):
        _ = Settings().app_database
    with pytest.raises(DefinitionError, match="PARAF_BROKER_URL is not set"):
        _ = Settings().broker


@pytest.mark.parametrize("field", ["port", "upload_max_bytes", "relay_sweep_seconds", "environment", "log_level"])
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(f"PARAF_{field.upper()}", "-1")
    with pytest.raises(ValidationError, match=field):
        Settings()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgresql://a/b", "postgresql+psycopg://a/b"),
        ("postgres://a/b", "postgresql+psycopg://a/b"),
        ("postgresql+psycopg://a/b", "postgresql+psycopg://a/b"),
    ],
)
def test_one_driver(given: str, wanted: str) -> None:
    assert psycopg_url(given) == wanted
