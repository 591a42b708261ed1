"""What keeps the office provable: the events' chain, the register's days, comparisons, alarms."""

from __future__ import annotations

from workers.app import task


@task("paraf.keep_audit")
def keep_audit() -> None:
    """Seal new events and write a checkpoint."""
    from workers import steps

    steps.keep_audit()


@task("paraf.close_register")
def close_register() -> None:
    """Close the days of the register that are over."""
    from workers import steps

    steps.close_register()


@task("paraf.reconcile")
def reconcile() -> None:
    """Number, register row, file and hand-over against each other, once a day."""
    from workers import steps

    steps.reconcile_all()


@task("paraf.raise_alarms")
def raise_alarms() -> None:
    """Tell of what should have happened and did not."""
    from workers import steps

    steps.raise_alarms()
