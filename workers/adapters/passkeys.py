"""Passkeys through the `webauthn` library: discoverable, with the person verified by his device."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from models.rules.errors import InvalidInput
from models.sign_in_ports import NewPasskey

REFUSED = "Passkey ini tidak cocok atau sudah kedaluwarsa. Ulangi dari awal."
_VERIFIED = UserVerificationRequirement.REQUIRED


def relying_party(public_url: str) -> tuple[str, str]:
    """Domain and origin of the office; browsers refuse passkeys for bare addresses, so a local one is `localhost`."""
    parts = urlsplit(public_url)
    host, port = parts.hostname or "localhost", f":{parts.port}" if parts.port else ""
    return (name := _domain(host)), f"{parts.scheme}://{name}{port}"


def _domain(host: str) -> str:
    try:
        return "localhost" if ip_address(host).is_loopback else host
    except ValueError:
        return host


class WebauthnPasskeys:
    """`models.sign_in_ports.Passkeys` for one office's address."""

    def __init__(self, public_url: str, office: str) -> None:
        self._domain, self._origin = relying_party(public_url)
        self._office = office

    def offer(self, person_id: bytes, username: str, name: str, challenge: bytes, known: Sequence[bytes]) -> str:
        options = generate_registration_options(
            rp_id=self._domain,
            rp_name=self._office,
            user_id=person_id,
            user_name=username,
            user_display_name=name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        )
        return options_to_json(options)

    def accept(self, answer: str, challenge: bytes) -> NewPasskey:
        """Raises InvalidInput for an answer that does not hold."""
        try:
            made = verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._domain,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as error:
            raise InvalidInput(REFUSED) from error
        return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count)

    def ask(self, challenge: bytes, known: Sequence[bytes] = ()) -> str:
        options = generate_authentication_options(
            rp_id=self._domain,
            challenge=challenge,
            allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            user_verification=_VERIFIED,
        )
        return options_to_json(options)

    def named(self, answer: str) -> bytes:
        """Raises InvalidInput."""
        try:
            return parse_authentication_credential_json(answer).raw_id
        except (WebAuthnException, ValueError) as error:
            raise InvalidInput(REFUSED) from error

    def check(self, answer: str, challenge: bytes, public_key: bytes, sign_count: int) -> int:
        """Raises InvalidInput for an answer that does not hold, also when the counter went back (a copied key)."""
        try:
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._domain,
                expected_origin=self._origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError) as error:
            raise InvalidInput(REFUSED) from error
        return verified.new_sign_count
