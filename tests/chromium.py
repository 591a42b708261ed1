"""A real browser for tests: Debian's Chromium, and an application that answers it at an address of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
LISTEN = "window.reports = []; addEventListener('securitypolicyviolation', (e) => reports.push(e.violatedDirective))"
"""Run before a page's own scripts: what the policy refused stands in `reports`."""

IN_A_BROWSER = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed: run make tools"),
]


@contextmanager
def serving(app_at: Callable[[str], Any], host: str = "127.0.0.1") -> Iterator[str]:
    """The address of an application that is made for it and answers until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://{host}:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app_at(address), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()
