"""The Celery app `paraf`: every setting with its reason.

The queue delivers at least once; the database makes effects happen once.
Nothing here is read before the first use, so importing the app needs no broker and no environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ParamSpec

import kombu
from celery import Celery
from celery.signals import task_prerun, worker_process_init
from kombu import Exchange
from kombu import Queue as BrokerQueue

from models.queues import CANARY, SCHEDULE, TASK_QUEUES, Periodic, Queue, queue_of
from models.rules.errors import DefinitionError
from workers import broker
from workers.settings import Settings

P = ParamSpec("P")

OLDEST_KOMBU = (5, 7)
SOFT_LIMIT = 90
HARD_LIMIT = 120
VISIBILITY_TIMEOUT = 300
LONGEST_WAIT = 240.0
NO_BROKER = "unset://"
TASK_MODULES = (
    "workers.tasks.machine",
    "workers.tasks.paper",
    "workers.tasks.housekeeping",
    "workers.tasks.audit",
    "workers.tasks.batch",
    "workers.tasks.webhooks",
)


def celery_settings(settings: Settings) -> dict[str, Any]:
    """All Celery settings of the office, as Celery names them; times in seconds, memory in KiB."""
    return {
        "broker_url": settings.broker if settings.broker_url else NO_BROKER,
        **_delivery(),
        **_broker(),
        **_worker(),
        **_messages(),
        **_routes(),
    }


def _delivery() -> dict[str, Any]:
    return {
        # A message is taken off the broker only after its task has ended: a killed worker loses nothing.
        "task_acks_late": True,
        # A child that is killed (out of memory) gives its task back. A poison task would loop for ever:
        # attempts are counted in PostgreSQL before the work, and five put the case in quarantine.
        "task_reject_on_worker_lost": True,
        # A failed or timed-out task is done as far as the broker goes: the sweeper is the one owner of retries.
        "task_acks_on_failure_or_timeout": True,
        "task_soft_time_limit": SOFT_LIMIT,
        "task_time_limit": HARD_LIMIT,
        # One message in hand: messages prefetched over a lost socket are handed out twice.
        "worker_prefetch_multiplier": 1,
        # After a reconnect the broker gives the task out again: the running copy must stop, or both run.
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        # No results anywhere: what a task did is a row in PostgreSQL.
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
    }


def _broker() -> dict[str, Any]:
    return {
        "broker_transport_options": {
            # Longer than the hard limit, else a task is given out again while it still runs.
            "visibility_timeout": VISIBILITY_TIMEOUT,
            # With kombu's defaults a dead worker's task comes back minutes after the timeout, with these seconds.
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            # A list for each priority of the outbox, lowest first: who waits at the counter passes what lies there.
            "priority_steps": list(range(10)),
            # Without these a publisher hangs for ever, and a half-open socket is never noticed.
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        # The broker may be away at the start and at any time later, for as long as it likes.
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 5,
        # The relay keeps an unsent message in the outbox; trying again inside publish would only hold it up.
        "task_publish_retry": False,
    }


def _worker() -> dict[str, Any]:
    return {
        # Leaks of PDF and image libraries end with the child.
        "worker_max_tasks_per_child": 500,
        "worker_max_memory_per_child": 400 * 1024,
        # At SIGQUIT running tasks get this long, then their messages go back to the queue.
        "worker_soft_shutdown_timeout": 10.0,
        "worker_enable_soft_shutdown_on_idle": False,
        # Flower watches by events.
        "worker_send_task_events": True,
        "task_send_sent_event": False,
        "event_queue_expires": 60.0,
        # Ours tells of tasks twice a second: as it stands each turn of the loop costs a message.
        "worker_consumer": "workers.consumer:Consumer",
        # Structured logs are ours; Celery shall not take the root logger over.
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        # Quorum queues are RabbitMQ's: no probing.
        "worker_detect_quorum_queues": False,
    }


def _messages() -> dict[str, Any]:
    return {
        # Redis is not encrypted and a message can be forged: JSON can only name a row, pickle would run code.
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "event_serializer": "json",
        "timezone": "UTC",
        "enable_utc": True,
    }


def _routes() -> dict[str, Any]:
    return {
        "task_queues": [BrokerQueue(queue.value, Exchange(queue.value), routing_key=queue.value) for queue in Queue],
        # A name that no queue knows is refused at publishing, not lost in a queue that nobody listens to.
        "task_create_missing_queues": False,
        "task_default_queue": Queue.INTAKE.value,
        "task_routes": {task: {"queue": queue.value} for task, queue in TASK_QUEUES.items()},
        "beat_schedule": {name: _entry(job) for name, job in SCHEDULE.items()},
        # Beat must not catch up on what it missed while it was away: every job scans the present.
        "beat_cron_starting_deadline": 60,
    }


def _entry(job: Periodic) -> dict[str, Any]:
    return {
        "task": job.task,
        "schedule": job.seconds,
        "args": job.args,
        # Never given out twice either: it expires before the broker would give it out again.
        "options": {"queue": job.queue.value, "expires": min(job.seconds, LONGEST_WAIT)},
    }


def refuse_old_kombu(installed: str = kombu.__version__) -> None:
    """Raise DefinitionError for a kombu that answers pings and consumes nothing after a reconnect."""
    if tuple(int(part) for part in installed.split(".")[:2]) < OLDEST_KOMBU:
        needed = ".".join(map(str, OLDEST_KOMBU))
        raise DefinitionError(
            f"kombu {installed} is too old: {needed} or newer is needed to survive a broker's restart"
        )


class Office(Celery):  # type: ignore[misc]  # untyped base
    """Celery that says what to set when it is to connect and no broker is named, and whose workers load the tasks."""

    @cached_property
    def Worker(self) -> Any:  # noqa: N802 - Celery's own name
        return self.subclass_with_self("workers.start:Worker")

    def connection_for_read(self, url: str | None = None, **options: Any) -> Any:
        return super().connection_for_read(url or _named(self.conf.broker_url), **options)

    def connection_for_write(self, url: str | None = None, *arguments: Any, **options: Any) -> Any:
        return super().connection_for_write(url or _named(self.conf.broker_url), *arguments, **options)


def _named(url: str) -> str:
    return Settings().broker if url == NO_BROKER else url


def _settings_at_first_use() -> Mapping[str, Any]:
    return celery_settings(Settings())


@worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery's signals have no types
def _set_up_logs(**_: Any) -> None:
    """In the child, after the fork: the parent only hands messages on."""
    from workers import logs

    settings = Settings()
    logs.configure(settings)
    # A task that breaks is told of by Celery, in the words of the exception.
    logs.adopt(settings, "", "celery", "celery.task")


@task_prerun.connect  # type: ignore[untyped-decorator]  # Celery's signals have no types
def _follow_the_message(task: Any, **_: Any) -> None:
    """Each line of a task's log belongs to the request that called for it; a schedule's belongs to none."""
    from models.services.tracing import follow

    follow(str(task.request.get("traceparent", "")))


refuse_old_kombu()
broker.use()
app = Office("paraf", set_as_current=True)
app.add_defaults(_settings_at_first_use)


def task(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorator that registers a task by its wire name; KeyError for a name that has no queue.

    The function stays callable as it is; Celery's own options are the app's, never a task's.
    """
    if name != CANARY:
        queue_of(name)

    def register(function: Callable[P, None]) -> Callable[P, None]:
        registered: Callable[P, None] = app.task(function, name=name)
        return registered

    return register
