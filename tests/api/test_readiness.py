"""What the counter says of itself: ready, degraded or away."""

from __future__ import annotations

from api.readiness import Readiness, broker_client
from tests.api.counter import Counter
from workers.settings import Settings


def test_readiness_looks_at_database_and_vault(shared: Counter) -> None:
    answer = shared.client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {"database": "ok", "vault": "ok"}})
    broken = Counter(shared.office)
    shared.office.vault.knob.fail_temporarily()
    answer = broken.client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "away")
    assert answer.headers["Retry-After"] == "5"


def test_readiness_without_a_broker_is_degraded(shared: Counter, broker_url: str) -> None:
    gone = Settings.model_validate({"broker_url": "redis://127.0.0.1:1/0"})
    answer = Counter(shared.office, gone).client().get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]["broker"]) == (200, "degraded", "away")
    there = Settings.model_validate({"broker_url": broker_url})
    assert Counter(shared.office, there).client().get("/readyz").json()["status"] == "ok"


def test_a_look_that_hangs_is_not_waited_for() -> None:
    from threading import Event as Signal

    release = Signal()
    readiness = Readiness({"database": lambda: release.wait(30)})
    assert readiness.look().checks == {"database": "too slow"}
    assert readiness.look().checks == {"database": "too slow"}
    release.set()


def test_broker_urls_of_both_kinds() -> None:
    socket = broker_client("redis+socket:///run/valkey.sock?virtual_host=3").connection_pool.connection_kwargs
    assert (socket["path"], socket["db"]) == ("/run/valkey.sock", 3)
    network = broker_client("redis://:pw@broker:6380/2").connection_pool.connection_kwargs
    assert (network["host"], network["port"], network["db"], network["password"]) == ("broker", 6380, 2, "pw")
