"""Log lines: JSON objects on stdout with the trace, personal numbers masked."""

from __future__ import annotations

import logging  # noqa: TID251 - libraries log by it: their lines must be masked too
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from models.rules.masking import scrub
from workers.settings import Settings

# Never the values of local variables: they are passphrases and people's data.
_TRACES = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
_BEGINNING: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


def mask_numbers(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Whatever looks like a NIK leaves masked, also where an exception repeats a value deep inside."""
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list | tuple) else value


def configure(settings: Settings) -> None:
    """Set up this process' logs; called once, by the process that works."""
    console = settings.log_format == "console"
    structlog.configure(
        processors=[*_BEGINNING, *_ending(console)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.log_level]),
        cache_logger_on_first_use=True,
    )


def adopt(settings: Settings, *names: str) -> None:
    """Give the lines of libraries that log in their own way, "" for all of them, our form and our mask."""
    console = settings.log_format == "console"
    form = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_BEGINNING,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(console)],
    )
    for name in names:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(form)


def _ending(console: bool) -> list[Any]:
    return [
        structlog.processors.format_exc_info if console else _TRACES,
        mask_numbers,
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(),
    ]
