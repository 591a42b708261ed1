"""What a page costs on the line: itself and everything it loads at once, compressed, without a cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol
from urllib.parse import urljoin

_LOADED = re.compile(r"""<(?:link|script|img)\b[^>]*?\b(?:href|src)="(/static/[^"]+)\"""")
_FROM_CSS = re.compile(r"""url\(["']?([^)"']+)["']?\)""")


class Answer(Protocol):
    """What a client answers with."""

    @property
    def text(self) -> str:
        """The decoded body."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; Content-Length is that of the compressed body."""


class Client(Protocol):
    """Anything that gets an address: httpx, or a test client."""

    def get(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        """The answer to a GET."""


def page_weight(client: Client, path: str) -> dict[str, int]:
    """Bytes by address, the page itself first: style sheets, scripts, images and fonts of ours that it loads."""
    page = _got(client, path)
    found = {path: _size(page)}
    for address in dict.fromkeys(_LOADED.findall(page.text)):
        found.update(_loaded(client, address.replace("&amp;", "&")))
    return found


def _loaded(client: Client, address: str) -> Iterator[tuple[str, int]]:
    answer = _got(client, address)
    yield address, _size(answer)
    if "/css/" in address:
        for inner in _FROM_CSS.findall(answer.text):
            if not inner.startswith("data:"):
                yield urljoin(address, inner), _size(_got(client, urljoin(address, inner)))


def _got(client: Client, address: str) -> Answer:
    return client.get(address, headers={"Accept": "text/html,*/*;q=0.1", "Accept-Encoding": "gzip"})


def _size(answer: Answer) -> int:
    return int(answer.headers["content-length"])
