"""Single sign-on by OpenID Connect, for any server that publishes its discovery document; through Authlib."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from models.rules.errors import NotSignedIn, TemporaryFailure
from models.sign_in_ports import OidcStep, SingleSignOn
from workers.settings import Settings

SCOPE = "openid profile email"
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
LEEWAY = 60
AWAY = "The single sign-on can not be reached just now; sign in with your password, or try again shortly."
REFUSED = "The single sign-on did not vouch for this sign-in; begin again."


class OidcSignOn:
    """`models.sign_in_ports.SingleSignOn`. The discovery document is read at the first use and kept."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, timeout: float = 5) -> None:
        self._issuer = issuer.rstrip("/")
        self._id, self._secret, self._timeout = client_id, client_secret, timeout
        self._found: dict[str, Any] | None = None

    def depart(self, state: str, step: OidcStep, back: str) -> str:
        """Raises TemporaryFailure."""
        endpoint = self._discovered()["authorization_endpoint"]
        with self._client(back) as client:
            address, _ = client.create_authorization_url(
                endpoint, state=state, nonce=step.nonce, code_verifier=step.verifier
            )
        return str(address)

    def arrive(self, code: str, step: OidcStep, back: str, at: datetime) -> dict[str, Any]:
        """Raises NotSignedIn, TemporaryFailure."""
        try:
            with self._client(back) as client:
                given = client.fetch_token(self._discovered()["token_endpoint"], code=code, code_verifier=step.verifier)
            return self._verified(str(given["id_token"]), step, at)
        except httpx.HTTPError as error:
            raise TemporaryFailure(AWAY) from error
        except (AuthlibBaseError, JoseError, KeyError, ValueError) as error:
            raise NotSignedIn(REFUSED) from error

    def _verified(self, token: str, step: OidcStep, at: datetime) -> dict[str, Any]:
        keys = KeySet.import_key_set(self._get(self._discovered()["jwks_uri"]))
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._discovered()["issuer"]},
            aud={"essential": True, "value": self._id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": step.nonce},
        )
        registry.validate(claims)
        return dict(claims)

    def _discovered(self) -> dict[str, Any]:
        if self._found is None:
            found = self._get(f"{self._issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                raise TemporaryFailure(f"{self._issuer} calls itself by another name: check PARAF_OIDC_ISSUER.")
            self._found = found
        return self._found

    def _get(self, address: str) -> Any:
        try:
            return httpx.get(address, timeout=self._timeout).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise TemporaryFailure(AWAY) from error

    def _client(self, back: str) -> OAuth2Client:
        return OAuth2Client(
            self._id,
            self._secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=self._timeout,
        )


def open_single_sign_on(settings: Settings) -> SingleSignOn | None:
    """The one that the settings name, None when they name none."""
    if not settings.oidc_issuer:
        return None
    secret = settings.oidc_client_secret
    return OidcSignOn(settings.oidc_issuer, settings.oidc_client_id, secret.get_secret_value() if secret else "")
