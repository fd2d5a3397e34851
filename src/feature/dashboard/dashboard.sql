-- The first page: from counters, and from the runs of a week by their index.

-- name: dashboard_overview
-- Nothing reads databases or availability groups' accounts here: what is not
-- known is null.
SELECT u.total AS "users.total", u.active AS "users.active",
       i.instances + i.disabled + i.deleted AS "instances.total",
       i.instances AS "instances.active",
       i.disabled AS "instances.inactive",
       i.deleted AS "instances.deleted",
       i.instances + i.disabled AS "instances.physical",
       0 AS "instances.ag_virtual",
       i.accounts AS "accounts.total",
       i.accounts AS "accounts.active",
       i.accounts - l.n AS "accounts.normal",
       l.n AS "accounts.locked",
       i.accounts AS "accounts.instance",
       0 AS "accounts.sqlserver_ag",
       NULL::bigint AS classified_accounts,
       NULL::float8 AS "capacity.total_gb",
       NULL::float8 AS "capacity.usage_percent",
       NULL::bigint AS "databases.total",
       NULL::bigint AS "databases.active",
       NULL::bigint AS "databases.inactive",
       NULL::bigint AS "databases.deleted"
FROM (SELECT count(*) AS total, count(*) FILTER (WHERE is_active) AS active
      FROM users) u,
     (SELECT count(*) FILTER (WHERE deleted_at IS NULL AND is_active)
             AS instances,
             count(*) FILTER (WHERE deleted_at IS NULL AND NOT is_active)
             AS disabled,
             count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted,
             coalesce(sum(account_count) FILTER (WHERE deleted_at IS NULL),
                      0)::bigint AS accounts
      FROM instances) i,
     (SELECT count(*) AS n
      FROM accounts a
           JOIN instances i ON i.id = a.instance_id
      WHERE a.is_locked AND a.dropped_at IS NULL AND i.deleted_at IS NULL) l

-- name: dashboard_charts
-- Days are those of the schedule that reads accounts.
WITH zone AS (
    SELECT coalesce((SELECT timezone
                     FROM schedules
                     WHERE job_id = 'sync_accounts'), 'UTC') AS name
), run AS (
    SELECT (r.created_at AT TIME ZONE z.name)::date AS date,
           count(*) AS count,
           count(*) FILTER (WHERE r.status = 'completed') AS completed,
           count(*) FILTER (WHERE r.status = 'completed_with_errors')
           AS completed_with_errors,
           count(*) FILTER (WHERE r.status = 'failed') AS failed
    FROM task_runs r, zone z
    WHERE r.created_at > now() - interval '8 days'
          AND r.task_key LIKE 'sync\_%'
    GROUP BY 1
), day AS (
    SELECT (now() AT TIME ZONE z.name)::date - n AS date
    FROM zone z, generate_series(0, 6) n
)
SELECT CASE WHEN coalesce(:type::text, 'all') IN ('all', 'syncs') THEN
           (SELECT json_agg(json_build_object(
                       'date', d.date,
                       'count', coalesce(r.count, 0),
                       'completed', coalesce(r.completed, 0),
                       'completed_with_errors',
                       coalesce(r.completed_with_errors, 0),
                       'failed', coalesce(r.failed, 0))
                       ORDER BY d.date)
            FROM day d
                 LEFT JOIN run r ON r.date = d.date) END AS sync_trend,
       CASE WHEN coalesce(:type, 'all') IN ('all', 'tasks') THEN
           (SELECT json_build_array(
                       json_build_object('status', 'active',
                           'count', count(*) FILTER (WHERE is_enabled)),
                       json_build_object('status', 'inactive',
                           'count', count(*) FILTER (WHERE NOT is_enabled)))
            FROM schedules
            WHERE NOT is_deleted) END AS task_status
