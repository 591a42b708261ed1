"""The database's own guards: present, switched on, and the application's role without the rights to pass them."""

from __future__ import annotations

from ops.checker.rows import RowRule
from ops.checker.stages import NEW_REVISION, WAYS

_GUARDS = {
    "application_begin": "application",
    "application_move": "application",
    "application_moved": "application",
    "holder_data_guard": "holder_data",
    "document_guard": "document",
    "check_guard": "completeness_check",
    "verification_guard": "verification",
    "blanko_guard": "blanko",
    "endorsement_guard": "endorsement",
    "letter_guard": "letter",
    "number_used": "number_series",
    "register_entry_guard": "register_entry",
    "licence_guard": "licence",
    "hand_over_guard": "hand_over",
    "dossier_guard": "dossier",
    "outbox_guard": "outbox",
    "pile_guard": "pile",
    "register_day_guard": "register_day",
    "lost_number_guard": "lost_number",
}
_PAIRS = ", ".join(f"('{name}', '{table}')" for name, table in _GUARDS.items())
_WAYS = ", ".join(
    f"('{left}', '{entered}', {(left, entered) in NEW_REVISION})".lower()
    for left, ways in WAYS.items()
    for entered in ways
)
_KEPT = "event blanko endorsement letter register_entry licence hand_over dossier verification application sop_version"
_KEPT += " audit_seal audit_checkpoint lost_number register_day issuance_stop"
_KEPT_TABLES = ", ".join(f"('{table}')" for table in _KEPT.split())
_FIXED = "event blanko endorsement letter verification completeness_check dossier sop_version number_series"
_FIXED += " audit_seal audit_checkpoint lost_number"
_FIXED_TABLES = ", ".join(f"('{table}')" for table in _FIXED.split())

_BY_ROW = ("signing_key", "login_session", "issuance_stop", "register_day", "reconciliation")
_BY_ROW_TABLES = ", ".join(f"('{table}')" for table in _BY_ROW)

RULES = (
    RowRule(
        "wall_rows",
        f"""SELECT 'table ' || t.relation, 'its rights by row are switched off, or one is missing'
        FROM (VALUES {_BY_ROW_TABLES}) AS t (relation)
        LEFT JOIN pg_class c ON c.oid = to_regclass('public.' || t.relation)
        WHERE c.relrowsecurity IS NOT TRUE OR NOT EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = 'w' AND p.polqual IS NOT NULL)""",
    ),
    RowRule(
        "wall_guards",
        f"""SELECT 'table ' || g.relation, 'the guard ' || g.name || ' is missing or switched off'
        FROM (VALUES {_PAIRS}) AS g (name, relation)
        LEFT JOIN pg_trigger t ON t.tgname = g.name AND t.tgrelid = to_regclass('public.' || g.relation)
        WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A')""",
    ),
    RowRule(
        "wall_keys",
        """SELECT 'table ' || c.conrelid::regclass, 'the key ' || c.conname || ' is not enforced'
        FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'f'
           AND (NOT c.convalidated OR NOT c.conenforced OR EXISTS (
               SELECT FROM pg_trigger t WHERE t.tgconstraint = c.oid AND t.tgenabled NOT IN ('O', 'A')))
        UNION ALL
        SELECT 'table ' || k.relation, 'the key ' || k.name || ' is missing'
        FROM (VALUES ('endorsement', 'endorsement_of_exact_blanko'), ('endorsement', 'endorsement_follows_previous'),
            ('endorsement', 'endorsement_previous_applied'), ('endorsement', 'endorsement_one_person_once'),
            ('letter', 'letter_of_endorsement'), ('letter', 'letter_follows_previous'),
            ('register_entry', 'register_entry_after_signature'), ('licence', 'licence_has_number'),
            ('licence', 'licence_begins_with_blanko'), ('licence', 'licence_one_a_number')) AS k (relation, name)
        LEFT JOIN pg_constraint c ON c.conname = k.name AND c.conrelid = to_regclass('public.' || k.relation)
        WHERE c.oid IS NULL""",
    ),
    RowRule(
        "wall_rights",
        f"""SELECT 'table ' || k.relation, 'paraf_app may ' || k.act
        FROM (SELECT relation, act FROM (VALUES {_KEPT_TABLES}) AS t (relation) CROSS JOIN
                  (VALUES ('DELETE'), ('TRUNCATE'), ('TRIGGER')) AS r (act)
              UNION SELECT relation, 'UPDATE' FROM (VALUES {_FIXED_TABLES}) AS t (relation)) k
        WHERE has_table_privilege('paraf_app', 'public.' || k.relation, k.act)
           OR k.act = 'UPDATE' AND has_any_column_privilege('paraf_app', 'public.' || k.relation, 'UPDATE')
        UNION ALL
        SELECT 'role paraf_app', 'is more than an ordinary role, or may become the tables'' owner'
        FROM pg_roles WHERE rolname = 'paraf_app' AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls
            OR rolreplication OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
                AND c.relkind = 'r' AND pg_has_role('paraf_app', c.relowner, 'MEMBER')))""",
    ),
    RowRule(
        "wall_ways",
        f"""SELECT 'table stage_transition', coalesce(w.stage_from, t.stage_from) || ' to '
            || coalesce(w.stage_to, t.stage_to) || CASE WHEN t.stage_to IS NULL THEN ' is missing'
                WHEN w.stage_to IS NULL THEN ' is no way of the SOP' ELSE ' has the wrong revision' END
        FROM (VALUES {_WAYS}) AS w (stage_from, stage_to, new_revision)
        FULL JOIN stage_transition t ON t.stage_from = w.stage_from AND t.stage_to = w.stage_to
        WHERE w.new_revision IS DISTINCT FROM t.new_revision""",
    ),
)
