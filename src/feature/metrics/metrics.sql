-- What PostgreSQL knows and Prometheus asks for, every few seconds and once
-- for each host: it reads open items by their partial indexes, the last runs
-- and small tables.

-- name: metrics
-- One row is one sample: the family, which ngx_tf_metrics.c describes, the
-- values of up to two labels, the value.  Label values are from closed sets,
-- and sets that are known are complete, zeros included.
WITH queued AS (
    SELECT lane, state, count(*) AS n,
           max(now() - ready_at) FILTER (WHERE ready_at <= now()) AS waited
    FROM task_items
    WHERE state IN ('scheduled', 'ready', 'retry')
    GROUP BY lane, state
    UNION ALL
    SELECT lane, state, count(*), NULL
    FROM task_items
    WHERE state = 'running'
    GROUP BY lane, state
), runs AS (
    SELECT task_key, status
    FROM (SELECT task_key, status, created_at
          FROM task_runs
          ORDER BY id DESC
          LIMIT 10000) r
    WHERE created_at > now() - interval '1 day'
), seen AS (
    SELECT CASE WHEN state = 'stopped' THEN 'stopped'
                WHEN last_seen_at <= now() - interval '30 seconds' THEN 'lost'
                ELSE state END AS state,
           last_seen_at
    FROM workers
), fleet AS (
    SELECT db_type, is_active,
           is_active AND credential_id IS NOT NULL AS synced,
           coalesce(last_sync_status, 'never') AS status,
           CASE WHEN last_sync_at IS NULL THEN 'never'
                WHEN last_sync_at >= now() - interval '1 hour' THEN '1h'
                WHEN last_sync_at >= now() - interval '1 day' THEN '1d'
                WHEN last_sync_at >= now() - interval '2 days' THEN '2d'
                WHEN last_sync_at >= now() - interval '7 days' THEN '7d'
                ELSE 'older' END AS age,
           count(*) AS n,
           sum(account_count) AS accounts,
           min(last_sync_at) AS oldest
    FROM instances
    WHERE deleted_at IS NULL
    GROUP BY 1, 2, 3, 4, 5
), due AS (
    SELECT is_enabled,
           is_enabled AND coalesce(next_due_at, updated_at)
                          < now() - interval '1 minute' AS overdue
    FROM schedules
    WHERE NOT is_deleted
), lane (name) AS (
    SELECT DISTINCT lane FROM job_kinds
)

SELECT 'queue_items' AS family, lane.name AS a, s.name AS b,
       coalesce(sum(q.n), 0)::text AS value
FROM lane
     CROSS JOIN (VALUES ('scheduled'), ('ready'), ('running'), ('retry'))
                AS s (name)
     LEFT JOIN queued q ON q.lane = lane.name AND q.state = s.name
GROUP BY lane.name, s.name

UNION ALL
SELECT 'queue_oldest', lane.name, NULL,
       coalesce(extract(epoch FROM max(q.waited)), 0)::text
FROM lane
     LEFT JOIN queued q ON q.lane = lane.name
GROUP BY lane.name

UNION ALL
SELECT 'queue_expired', NULL, NULL, count(*)::text
FROM task_items
WHERE state = 'running' AND lease_until < now()

UNION ALL
SELECT 'workers', s.name, NULL, count(w.state)::text
FROM (VALUES ('running'), ('draining'), ('stopped'), ('lost')) AS s (name)
     LEFT JOIN seen w ON w.state = s.name
GROUP BY s.name

UNION ALL
SELECT 'worker_seen', NULL, NULL,
       extract(epoch FROM now() - max(last_seen_at))::text
FROM seen
HAVING count(*) > 0

UNION ALL
SELECT 'runs', task_key, status, count(*)::text
FROM runs
GROUP BY task_key, status

UNION ALL
SELECT 'instances', e.name, s.name, coalesce(sum(f.n), 0)::text
FROM engines e
     CROSS JOIN (VALUES ('completed'), ('partial'), ('failed'), ('never'))
                AS s (name)
     LEFT JOIN fleet f ON f.db_type = e.name AND f.status = s.name
                          AND f.is_active
GROUP BY e.name, s.name

UNION ALL
SELECT 'inactive', NULL, NULL, coalesce(sum(n), 0)::text
FROM fleet
WHERE NOT is_active

UNION ALL
SELECT 'sync_age', a.name, NULL, coalesce(sum(f.n), 0)::text
FROM (VALUES ('1h'), ('1d'), ('2d'), ('7d'), ('older'), ('never')) AS a (name)
     LEFT JOIN fleet f ON f.synced AND f.age = a.name
GROUP BY a.name

UNION ALL
SELECT 'sync_oldest', status, NULL,
       extract(epoch FROM now() - min(oldest))::text
FROM fleet
WHERE synced AND oldest IS NOT NULL
GROUP BY status

UNION ALL
SELECT 'accounts', e.name, NULL, coalesce(sum(f.accounts), 0)::text
FROM engines e
     LEFT JOIN fleet f ON f.db_type = e.name
GROUP BY e.name

UNION ALL
SELECT 'schedules', e.name, NULL, count(d.is_enabled)::text
FROM (VALUES ('true', true), ('false', false)) AS e (name, is_enabled)
     LEFT JOIN due d ON d.is_enabled = e.is_enabled
GROUP BY e.name

UNION ALL
SELECT 'overdue', NULL, NULL, (count(*) FILTER (WHERE overdue))::text
FROM due

UNION ALL
SELECT 'schema', NULL, NULL, coalesce(max(version), 0)::text
FROM schema_migrations

ORDER BY family, a, b
