-- Foundation: people, secrets, inventory, accounts and their history, runs
-- and the queue, schedules.
--
-- Two programs log in with different rights: members of taifish_api (nginx)
-- and of taifish_worker.  The migrating role needs CREATEROLE unless both
-- exist already.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taifish_api') THEN
        CREATE ROLE taifish_api LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taifish_worker') THEN
        CREATE ROLE taifish_worker LOGIN;
    END IF;
END
$$;


-- A rule that spans rows is refused by calling this inside the statement:
--     SELECT tf_fail('LAST_ADMIN_REQUIRED', 'role') WHERE ...
-- code is a message_code of src/core/tf_error.c, field the request's field.

CREATE FUNCTION tf_fail(code text, field text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TF000', MESSAGE = code, COLUMN = field;
END
$$;


CREATE TABLE users (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username            text NOT NULL CHECK (username ~ '^[A-Za-z0-9_]{3,20}$'),
    email               text,
    password_hash       text NOT NULL,
    role                text NOT NULL DEFAULT 'viewer'
                        CHECK (role IN ('admin', 'user', 'viewer', 'auditor')),
    is_active           boolean NOT NULL DEFAULT true,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    last_login          timestamptz
);

CREATE UNIQUE INDEX users_username_key ON users (lower(username));


-- id is the SHA-256 of the cookie: a dump of this table signs nobody in.

CREATE TABLE sessions (
    id           bytea PRIMARY KEY CHECK (length(id) = 32),
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    remote_addr  inet,
    user_agent   text
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);


-- prefix finds the row, hash (SHA-256 of the whole token) proves it.

CREATE TABLE api_tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text NOT NULL UNIQUE,
    hash         bytea NOT NULL CHECK (length(hash) = 32),
    scope        text NOT NULL DEFAULT 'read'
                 CHECK (scope IN ('read', 'write')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    UNIQUE (user_id, name),
    CHECK (expires_at <= created_at + interval '1 year 1 day')
);


-- One row for every name somebody failed to sign in with, known or not.

CREATE TABLE login_throttle (
    username      text PRIMARY KEY,
    failures      integer NOT NULL DEFAULT 0,
    first_failure timestamptz NOT NULL DEFAULT now(),
    blocked_until timestamptz NOT NULL DEFAULT '-infinity'
);


-- sealed: crypto_box_seal by nginx to the worker's public key, waiting to be
-- taken in.  envelope: the worker's XChaCha20-Poly1305 form.  The API role may
-- write sealed and read neither.

CREATE TABLE credentials (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    credential_type text NOT NULL
                    CHECK (credential_type IN ('database', 'ssh', 'windows',
                                               'api', 'ldap', 'veeam')),
    db_type         text CHECK (db_type IN ('postgresql', 'mysql',
                                            'sqlserver', 'oracle')),
    username        text NOT NULL,
    sealed          bytea,
    envelope        bytea,
    key_id          text,
    description     text,
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (sealed IS NOT NULL OR envelope IS NOT NULL)
);

CREATE UNIQUE INDEX credentials_name_key ON credentials (name);


CREATE TABLE tags (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CONSTRAINT tags_name_key UNIQUE,
    display_name text NOT NULL,
    category     text NOT NULL,
    is_active    boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);


CREATE TABLE instances (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text NOT NULL CONSTRAINT instances_name_key UNIQUE
                     CHECK (length(name) BETWEEN 1 AND 100),
    db_type          text NOT NULL
                     CHECK (db_type IN ('postgresql', 'mysql', 'sqlserver',
                                        'oracle')),
    host             text NOT NULL,
    port             integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    database_name    text,
    tls_mode         text NOT NULL DEFAULT 'verify-full'
                     CHECK (tls_mode IN ('verify-full', 'verify-ca', 'require',
                                         'disable')),
    tls_ca           text,
    credential_id    bigint REFERENCES credentials ON DELETE RESTRICT,
    description      text,
    is_active        boolean NOT NULL DEFAULT true,
    database_version text,
    main_version     text,
    detailed_version text,
    sync_count       bigint NOT NULL DEFAULT 0,
    last_connected   timestamptz,
    -- last run whose account list was read; the accounts not dropped were
    -- all seen by it
    last_sync_at     timestamptz,
    last_sync_status text CHECK (last_sync_status IN ('completed', 'partial',
                                                      'failed')),
    -- kept by triggers, so that a list of instances reads one table
    account_count    integer NOT NULL DEFAULT 0,
    tags             json NOT NULL DEFAULT '[]',
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz
);

CREATE INDEX instances_credential_id_idx ON instances (credential_id);

CREATE TABLE instance_tags (
    instance_id bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    tag_id      bigint NOT NULL REFERENCES tags ON DELETE RESTRICT,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (instance_id, tag_id)
);

CREATE INDEX instance_tags_tag_id_idx ON instance_tags (tag_id);

CREATE FUNCTION instances_set_tags() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE instances i
    SET tags = (SELECT coalesce(json_agg(json_build_object(
                                    'name', t.name,
                                    'display_name', t.display_name)
                                ORDER BY t.name), '[]')
                FROM instance_tags it
                     JOIN tags t ON t.id = it.tag_id
                WHERE it.instance_id = i.id)
    WHERE i.id IN (SELECT instance_id FROM touched);
    RETURN NULL;
END
$$;

CREATE FUNCTION instances_set_tags_renamed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE instance_tags it
    SET tag_id = it.tag_id
    FROM touched t
    WHERE it.tag_id = t.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER instance_tags_insert AFTER INSERT ON instance_tags
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_tags();
CREATE TRIGGER instance_tags_update AFTER UPDATE ON instance_tags
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_tags();
CREATE TRIGGER instance_tags_delete AFTER DELETE ON instance_tags
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_tags();
CREATE TRIGGER tags_update AFTER UPDATE ON tags
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_tags_renamed();


-- What a person sees of work in the background.

CREATE TABLE task_runs (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id             uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    task_key           text NOT NULL,
    task_category      text NOT NULL,
    trigger_source     text NOT NULL
                       CHECK (trigger_source IN ('scheduled', 'manual', 'api')),
    status             text NOT NULL DEFAULT 'pending'
                       CHECK (status IN ('pending', 'running', 'completed',
                                         'completed_with_errors', 'failed',
                                         'cancelled')),
    created_by         bigint REFERENCES users ON DELETE SET NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    started_at         timestamptz,
    completed_at       timestamptz,
    progress_total     integer NOT NULL DEFAULT 0,
    progress_completed integer NOT NULL DEFAULT 0,
    progress_failed    integer NOT NULL DEFAULT 0,
    progress_cancelled integer NOT NULL DEFAULT 0,
    summary            jsonb,
    error_message      text,
    result_url         text
);

CREATE INDEX task_runs_task_key_idx ON task_runs (task_key, id DESC);
CREATE INDEX task_runs_open_idx ON task_runs (id)
    WHERE status IN ('pending', 'running');


-- One row per piece of work: the queue itself.
--
-- scheduled  waits for ready_at         (retry: the same, after a failure)
-- ready      may be claimed now
-- running    leased: (worker_id, token) own it until lease_until
-- done | dead | cancelled               final
--
-- Only the holder of token may renew or finish a running row.

CREATE TABLE task_items (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        bigint NOT NULL REFERENCES task_runs ON DELETE CASCADE,
    kind          text NOT NULL,
    lane          text NOT NULL DEFAULT 'normal'
                  CHECK (lane IN ('short', 'normal')),
    item_type     text NOT NULL,
    item_key      text NOT NULL,
    item_name     text,
    instance_id   bigint REFERENCES instances ON DELETE CASCADE,
    payload       jsonb NOT NULL DEFAULT '{}',
    state         text NOT NULL DEFAULT 'ready'
                  CHECK (state IN ('scheduled', 'ready', 'running', 'retry',
                                   'done', 'dead', 'cancelled')),
    ready_at      timestamptz NOT NULL DEFAULT now(),
    attempt       integer NOT NULL DEFAULT 0,
    max_attempts  integer NOT NULL DEFAULT 3,
    deadline      interval NOT NULL DEFAULT '5 minutes',
    token         bigint NOT NULL DEFAULT 0,
    worker_id     uuid,
    lease_until   timestamptz,
    cancel        boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    completed_at  timestamptz,
    metrics       jsonb,
    details       jsonb,
    error_code    text,
    error_message text,
    UNIQUE (run_id, item_type, item_key),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'dead', 'cancelled')) =
           (completed_at IS NOT NULL))
);

CREATE INDEX task_items_ready_idx ON task_items (lane, ready_at, id)
    WHERE state IN ('scheduled', 'ready', 'retry');
CREATE INDEX task_items_lease_idx ON task_items (lease_until)
    WHERE state = 'running';
CREATE INDEX task_items_instance_idx ON task_items (instance_id, id DESC);

-- The same work on the same instance is never queued twice.
CREATE UNIQUE INDEX task_items_open_key ON task_items (kind, instance_id)
    WHERE state IN ('scheduled', 'ready', 'running', 'retry')
          AND kind = 'sync_accounts';


CREATE TABLE schedules (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id          text NOT NULL UNIQUE,
    task_key        text NOT NULL,
    payload         jsonb NOT NULL DEFAULT '{}',
    cron_expression text NOT NULL,
    timezone        text NOT NULL DEFAULT 'Asia/Shanghai',
    misfire         text NOT NULL DEFAULT 'once'
                    CHECK (misfire IN ('skip', 'once', 'fill')),
    is_builtin      boolean NOT NULL DEFAULT false,
    is_enabled      boolean NOT NULL DEFAULT true,
    next_due_at     timestamptz,
    last_due_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX schedules_due_idx ON schedules (next_due_at) WHERE is_enabled;

-- The row that makes a due time fire once, however many workers look.
CREATE TABLE schedule_fires (
    schedule_id bigint NOT NULL REFERENCES schedules ON DELETE CASCADE,
    due_at      timestamptz NOT NULL,
    run_id      bigint REFERENCES task_runs ON DELETE SET NULL,
    fired_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schedule_id, due_at)
);

CREATE TABLE workers (
    id           uuid PRIMARY KEY,
    host         text NOT NULL,
    pid          integer NOT NULL,
    version      text NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    state        text NOT NULL DEFAULT 'running'
                 CHECK (state IN ('running', 'draining', 'stopped'))
);


-- An account is a principal of an instance; what it may do is in its versions.
-- The columns from version_id on repeat the open version for the ledger.

CREATE TABLE accounts (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id    bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    -- by bytes: no release of the C library or of ICU changes its order
    principal      text COLLATE "C" NOT NULL,
    username       text NOT NULL,
    host           text,
    kind           text NOT NULL CHECK (kind IN ('user', 'role', 'public')),
    -- the engine's own identity (a PostgreSQL oid): a change of it under the
    -- same name means dropped and created again
    native_id      text,
    first_seen_at  timestamptz NOT NULL DEFAULT now(),
    dropped_at     timestamptz,
    -- the open version, or the last one.  No foreign key: it would make a
    -- circle, and every version that is deleted would search all accounts
    version_id     bigint,
    is_superuser   boolean NOT NULL DEFAULT false,
    is_locked      boolean NOT NULL DEFAULT false,
    can_grant      boolean NOT NULL DEFAULT false,
    plugin         text,
    last_change_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_principal_key UNIQUE (instance_id, principal)
);

CREATE INDEX accounts_list_idx ON accounts (principal, id);

CREATE FUNCTION instances_set_account_count() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE instances i
    SET account_count = (SELECT count(*)
                         FROM accounts a
                         WHERE a.instance_id = i.id AND a.dropped_at IS NULL
                               AND a.kind <> 'public')
    WHERE i.id IN (SELECT instance_id FROM touched);
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_insert AFTER INSERT ON accounts
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_account_count();
CREATE TRIGGER accounts_update AFTER UPDATE ON accounts
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_account_count();
CREATE TRIGGER accounts_delete AFTER DELETE ON accounts
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_set_account_count();

-- History goes with its account, by the trigger accounts_history: a foreign key
-- would be looked up for every row, a fifth of what a first sync costs the
-- store.  Only a sync writes here, which holds its instance's row.

CREATE TABLE account_versions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL,
    -- JSON as text: it is canonical, its digest is the fingerprint, and who
    -- made it need not have it parsed again, another fifth of that cost
    snapshot    text NOT NULL,
    facts       text NOT NULL,
    fingerprint bytea NOT NULL,
    observed    tstzrange NOT NULL,
    -- the change happened after previous_run_at and not later than
    -- lower(observed)
    previous_run_at timestamptz,
    -- task_runs.run_id; runs are deleted long before history is
    run_id      uuid
);

-- pglz would be a good part of what a first sync costs the store.
DO $$
BEGIN
    ALTER TABLE account_versions ALTER snapshot SET COMPRESSION lz4,
                                 ALTER facts SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;       -- a PostgreSQL built without it
END
$$;

CREATE UNIQUE INDEX account_versions_open_key ON account_versions (account_id)
    WHERE upper_inf(observed);
CREATE INDEX account_versions_account_idx
    ON account_versions (account_id, lower(observed) DESC);

CREATE TABLE account_changes (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id     bigint NOT NULL,
    instance_id    bigint NOT NULL,
    db_type        text NOT NULL,
    username       text NOT NULL,
    change_type    text NOT NULL
                   CHECK (change_type IN ('add', 'modify_privilege',
                                          'modify_other', 'drop', 'recreate')),
    -- gained SUPERUSER or GRANT_ADMIN
    is_elevation   boolean NOT NULL DEFAULT false,
    change_time    timestamptz NOT NULL DEFAULT now(),
    status         text NOT NULL DEFAULT 'success',
    message        text NOT NULL DEFAULT '',
    privilege_diff jsonb,
    other_diff     jsonb,
    run_id         uuid
);

-- By the owner's rights: who may delete an instance need not write history.

CREATE FUNCTION accounts_delete_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM account_versions
    WHERE account_id IN (SELECT id FROM touched);
    DELETE FROM account_changes
    WHERE account_id IN (SELECT id FROM touched);
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_history AFTER DELETE ON accounts
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_delete_history();

-- A change in a person's words: message is codes and numbers, "GRANT 2 REVOKE 1".

CREATE FUNCTION account_change_text(message text, lang text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(format(w.said, r.m[2]),
                               CASE lang WHEN 'en' THEN ', ' ELSE '，' END
                               ORDER BY r.n), '')
    FROM regexp_matches(message, '([A-Z]+)(?: ([0-9]+))?', 'g')
             WITH ORDINALITY AS r (m, n)
         JOIN (VALUES ('ADD', 'zh', '新增账户，%s 项权限'),
                      ('RECREATE', 'zh', '删除后重建，%s 项权限'),
                      ('DROP', 'zh', '账户已删除'),
                      ('GRANT', 'zh', '授予 %s 项权限'),
                      ('REVOKE', 'zh', '回收 %s 项权限'),
                      ('ALTER', 'zh', '修改 %s 项权限'),
                      ('OTHER', 'zh', '变更 %s 项属性'),
                      ('ADD', 'en', 'account added, privileges: %s'),
                      ('RECREATE', 'en',
                       'dropped and created again, privileges: %s'),
                      ('DROP', 'en', 'account dropped'),
                      ('GRANT', 'en', 'privileges granted: %s'),
                      ('REVOKE', 'en', 'privileges revoked: %s'),
                      ('ALTER', 'en', 'privileges altered: %s'),
                      ('OTHER', 'en', 'attributes changed: %s'))
              AS w (word, lang, said)
              ON w.word = r.m[1]
    WHERE w.lang = account_change_text.lang
$$;

CREATE INDEX account_changes_time_idx ON account_changes (change_time, id);
CREATE INDEX account_changes_account_idx
    ON account_changes (account_id, id DESC);
CREATE INDEX account_changes_instance_idx
    ON account_changes (instance_id, change_time);


-- How well the last sync could read each part of an instance.  database is ''
-- where the engine has one scope for all.  Written only when something about
-- it changes: a row that says ok is as fresh as instances.last_sync_at.

CREATE TABLE instance_scopes (
    instance_id   bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    scope         text NOT NULL,
    database      text NOT NULL DEFAULT '',
    status        text NOT NULL
                  CHECK (status IN ('ok', 'denied', 'unsupported', 'timeout',
                                    'error')),
    error_code    text,
    error_message text,
    -- not read since; NULL while ok
    stale_since   timestamptz,
    -- was read at least once: what was never seen before is no new grant
    known         boolean NOT NULL DEFAULT false,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (instance_id, scope, database)
);


-- Rights.  The API never sees an envelope; the worker never sees a password
-- hash or a session.

GRANT SELECT, INSERT, UPDATE, DELETE ON
    users, sessions, api_tokens, login_throttle, tags, instances,
    instance_tags, schedules TO taifish_api;
GRANT SELECT, INSERT, UPDATE ON task_runs, task_items TO taifish_api;
GRANT SELECT ON accounts, account_versions, account_changes,
    instance_scopes, schedule_fires, workers TO taifish_api;
GRANT SELECT (id, uuid, name, credential_type, db_type, username, key_id,
              description, is_active, created_at, updated_at)
    ON credentials TO taifish_api;
GRANT INSERT (uuid, name, credential_type, db_type, username, sealed,
              description, is_active),
      UPDATE (name, credential_type, db_type, username, sealed, envelope,
              description, is_active, updated_at),
      DELETE
    ON credentials TO taifish_api;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    task_runs, task_items, schedules, schedule_fires, workers, accounts,
    account_versions, account_changes, instance_scopes TO taifish_worker;
GRANT SELECT, UPDATE ON instances TO taifish_worker;
GRANT SELECT, UPDATE (sealed, envelope, key_id) ON credentials
    TO taifish_worker;
GRANT USAGE ON SEQUENCE accounts_id_seq, account_versions_id_seq
    TO taifish_worker;
GRANT SELECT ON tags, instance_tags TO taifish_worker;
GRANT SELECT (id, username, role, is_active) ON users TO taifish_worker;
-- retention
GRANT SELECT, DELETE ON login_throttle TO taifish_worker;
GRANT SELECT (id, expires_at, last_seen_at), DELETE ON sessions
    TO taifish_worker;


INSERT INTO schedules (job_id, task_key, cron_expression, is_builtin)
VALUES ('sync_accounts', 'sync_accounts', '0 1 * * *', true),
       ('housekeeping', 'housekeeping', '30 0 * * *', true);
