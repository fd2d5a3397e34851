-- What "taifish-worker migrate" does besides the migrations, with the rights of
-- the schema's owner.

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

-- name: engine_life_store
-- worker
-- In the order of the calls.
INSERT INTO engine_life (db_type, fact, position, attribute, evidence,
                         when_null, when_missing)
SELECT :db_type::text, :fact::text, count(*), :attribute::text,
       :evidence::text, :null::text, :missing::text
FROM engine_life
WHERE db_type = :db_type

-- name: error_text_store
-- worker
INSERT INTO error_texts (code, zh, en)
VALUES (:code, :zh, :en)
ON CONFLICT (code) DO UPDATE
SET zh = EXCLUDED.zh, en = EXCLUDED.en
