-- What "taifish-worker admin" and "migrate" do, with the rights of the schema's
-- owner.

-- name: admin_create
-- worker
INSERT INTO users (username, password_hash, role)
VALUES (:username, :password_hash, :role)
ON CONFLICT DO NOTHING
RETURNING id

-- name: admin_roles
-- worker
-- The roles that the schema knows, and whether :role is one of them.
SELECT string_agg(m.found[1], ', ' ORDER BY m.n) AS roles,
       bool_or(m.found[1] = :role) AS known
FROM pg_constraint c,
     regexp_matches(pg_get_constraintdef(c.oid), '''(\w+)''', 'g')
         WITH ORDINALITY m (found, n)
WHERE c.conrelid = 'users'::regclass AND c.conname = 'users_role_check'

-- name: admin_reset_password
-- worker
-- Whoever knew the old password is signed out, and so are the tokens.
WITH changed AS (
    UPDATE users
    SET password_hash = :password_hash,
        password_changed_at = now(),
        updated_at = now()
    WHERE lower(username) = lower(:username)
    RETURNING id
), ended AS (
    DELETE FROM sessions
    WHERE user_id IN (SELECT id FROM changed)
), revoked AS (
    UPDATE api_tokens
    SET revoked_at = now()
    WHERE user_id IN (SELECT id FROM changed) AND revoked_at IS NULL
), forgiven AS (
    DELETE FROM login_throttle
    WHERE lower(username) = lower(:username)
)
SELECT id
FROM changed

-- name: job_kind_write
-- worker
INSERT INTO job_kinds (kind, category, scope, lane, attempts, deadline,
                       exclusive, connects, per_user, metrics)
VALUES (:kind, :category, :scope, :lane, :attempts::int,
        :deadline::int * interval '1 second', :exclusive::boolean,
        :connects::boolean, :per_user::int,
        :metrics::jsonb)
ON CONFLICT (kind) DO UPDATE
SET category = EXCLUDED.category,
    scope = EXCLUDED.scope,
    lane = EXCLUDED.lane,
    attempts = EXCLUDED.attempts,
    deadline = EXCLUDED.deadline,
    exclusive = EXCLUDED.exclusive,
    connects = EXCLUDED.connects,
    per_user = EXCLUDED.per_user,
    metrics = EXCLUDED.metrics

-- name: words_store
-- worker
-- Several kinds may report one number.
INSERT INTO words (topic, code, zh, en)
SELECT DISTINCT ON (topic, code) topic, code, zh, en
FROM json_to_recordset(:words::json)
     AS w (topic text, code text, zh text, en text)
ON CONFLICT (topic, code) DO UPDATE SET zh = EXCLUDED.zh, en = EXCLUDED.en

-- name: migrate_partitions
-- worker
SELECT count(a.partition_name) AS made
FROM partitioned_tables t
     CROSS JOIN LATERAL tf_partitions_ahead(t.table_name,
                            (now() AT TIME ZONE 'UTC')::date) a


-- What the program knows, as rows.

-- name: engine_store
-- worker
INSERT INTO engines (name, display_name, default_port, tested)
VALUES (:name, :display_name, :default_port::int, :tested)
ON CONFLICT (name) DO UPDATE
SET display_name = EXCLUDED.display_name,
    default_port = EXCLUDED.default_port,
    tested = EXCLUDED.tested

-- name: engine_scope_store
-- worker
-- In the order of the calls; a scope is called what all of its categories are.
INSERT INTO engine_scopes AS o (db_type, reading, scope, position, zh, en)
SELECT :db_type, :reading, :scope, count(*), :zh, :en
FROM engine_scopes
WHERE db_type = :db_type
ON CONFLICT (db_type, reading, scope) DO UPDATE
SET zh = o.zh || '、' || EXCLUDED.zh,
    en = o.en || ', ' || EXCLUDED.en

-- name: engine_grant_store
-- worker
INSERT INTO engine_grants (position, db_type, product, since, before, reach,
                           statement, reading, scope, held_by, zh, en)
VALUES (:position::int, :db_type, :product, :since::int, :before::int, :reach,
        :statement, :reading, :scope, :right, :zh, :en)

-- name: error_text_store
-- worker
INSERT INTO error_texts (code, zh, en)
VALUES (:code, :zh, :en)
ON CONFLICT (code) DO UPDATE
SET zh = EXCLUDED.zh, en = EXCLUDED.en
