"""The guards run with their owner's rights: they must not be led to read tables that the application's role made."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from tests.models.wall.conftest import Wall
from tests.models.wall.statements import TAKE, move, paraf

DECOYS: tuple[tuple[str, tuple[LiteralString, ...], LiteralString], ...] = (
    (
        "application_transition",
        (
            "CREATE TEMP TABLE stage_transition (stage_from text, stage_to text, new_revision boolean)",
            "INSERT INTO pg_temp.stage_transition VALUES ('draft', 'ready', false)",
        ),
        move("draft", "ready").replace("UPDATE application", "UPDATE public.application"),
    ),
    (
        "case_stage",
        (
            "CREATE TEMP TABLE application AS SELECT * FROM public.application",
            "UPDATE pg_temp.application SET stage = 'awaiting_paraf', paraf_next = 1 WHERE id = %(ready)s",
        ),
        paraf("ready", ordinal="1").replace("INTO endorsement", "INTO public.endorsement"),
    ),
    (
        "endorsement_role",
        (
            "CREATE TEMP TABLE role_grant AS SELECT * FROM public.role_grant",
            "UPDATE pg_temp.role_grant SET role = 'ahli_muda'",
        ),
        paraf("awaiting_paraf", "ahli_muda").replace("JOIN role_grant g ON", "JOIN public.role_grant g ON g.role ="
                                                     " 'sekretaris' OR false AND"),
    ),
    (
        "number_used",
        (
            "CREATE TEMP TABLE register_entry AS SELECT 'SIKRO' AS series, 2026::smallint AS year, s AS seq"
            " FROM generate_series(1, 99) s",
        ),
        TAKE,
    ),
)  # fmt: skip


@pytest.mark.parametrize(("constraint", "decoy", "statement"), DECOYS, ids=[decoy[0] for decoy in DECOYS])
def test_a_decoy_table_leads_no_guard_astray(
    wall: Wall, before: dict[str, str], constraint: str, decoy: tuple[LiteralString, ...], statement: LiteralString
) -> None:
    # Databases that an office makes take this right away as well; the copy for this test still gives it to everyone.
    with psycopg.connect(wall.superuser_url, autocommit=True) as connection:
        connection.execute(f"GRANT TEMPORARY ON DATABASE {connection.info.dbname} TO paraf_app")
    with pytest.raises(psycopg.Error) as caught:
        wall.run((*decoy, statement))
    assert caught.value.diag.constraint_name == constraint
    assert wall.content() == before


def test_every_function_that_runs_with_its_owners_rights_names_its_tables_schema(wall: Wall) -> None:
    with psycopg.connect(wall.owner_url) as connection:
        rows = connection.execute(
            "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        ).fetchall()
    assert len(rows) >= 15
    assert {name: config for name, config in rows if config != ["search_path=public, pg_temp"]} == {}


def test_a_migrated_database_gives_nobody_temporary_tables(wall: Wall) -> None:
    name = psycopg.conninfo.conninfo_to_dict(wall.owner_url)["dbname"]
    with psycopg.connect(wall.owner_url, autocommit=True) as connection:
        connection.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC, paraf_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        wall.run(("CREATE TEMP TABLE application (id integer)",))
