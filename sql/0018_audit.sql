-- Who did what: rows that are only ever added, each with the SHA-256 of itself
-- and of the one before.


-- The actions and their words; "taifish-worker migrate" writes them from
-- src/core/tf_audit.c.

CREATE TABLE audit_actions (
    action text PRIMARY KEY,
    zh     text NOT NULL,
    en     text NOT NULL
);


CREATE TABLE audit_log (
    seq         bigint NOT NULL,
    time        timestamptz NOT NULL,
    actor_id    bigint,
    actor_name  text,
    address     text,
    request_id  text,
    action      text NOT NULL,
    object_type text NOT NULL,
    object_id   text,
    object_name text,
    outcome     text NOT NULL CHECK (outcome IN ('success', 'refused')),
    details     jsonb NOT NULL,
    prev_hash   bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (seq, time)
) PARTITION BY RANGE (time);

CREATE INDEX audit_log_time_idx ON audit_log (time, seq);
CREATE INDEX audit_log_actor_idx ON audit_log (actor_id, seq);
CREATE INDEX audit_log_action_idx ON audit_log (action, seq);
CREATE INDEX audit_log_object_idx ON audit_log (object_type, object_id, seq);
CREATE INDEX audit_log_request_idx ON audit_log (request_id)
    WHERE request_id IS NOT NULL;
CREATE INDEX audit_log_trgm ON audit_log
    USING gin ((coalesce(actor_name, '') || ' ' || coalesce(object_name, '')
                || ' ' || details::text) gin_trgm_ops)
    WITH (fastupdate = on, gin_pending_list_limit = 256);

-- Retention is the feature's own: it writes where it cut.
SELECT tf_partitions_register('audit_log', 'logs', '审计日志', 'Audit log',
                              NULL);


-- The last row.  Whoever adds one holds this row until the end of its
-- transaction, so that there is one order on all hosts and no gap in it.

CREATE TABLE audit_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq  bigint NOT NULL,
    time timestamptz NOT NULL,
    hash bytea NOT NULL,
    -- full months that are kept besides the one in progress; NULL: all
    keep_months integer DEFAULT 24 CHECK (keep_months >= 1)
);

INSERT INTO audit_head (seq, time, hash)
VALUES (0, '-infinity', decode(repeat('00', 32), 'hex'));


-- What is hashed: a JSON array of all columns but the hashes, in this order.
-- "taifish-worker audit-verify" has the same text and does not ask this.

CREATE FUNCTION audit_text(a audit_log) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_array(a.seq, to_char(a.time AT TIME ZONE 'UTC',
                                 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                             a.actor_id, a.actor_name, a.address, a.request_id,
                             a.action, a.object_type, a.object_id,
                             a.object_name, a.outcome, a.details)::text
$$;


-- Neither its owner changes a row by mistake; audit_cut() may delete.

CREATE FUNCTION audit_only_added() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('taifish.cut', true) = 'on' THEN
        RETURN OLD;
    END IF;

    RAISE EXCEPTION 'rows of the audit log are only added'
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_only_added();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added();


/*
 * Adds a row, as a part of the caller's transaction: to be called last in it.
 *
 * Without "always" a transaction that wrote nothing adds none: nothing was
 * changed.  actor_name: who it is when that is no user.  typed: the name that
 * somebody says is theirs; it is kept only if there is such a user, for people
 * type passwords there.  object_id: the one the request names.
 *
 * What the transaction changed is in the setting taifish.changes, by the
 * triggers below.
 */

CREATE FUNCTION audit_append(
    action     text,
    outcome    text,
    always     boolean,
    actor_id   bigint DEFAULT NULL,
    actor_name text DEFAULT NULL,
    typed      text DEFAULT NULL,
    address    text DEFAULT NULL,
    request_id text DEFAULT NULL,
    object_id  text DEFAULT NULL,
    details    jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head    audit_head;
    a       audit_log;
    n       integer;
    changes jsonb;
    change  jsonb;
BEGIN
    IF NOT always AND pg_current_xact_id_if_assigned() IS NULL THEN
        RETURN NULL;
    END IF;

    n := coalesce(nullif(current_setting('taifish.changed', true), ''), '0');
    changes := ('[' || coalesce(current_setting('taifish.changes', true), '')
                || ']')::jsonb;
    PERFORM set_config('taifish.changed', '', true),
            set_config('taifish.changes', '', true);

    a.action := action;
    a.outcome := outcome;
    a.actor_id := actor_id;
    a.actor_name := actor_name;
    a.address := address;
    a.request_id := request_id;
    a.object_type := split_part(action, '.', 1);
    a.object_id := object_id;
    a.details := coalesce(details, '{}');

    IF typed IS NOT NULL THEN
        SELECT u.id, u.username INTO a.actor_id, a.actor_name
        FROM users u
        WHERE lower(u.username) = lower(typed);

        IF NOT FOUND THEN
            a.details := a.details || '{"unknown_user": true}';
        END IF;

    ELSIF a.actor_name IS NULL THEN
        SELECT u.username INTO a.actor_name FROM users u WHERE u.id = actor_id;
    END IF;

    -- the object of the request, or the only one of its type that changed

    SELECT c INTO change
    FROM (SELECT c, count(*) OVER () AS of_type
          FROM jsonb_array_elements(changes) c
          WHERE c ->> 'type' = a.object_type) x
    WHERE c ->> 'id' = object_id
          OR object_id IS NULL AND of_type = 1
             AND n = jsonb_array_length(changes);

    IF FOUND THEN
        a.object_id := change ->> 'id';
        a.object_name := change ->> 'name';
    END IF;

    IF n > 0 THEN
        a.details := a.details || jsonb_build_object('changes', changes);
    END IF;

    IF n > jsonb_array_length(changes) THEN
        a.details := a.details || jsonb_build_object('changed', n);
    END IF;

    SELECT h.* INTO head FROM audit_head h FOR UPDATE;

    a.seq := head.seq + 1;
    a.time := greatest(clock_timestamp(), head.time);
    a.prev_hash := head.hash;
    a.hash := sha256(head.hash || convert_to(audit_text(a), 'UTF8'));

    INSERT INTO audit_log SELECT a.*;
    UPDATE audit_head SET seq = a.seq, time = a.time, hash = a.hash;

    RETURN a.seq;
END
$$;

REVOKE EXECUTE ON FUNCTION
    audit_append(text, text, boolean, bigint, text, text, text, text, text,
                 jsonb)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    audit_append(text, text, boolean, bigint, text, text, text, text, text,
                 jsonb)
    TO taifish_api, taifish_worker;
GRANT SELECT ON audit_log, audit_head, audit_actions
    TO taifish_api, taifish_worker;


-- Notes what a transaction changes, for its row.  Arguments: the type of the
-- object, the columns of its id and of its name, then the columns that are
-- told, with their old and new values; "column!" tells only that it changed.
-- What holds a secret is told so or not at all.  At most 20 objects are told.

CREATE FUNCTION audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    old_row jsonb;
    new_row jsonb;
    fields  jsonb;
    n       integer;
BEGIN
    n := coalesce(nullif(current_setting('taifish.changed', true), ''), '0');
    n := n + 1;

    IF n > 20 THEN
        PERFORM set_config('taifish.changed', n::text, true);
        RETURN NULL;
    END IF;

    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD);
    END IF;

    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW);
    END IF;

    SELECT jsonb_object_agg(rtrim(c, '!'),
               CASE WHEN c LIKE '%!' THEN '"changed"'
                    ELSE jsonb_build_array(nullif(old_row -> c, 'null'),
                                           nullif(new_row -> c, 'null')) END)
    INTO fields
    FROM unnest(TG_ARGV[3:]) c
    WHERE nullif(old_row -> rtrim(c, '!'), 'null')
          IS DISTINCT FROM nullif(new_row -> rtrim(c, '!'), 'null');

    IF fields IS NULL THEN
        RETURN NULL;
    END IF;

    PERFORM set_config('taifish.changed', n::text, true),
            set_config('taifish.changes',
                concat_ws(',', nullif(current_setting('taifish.changes', true),
                                      ''),
                    jsonb_build_object(
                        'type', TG_ARGV[0],
                        'id', coalesce(new_row, old_row) ->> TG_ARGV[1],
                        'name', coalesce(new_row, old_row) ->> TG_ARGV[2],
                        'change', CASE TG_OP WHEN 'INSERT' THEN 'create'
                                             WHEN 'UPDATE' THEN 'update'
                                             ELSE 'delete' END,
                        'fields', fields)::text), true);
    RETURN NULL;
END
$$;

CREATE TRIGGER users_audit
    AFTER INSERT OR DELETE
    OR UPDATE OF username, email, password_hash, role, is_active ON users
    FOR EACH ROW EXECUTE FUNCTION audit_change('user', 'id', 'username',
        'username', 'email', 'role', 'is_active', 'password_hash!');

CREATE TRIGGER api_tokens_audit
    AFTER INSERT OR UPDATE OF revoked_at ON api_tokens
    FOR EACH ROW EXECUTE FUNCTION audit_change('token', 'id', 'name',
        'name', 'user_id', 'scope', 'expires_at', 'revoked_at');

CREATE TRIGGER credentials_audit
    AFTER INSERT OR DELETE
    OR UPDATE OF name, credential_type, db_type, username, sealed, description,
                 is_active ON credentials
    FOR EACH ROW EXECUTE FUNCTION audit_change('credential', 'id', 'name',
        'name', 'credential_type', 'db_type', 'username', 'description',
        'is_active', 'sealed!');

CREATE TRIGGER instances_audit
    AFTER INSERT OR DELETE
    OR UPDATE OF name, db_type, host, port, database_name, tls_mode, tls_ca,
                 credential_id, description, is_active, deleted_at,
                 capacity_limit_bytes ON instances
    FOR EACH ROW EXECUTE FUNCTION audit_change('instance', 'id', 'name',
        'name', 'db_type', 'host', 'port', 'database_name', 'tls_mode',
        'tls_ca!', 'credential_id', 'description', 'is_active', 'deleted_at',
        'capacity_limit_bytes');

CREATE TRIGGER tags_audit
    AFTER INSERT OR UPDATE OR DELETE ON tags
    FOR EACH ROW EXECUTE FUNCTION audit_change('tag', 'id', 'name',
        'name', 'display_name', 'category', 'is_active');

CREATE TRIGGER account_classes_audit
    AFTER INSERT OR UPDATE OR DELETE ON account_classes
    FOR EACH ROW EXECUTE FUNCTION audit_change('class', 'id', 'code',
        'code', 'display_name', 'description', 'risk_level', 'priority');

CREATE TRIGGER classification_rules_audit
    AFTER INSERT OR UPDATE OR DELETE ON classification_rules
    FOR EACH ROW EXECUTE FUNCTION audit_change('rule', 'id', 'rule_name',
        'rule_name', 'db_type', 'classification_id', 'rule_version',
        'rule_text', 'is_active', 'deleted_at');

CREATE TRIGGER schedules_audit
    AFTER INSERT OR DELETE
    OR UPDATE OF cron_expression, timezone, misfire, is_enabled, is_deleted
    ON schedules
    FOR EACH ROW EXECUTE FUNCTION audit_change('schedule', 'job_id',
        'task_key', 'cron_expression', 'timezone', 'misfire', 'is_enabled',
        'is_deleted');

CREATE TRIGGER task_runs_audit
    AFTER INSERT ON task_runs
    FOR EACH ROW EXECUTE FUNCTION audit_change('run', 'run_id', 'task_key',
        'task_key', 'trigger_source');


-- Tags of instances come and go by the thousand: one note for a statement.

CREATE FUNCTION audit_instance_tags() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    pairs integer;
    shown jsonb;
    n     integer;
BEGIN
    SELECT count(*),
           jsonb_agg(jsonb_build_array(t.instance_id, t.tag_id)
                     ORDER BY t.instance_id, t.tag_id)
               FILTER (WHERE t.n <= 20)
    INTO pairs, shown
    FROM (SELECT instance_id, tag_id,
                 row_number() OVER (ORDER BY instance_id, tag_id) AS n
          FROM touched) t;

    IF pairs = 0 THEN
        RETURN NULL;
    END IF;

    n := coalesce(nullif(current_setting('taifish.changed', true), ''), '0');
    PERFORM set_config('taifish.changed', (n + 1)::text, true),
            set_config('taifish.changes',
                concat_ws(',', nullif(current_setting('taifish.changes', true),
                                      ''),
                    jsonb_build_object(
                        'type', 'instance_tag',
                        'change', CASE TG_OP WHEN 'INSERT' THEN 'create'
                                             ELSE 'delete' END,
                        'pairs', pairs, 'instance_tag', shown)::text), true);
    RETURN NULL;
END
$$;

CREATE TRIGGER instance_tags_audit_insert AFTER INSERT ON instance_tags
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION audit_instance_tags();
CREATE TRIGGER instance_tags_audit_delete AFTER DELETE ON instance_tags
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION audit_instance_tags();


-- Cuts the log: rows older than audit_head.keep_months go, by their partitions.
-- A row says up to where; with it the rest can be verified as before.  Returns
-- how many rows went, 0 when there was nothing to cut.

CREATE FUNCTION audit_cut(today date, by_name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET lock_timeout = '3s' SET timezone = 'UTC' AS $$
DECLARE
    months integer := (SELECT h.keep_months FROM audit_head h);
    keep   timestamptz := date_trunc('month', today::timestamp)
                          - months * interval '1 month';
    first  bigint;
    last   audit_log;
BEGIN
    SELECT a.* INTO last
    FROM audit_log a
    WHERE a.time < keep
    ORDER BY a.time DESC, a.seq DESC
    LIMIT 1;

    IF NOT FOUND THEN
        RETURN 0;
    END IF;

    SELECT min(a.seq) INTO first FROM audit_log a WHERE a.time < keep;

    PERFORM audit_append('audit.cut', 'success', true, NULL, by_name, NULL,
        NULL, NULL, last.seq::text,
        jsonb_build_object('first', first, 'last', last.seq,
                           'hash', encode(last.hash, 'hex')));

    -- rows of a month that was never made stand in the DEFAULT partition
    PERFORM set_config('taifish.cut', 'on', true);
    PERFORM FROM tf_partitions_drop('audit_log', today, months);
    PERFORM set_config('taifish.cut', '', true);

    RETURN last.seq - first + 1;
END
$$;

REVOKE EXECUTE ON FUNCTION audit_cut(date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_cut(date, text) TO taifish_worker;


-- The head goes to the logs each hour, and old rows go every night.

INSERT INTO schedules (job_id, task_key, cron_expression, is_builtin)
VALUES ('audit_head', 'audit_head', '0 * * * *', true),
       ('cleanup_logs', 'cleanup_logs', '0 2 * * *', true);
