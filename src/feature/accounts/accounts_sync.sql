-- The sync of one instance's accounts.  Statements on account_incoming are for
-- the temporary table of that name; see sql/0001_foundation.sql.

-- part: state
md5(row(i.db_type, i.host, i.port, i.database_name, i.tls_mode, i.tls_ca,
               i.credential_id, i.last_sync_at, i.deleted_at)::text) AS state

-- part: held
EXISTS (SELECT FROM task_items t
              WHERE t.id = :item_id::bigint AND t.token = :token::bigint
                    AND t.state = 'running')


-- name: accounts_sync_instance
-- worker
SELECT i.name, i.db_type, i.host, i.port, i.database_name, i.tls_mode,
       i.tls_ca, i.credential_id, i.last_sync_at, {state}
FROM instances i
WHERE i.id = :instance_id::bigint AND i.deleted_at IS NULL

-- name: accounts_sync_lock
-- worker
-- The instance must still be what was read.
SELECT {state}
FROM instances i
WHERE i.id = :instance_id::bigint
FOR UPDATE

-- name: accounts_sync_before
-- worker
SELECT a.id, a.principal, a.native_id, a.kind, a.dropped_at IS NOT NULL AS dropped,
       v.id AS version_id, v.fingerprint
FROM accounts a
     LEFT JOIN account_versions v ON v.id = a.version_id
                                     AND a.dropped_at IS NULL
WHERE a.instance_id = :instance_id::bigint

-- name: accounts_sync_scopes
-- worker
SELECT scope, database, status, error_code, known
FROM instance_scopes
WHERE instance_id = :instance_id::bigint

-- name: accounts_sync_snapshots
-- worker
-- One row for each of ids, in their order.
SELECT v.snapshot
FROM unnest(:ids::bigint[]) WITH ORDINALITY AS u (id, n)
     LEFT JOIN account_versions v ON v.id = u.id
ORDER BY u.n


-- name: accounts_sync_insert
-- worker
INSERT INTO accounts (instance_id, principal, username, host, kind, native_id,
                      version_id, is_superuser, is_locked, can_grant, plugin)
SELECT :instance_id::bigint, principal, username, host, kind, native_id,
       version_id, is_superuser, is_locked, can_grant, plugin
FROM account_incoming
WHERE account_id IS NULL

-- name: accounts_sync_close
-- worker
UPDATE account_versions v
SET observed = tstzrange(lower(v.observed),
                         greatest(now(), lower(v.observed)
                                         + interval '1 microsecond'))
FROM account_incoming i
WHERE v.account_id = i.account_id AND upper_inf(v.observed)

-- name: accounts_sync_update
-- worker
UPDATE accounts a
SET username = i.username,
    host = i.host,
    kind = i.kind,
    native_id = i.native_id,
    dropped_at = NULL,
    version_id = i.version_id,
    is_superuser = i.is_superuser,
    is_locked = i.is_locked,
    can_grant = i.can_grant,
    plugin = i.plugin,
    last_change_at = CASE WHEN i.change_type IS NULL THEN a.last_change_at
                          ELSE now() END
FROM account_incoming i
WHERE a.id = i.account_id

-- name: accounts_sync_versions
-- worker
INSERT INTO account_versions (id, account_id, snapshot, facts, fingerprint,
                              observed, previous_run_at, run_id)
OVERRIDING SYSTEM VALUE
SELECT i.version_id, a.id, i.snapshot, i.facts, i.fingerprint,
       tstzrange(now(), NULL), :previous_run_at::timestamptz, :run_id::uuid
FROM account_incoming i
     JOIN accounts a ON a.instance_id = :instance_id::bigint
                        AND a.principal = i.principal

-- name: accounts_sync_changes
-- worker
INSERT INTO account_changes (account_id, instance_id, db_type, username,
                             change_type, is_elevation, message,
                             privilege_diff, other_diff, run_id)
SELECT a.id, a.instance_id, :db_type, i.principal, i.change_type,
       i.is_elevation, i.message, i.privilege_diff, i.other_diff,
       :run_id::uuid
FROM account_incoming i
     JOIN accounts a ON a.instance_id = :instance_id::bigint
                        AND a.principal = i.principal
WHERE i.change_type IS NOT NULL

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
WHERE {held}
ON CONFLICT (instance_id, scope, database) DO UPDATE
SET status = EXCLUDED.status,
    error_code = EXCLUDED.error_code,
    error_message = EXCLUDED.error_message,
    known = o.known OR EXCLUDED.known,
    stale_since = CASE WHEN EXCLUDED.status <> 'ok'
                       THEN coalesce(o.stale_since, EXCLUDED.stale_since) END,
    updated_at = now()

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
WHERE i.id = :instance_id::bigint AND {held}
