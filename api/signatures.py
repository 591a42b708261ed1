"""HMAC signatures of requests, for keys that have to sign: a profile of RFC 9421 with `hmac-sha256`.

The client sends `Content-Digest: sha-256=:...:` (RFC 9530) of the body, `Signature-Input: paraf=("@method" "@path"
"@query" "content-digest");created=UNIX;keyid="ID"` and `Signature: paraf=:...:`. Covered are exactly these components,
in this order; `created` may lie five minutes off.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from models.rules.errors import NotSignedIn

COVERED = '("@method" "@path" "@query" "content-digest")'
FRESH_SECONDS = 300
_INPUT = re.compile(r'^paraf=(\("[^)]*"\);created=([0-9]{1,12});keyid="([0-9a-f]{12})")$')
_VALUE = re.compile(r"^(?:paraf|sha-256)=:([A-Za-z0-9+/]{1,88}={0,2}):$")


class SignatureRefused(NotSignedIn):
    """This key has to sign what it sends, and the signature is missing, old or wrong."""

    code = "signature-refused"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request says of its signature; the body's digest is held against the body once it is there."""

    digest: bytes


def refuse_unsigned(request: Request, key_id: str, secret: str, now: datetime) -> Signed:
    """The digest that was signed. Raises SignatureRefused; the body need not be read yet."""
    given = _INPUT.match(request.headers.get("signature-input", ""))
    if given is None or not given[1].startswith(COVERED):
        raise SignatureRefused(f"This key has to sign: send Signature-Input with {COVERED}, created and keyid.")
    if given[3] != key_id or abs(now.timestamp() - int(given[2])) > FRESH_SECONDS:
        raise SignatureRefused("The signature is older than five minutes, or of another key: sign the request anew.")
    expected = hmac.new(secret.encode(), _base(request, given[1]), hashlib.sha256).digest()
    if not hmac.compare_digest(expected, _bytes(request.headers.get("signature", ""))):
        raise SignatureRefused("The signature does not fit this request: see the guide to batches for what is signed.")
    return Signed(_bytes(request.headers.get("content-digest", "")))


def refuse_changed(signed: Signed, body_sha256: str) -> None:
    """Raises SignatureRefused when the body is not the one that was signed."""
    if not hmac.compare_digest(signed.digest, bytes.fromhex(body_sha256)):
        raise SignatureRefused("The body is not the one whose Content-Digest was signed: send it again.")


def _base(request: Request, params: str) -> bytes:
    lines = (
        f'"@method": {request.method}',
        f'"@path": {request.url.path}',
        f'"@query": ?{request.url.query}',
        f'"content-digest": {request.headers.get("content-digest", "")}',
        f'"@signature-params": {params}',
    )
    return "\n".join(lines).encode()


def _bytes(header: str) -> bytes:
    found = _VALUE.match(header)
    try:
        return base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        return b""
