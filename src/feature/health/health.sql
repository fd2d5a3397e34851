-- name: health_schema
-- A role that may not sign anybody in is not nginx's.
SELECT coalesce(max(version), 0) AS version,
       has_table_privilege('sessions', 'INSERT') AS well,
       current_user AS role
FROM schema_migrations

-- name: health_workers
SELECT count(*) FILTER (WHERE state = 'running'
                              AND last_seen_at > now() - interval '30 seconds')
           AS alive,
       max(last_seen_at) AS last_seen_at
FROM workers
