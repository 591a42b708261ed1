"""A small real OpenID Connect server on this machine: discovery, codes with PKCE, keys and signed ID tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "paraf", "rahasia-klien"


@dataclass
class OidcServer:
    """`claims` is what it says about whoever signs in; `at` its clock; `forge` changes the token it would give."""

    at: datetime
    claims: dict[str, Any]
    forge: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "satu", "use": "sig"}, private=True))
    foreign_key: bool = False
    issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes after the person agreed."""
        code = f"kode-{len(self.codes)}"
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, asked: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer to a code, None for one that does not hold."""
        known = self.codes.pop(asked.get("code", ""), None)
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if known is None or authorization != basic or asked["redirect_uri"] != known["redirect_uri"]:
            return None
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != known["code_challenge"]:
            return None
        now = int(self.at.timestamp())
        said = {"iss": self.issuer, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 300, "nonce": known["nonce"]}
        key = RSAKey.generate_key(2048, {"kid": "satu"}, private=True) if self.foreign_key else self.key
        token = jwt.encode({"alg": "RS256", "kid": "satu"}, {**said, **self.claims, **self.forge}, key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": token, "expires_in": 300}

    def page(self, path: str) -> dict[str, Any] | None:
        """Documents that anybody may read."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/masuk", "token_endpoint": "/token", "jwks_uri": "/kunci"}
            return {"issuer": self.issuer, **{name: self.issuer + end for name, end in ends.items()}}
        return {"keys": [self.key.as_dict(private=False)]} if path == "/kunci" else None


@contextmanager
def running(server: OidcServer) -> Iterator[OidcServer]:
    """The server on a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/masuk":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(303)
                self.send_header("Location", server.authorize(asked))
                self.end_headers()
            else:
                self._give(server.page(parts.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = {name: values[0] for name, values in parse_qs(body).items()}
            self._give(server.token(asked, self.headers.get("Authorization", "")))

        def _give(self, answer: dict[str, Any] | None) -> None:
            data = json.dumps(answer or {"error": "invalid_grant"}).encode()
            self.send_response(200 if answer else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.issuer = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        listening.shutdown()
        thread.join()
