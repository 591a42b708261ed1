"""The functions that a request may name, each `(data, arguments) -> Reply`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workers.adapters.cage.protocol import Reply
from workers.adapters.inspect.pages import look_at_page
from workers.adapters.inspect.pdf import refusal_to_open
from workers.adapters.inspect.verdict import inspect
from workers.adapters.inspect.warmup import warm_up
from workers.adapters.inspect.wire import inspection_to_reply

Call = Callable[[bytes, Mapping[str, Any]], Reply]


def _inspect(data: bytes, arguments: Mapping[str, Any]) -> Reply:
    header, body = inspection_to_reply(inspect(data, str(arguments["name"]), str(arguments["profile"])))
    return Reply(header, body)


def _look(data: bytes, arguments: Mapping[str, Any]) -> Reply:
    widths = [int(width) for width in arguments["widths"]]
    pictures, text = look_at_page(data, str(arguments["media_type"]), int(arguments["page"]), widths)
    return Reply({"answer": "page", "sizes": [len(one) for one in pictures], "text": text}, b"".join(pictures))


def _open(data: bytes, _: Mapping[str, Any]) -> Reply:
    found = refusal_to_open(data)
    return Reply({"answer": "opened", "refusal": found.code if found else ""})


def _probe(_: bytes, __: Mapping[str, Any]) -> Reply:
    return Reply({"answer": "probe"})


CALLS: Mapping[str, Call] = {"inspect": _inspect, "look_at_page": _look, "open": _open, "probe": _probe}


def load(modules: Sequence[str]) -> dict[str, Call]:
    """All calls, with those of extra modules (each has a `CALLS`), every parser loaded and warm."""
    calls = dict(CALLS)
    for name in modules:
        calls.update(importlib.import_module(name).CALLS)
    warm_up()
    return calls
