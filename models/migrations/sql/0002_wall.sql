-- The database wall: what raw SQL by the application's role can not do.
-- Foreign keys (0001) prove the order; these triggers tie it to the case's stage, and the rights take the rest away.
-- `pg_temp` stands last in every search_path: where it is not named it comes first, and a temporary table of the
-- application's role would be read in place of the real one.

ALTER TABLE endorsement ADD CONSTRAINT endorsement_previous_applied
    FOREIGN KEY (application_id, revision, previous) REFERENCES letter (application_id, revision, ordinal);

CREATE FUNCTION paraf_refuse(code text, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', message USING ERRCODE = 'restrict_violation', CONSTRAINT = code;
END $$;

CREATE FUNCTION jakarta_date(at timestamptz) RETURNS date LANGUAGE sql STABLE AS
$$ SELECT (at AT TIME ZONE 'Asia/Jakarta')::date $$;

-- ---------------------------------------------------------------- the case
INSERT INTO stage_transition SELECT stage_from, stage_to, false FROM (VALUES
    ('draft', 'checking'), ('draft', 'withdrawn'), ('checking', 'verifying'),
    ('verifying', 'preparing'), ('verifying', 'returned'), ('verifying', 'rejected'), ('verifying', 'withdrawn'),
    ('returned', 'checking'), ('returned', 'lapsed'), ('returned', 'withdrawn'), ('lapsed', 'checking'),
    ('preparing', 'awaiting_paraf'), ('awaiting_paraf', 'applying_paraf'),
    ('applying_paraf', 'awaiting_paraf'), ('applying_paraf', 'awaiting_signature'),
    ('amending', 'preparing'), ('awaiting_signature', 'applying_signature'),
    ('applying_signature', 'numbering'), ('numbering', 'assembling'), ('assembling', 'ready'),
    ('ready', 'archiving'), ('archiving', 'closed')) AS t (stage_from, stage_to);
INSERT INTO stage_transition VALUES
    ('awaiting_paraf', 'amending', true), ('awaiting_paraf', 'verifying', true),
    ('awaiting_signature', 'amending', true), ('awaiting_signature', 'verifying', true),
    ('assembling', 'amending', true), ('ready', 'amending', true);

CREATE FUNCTION application_begin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.stage <> 'draft' OR NEW.version <> 1 OR NEW.revision <> 1 OR NEW.round <> 0 OR NEW.paraf_next <> 1
       OR NEW.paraf_count <> 0 OR NEW.sop_id IS NOT NULL OR NEW.registration_number IS NOT NULL THEN
        PERFORM paraf_refuse('application_begins_as_draft', 'a case begins as an empty draft');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER application_begin BEFORE INSERT ON application FOR EACH ROW EXECUTE FUNCTION application_begin();

CREATE FUNCTION application_evidence(was application, now application) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT CASE now.stage
        WHEN 'checking' THEN now.round = was.round + 1
        WHEN 'verifying' THEN was.stage <> 'checking' OR EXISTS (
            SELECT FROM completeness_check c WHERE c.application_id = now.id AND c.round = now.round)
        WHEN 'preparing' THEN was.stage = 'amending' OR EXISTS (
            SELECT FROM verification v WHERE v.application_id = now.id AND v.round = now.round
               AND v.revision = now.revision AND v.decision = 'complete')
        WHEN 'returned' THEN EXISTS (
            SELECT FROM verification v WHERE v.application_id = now.id AND v.round = now.round AND v.decision = 'returned')
        WHEN 'rejected' THEN EXISTS (
            SELECT FROM verification v WHERE v.application_id = now.id AND v.round = now.round AND v.decision = 'rejected')
        WHEN 'awaiting_paraf' THEN CASE was.stage
            WHEN 'preparing' THEN now.paraf_next = 1 AND EXISTS (
                SELECT FROM blanko b WHERE b.application_id = now.id AND b.revision = now.revision)
            ELSE now.paraf_next = was.paraf_next + 1 AND now.paraf_next <= now.paraf_count AND EXISTS (
                SELECT FROM letter l WHERE l.application_id = now.id AND l.revision = now.revision
                   AND l.ordinal = was.paraf_next) END
        WHEN 'applying_paraf' THEN EXISTS (
            SELECT FROM endorsement e WHERE e.application_id = now.id AND e.revision = now.revision
               AND e.ordinal = now.paraf_next AND e.kind = 'paraf')
        WHEN 'awaiting_signature' THEN was.paraf_next = now.paraf_count AND EXISTS (
            SELECT FROM letter l WHERE l.application_id = now.id AND l.revision = now.revision
               AND l.ordinal = now.paraf_count)
        WHEN 'applying_signature' THEN EXISTS (
            SELECT FROM endorsement e WHERE e.application_id = now.id AND e.revision = now.revision
               AND e.kind = 'signature')
        WHEN 'numbering' THEN EXISTS (
            SELECT FROM letter l WHERE l.application_id = now.id AND l.revision = now.revision
               AND l.ordinal = now.paraf_count + 1)
        WHEN 'assembling' THEN EXISTS (
            SELECT FROM register_entry r JOIN licence l USING (series, year, seq)
             WHERE r.application_id = now.id AND r.revision = now.revision AND r.state = 'active'
               AND l.status = 'intended')
        WHEN 'ready' THEN EXISTS (
            SELECT FROM register_entry r JOIN licence l USING (series, year, seq)
             WHERE r.application_id = now.id AND r.revision = now.revision AND r.state = 'active'
               AND l.status = 'valid' AND l.sha256 <> '')
        WHEN 'archiving' THEN EXISTS (
            SELECT FROM hand_over h JOIN licence l ON l.id = h.licence_id
             WHERE h.application_id = now.id AND l.revision = now.revision)
        WHEN 'closed' THEN EXISTS (SELECT FROM dossier d WHERE d.application_id = now.id)
        WHEN 'amending' THEN NOT EXISTS (
            SELECT FROM register_entry r WHERE r.application_id = now.id AND r.state = 'active')
            AND NOT EXISTS (SELECT FROM licence l WHERE l.application_id = now.id AND l.status <> 'void')
        ELSE true END
$$;

CREATE FUNCTION application_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    step stage_transition%ROWTYPE;
BEGIN
    IF OLD.sop_id IS NOT NULL AND NEW.sop_id IS DISTINCT FROM OLD.sop_id
       OR OLD.sop_id IS NOT NULL AND NEW.paraf_count <> OLD.paraf_count
       OR OLD.registration_number IS NOT NULL AND NEW.registration_number IS DISTINCT FROM OLD.registration_number
       OR OLD.submitted_at IS NOT NULL AND NEW.submitted_at IS DISTINCT FROM OLD.submitted_at
       OR OLD.complete_at IS NOT NULL AND NEW.complete_at IS DISTINCT FROM OLD.complete_at THEN
        PERFORM paraf_refuse('application_pinned', 'what was pinned or registered does not change');
    END IF;
    IF NEW.sop_id IS NOT NULL AND NEW.paraf_count IS DISTINCT FROM
       (SELECT jsonb_array_length(s.sop -> 'initiallers') FROM sop_version s WHERE s.id = NEW.sop_id) THEN
        PERFORM paraf_refuse('application_paraf_count', 'the number of parafs is the pinned definition''s');
    END IF;
    IF NEW.stage = OLD.stage THEN
        IF (NEW.version, NEW.revision, NEW.round, NEW.paraf_next) <> (OLD.version, OLD.revision, OLD.round, OLD.paraf_next) THEN
            PERFORM paraf_refuse('application_counters_fixed', 'counters move with the stage only');
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO step FROM stage_transition t WHERE t.stage_from = OLD.stage AND t.stage_to = NEW.stage;
    IF NOT FOUND THEN
        PERFORM paraf_refuse('application_transition', format('a case does not go from %s to %s', OLD.stage, NEW.stage));
    END IF;
    IF NEW.version <> OLD.version + 1 OR NEW.revision <> OLD.revision + step.new_revision::int THEN
        PERFORM paraf_refuse('application_counters_move', 'a change of stage is one version more, sending back one revision more');
    END IF;
    IF NEW.round <> OLD.round AND NEW.stage <> 'checking'
       OR NEW.paraf_next <> (CASE WHEN step.new_revision THEN 1 WHEN OLD.stage = 'applying_paraf' THEN OLD.paraf_next + 1
                                  ELSE OLD.paraf_next END) THEN
        PERFORM paraf_refuse('application_counters_move', 'rounds count submissions, paraf_next counts parafs of a revision');
    END IF;
    IF NEW.stage IN ('preparing', 'awaiting_paraf', 'awaiting_signature') AND NEW.sop_id IS NULL THEN
        PERFORM paraf_refuse('application_pinned', 'a verified case has a pinned definition');
    END IF;
    IF NOT application_evidence(OLD, NEW) THEN
        PERFORM paraf_refuse('application_evidence', format('nothing shows that the case may go from %s to %s', OLD.stage, NEW.stage));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER application_move BEFORE UPDATE ON application FOR EACH ROW EXECUTE FUNCTION application_move();

-- Whoever moves a case says so in the same transaction, and leaves the work that follows in the outbox.
CREATE FUNCTION task_after(stage text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE stage
        WHEN 'checking' THEN 'paraf.check_completeness'
        WHEN 'preparing' THEN 'paraf.generate_blanko'
        WHEN 'applying_paraf' THEN 'paraf.apply_paraf'
        WHEN 'applying_signature' THEN 'paraf.apply_signature'
        WHEN 'numbering' THEN 'paraf.assign_number'
        WHEN 'assembling' THEN 'paraf.assemble_licence'
        WHEN 'archiving' THEN 'paraf.assemble_dossier' END
$$;

CREATE FUNCTION application_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM event e WHERE e.application_id = NEW.id AND e.version = NEW.version
                      AND e.stage_from = OLD.stage AND e.stage_to = NEW.stage) THEN
        PERFORM paraf_refuse('application_moved_event', 'a change of stage needs its event');
    END IF;
    IF task_after(NEW.stage) IS NOT NULL AND NOT EXISTS (
        SELECT FROM outbox o WHERE o.subject_id = NEW.id AND o.generation = NEW.version AND o.task = task_after(NEW.stage)) THEN
        PERFORM paraf_refuse('application_moved_work', 'a stage that a machine ends needs its work in the outbox');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER application_moved AFTER UPDATE OF stage ON application
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.stage <> NEW.stage) EXECUTE FUNCTION application_moved();

CREATE FUNCTION case_at(case_id uuid, VARIADIC stages text[]) RETURNS application
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_case application%ROWTYPE;
BEGIN
    SELECT * INTO found_case FROM application WHERE id = case_id FOR UPDATE;
    IF NOT FOUND OR NOT found_case.stage = ANY (stages) THEN
        PERFORM paraf_refuse('case_stage', format('the case must be at %s', array_to_string(stages, ' or ')));
    END IF;
    RETURN found_case;
END $$;

CREATE FUNCTION holder_data_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM case_at(NEW.application_id, 'draft', 'returned', 'lapsed', 'verifying', 'amending');
    RETURN NEW;
END $$;
CREATE TRIGGER holder_data_guard BEFORE INSERT OR UPDATE ON holder_data FOR EACH ROW EXECUTE FUNCTION holder_data_guard();

CREATE FUNCTION document_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.replaced_at IS NOT NULL THEN
            PERFORM paraf_refuse('document_replaced', 'a replaced document does not change');
        END IF;
        IF OLD.inspected_at IS NOT NULL
           AND (NEW.answer, NEW.pages, NEW.findings, NEW.clean_sha256, NEW.clean_media_type, NEW.inspected_at)
               IS DISTINCT FROM (OLD.answer, OLD.pages, OLD.findings, OLD.clean_sha256, OLD.clean_media_type, OLD.inspected_at) THEN
            PERFORM paraf_refuse('document_inspected', 'what officials see of a document does not change after its inspection');
        END IF;
        IF NEW.fields IS DISTINCT FROM OLD.fields THEN
            PERFORM case_at(NEW.application_id, 'draft', 'returned', 'lapsed', 'verifying');
        END IF;
        IF NEW.replaced_at IS NOT NULL THEN
            PERFORM case_at(NEW.application_id, 'draft', 'returned', 'lapsed', 'verifying');
        END IF;
        RETURN NEW;
    END IF;
    PERFORM case_at(NEW.application_id, 'draft', 'returned', 'lapsed', 'verifying');
    RETURN NEW;
END $$;
CREATE TRIGGER document_guard BEFORE INSERT OR UPDATE ON document FOR EACH ROW EXECUTE FUNCTION document_guard();

CREATE FUNCTION check_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (case_at(NEW.application_id, 'checking')).round <> NEW.round THEN
        PERFORM paraf_refuse('check_of_this_round', 'a check is of the round that was submitted');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_guard BEFORE INSERT ON completeness_check FOR EACH ROW EXECUTE FUNCTION check_guard();

CREATE FUNCTION verification_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    at application%ROWTYPE := case_at(NEW.application_id, 'verifying');
BEGIN
    IF at.round <> NEW.round OR at.revision <> NEW.revision THEN
        PERFORM paraf_refuse('verification_of_this_round', 'a decision is on the round that was checked');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verification_guard BEFORE INSERT ON verification FOR EACH ROW EXECUTE FUNCTION verification_guard();

-- ---------------------------------------------------------------- the letter
CREATE FUNCTION blanko_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    at application%ROWTYPE := case_at(NEW.application_id, 'preparing');
BEGIN
    IF at.revision <> NEW.revision OR at.sop_id <> NEW.sop_id OR at.paraf_count <> NEW.paraf_count OR NEW.paraf_count < 1 THEN
        PERFORM paraf_refuse('blanko_of_this_revision', 'a blanko is of the current revision and the pinned definition');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER blanko_guard BEFORE INSERT ON blanko FOR EACH ROW EXECUTE FUNCTION blanko_guard();

CREATE FUNCTION endorsement_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    at application%ROWTYPE := case_at(NEW.application_id, 'awaiting_paraf', 'awaiting_signature');
    wanted text;
    floor_at timestamptz;
BEGIN
    IF at.revision <> NEW.revision THEN
        PERFORM paraf_refuse('endorsement_current_revision', 'an old revision can not be endorsed');
    END IF;
    IF at.stage = 'awaiting_paraf' AND (NEW.kind <> 'paraf' OR NEW.ordinal <> at.paraf_next)
       OR at.stage = 'awaiting_signature' AND NEW.kind <> 'signature' THEN
        PERFORM paraf_refuse('endorsement_turn', 'it is another official''s turn');
    END IF;
    SELECT CASE NEW.kind WHEN 'paraf' THEN s.sop -> 'initiallers' ->> (NEW.ordinal - 1) ELSE s.sop ->> 'signatory' END
      INTO wanted FROM sop_version s WHERE s.id = at.sop_id;
    IF NEW.role IS DISTINCT FROM wanted OR NOT EXISTS (
        SELECT FROM role_grant g JOIN person p ON p.id = g.person_id
         WHERE g.id = NEW.grant_id AND g.person_id = NEW.person_id AND g.role = NEW.role AND p.active
           AND jakarta_date(NEW.acted_at) >= g.valid_from
           AND (g.valid_until IS NULL OR jakarta_date(NEW.acted_at) <= g.valid_until)) THEN
        PERFORM paraf_refuse('endorsement_role', format('this act needs the role %s, held on that day', wanted));
    END IF;
    SELECT GREATEST(b.made_at, (SELECT max(e.acted_at) FROM endorsement e
                                 WHERE e.application_id = b.application_id AND e.revision = b.revision))
      INTO floor_at FROM blanko b WHERE b.application_id = NEW.application_id AND b.revision = NEW.revision;
    IF NEW.acted_at < floor_at THEN
        PERFORM paraf_refuse('endorsement_time', 'an act is not earlier than what it follows');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER endorsement_guard BEFORE INSERT ON endorsement FOR EACH ROW EXECUTE FUNCTION endorsement_guard();

CREATE FUNCTION letter_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    at application%ROWTYPE := case_at(NEW.application_id, 'applying_paraf', 'applying_signature');
    parent text;
    parent_size integer;
BEGIN
    IF at.revision <> NEW.revision OR at.paraf_next <> NEW.ordinal THEN
        PERFORM paraf_refuse('letter_turn', 'the letter grows by the endorsement that is being applied');
    END IF;
    IF NEW.ordinal = 1 THEN
        SELECT b.sha256, b.size INTO parent, parent_size FROM blanko b
         WHERE b.application_id = NEW.application_id AND b.revision = NEW.revision;
    ELSE
        SELECT l.sha256, l.size INTO parent, parent_size FROM letter l
         WHERE l.application_id = NEW.application_id AND l.revision = NEW.revision AND l.ordinal = NEW.ordinal - 1;
    END IF;
    IF NEW.parent_sha256 IS DISTINCT FROM parent OR NEW.size < parent_size THEN
        PERFORM paraf_refuse('letter_parent', 'a letter grows from the bytes before it');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER letter_guard BEFORE INSERT ON letter FOR EACH ROW EXECUTE FUNCTION letter_guard();

-- ---------------------------------------------------------------- the register
CREATE FUNCTION take_number(of_series text, of_year integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO number_series AS n (series, year, last_seq) VALUES (of_series, of_year, 1)
    ON CONFLICT (series, year) DO UPDATE SET last_seq = n.last_seq + 1
    RETURNING last_seq
$$;

CREATE FUNCTION number_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM register_entry r
                    WHERE r.series = NEW.series AND r.year = NEW.year AND r.seq = NEW.last_seq) THEN
        PERFORM paraf_refuse('number_used', 'a number that is taken must be entered in the register');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER number_used AFTER INSERT OR UPDATE ON number_series
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_used();

-- The number as the pinned definition writes it; the same tokens as the definition's own reader knows.
CREATE FUNCTION written_number(format jsonb, seq integer, signed_on date, place_order integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
    number text := format ->> 'format';
    token text;
    digits text;
BEGIN
    FOREACH token IN ARRAY ARRAY['seq', 'place_order'] LOOP
        digits := CASE token WHEN 'seq' THEN seq ELSE place_order END::text;
        number := regexp_replace(number, '\{' || token || '(:0\d+)?\}', lpad(digits, GREATEST(length(digits),
            coalesce(substring(number FROM '\{' || token || ':0(\d+)\}')::integer, 0)), '0'));
    END LOOP;
    FOREACH token IN ARRAY ARRAY['classification', 'unit', 'licence_code'] LOOP
        number := replace(number, '{' || token || '}', format ->> token);
    END LOOP;
    number := replace(number, '{year}', to_char(signed_on, 'YYYY'));
    number := replace(number, '{month}', to_char(signed_on, 'MM'));
    RETURN replace(number, '{roman_month}', to_char(signed_on, 'FMRM'));
END $$;

CREATE FUNCTION register_entry_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    at application%ROWTYPE;
    signed_at timestamptz;
    numbering jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state <> 'active' OR NEW.state <> 'void' THEN
            PERFORM paraf_refuse('register_entry_final', 'an active number can be voided, once; nothing else changes');
        END IF;
        IF NEW.voided_by IS NULL OR NEW.voided_at IS NULL THEN
            PERFORM paraf_refuse('register_entry_voided', 'a voided number says who voided it and when');
        END IF;
        PERFORM case_at(NEW.application_id, 'assembling', 'ready');
        RETURN NEW;
    END IF;
    at := case_at(NEW.application_id, 'numbering');
    SELECT e.acted_at INTO signed_at FROM endorsement e
     WHERE e.application_id = NEW.application_id AND e.revision = NEW.revision
       AND e.ordinal = NEW.signature_ordinal AND e.kind = 'signature';
    IF signed_at IS NULL OR at.revision <> NEW.revision OR NEW.state <> 'active' THEN
        PERFORM paraf_refuse('register_entry_signed', 'a number belongs to the signature of the current revision');
    END IF;
    IF NEW.signed_on <> jakarta_date(signed_at) OR NEW.year <> extract(year FROM jakarta_date(signed_at)) THEN
        PERFORM paraf_refuse('register_entry_date', 'the date of the signature decides date and year');
    END IF;
    IF NEW.seq IS DISTINCT FROM (SELECT n.last_seq FROM number_series n WHERE n.series = NEW.series AND n.year = NEW.year) THEN
        PERFORM paraf_refuse('register_entry_next', 'the number is not the next of its series');
    END IF;
    SELECT s.sop -> 'number' INTO numbering FROM sop_version s WHERE s.id = at.sop_id;
    IF NEW.series IS DISTINCT FROM numbering ->> 'series' OR NEW.number IS DISTINCT FROM written_number(
        numbering, NEW.seq, NEW.signed_on, (SELECT h.place_order FROM holder_data h WHERE h.application_id = at.id)) THEN
        PERFORM paraf_refuse('register_entry_number', 'series and number are written as the pinned definition says');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_entry_guard BEFORE INSERT OR UPDATE ON register_entry
    FOR EACH ROW EXECUTE FUNCTION register_entry_guard();

CREATE FUNCTION licence_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM case_at(NEW.application_id, 'numbering');
        IF NEW.status <> 'intended' OR NEW.sha256 <> '' OR NEW.issued_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM register_entry r WHERE r.series = NEW.series AND r.year = NEW.year AND r.seq = NEW.seq
               AND r.application_id = NEW.application_id AND r.revision = NEW.revision AND r.state = 'active') THEN
            PERFORM paraf_refuse('licence_begins_intended', 'a licence is intended first, under its own number');
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) NOT IN (('intended', 'valid'), ('intended', 'void'), ('valid', 'revoked'),
                                        ('valid', 'replaced'), ('valid', 'void')) THEN
        PERFORM paraf_refuse('licence_status_path', format('a licence does not go from %s to %s', OLD.status, NEW.status));
    END IF;
    IF OLD.status <> 'intended' AND (NEW.sha256, NEW.size, NEW.issued_at) IS DISTINCT FROM (OLD.sha256, OLD.size, OLD.issued_at) THEN
        PERFORM paraf_refuse('licence_bytes_fixed', 'the bytes of an issued licence do not change');
    END IF;
    IF NEW.status = 'valid' THEN
        PERFORM case_at(NEW.application_id, 'assembling');
    ELSIF NEW.status = 'void' THEN
        PERFORM case_at(NEW.application_id, 'assembling', 'ready');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER licence_guard BEFORE INSERT OR UPDATE ON licence FOR EACH ROW EXECUTE FUNCTION licence_guard();

CREATE FUNCTION hand_over_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM case_at(NEW.application_id, 'ready');
    IF NOT EXISTS (SELECT FROM licence l JOIN register_entry r USING (series, year, seq)
                    WHERE l.id = NEW.licence_id AND l.application_id = NEW.application_id AND l.status = 'valid'
                      AND r.state = 'active') THEN
        PERFORM paraf_refuse('hand_over_valid', 'only a valid licence under an active number is handed over');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hand_over_guard BEFORE INSERT ON hand_over FOR EACH ROW EXECUTE FUNCTION hand_over_guard();

CREATE FUNCTION dossier_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM case_at(NEW.application_id, 'archiving');
    RETURN NEW;
END $$;
CREATE TRIGGER dossier_guard BEFORE INSERT ON dossier FOR EACH ROW EXECUTE FUNCTION dossier_guard();

-- ---------------------------------------------------------------- work and secrets
CREATE FUNCTION outbox_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.done_at IS NULL THEN
            PERFORM paraf_refuse('outbox_undone', 'work that is not done stays in the outbox');
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.done_at IS NOT NULL AND NEW.done_at IS NULL THEN
        PERFORM paraf_refuse('outbox_done', 'work that is done stays done');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_guard BEFORE UPDATE OR DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION outbox_guard();

CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY paraf_outbox;
    RETURN NULL;
END $$;
-- Done work makes room on the broker: the relay wakes for that as well.
CREATE TRIGGER outbox_notify AFTER INSERT OR UPDATE OF done_at ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();

CREATE FUNCTION pile_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.secret IS NOT NULL AND NEW.secret IS DISTINCT FROM OLD.secret THEN
        PERFORM paraf_refuse('pile_secret', 'a sealed secret can be wiped, not replaced');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pile_guard BEFORE UPDATE ON pile FOR EACH ROW EXECUTE FUNCTION pile_guard();

-- Registration numbers: their own series a year; a rolled-back submission leaves no gap either.
CREATE FUNCTION take_registration(of_series text, of_year integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO registration_series AS n (series, year, last_seq) VALUES (of_series, of_year, 1)
    ON CONFLICT (series, year) DO UPDATE SET last_seq = n.last_seq + 1
    RETURNING last_seq
$$;

-- ---------------------------------------------------------------- rights
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'paraf_app') THEN
        CREATE ROLE paraf_app NOLOGIN;
    END IF;
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
GRANT USAGE ON SCHEMA public TO paraf_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO paraf_app;
GRANT INSERT ON application, holder_data, document, completeness_check, verification, deficiency, event,
    blanko, endorsement, letter, pile, pile_item, register_entry, licence, hand_over, dossier,
    person, role_grant, login_session, login_attempt, signing_key, sop_version,
    outbox, heartbeat, mail_message TO paraf_app;

GRANT UPDATE (registration_number, stage, version, revision, round, paraf_next, paraf_count, sop_id, submitted_at,
    complete_at, promised_at, stage_since, quarantined_at, quarantine_reason, priority, link_sha256) ON application TO paraf_app;
GRANT UPDATE (name, birth_place, birth_date, sex, address, phone, email, nik_sealed, nik_blind, nik_tail, str_number,
    str_valid_until, workplace_name, workplace_address, place_order, conditions) ON holder_data TO paraf_app;
GRANT UPDATE (fields, replaced_at, answer, pages, findings, clean_sha256, clean_media_type, inspected_at) ON document TO paraf_app;
GRANT UPDATE (resolved_at) ON deficiency TO paraf_app;
GRANT UPDATE (secret, wiped_at) ON pile TO paraf_app;
GRANT UPDATE (state, message, done_at) ON pile_item TO paraf_app;
GRANT UPDATE (state, void_reason, voided_by, voided_at) ON register_entry TO paraf_app;
GRANT UPDATE (sha256, size, issued_at, status, status_reason, status_at) ON licence TO paraf_app;
GRANT UPDATE (proof_sha256) ON hand_over TO paraf_app;
GRANT UPDATE (title, rank, email, password_hash, active) ON person TO paraf_app;
GRANT UPDATE (valid_until) ON role_grant TO paraf_app;
GRANT UPDATE (seen_at, expires_at, revoked_at) ON login_session TO paraf_app;
GRANT UPDATE, DELETE ON login_attempt TO paraf_app;
GRANT UPDATE (revoked_at) ON signing_key TO paraf_app;
GRANT UPDATE (due_at, sent_at, sent_count, attempts, done_at, error), DELETE ON outbox TO paraf_app;
GRANT UPDATE ON heartbeat TO paraf_app;
GRANT UPDATE (sent_at, error) ON mail_message TO paraf_app;
REVOKE ALL ON FUNCTION take_number(text, integer), take_registration(text, integer), case_at(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_number(text, integer), take_registration(text, integer), case_at(uuid, text[]) TO paraf_app;
