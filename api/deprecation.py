"""What will go is announced with each answer of it: `Deprecation` (RFC 9745), `Sunset` and links (RFC 8594, 8288).

`deprecations.toml` is the table; an operation that stands there is marked in the description of the API as well.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.rules.errors import DefinitionError

PAGE: Final = "/docs"
NOTICE: Final = timedelta(days=180)
FILE: Final = Path(__file__).with_name("deprecations.toml")


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when an operation is deprecated, the day from which it may be gone, and what does the same."""

    since: date
    sunset: date | None = None
    successor: str = ""

    def headers(self) -> list[tuple[str, str]]:
        """What each answer of the operation says."""
        found = [("Deprecation", f"@{int(_midnight(self.since).timestamp())}")]
        links = [f'<{PAGE}>; rel="deprecation"; type="text/html"']
        if self.sunset is not None:
            found.append(("Sunset", format_datetime(_midnight(self.sunset), usegmt=True)))
            links.append(f'<{PAGE}>; rel="sunset"; type="text/html"')
        if self.successor:
            links.append(f'<{self.successor}>; rel="successor-version"')
        return [*found, *(("Link", link) for link in links)]


Table = Mapping[str, Deprecation]


def read_table(text: str) -> Table:
    """The table by operationId; raises DefinitionError for a row that announces nothing that can be kept to."""
    found: dict[str, Deprecation] = {}
    for name, row in tomllib.loads(text).items():
        try:
            one = Deprecation(**row)
        except TypeError as error:
            raise DefinitionError(f"{name}: since, sunset and successor are known here: {error}") from error
        if type(one.since) is not date or (one.sunset is not None and one.sunset < one.since + NOTICE):
            raise DefinitionError(f"{name}: `since` is a day, and `sunset` one half a year later at least.")
        found[name] = one
    return found


TABLE: Final = read_table(FILE.read_text(encoding="utf-8"))


def mark(schema: dict[str, Any], table: Table = TABLE) -> None:
    """Mark the operations in a description; raises DefinitionError for a row of none."""
    operations = {one["operationId"]: one for item in schema["paths"].values() for one in item.values()}
    if unknown := sorted(set(table) - set(operations)):
        raise DefinitionError(f"deprecations.toml names no operation of ours: {', '.join(unknown)}")
    for name in table:
        operations[name]["deprecated"] = True


class Deprecations:
    """Adds the headers to answers of deprecated operations, refusals included."""

    def __init__(self, app: ASGIApp, table: Table = TABLE) -> None:
        self._app, self._table = app, table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            known = self._table.get(getattr(scope.get("route"), "operation_id", None) or "")
            if message["type"] == "http.response.start" and known is not None:
                headers = MutableHeaders(scope=message)
                for name, value in known.headers():
                    headers.append(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if self._table and scope["type"] == "http" else send)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
