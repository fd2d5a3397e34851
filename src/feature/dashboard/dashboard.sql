-- The first page: from counters, and from the runs of a week by their index.

-- name: dashboard_overview
-- Nothing reads availability groups' accounts here, and a limit is known of few
-- instances: what is not known is null, also databases until an instance's were
-- read.  An account in two classes counts twice, as in the reference.
SELECT u.total AS "users.total", u.active AS "users.active",
       sum(c.instances + c.disabled + c.deleted)::bigint AS "instances.total",
       sum(c.instances)::bigint AS "instances.active",
       sum(c.disabled)::bigint AS "instances.inactive",
       sum(c.deleted)::bigint AS "instances.deleted",
       sum(c.instances + c.disabled)::bigint AS "instances.physical",
       0 AS "instances.ag_virtual",
       sum(c.total)::bigint AS "accounts.total",
       sum(c.active)::bigint AS "accounts.active",
       sum(c.active - c.locked)::bigint AS "accounts.normal",
       sum(c.locked)::bigint AS "accounts.locked",
       sum(c.total - c.active)::bigint AS "accounts.deleted",
       sum(c.total)::bigint AS "accounts.instance",
       0 AS "accounts.sqlserver_ag",
       (SELECT coalesce(sum(n.matched_accounts), 0)::bigint
        FROM classification_class_counts n
             JOIN instances i ON i.id = n.instance_id
        WHERE i.deleted_at IS NULL) AS classified_accounts,
       d.total_gb AS "capacity.total_gb",
       d.usage_percent AS "capacity.usage_percent",
       d.active + d.deleted AS "databases.total",
       d.active AS "databases.active",
       d.active - d.active AS "databases.inactive",
       d.deleted AS "databases.deleted"
FROM (SELECT count(*) AS total, count(*) FILTER (WHERE is_active) AS active
      FROM users) u,
     account_counts(NULL, NULL) c,
     (SELECT round(sum(size_bytes) / 1073741824, 2)::float8 AS total_gb,
             round(100 * sum(size_bytes) FILTER (WHERE capacity_limit_bytes > 0)
                   / sum(capacity_limit_bytes)
                         FILTER (WHERE size_bytes IS NOT NULL), 2)::float8
             AS usage_percent,
             sum(database_count) AS active,
             sum(dropped_database_count) AS deleted
      FROM instances
      WHERE deleted_at IS NULL AND last_capacity_at IS NOT NULL) d
GROUP BY u.total, u.active, d.total_gb, d.usage_percent, d.active, d.deleted

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
), logs AS (
    SELECT (c.at AT TIME ZONE z.name)::date AS date,
           sum(c.n) FILTER (WHERE c.level <> 'WARNING') AS errors,
           sum(c.n) FILTER (WHERE c.level = 'WARNING') AS warnings
    FROM app_log_counts c, zone z
    WHERE c.at > now() - interval '8 days'
          AND c.level IN ('WARNING', 'ERROR', 'CRITICAL')
    GROUP BY 1
)
SELECT CASE WHEN coalesce(:type::text, 'all') IN ('all', 'logs') THEN
           (SELECT json_agg(json_build_object(
                       'date', d.date,
                       'error_count', coalesce(l.errors, 0),
                       'warning_count', coalesce(l.warnings, 0))
                       ORDER BY d.date)
            FROM day d
                 LEFT JOIN logs l ON l.date = d.date) END AS log_trend,
       CASE WHEN coalesce(:type, 'all') IN ('all', 'logs') THEN
           (SELECT coalesce(json_agg(json_build_object('level', level,
                                                       'count', n)
                                     ORDER BY level), '[]')
            FROM (SELECT level, sum(n) AS n
                  FROM app_log_counts
                  WHERE level IN ('WARNING', 'ERROR', 'CRITICAL')
                  GROUP BY level) c) END AS log_levels,
       CASE WHEN coalesce(:type, 'all') IN ('all', 'syncs') THEN
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

-- name: dashboard_activities
-- What people did, for who may read the audit log, and what ran: the newest of
-- both.
WITH audits AS (
    SELECT a.time, 'audit' AS type, a.seq::text AS id, a.action AS key,
           coalesce(CASE :_lang::text WHEN 'en' THEN w.en ELSE w.zh END,
                    a.action) AS title,
           coalesce(a.object_name, a.object_id) AS object,
           a.actor_name AS actor, a.outcome AS status
    FROM audit_log a
         LEFT JOIN audit_actions w ON w.action = a.action
    WHERE :_role::text IN ('admin', 'auditor')
    ORDER BY a.time DESC, a.seq DESC
    LIMIT :limit::int
), runs AS (
    SELECT coalesce(r.started_at, r.created_at) AS time, 'run' AS type,
           r.run_id::text AS id, r.task_key AS key,
           coalesce((SELECT CASE :_lang::text WHEN 'en' THEN w.en
                                                   ELSE w.zh END
                     FROM words w
                     WHERE w.topic = 'task' AND w.code = r.task_key),
                    r.task_key) AS title,
           NULL::text AS object, u.username AS actor, r.status
    FROM (SELECT r.*
          FROM task_runs r
          ORDER BY r.created_at DESC, r.id DESC
          LIMIT :limit::int) r
         LEFT JOIN users u ON u.id = r.created_by
)
SELECT a.type, a.id, a.time AS timestamp, tf_display(a.time)
       AS timestamp_display, a.key, a.title, a.object, a.actor, a.status
FROM (SELECT * FROM audits
      UNION ALL
      SELECT * FROM runs) a
ORDER BY a.time DESC, a.type, a.id DESC
LIMIT :limit::int
