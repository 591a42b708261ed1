"""Every setting of the office, read from `PARAF_*` variables, from `PARAF_*_FILE`, or from a folder of secrets.

A secret is a `SecretStr`: it never shows in a repr, a log line or a validation error.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from models.rules.errors import DefinitionError, InvalidInput
from models.rules.webhook_addresses import LOOPBACK, Reach, networks_of

PREFIX = "PARAF_"
MIB = 1024 * 1024
MIN_SECRET_LENGTH = 32


class _FileVariables(PydanticBaseSettingsSource):
    """`PARAF_DATABASE_URL_FILE=/run/secrets/db` gives `database_url`: how container secrets are handed over."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base's
        name = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(name).read_text(encoding="utf-8").strip() if name else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """One office's settings. Sizes in bytes, times in the unit their name ends with, addresses as URLs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    environment: Literal["development", "production"] = "development"
    home: Path = Path("var")
    secrets_dir: Path | None = None
    templates_dir: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    # Where things are.
    database_url: SecretStr | None = None
    migration_database_url: SecretStr | None = None
    broker_url: SecretStr | None = None
    vault_url: str = ""
    vault_endpoint: str | None = None
    vault_region: str = "auto"
    vault_access_key_id: SecretStr | None = None
    vault_secret_access_key: SecretStr | None = None
    public_url: str = "http://127.0.0.1:8000"
    smtp_url: SecretStr | None = None
    whatsapp_url: str = ""
    whatsapp_token: SecretStr | None = None
    mail_from: str = "dpmptsp@example.go.id"

    # What only some processes hold.
    session_secret: SecretStr | None = None
    sealing_key_file: Path | None = None  # public half: api
    nik_key_file: Path | None = None  # keeps NIKs unreadable at rest: api and workers
    unsealing_key_file: Path | None = None  # private half: the signing worker, and nobody else
    office_keys_dir: Path | None = None  # the office seal and its authority: the signing worker
    flower_basic_auth: SecretStr | None = None  # "user:password"

    # The events' proof: a folder outside of the database, at best on another machine; empty is `home`/checkpoints.
    checkpoint_dir: Path | None = None
    wal_dir: Path | None = None  # where our own PostgreSQL's log is archived, at best another disk
    checkpoint_seconds: float = Field(default=60.0, gt=0)
    checkpoint_longest_minutes: float = Field(default=15.0, gt=0)  # no checkpoint for so long: nothing is issued
    alarm_to: str = ""  # who is told when something did not happen; empty: the log and `paraf doctor` alone

    # Signing in. None: a second factor is asked of the office's people in production alone.
    second_factor: bool | None = None
    oidc_issuer: str = ""  # empty: no single sign-on
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = "preferred_username"  # what the other sign-in calls a person ...
    oidc_field: Literal["username", "email", "nip"] = "username"  # ... and what we call him
    oidc_label: str = "SSO kantor"

    # Addresses to listen on.
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    flower_port: int = Field(default=5555, ge=0, le=65535)
    forwarded_allow_ips: str = "127.0.0.1"

    # Limits on what is handed in.
    upload_max_bytes: int = Field(default=10 * MIB, gt=0)
    application_max_bytes: int = Field(default=60 * MIB, gt=0)
    request_max_bytes: int = Field(default=64 * MIB, gt=0)
    batch_max_bytes: int = Field(default=2048 * MIB, gt=0)
    batch_max_rows: int = Field(default=10_000, gt=0)

    # Webhooks go to public addresses over https alone. In development also over http and to this machine.
    webhook_networks: str = ""  # closed networks that are open to them, such as "10.20.0.0/16, fd12::/48"

    # Lifetimes.
    session_idle_minutes: int = Field(default=30, gt=0)
    session_max_hours: int = Field(default=10, gt=0)
    sealed_secret_minutes: int = Field(default=15, gt=0)

    # Connections, per process.
    database_pool_size: int = Field(default=5, gt=0)
    database_timeout_seconds: int = Field(default=5, gt=0)
    relay_sweep_seconds: float = Field(default=2.0, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # No .env: a file that is read without being asked for has surprised too many offices.
        return init_settings, env_settings, _FileVariables(settings_cls), file_secret_settings

    @model_validator(mode="after")
    def _absolute_and_safe(self) -> Self:
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        if refusals := self.refusals():
            raise ValueError("; ".join(refusals))
        return self

    def refusals(self) -> tuple[str, ...]:
        """Why production would not start with these settings, a sentence each; in development what can not be read."""
        if self.environment == "development":
            return self._odd_networks()
        secrets = {"database_url": self.database_url, "broker_url": self.broker_url, "smtp_url": self.smtp_url}
        missing = [f"production needs {PREFIX}{name.upper()}" for name, value in secrets.items() if value is None]
        return (
            *missing,
            *self._weak_session(),
            *self._weak_flower(),
            *self._open_public_url(),
            *self._odd_networks(),
        )

    def _odd_networks(self) -> tuple[str, ...]:
        try:
            networks_of(self.webhook_networks)
        except InvalidInput as error:
            return (f"{PREFIX}WEBHOOK_NETWORKS: {error}",)
        return ()

    def _weak_session(self) -> tuple[str, ...]:
        secret = self.session_secret.get_secret_value() if self.session_secret else ""
        if len(secret) >= MIN_SECRET_LENGTH:
            return ()
        return (f"production needs {PREFIX}SESSION_SECRET of at least {MIN_SECRET_LENGTH} random characters",)

    def _weak_flower(self) -> tuple[str, ...]:
        user, _, password = (self.flower_basic_auth.get_secret_value() if self.flower_basic_auth else "").partition(":")
        if user and len(password) >= 12:
            return ()
        return (f"production needs {PREFIX}FLOWER_BASIC_AUTH as user:password with 12 characters or more",)

    def _open_public_url(self) -> tuple[str, ...]:
        if self.public_url.startswith("https://"):
            return ()
        return (f"production needs {PREFIX}PUBLIC_URL to begin with https://: passphrases travel over it",)

    @property
    def second_factor_enforced(self) -> bool:
        """Whether the office's people must show more than a password."""
        return self.environment == "production" if self.second_factor is None else self.second_factor

    @property
    def webhook_reach(self) -> Reach:
        """How far webhooks may go."""
        development = self.environment == "development"
        return Reach(development, (*networks_of(self.webhook_networks), *(LOOPBACK if development else ())))

    @property
    def secrets_path(self) -> Path:
        """The folder of this office's own generated secrets."""
        return self.secrets_dir or self.home / "secrets"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of the checkpoint file."""
        return self.checkpoint_dir or self.home / "checkpoints"

    @property
    def vault_location(self) -> str:
        """The object store's URL; a folder under `home` unless one is named."""
        return self.vault_url or (self.home / "vault").as_uri()

    @property
    def app_database(self) -> str:
        """SQLAlchemy URL of the restricted role. Raises DefinitionError when it is not set."""
        return psycopg_url(_required(self.database_url, "DATABASE_URL"))

    @property
    def owner_database(self) -> str:
        """SQLAlchemy URL of the role that owns the tables and migrates them."""
        return psycopg_url(_required(self.migration_database_url or self.database_url, "DATABASE_URL"))

    @property
    def broker(self) -> str:
        """Redis URL. Raises DefinitionError when it is not set."""
        return _required(self.broker_url, "BROKER_URL")


def psycopg_url(url: str) -> str:
    """`url` with the one driver that the office uses: `postgresql://` becomes `postgresql+psycopg://`."""
    scheme, mark, rest = url.partition("://")
    return f"postgresql+psycopg{mark}{rest}" if scheme in {"postgres", "postgresql"} else url


def _required(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise DefinitionError(f"{PREFIX}{name} is not set; `paraf run` opens a local office that sets it by itself")
    return secret.get_secret_value()
