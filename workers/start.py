"""`python -m workers.start worker -Q intake ...` or `... beat ...`: Celery's own commands with Celery's own options.

`celery -A workers.app worker ...` does the same, but its command line loads every plugin that is installed, Flower
among them, into every worker: half a second and 20 MB for each process.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import Any

from celery.apps import worker as celery_worker
from celery.bin import beat, worker
from celery.bin.base import CLIContext

from models.queues import Queue
from workers.app import TASK_MODULES, app

PATIENCE = 10
"""Page pictures and dossiers take a tenth of a core that somebody else wants, and all of one that nobody does."""

RARELY = (50_000, 20, 50)
"""When garbage is collected: a letter leaves tens of thousands of objects that die by themselves. At Python's own pace
a twentieth of a child's CPU goes into looking at them; what leaks ends with the child, by its limits."""

COMMANDS = {"worker": worker.worker, "beat": beat.beat}


class Worker(celery_worker.Worker):  # type: ignore[misc]  # untyped base
    """Loads the tasks, which beat and Flower have no use for, and parts with them to its children without copies."""

    def on_before_init(self, **options: Any) -> None:
        mine = set(options.get("queues") or ())
        if Queue.ARCHIVE.value in mine <= {Queue.ARCHIVE.value, Queue.WEBHOOKS.value}:
            os.nice(PATIENCE)
        for module in TASK_MODULES:
            importlib.import_module(module)
        super().on_before_init(**options)
        # What was loaded before the fork is never collected, so children share its pages for good.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*RARELY)


def main(words: list[str]) -> None:
    """Run the command that the first word names."""
    name = words[0] if words else ""
    if name not in COMMANDS:
        raise SystemExit(f"usage: python -m workers.start {{{','.join(COMMANDS)}}} [options of celery]")
    context = CLIContext(app=app, no_color=True, workdir=None, quiet=True)
    COMMANDS[name].main(args=words[1:], prog_name=name, obj=context, auto_envvar_prefix="CELERY")


if __name__ == "__main__":
    main(sys.argv[1:])
