-- The chain over the events, and what stands beside it: stops, closed days, lost numbers, reconciliations, alarms.

-- Sequences are not in the order of commits: the transaction tells which events are complete. A restored database may
-- count its transactions anew; the restore then sets the base, so that the order goes on where it was.
CREATE FUNCTION audit_base() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';
CREATE FUNCTION audit_tx() RETURNS bigint LANGUAGE sql STABLE AS
'SELECT public.audit_base() + pg_current_xact_id()::text::bigint';
-- Every transaction below has ended: what it wrote is there, and it writes nothing more.
CREATE FUNCTION audit_horizon() RETURNS bigint LANGUAGE sql STABLE AS
'SELECT public.audit_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint';

ALTER TABLE event ADD COLUMN tx bigint NOT NULL DEFAULT audit_tx();
CREATE INDEX event_tx ON event (tx, id);
REVOKE INSERT ON event FROM paraf_app;
GRANT INSERT (at, kind, application_id, actor_id, actor, stage_from, stage_to, revision, version, detail, trace)
    ON event TO paraf_app;

CREATE TABLE audit_seal (
    n bigint PRIMARY KEY,
    before bigint GENERATED ALWAYS AS (NULLIF(n - 1, 0)) STORED,
    previous text NOT NULL,
    last_tx bigint NOT NULL,
    ids bigint[] NOT NULL,
    leaves bytea NOT NULL,
    hash text NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT audit_seal_exact UNIQUE (n, hash),
    CONSTRAINT audit_seal_follows FOREIGN KEY (before, previous) REFERENCES audit_seal (n, hash),
    CONSTRAINT audit_seal_counts CHECK (n >= 1 AND cardinality(ids) >= 1),
    CONSTRAINT audit_seal_leaves CHECK (octet_length(leaves) = 32 * cardinality(ids)),
    CONSTRAINT audit_seal_first CHECK ((n = 1) = (previous = ''))
);
-- Hashes do not get smaller.
ALTER TABLE audit_seal ALTER COLUMN leaves SET STORAGE EXTERNAL;

CREATE TABLE audit_checkpoint (
    n bigint PRIMARY KEY,
    seal bigint NOT NULL,
    hash text NOT NULL,
    line_sha256 text NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT audit_checkpoint_of_seal FOREIGN KEY (seal, hash) REFERENCES audit_seal (n, hash)
);

CREATE TABLE audit_watch (
    id smallint PRIMARY KEY,
    checkpoint_by timestamptz NOT NULL,
    CONSTRAINT audit_watch_one CHECK (id = 1)
);

CREATE TABLE issuance_stop (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    reason text NOT NULL,
    stopped_at timestamptz NOT NULL,
    stopped_by uuid REFERENCES person (id),
    resumed_at timestamptz,
    resumed_by uuid REFERENCES person (id),
    CONSTRAINT issuance_stop_reason CHECK (length(reason) >= 5)
);
CREATE UNIQUE INDEX issuance_stop_open ON issuance_stop ((resumed_at IS NULL)) WHERE resumed_at IS NULL;

CREATE TABLE register_day (
    day date PRIMARY KEY,
    n bigint NOT NULL,
    before bigint GENERATED ALWAYS AS (NULLIF(n - 1, 0)) STORED,
    previous text NOT NULL,
    hash text NOT NULL,
    given integer NOT NULL,
    issued integer NOT NULL,
    void integer NOT NULL,
    handed_over integer NOT NULL,
    unfinished integer NOT NULL,
    seal integer NOT NULL,
    seal_hash text NOT NULL,
    closed_at timestamptz NOT NULL,
    sha256 text NOT NULL,
    size integer NOT NULL,
    made_at timestamptz,
    CONSTRAINT register_day_exact UNIQUE (n, hash),
    CONSTRAINT register_day_place UNIQUE (n),
    CONSTRAINT register_day_follows FOREIGN KEY (before, previous) REFERENCES register_day (n, hash),
    CONSTRAINT register_day_first CHECK (n >= 1 AND (n = 1) = (previous = ''))
);

CREATE TABLE lost_number (
    series text,
    year smallint,
    seq integer,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (series, year, seq),
    CONSTRAINT lost_number_reason CHECK (seq >= 1 AND length(reason) >= 5)
);

CREATE TABLE reconciliation (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    numbers integer NOT NULL,
    files integer NOT NULL,
    handed_over integer NOT NULL,
    differences integer NOT NULL
);
CREATE INDEX reconciliation_started ON reconciliation (started_at);

CREATE TABLE reconciliation_difference (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES reconciliation (id),
    rule text NOT NULL,
    subject text NOT NULL,
    sentence text NOT NULL
);
CREATE INDEX reconciliation_difference_run ON reconciliation_difference (run_id);

CREATE TABLE alarm (
    name text PRIMARY KEY,
    sentence text NOT NULL,
    since timestamptz NOT NULL,
    told_at timestamptz,
    ended_at timestamptz
);

-- A number that a restore declared lost has an end as well; only the tables' owner can declare one.
CREATE OR REPLACE FUNCTION number_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM register_entry r
                    WHERE r.series = NEW.series AND r.year = NEW.year AND r.seq = NEW.last_seq)
       AND NOT EXISTS (SELECT FROM lost_number l
                        WHERE l.series = NEW.series AND l.year = NEW.year AND l.seq = NEW.last_seq) THEN
        PERFORM paraf_refuse('number_used', 'a number that is taken must be entered in the register');
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION lost_number_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM register_entry r WHERE (r.series, r.year, r.seq) = (NEW.series, NEW.year, NEW.seq)) THEN
        PERFORM paraf_refuse('lost_number_known', 'a number that stands in the register is not lost');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lost_number_guard BEFORE INSERT OR UPDATE ON lost_number
    FOR EACH ROW EXECUTE FUNCTION lost_number_guard();

-- What closed a day stays as it was closed.
CREATE FUNCTION register_day_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.closed_at < ((NEW.day + 1)::timestamp AT TIME ZONE 'Asia/Jakarta') THEN
        PERFORM paraf_refuse('register_day_over', 'a day is closed once it is over');
    END IF;
    IF EXISTS (SELECT FROM register_day d WHERE d.day > NEW.day) THEN
        PERFORM paraf_refuse('register_day_order', 'days are closed in their order');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_day_guard BEFORE INSERT ON register_day FOR EACH ROW EXECUTE FUNCTION register_day_guard();

GRANT SELECT ON audit_seal, audit_checkpoint, audit_watch, issuance_stop, register_day, lost_number, reconciliation,
    reconciliation_difference, alarm TO paraf_app;
GRANT INSERT ON audit_seal, audit_checkpoint, audit_watch, issuance_stop, register_day, reconciliation,
    reconciliation_difference, alarm TO paraf_app;
GRANT UPDATE (checkpoint_by) ON audit_watch TO paraf_app;
GRANT UPDATE (resumed_at, resumed_by) ON issuance_stop TO paraf_app;
GRANT UPDATE (sha256, size, made_at) ON register_day TO paraf_app;
GRANT UPDATE (finished_at, numbers, files, handed_over, differences) ON reconciliation TO paraf_app;
GRANT UPDATE (sentence, since, told_at, ended_at) ON alarm TO paraf_app;

-- A password that somebody else chose does not become one's own: it ends by itself.
ALTER TABLE person ADD COLUMN password_until timestamptz;
GRANT UPDATE (password_until) ON person TO paraf_app;

-- ---------------------------------------------------------------- rights by row
-- What has ended does not begin again: a revoked key or sign-in, a stop that was lifted, a page that was made.
ALTER TABLE signing_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON signing_key FOR SELECT TO paraf_app USING (true);
CREATE POLICY made ON signing_key FOR INSERT TO paraf_app WITH CHECK (true);
CREATE POLICY ended ON signing_key FOR UPDATE TO paraf_app USING (revoked_at IS NULL) WITH CHECK (true);
ALTER TABLE login_session ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON login_session FOR SELECT TO paraf_app USING (true);
CREATE POLICY made ON login_session FOR INSERT TO paraf_app WITH CHECK (true);
CREATE POLICY live ON login_session FOR UPDATE TO paraf_app USING (revoked_at IS NULL) WITH CHECK (true);
CREATE POLICY gone ON login_session FOR DELETE TO paraf_app USING (true);
ALTER TABLE issuance_stop ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON issuance_stop FOR SELECT TO paraf_app USING (true);
CREATE POLICY made ON issuance_stop FOR INSERT TO paraf_app WITH CHECK (resumed_at IS NULL);
CREATE POLICY lifted ON issuance_stop FOR UPDATE TO paraf_app
    USING (resumed_at IS NULL) WITH CHECK (resumed_at IS NOT NULL);
ALTER TABLE register_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON register_day FOR SELECT TO paraf_app USING (true);
CREATE POLICY closed ON register_day FOR INSERT TO paraf_app WITH CHECK (sha256 = '');
CREATE POLICY printed ON register_day FOR UPDATE TO paraf_app USING (sha256 = '') WITH CHECK (sha256 <> '');
ALTER TABLE reconciliation ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON reconciliation FOR SELECT TO paraf_app USING (true);
CREATE POLICY begun ON reconciliation FOR INSERT TO paraf_app WITH CHECK (finished_at IS NULL);
CREATE POLICY running ON reconciliation FOR UPDATE TO paraf_app USING (finished_at IS NULL) WITH CHECK (true);
