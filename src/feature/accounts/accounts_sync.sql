-- The sync of one instance's accounts.  New rows go in by COPY, with ids taken
-- from the sequences beforehand; these statements do the rest.

-- part: state
md5(row(i.db_type, i.host, i.port, i.database_name, i.tls_mode, i.tls_ca,
               i.credential_id, i.last_sync_at, i.deleted_at)::text) AS state


-- name: accounts_sync_instance
-- worker
SELECT i.name, i.db_type, i.host, i.port, i.database_name, i.tls_mode,
       i.tls_ca, i.credential_id, {state}
FROM instances i
WHERE i.id = :instance_id::bigint AND i.deleted_at IS NULL

-- name: accounts_sync_lock
-- worker
-- The instance must still be what was read.
-- Times are microseconds.
SELECT {state}, (extract(epoch FROM now()) * 1000000)::bigint AS now,
       (extract(epoch FROM i.last_sync_at) * 1000000)::bigint AS last_sync
FROM instances i
WHERE i.id = :instance_id::bigint
FOR UPDATE

-- name: accounts_sync_before
-- worker
-- Those that were dropped come last, and of one name the last one first.
SELECT a.id, a.principal, a.native_id, a.kind, a.dropped_at IS NOT NULL AS dropped,
       v.id AS version_id, v.fingerprint, o.digest AS objects
FROM accounts a
     LEFT JOIN account_versions v ON v.id = a.version_id
                                     AND a.dropped_at IS NULL
     LEFT JOIN account_objects o ON o.account_id = a.id
WHERE a.instance_id = :instance_id::bigint
ORDER BY a.dropped_at DESC NULLS FIRST

-- name: accounts_sync_scopes
-- worker
SELECT scope, database, status, error_code, known
FROM instance_scopes
WHERE instance_id = :instance_id::bigint

-- name: accounts_sync_snapshots
-- worker
-- One row for each of ids, in their order.
SELECT v.snapshot, o.objects
FROM unnest(:ids::bigint[]) WITH ORDINALITY AS u (id, n)
     LEFT JOIN account_versions v ON v.id = u.id
     LEFT JOIN account_objects o ON o.account_id = v.account_id
ORDER BY u.n

-- name: accounts_sync_databases
-- worker
SELECT native_id, name
FROM instance_databases_seen
WHERE instance_id = :instance_id::bigint


-- name: accounts_sync_ids
-- worker
SELECT nextval('account_versions_id_seq') AS version_id,
       CASE WHEN n <= :created::bigint
            THEN nextval('accounts_id_seq') END AS account_id
FROM generate_series(1, :changed::bigint) n

-- name: accounts_sync_rename
-- worker
-- Frees the names of accounts that get another one: two may have swapped
-- theirs.  No name of an engine is as long.
UPDATE accounts
SET principal = repeat('.', 400) || id
WHERE id = ANY (:ids::bigint[])

-- name: accounts_sync_native_ids
-- worker
-- Of accounts that were stored before the engine's identity was.
UPDATE accounts a
SET native_id = u.native_id
FROM jsonb_to_recordset(:accounts::jsonb) AS u (id bigint, native_id text)
WHERE a.id = u.id

-- name: accounts_sync_objects_drop
-- worker
DELETE FROM account_objects
WHERE account_id = ANY (:ids::bigint[])

-- name: accounts_sync_databases_write
-- worker
-- complete: those that are not among them are no more.
WITH d AS (
    SELECT *
    FROM jsonb_to_recordset(:databases::jsonb) AS d (native_id text, name text)
), gone AS (
    DELETE FROM instance_databases_seen o
    WHERE o.instance_id = :instance_id::bigint AND :complete::boolean
          AND NOT EXISTS (SELECT FROM d WHERE d.native_id = o.native_id)
)
INSERT INTO instance_databases_seen AS o (instance_id, native_id, name)
SELECT i.id, d.native_id, d.name
FROM d
     JOIN instances i ON i.id = :instance_id::bigint
ON CONFLICT (instance_id, native_id) DO UPDATE
SET name = EXCLUDED.name
WHERE o.name <> EXCLUDED.name

-- name: accounts_sync_update
-- worker
-- Closes the open version of each of these accounts and names its next one,
-- which is copied in after this.
WITH u AS (
    SELECT *
    FROM jsonb_to_recordset(:accounts::jsonb)
             AS u (id bigint, version_id bigint, principal text,
                   username text, host text, kind text, native_id text,
                   is_superuser boolean, is_locked boolean, can_grant boolean, plugin text,
                   is_change boolean)
), closed AS (
    UPDATE account_versions v
    SET observed = tstzrange(lower(v.observed),
                             greatest(now(), lower(v.observed)
                                             + interval '1 microsecond'))
    FROM u
    WHERE v.account_id = u.id AND upper_inf(v.observed)
)
UPDATE accounts a
SET principal = u.principal,
    username = u.username,
    host = u.host,
    kind = u.kind,
    native_id = u.native_id,
    dropped_at = NULL,
    version_id = u.version_id,
    is_superuser = u.is_superuser,
    is_locked = u.is_locked,
    can_grant = u.can_grant,
    plugin = u.plugin,
    last_change_at = CASE WHEN u.is_change THEN now()
                          ELSE a.last_change_at END
FROM u
WHERE a.id = u.id

-- name: accounts_sync_drop
-- worker
WITH gone AS (
    UPDATE accounts
    SET dropped_at = now(),
        last_change_at = now()
    WHERE id = ANY (:ids::bigint[]) AND dropped_at IS NULL
    RETURNING id, instance_id, principal
), closed AS (
    UPDATE account_versions v
    SET observed = tstzrange(lower(v.observed),
                             greatest(now(), lower(v.observed)
                                             + interval '1 microsecond'))
    FROM gone g
    WHERE v.account_id = g.id AND upper_inf(v.observed)
)
INSERT INTO account_changes (account_id, instance_id, db_type, username,
                             change_type, message, run_id)
SELECT g.id, g.instance_id, :db_type, g.principal, 'drop', 'DROP',
       :run_id::uuid
FROM gone g
ORDER BY g.principal

-- name: accounts_sync_scopes_write
-- worker
-- Only what became different is sent here.
WITH s AS (
    SELECT *
    FROM jsonb_to_recordset(:scopes::jsonb)
             AS s (scope text, database text, status text, code text,
                   detail text)
)
INSERT INTO instance_scopes AS o (instance_id, scope, database, status,
                                  error_code, error_message, known,
                                  stale_since)
SELECT i.id, s.scope, s.database, s.status, s.code, s.detail,
       s.status = 'ok',
       CASE WHEN s.status <> 'ok'
            THEN CASE WHEN b.known THEN coalesce(i.last_sync_at, now())
                      ELSE now() END END
FROM s
     JOIN instances i ON i.id = :instance_id::bigint
     LEFT JOIN instance_scopes b ON b.instance_id = i.id
                                    AND b.scope = s.scope
                                    AND b.database = s.database
WHERE {item_held}
ON CONFLICT (instance_id, scope, database) DO UPDATE
SET status = EXCLUDED.status,
    error_code = EXCLUDED.error_code,
    error_message = EXCLUDED.error_message,
    known = o.known OR EXCLUDED.known,
    stale_since = CASE WHEN EXCLUDED.status <> 'ok'
                       THEN coalesce(o.stale_since, EXCLUDED.stale_since) END,
    updated_at = now()

-- name: accounts_sync_scopes_rename
-- worker
-- Two databases may have swapped their names: all rows are deleted before the
-- first one is written, which the sort sees to.
WITH r AS (
    SELECT *
    FROM jsonb_to_recordset(:renames::jsonb) AS r (old text, new text)
), o AS (
    DELETE FROM instance_scopes o
    USING r
    WHERE o.instance_id = :instance_id::bigint AND o.database = r.old
    RETURNING o.*, r.new
)
INSERT INTO instance_scopes (instance_id, scope, database, status, error_code,
                             error_message, stale_since, known, updated_at)
SELECT o.instance_id, o.scope, o.new, o.status, o.error_code, o.error_message,
       o.stale_since, o.known, o.updated_at
FROM o
WHERE o.new IS NOT NULL
ORDER BY o.scope, o.new

-- name: accounts_sync_scopes_drop
-- worker
DELETE FROM instance_scopes o
USING jsonb_to_recordset(:scopes::jsonb) AS s (scope text, database text)
WHERE o.instance_id = :instance_id::bigint AND o.scope = s.scope
      AND o.database = s.database

-- name: accounts_sync_done
-- worker
UPDATE instances
SET last_sync_at = now(),
    last_sync_status = :status,
    last_connected = now(),
    sync_count = sync_count + 1,
    database_version = :version,
    main_version = :main,
    detailed_version = :detailed
WHERE id = :instance_id::bigint

-- name: accounts_sync_failed
-- worker
-- Outside of the job's transaction, which is rolled back; only while the job
-- is still this worker's.
UPDATE instances i
SET last_sync_status = 'failed',
    last_connected = CASE WHEN :connected::boolean THEN now()
                          ELSE i.last_connected END
WHERE i.id = :instance_id::bigint AND {item_held}
