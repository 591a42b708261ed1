"""The wall's table of ways and its tasks are those of the rules, both ways round."""

from __future__ import annotations

import psycopg

from models.rules.stages import TASKS, TRANSITIONS, Command, Position, Stage, decide
from tests.models.wall.conftest import Wall


def _outcomes(stage: Stage, command: Command) -> set[tuple[str, str, bool]]:
    """Where the decider takes a case at that stage, at the first and at the last paraf."""
    ends = {decide(Position(stage, 1, paraf_next, 3), command).position for paraf_next in (1, 3)}
    return {(stage.value, end.stage.value, end.revision == 2) for end in ends}


def test_the_wall_knows_the_same_ways_as_the_rules(wall: Wall) -> None:
    ruled = set[tuple[str, str, bool]]().union(*(_outcomes(stage, command) for stage, command in TRANSITIONS))
    with psycopg.connect(wall.app_url) as connection:
        rows = connection.execute("SELECT stage_from, stage_to, new_revision FROM stage_transition").fetchall()
    assert set(rows) == ruled
    assert len(rows) == len(ruled)


def test_the_wall_wants_the_same_work_as_the_rules(wall: Wall) -> None:
    with psycopg.connect(wall.app_url) as connection:
        rows = connection.execute(
            "SELECT s, task_after(s) FROM unnest(%s::text[]) s", [[stage.value for stage in Stage]]
        ).fetchall()
    assert {stage: task for stage, task in rows if task} == {stage.value: task for stage, task in TASKS.items()}
