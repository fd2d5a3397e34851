-- Accounts as the API shows them.
--
-- username is the principal ("app@%" on MySQL), as the reference has it; the
-- bare name and the host are there too.  Nothing knows directories:
-- ad_status is unknown.

-- part: lock_reasons
(SELECT coalesce(json_agg(coalesce(CASE :_lang::text WHEN 'en' THEN w.en
                                                             ELSE w.zh END,
                                           k.code) ORDER BY k.n), '[]')
        FROM json_array_elements_text(
                 v.facts::json -> 'capability_reasons' -> 'LOCKED')
             WITH ORDINALITY AS k (code, n)
             LEFT JOIN words w ON w.topic = 'lock' AND w.code = k.code)

-- part: lifecycle
(SELECT json_object_agg(
                    x.fact,
                    json_build_object(
                        'value', CASE WHEN x.code IS NULL THEN x.value END,
                        'days', CASE WHEN x.code IS NULL
                                     THEN tf_days_until(x.value #>> '{}') END,
                        'evidence', CASE WHEN x.code IS NULL
                                         THEN x.evidence END,
                        'code', x.code,
                        'reason', CASE :_lang::text WHEN 'en' THEN w.en
                                                    ELSE w.zh END)
                    ORDER BY x.position)
        FROM (SELECT l.fact, l.position, l.evidence, y.value,
                     CASE WHEN a.kind <> 'user' THEN 'NO_SIGN_IN'
                          WHEN y.value #>> '{}' = 'infinity' THEN l.when_null
                          WHEN y.value #>> '{}' IS NOT NULL THEN NULL
                          WHEN l.fact = 'locked_at' AND NOT a.is_locked
                          THEN 'NOT_LOCKED'
                          WHEN y.value IS NULL THEN l.when_missing
                          ELSE l.when_null END AS code
              FROM (SELECT v.snapshot::json -> 'type_specific' -> i.db_type
                           AS told
                    OFFSET 0) t,
                   engine_life l,
                   LATERAL (
                       SELECT CASE
                              WHEN l.fact <> 'is_password_expired'
                                   OR l.attribute <> 'valid_until'
                              THEN t.told -> l.attribute
                              WHEN t.told -> l.attribute IS NOT NULL
                              THEN to_json(coalesce(
                                  tf_days_until(t.told ->> l.attribute) < 0,
                                  false))
                              END AS value) y
              WHERE l.db_type = i.db_type) x
             LEFT JOIN words w ON w.topic = 'life' AND w.code = x.code)

-- part: account
a.id, a.principal AS username, a.username AS original_username, a.host,
       a.kind, i.id AS instance_id, i.name AS instance_name,
       i.host AS instance_host, i.db_type, a.is_locked, a.is_superuser,
       a.can_grant, a.plugin, a.dropped_at IS NULL AS is_active,
       a.dropped_at IS NOT NULL AS is_deleted, a.first_seen_at, a.dropped_at,
       'unknown'::text AS ad_status, NULL::text AS ad_domain,
       NULL::timestamptz AS ad_disabled_at,
       NULL::timestamptz AS ad_orphaned_at,
       a.last_change_at AS last_change_time,
       i.last_sync_at AS last_sync_time,
       (SELECT count(*)
        FROM instance_scopes s
        WHERE s.instance_id = i.id AND s.status <> 'ok'
              AND (s.known OR s.status <> 'unsupported')) AS unread_scope_count,
       {lock_reasons} AS availability_reasons,
       coalesce(v.facts::json -> 'capability_reasons' -> 'LOCKED', '[]')
       AS availability_reason_codes,
       coalesce(v.snapshot::json -> 'type_specific' -> i.db_type, '{}')
       AS type_specific,
       i.tags,
       (SELECT coalesce(json_agg(json_build_object(
                                     'name', k.display_name,
                                     'code', k.code,
                                     'risk_level', k.risk_level)
                                 ORDER BY k.priority DESC, k.code), '[]')
        FROM account_classes k
        WHERE EXISTS (SELECT
                      FROM account_class_assignments x
                      WHERE x.account_id = a.id
                            AND x.classification_id = k.id))
       AS classifications

-- part: stale
(SELECT coalesce(json_agg(json_build_object(
                                     'scope', s.scope,
                                     'database', s.database,
                                     'status', s.status,
                                     'error_code', s.error_code,
                                     'known', s.known,
                                     'stale_since', s.stale_since)
                                 ORDER BY s.scope, s.database), '[]')
        FROM instance_scopes s
        WHERE s.instance_id = i.id AND s.status <> 'ok'
              AND (s.known OR s.status <> 'unsupported')) AS stale_scopes


-- part: listed
a.dropped_at IS NULL
      AND (a.kind = 'user' OR a.kind = 'role' AND a.db_type <> 'mysql')

-- name: accounts_list
-- sort: id=a.id username=a.principal instance_name=n.name db_type=a.db_type is_locked=a.is_locked is_superuser=a.is_superuser plugin=coalesce(a.plugin,'') last_change_time=a.last_change_at
SELECT {account}
FROM k
     JOIN accounts a ON a.id = k._id
     JOIN instances i ON i.id = a.instance_id
     LEFT JOIN account_versions v ON v.id = a.version_id
-- keys
FROM accounts a
     JOIN instances n ON n.id = a.instance_id
WHERE a.instance_id NOT IN (SELECT id
                            FROM instances
                            WHERE deleted_at IS NOT NULL)
-- unfiltered: id username db_type is_locked is_superuser plugin last_change_time
      AND {listed}
-- filtered
      AND (:include_deleted::boolean OR a.dropped_at IS NULL)
      AND (:include_roles::boolean
           OR a.kind = 'user' OR a.kind = 'role' AND a.db_type <> 'mysql')
      AND (:search::text IS NULL
           OR a.principal ILIKE :search
              AND tf_bigrams(a.principal)
                  @> tf_bigrams_like(:search COLLATE "C")
           OR a.instance_id = ANY (instances_like(:search)))
      AND (:instance_id::bigint IS NULL OR a.instance_id = :instance_id)
      AND (:owner_id::bigint IS NULL OR a.instance_id = :owner_id)
      AND (:owner_type::text IS NULL OR :owner_type = 'instance')
      AND (:db_type::text IS NULL OR :db_type = 'all' OR a.db_type = :db_type)
      AND (:is_locked::boolean IS NULL OR a.is_locked = :is_locked)
      AND (:is_superuser::boolean IS NULL OR a.is_superuser = :is_superuser)
      AND (:plugin::text IS NULL OR coalesce(a.plugin, '') = :plugin)
      AND coalesce(:ad_status::text, 'unknown') = 'unknown'
      AND (coalesce(:classification::text, 'all') = 'all'
           OR EXISTS (SELECT
                      FROM account_class_assignments x
                           JOIN account_classes k
                                ON k.id = x.classification_id
                      WHERE x.account_id = a.id
                            AND k.code = :classification))
      AND (:tags::text[] IS NULL
           OR a.instance_id = ANY (instances_tagged(:tags)))
-- total
SELECT coalesce(sum(listed_count), 0) AS total, false AS total_is_estimate
FROM instances
WHERE deleted_at IS NULL
-- export
SELECT a.id, a.principal AS username, i.name AS instance_name,
       i.host AS instance_host, {tag_names}, a.db_type,
       (SELECT coalesce(json_agg(c.display_name
                                 ORDER BY c.priority DESC, c.code), '[]')
        FROM account_classes c
        WHERE EXISTS (SELECT
                      FROM account_class_assignments x
                      WHERE x.account_id = a.id
                            AND x.classification_id = c.id))
       AS classifications,
       a.is_locked, 'unknown'::text AS ad_status
FROM k
     JOIN accounts a ON a.id = k._id
     JOIN instances i ON i.id = a.instance_id

-- name: accounts_permissions
-- A dropped account shows what it could do last.
SELECT i.db_type AS "permissions.db_type",
       a.principal AS "permissions.username",
       a.is_superuser AS "permissions.is_superuser",
       i.last_sync_at AS "permissions.last_sync_time",
       account_snapshot_json(v.snapshot) AS "permissions.snapshot",
       v.facts::json AS "permissions.facts",
       lower(v.observed) AS "permissions.observed_from",
       a.id AS "account.id", a.principal AS "account.username",
       a.username AS "account.original_username", a.host AS "account.host",
       a.kind AS "account.kind", i.id AS "account.instance_id",
       i.name AS "account.instance_name", i.db_type AS "account.db_type",
       a.is_superuser AS "account.is_superuser",
       a.is_locked AS "account.is_locked",
       a.dropped_at IS NULL AS "account.is_active",
       a.dropped_at AS "account.dropped_at",
       {lifecycle} AS lifecycle, i.last_sync_status, {stale}
FROM accounts a
     JOIN instances i ON i.id = a.instance_id
     JOIN account_versions v ON v.id = a.version_id
WHERE a.id = :id::bigint AND i.deleted_at IS NULL

-- name: accounts_history
-- Newest first.  What an account came with when it was first seen is in its
-- versions.
SELECT a.id AS "account.id", a.principal AS "account.username",
       i.db_type AS "account.db_type",
       (SELECT count(*) FROM account_changes c WHERE c.account_id = a.id)
       AS total,
       (SELECT coalesce(json_agg(h ORDER BY h.id DESC), '[]')
        FROM (SELECT c.id, c.change_type, c.is_elevation, c.change_time,
                     c.status,
                     account_change_text(c.message, :_lang) AS message,
                     CASE WHEN c.change_type = 'add' THEN '[]'
                          ELSE coalesce(c.privilege_diff -> 'entries', '[]')
                     END AS privilege_diff,
                     CASE WHEN c.change_type = 'add' THEN '[]'
                          ELSE coalesce(c.other_diff -> 'entries', '[]')
                     END AS other_diff,
                     c.run_id AS session_id
              FROM account_changes c
              WHERE c.account_id = a.id
              ORDER BY c.id DESC
              LIMIT :limit::int) h) AS history
FROM accounts a
     JOIN instances i ON i.id = a.instance_id
WHERE a.id = :id::bigint AND i.deleted_at IS NULL

-- name: accounts_versions
-- All versions, or the one that was open at as_of.
SELECT a.id AS "account.id", a.principal AS "account.username",
       i.db_type AS "account.db_type",
       (SELECT coalesce(json_agg(x ORDER BY x.id DESC), '[]')
        FROM (SELECT c.id, lower(c.observed) AS observed_from,
                     upper(c.observed) AS observed_until, c.previous_run_at,
                     account_snapshot_json(c.snapshot) AS snapshot,
                     c.facts::json, c.run_id AS session_id
              FROM account_versions c
              WHERE c.account_id = a.id
                    AND (:as_of::timestamptz IS NULL OR c.observed @> :as_of)
              ORDER BY lower(c.observed) DESC
              LIMIT :limit::int) x) AS versions
FROM accounts a
     JOIN instances i ON i.id = a.instance_id
WHERE a.id = :id::bigint AND i.deleted_at IS NULL


-- part: change
c.id, c.account_id, c.instance_id, i.name AS instance_name,
       i.host AS instance_host, c.db_type,
       c.username, c.change_type, c.is_elevation, c.change_time, c.status,
       account_change_text(c.message, :_lang) AS message, c.run_id AS session_id

-- name: account_changes_list
-- sort: id=c.id change_time=c.change_time username=c.username instance_name=n.name db_type=c.db_type change_type=c.change_type status=c.status
SELECT {change},
       coalesce(jsonb_array_length(c.privilege_diff -> 'entries'), 0)
       AS privilege_diff_count,
       coalesce(jsonb_array_length(c.other_diff -> 'entries'), 0)
       AS other_diff_count
FROM k
     JOIN account_changes c ON c.id = k._id
     JOIN instances i ON i.id = c.instance_id
-- keys
FROM account_changes c
     JOIN instances n ON n.id = c.instance_id
WHERE true
-- unfiltered: id change_time username db_type change_type status
-- filtered
      AND (:search::text IS NULL
           OR c.username ILIKE :search
              AND tf_bigrams(c.username) @> tf_bigrams_like(:search)
           OR c.instance_id = ANY (instances_like(:search)))
      AND (:instance_id::bigint IS NULL OR c.instance_id = :instance_id)
      AND (:account_id::bigint IS NULL OR c.account_id = :account_id)
      AND (:db_type::text IS NULL OR :db_type = 'all' OR c.db_type = :db_type)
      AND (:change_type::text IS NULL OR :change_type = 'all'
           OR c.change_type = :change_type)
      AND (:status::text IS NULL OR :status = 'all' OR c.status = :status)
      AND (:is_elevation::boolean IS NULL OR c.is_elevation = :is_elevation)
      AND (:hours::int IS NULL
           OR c.change_time > now() - :hours * interval '1 hour')
-- total
SELECT coalesce(sum(change_count), 0) AS total, false AS total_is_estimate
FROM instances
-- export
SELECT c.id, c.change_time, c.username, i.name AS instance_name,
       i.host AS instance_host, c.db_type, c.change_type, c.is_elevation,
       c.status, account_change_text(c.message, :_lang) AS message
FROM k
     JOIN account_changes c ON c.id = k._id
     JOIN instances i ON i.id = c.instance_id

-- part: recent
(:hours::int IS NULL
               OR c.change_time > now() - :hours * interval '1 hour')

-- name: account_changes_statistics
-- lane: slow
SELECT n.total AS total_changes, n.total - n.failed AS success_count,
       n.failed AS failed_count, n.affected AS affected_accounts,
       n.elevations AS elevation_count
FROM (SELECT CASE WHEN :hours::int IS NULL
                  THEN (SELECT coalesce(sum(change_count), 0)::bigint
                        FROM instances)
                  ELSE (SELECT count(*)
                        FROM account_changes c
                        WHERE {recent}) END AS total,
             (SELECT count(*)
              FROM account_changes c
              WHERE (c.status < 'success' OR c.status > 'success')
                    AND {recent}) AS failed,
             (SELECT count(*)
              FROM (SELECT c.account_id
                    FROM account_changes c
                    WHERE {recent}
                    GROUP BY c.account_id) a) AS affected,
             (SELECT count(*)
              FROM account_changes c
              WHERE c.is_elevation AND {recent}) AS elevations) n

-- name: account_changes_get
SELECT {change},
       coalesce(c.privilege_diff -> 'entries', '[]') AS privilege_diff,
       coalesce(c.other_diff -> 'entries', '[]') AS other_diff
FROM account_changes c
     JOIN instances i ON i.id = c.instance_id
WHERE c.id = :id::bigint


-- name: accounts_sync_start
{sync_start: sync_accounts}

-- name: accounts_sync_fleet
-- lane: slow
{sync_fleet: sync_accounts}
