-- name: health_schema
SELECT coalesce(max(version), 0) AS version FROM schema_migrations

-- name: health_workers
SELECT count(*) FILTER (WHERE state = 'running'
                              AND last_seen_at > now() - interval '30 seconds')
           AS alive,
       max(last_seen_at) AS last_seen_at
FROM workers
