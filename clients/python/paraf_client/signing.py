"""The signature of a batch: RFC 9421 with hmac-sha256 over method, path, query and the body's digest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """`text` reads paraf_<env>_<id>_<secret>; `signing_secret` is "" for a key that need not sign."""

    text: str = field(repr=False)
    signing_secret: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        """The part that is no secret. Raises ValueError for a text that is no key."""
        parts = self.text.split("_")
        if len(parts) != 4 or parts[0] != "paraf":
            raise ValueError("a key reads paraf_<env>_<id>_<secret>: copy it whole")
        return parts[2]


def signature(key: Key, method: str, path: str, query: str, body_sha256: bytes) -> dict[str, str]:
    """The headers that sign a request; none when the key need not sign. They hold for five minutes."""
    if not key.signing_secret:
        return {}
    digest = f"sha-256=:{base64.b64encode(body_sha256).decode()}:"
    params = f'("@method" "@path" "@query" "content-digest");created={int(time.time())};keyid="{key.id}"'
    lines = (
        f'"@method": {method}',
        f'"@path": {path}',
        f'"@query": ?{query}',
        f'"content-digest": {digest}',
        f'"@signature-params": {params}',
    )
    made = hmac.new(key.signing_secret.encode(), "\n".join(lines).encode(), hashlib.sha256).digest()
    signed = f"paraf=:{base64.b64encode(made).decode()}:"
    return {"Content-Digest": digest, "Signature-Input": f"paraf={params}", "Signature": signed}
