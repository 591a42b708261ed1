"""`paraf doctor`: looks over servers, versions, clocks, disk, keys, certificates and schedules; a line each."""

from __future__ import annotations

import json as jsonlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import psycopg
import redis
import typer
from rich.console import Console

from models.migrate import pending_changes
from models.rules.errors import ParafError
from ops.audit import standing
from ops.embedded import Servers, office_servers
from ops.embedded_postgres import plain
from ops.health import EVERYTHING, SCHEDULES, last_progress, oldest, rows
from workers.adapters.clock import SystemClock
from workers.adapters.trust import load_trust
from workers.adapters.vault import open_vault
from workers.settings import Settings

CLOCK_DRIFT = 2.0
STALE_SECONDS = 120.0
FREE_SHARE = 0.1
NOTICE = timedelta(days=30)
OLDEST_POSTGRES = 180000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `grade` is ok, warning or fault; `advice` says how to mend it."""

    name: str
    grade: str
    found: str
    advice: str = ""


Look = Callable[[Settings, Servers], Finding]


def main(json: Annotated[bool, typer.Option("--json", help="One JSON list instead of lines.")] = False) -> None:
    """Exit 1 when there is a fault."""
    settings = Settings()
    with office_servers(settings) as servers:
        findings = list(examine(settings, servers))
    if json:
        print(jsonlib.dumps([asdict(one) for one in findings], indent=2))
    else:
        for one in findings:
            Console().print(f"{one.grade:<8}{one.name:<14}{one.found}  {one.advice}".rstrip(), markup=False)
    raise typer.Exit(1 if any(one.grade == "fault" for one in findings) else 0)


def examine(settings: Settings, servers: Servers) -> Iterator[Finding]:
    """Every look, in order; one that fails is a finding too."""
    for name, look in LOOKS.items():
        try:
            yield look(settings, servers)
        except (psycopg.Error, redis.RedisError, ParafError, OSError) as error:
            yield Finding(name, "fault", f"{type(error).__name__}: {error}".splitlines()[0][:160])


def _query(servers: Servers, statement: str) -> Any:
    with psycopg.connect(plain(servers.database_url_app), connect_timeout=5) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None


def _postgres(_: Settings, servers: Servers) -> Finding:
    number = int(_query(servers, "SELECT current_setting('server_version_num')"))
    advice = "" if number >= OLDEST_POSTGRES else "PostgreSQL 18 or newer is needed (uuidv7)."
    return Finding("postgres", "fault" if advice else "ok", f"version {number // 10000}.{number % 10000}", advice)


def _tables(_: Settings, servers: Servers) -> Finding:
    changes = pending_changes(servers.database_url_owner)
    advice = "Run `paraf migrate`." if changes else ""
    return Finding("tables", "fault" if changes else "ok", f"{len(changes)} differences from the code", advice)


def _clock(_: Settings, servers: Servers) -> Finding:
    there: datetime = _query(servers, "SELECT clock_timestamp()")
    drift = abs((SystemClock().now() - there).total_seconds())
    advice = "" if drift <= CLOCK_DRIFT else "Set both machines' clocks by NTP: dates of licences depend on them."
    return Finding("clock", "fault" if advice else "ok", f"{drift:.1f} s from the database's", advice)


def _broker(_: Settings, servers: Servers) -> Finding:
    with redis.Redis.from_url(servers.broker_url, socket_connect_timeout=5, socket_timeout=5) as broker:
        info: Any = broker.info()
        policy: Any = broker.config_get("maxmemory-policy")
    right = policy.get("maxmemory-policy") == "noeviction"
    advice = "" if right else "Set maxmemory-policy noeviction: eviction deletes messages."
    return Finding("broker", "ok" if right else "fault", f"version {info.get('redis_version')}", advice)


def _vault(settings: Settings, _: Servers) -> Finding:
    vault = open_vault(settings)
    stored = vault.put(b"paraf doctor")
    read_back = vault.get(stored.sha256) == b"paraf doctor"
    return Finding("vault", "ok" if read_back else "fault", "written and read back")


def _disk(settings: Settings, _: Servers) -> Finding:
    usage = shutil.disk_usage(settings.home)
    share = usage.free / usage.total
    advice = "" if share > FREE_SHARE else "Free some space before the disk is full."
    return Finding("disk", "warning" if advice else "ok", f"{share:.0%} free", advice)


def _keys(settings: Settings, _: Servers) -> Finding:
    trust = load_trust(settings.home / "trust")
    advice = "" if trust.roots and trust.qr_keys else "Run `paraf seed`: it makes the office's keys."
    return Finding("keys", "fault" if advice else "ok", f"{len(trust.roots)} authorities trusted", advice)


def _certificates(_: Settings, servers: Servers) -> Finding:
    end: datetime | None = _query(servers, "SELECT min(not_after) FROM signing_key WHERE revoked_at IS NULL")
    if end is None:
        return Finding("certificates", "warning", "no official has a signing key", "Register keys at /admin.")
    advice = "" if end - SystemClock().now() > NOTICE else "A signing key ends soon: register a new one."
    return Finding("certificates", "warning" if advice else "ok", f"the first ends {end:%d-%m-%Y}", advice)


def _schedules(_: Settings, servers: Servers) -> Finding:
    ages = {name: last_progress(servers.database_url_app, rows(name)) for name in EVERYTHING}
    late = sorted(name for name, age in ages.items() if age is None or age > _longest(name))
    advice = f"Look at the logs of {', '.join(late)}." if late else ""
    return Finding("schedules", "warning" if late else "ok", f"{len(ages) - len(late)} of {len(ages)} on time", advice)


def _longest(name: str) -> float:
    return oldest(name) if name in SCHEDULES else STALE_SECONDS


def _audit(settings: Settings, servers: Servers) -> Finding:
    """The term of the next checkpoint; the chain itself is `paraf audit verify`'s."""
    found = standing(servers.database_url_app)
    term = found["checkpoint_by"]
    if not isinstance(term, datetime):
        return Finding("audit", "warning", "no checkpoint yet", "The signing worker writes one within a minute.")
    late = term < SystemClock().now()
    advice = f"Nothing is issued until {settings.checkpoints_path} can be written again." if late else ""
    return Finding(
        "audit", "fault" if late else "ok", f"seal {found['seal']}, checkpoint {found['checkpoint']}", advice
    )


def _log_archive(_: Settings, servers: Servers) -> Finding:
    """Our own server keeps its log for restores; one that can not be kept fills the disk."""
    if _query(servers, "SELECT current_setting('archive_mode')") == "off":
        return Finding("log archive", "ok", "none here: a server of your own keeps its own")
    failing = _query(
        servers, "SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver"
    )
    advice = (
        "Look at postgres.log and at the disk of PARAF_WAL_DIR: the log grows until it can be kept." if failing else ""
    )
    count = _query(servers, "SELECT archived_count FROM pg_stat_archiver")
    return Finding("log archive", "fault" if failing else "ok", f"{count} pieces kept", advice)


def _issuance(_: Settings, servers: Servers) -> Finding:
    reason = _query(servers, "SELECT reason FROM issuance_stop WHERE resumed_at IS NULL")
    advice = "`paraf issuance resume` when that is over." if reason else ""
    return Finding("issuance", "warning" if reason else "ok", f"stopped: {reason}" if reason else "runs", advice)


def _alarms(_: Settings, servers: Servers) -> Finding:
    names = _query(servers, "SELECT string_agg(name, ', ' ORDER BY since) FROM alarm WHERE ended_at IS NULL")
    advice = "They end by themselves once it happens again." if names else ""
    return Finding("alarms", "warning" if names else "ok", names or "none stands", advice)


def _quarantine(_: Settings, servers: Servers) -> Finding:
    count = int(_query(servers, "SELECT count(*) FROM application WHERE quarantined_at IS NOT NULL"))
    advice = "`paraf case why ID`, then `paraf case retry ID`." if count else ""
    return Finding("quarantine", "warning" if count else "ok", f"{count} cases set aside", advice)


def _webhooks(_: Settings, servers: Servers) -> Finding:
    off = int(
        _query(
            servers,
            "SELECT count(*) FROM webhook_endpoint WHERE disabled_for IN ('gone', 'failing') AND removed_at IS NULL",
        )
    )
    waiting = int(_query(servers, "SELECT count(*) FROM webhook_delivery WHERE state = 'pending'"))
    advice = "Their systems were told by mail: GET /v1/webhooks as an admin lists them." if off else ""
    return Finding("webhooks", "warning" if off else "ok", f"{waiting} messages wait, {off} endpoints gave up", advice)


LOOKS: dict[str, Look] = {
    "postgres": _postgres,
    "tables": _tables,
    "clock": _clock,
    "broker": _broker,
    "vault": _vault,
    "disk": _disk,
    "keys": _keys,
    "certificates": _certificates,
    "schedules": _schedules,
    "quarantine": _quarantine,
    "webhooks": _webhooks,
    "log archive": _log_archive,
    "audit": _audit,
    "issuance": _issuance,
    "alarms": _alarms,
}
