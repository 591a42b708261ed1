"""What the pipeline's benchmark makes of what it read."""

from __future__ import annotations

from ops.benchmarks.pipeline import _figures, _spent


def test_only_what_was_spent_meanwhile_counts_by_part_and_licence() -> None:
    before, after = {"signing": 10.0, "mail": 2.0}, {"mail": 2.5, "signing": 12.0, "page pictures": 4.0}
    spent = _spent(before, after, 20)
    assert spent == {"page pictures": 200.0, "signing": 100.0, "mail": 25.0}
    assert list(spent) == ["page pictures", "signing", "mail"], "the most comes first"


def test_every_part_counts_in_the_sum_that_is_held_against_the_floor() -> None:
    figures = _figures({"page pictures": 200.0, "signing": 100.0}, 120.0)
    assert figures["cpu_ms_per_licence"] == 300.0
    assert (figures["floor_ms"], figures["cpu_over_floor"]) == (120.0, 2.5)
    assert sum(figures["cpu_ms_by_part"].values()) == 300.0
