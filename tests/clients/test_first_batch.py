"""The first batch of the docs, command by command, as it is written there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from models.db import Database
from ops.sandbox import sandbox_of
from tests.api.counter import Counter
from tests.chromium import serving
from tests.conftest import Database as Urls
from tests.factories import an_office

PAGE = Path(__file__).resolve().parents[2] / "docs" / "first-batch.md"


def test_the_commands_run_as_written(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    db = Database(new_database().app_url)
    counter = Counter(an_office(db))
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    with serving(lambda _: counter.app) as address:
        env = tmp_path / "sandbox.env"
        sandbox_of(counter.app.state.office.key_room, env, address)
        script = f"set -e\nSANDBOX={env}\n" + "\n".join(blocks)
        done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    db.dispose()
    assert done.returncode == 0, done.stdout + done.stderr
    judged = json.loads((tmp_path / "judged.json").read_text())
    assert {one["key"]: one["state"] for one in judged["verdicts"]} == {"RS-1": "waiting", "RS-2": "refused"}
    items = json.loads((tmp_path / "items.json").read_text())["items"]
    assert [one["state"] for one in items] == ["waiting", "refused"]
    assert "RS-2" in (tmp_path / "errors.csv").read_text(encoding="utf-8-sig")
