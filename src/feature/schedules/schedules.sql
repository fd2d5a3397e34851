-- Schedules as people see and change them.  What they are due at is computed by
-- the program, see ngx_tf_schedules.c, and comes back in as _times, an object
-- of lists of seconds of the epoch.

-- part: next_times
(SELECT coalesce(json_agg(to_timestamp(e::bigint)), '[]')
        FROM json_array_elements_text(coalesce(t.times, '[]')) e)

-- part: job
s.job_id AS id, s.job_id AS task_id, w.title AS name, w.title AS task_name,
       coalesce((SELECT CASE :_lang::text WHEN 'en' THEN x.en ELSE x.zh END
                 FROM words x
                 WHERE x.topic = 'task_about' AND x.code = s.task_key), '')
       AS description,
       to_timestamp((t.times ->> 0)::bigint) AS next_run_time,
       {next_times} AS next_run_times,
       coalesce(r.started_at, r.created_at) AS last_run_time,
       r.run_id AS last_run_id, r.status AS last_run_status,
       'cron' AS trigger_type,
       CASE WHEN cardinality(f.f) < 5
            THEN json_build_object('cron_expression', s.cron_expression)
            ELSE json_build_object(
                     'cron_expression', s.cron_expression,
                     'second', CASE WHEN f.skip = 1 THEN f.f[1] ELSE '0' END,
                     'minute', f.f[f.skip + 1], 'hour', f.f[f.skip + 2],
                     'day', f.f[f.skip + 3], 'month', f.f[f.skip + 4],
                     'day_of_week', f.f[f.skip + 5],
                     'year', coalesce(f.f[f.skip + 6], '*'))
            END AS trigger_args,
       s.cron_expression, s.timezone,
       CASE WHEN s.is_enabled THEN 'STATE_RUNNING' ELSE 'STATE_PAUSED' END
       AS state,
       s.is_builtin, s.default_cron IS NOT NULL AS is_edited,
       ARRAY['trigger_type', 'cron_expression', 'timezone'] AS editable_fields,
       s.task_key AS func, '[]'::json AS args, s.payload AS kwargs

-- part: job_from
FROM schedules s
     CROSS JOIN LATERAL (
         SELECT coalesce((SELECT CASE :_lang::text WHEN 'en' THEN x.en
                                                   ELSE x.zh END
                          FROM words x
                          WHERE x.topic = 'task' AND x.code = s.task_key),
                         s.task_key) AS title
     ) w
     CROSS JOIN LATERAL (
         SELECT p.f, CASE WHEN cardinality(p.f) > 5 THEN 1 ELSE 0 END AS skip
         FROM (SELECT regexp_split_to_array(btrim(s.cron_expression), '\s+')
                      AS f) p
     ) f
     CROSS JOIN LATERAL (SELECT (:_times::json) -> s.id::text AS times) t
     LEFT JOIN LATERAL (
         SELECT r.run_id, r.status, r.started_at, r.created_at
         FROM task_runs r
         WHERE r.task_key = s.task_key
         ORDER BY r.id DESC
         LIMIT 1
     ) r ON true

-- part: ahead
extract(epoch FROM (a.at AT TIME ZONE z.timezone)
                          - (a.at AT TIME ZONE 'UTC'))::int

-- part: clocks
-- Seconds that each zone is ahead of UTC, from a time on, for eight years:
-- looked at week by week, a week with a change day by day, and a day with a
-- change by quarters of an hour.
week AS (
    SELECT z.timezone, a.at, {ahead} AS ahead,
           lead({ahead}) OVER (PARTITION BY z.timezone ORDER BY a.at) AS next
    FROM zone z,
         generate_series(date_trunc('hour', now()) - interval '2 days',
                         now() + interval '8 years', interval '7 days')
         AS a (at)
), day AS (
    SELECT z.timezone, a.at, {ahead} AS ahead,
           lead({ahead}) OVER (PARTITION BY z.timezone, z.at ORDER BY a.at)
           AS next
    FROM week z,
         generate_series(z.at, z.at + interval '7 days', interval '1 day')
         AS a (at)
    WHERE z.next <> z.ahead
), quarter AS (
    SELECT z.timezone, a.at, {ahead} AS ahead,
           lag({ahead}) OVER (PARTITION BY z.timezone, z.at ORDER BY a.at)
           AS before
    FROM day z,
         generate_series(z.at, z.at + interval '1 day', interval '15 minutes')
         AS a (at)
    WHERE z.next <> z.ahead
)
SELECT timezone, extract(epoch FROM at)::bigint AS at, ahead
FROM quarter
WHERE ahead <> before
UNION ALL
(SELECT DISTINCT ON (timezone) timezone, 0, ahead
 FROM week
 ORDER BY timezone, at)
ORDER BY 1, 2


-- name: schedules_due
-- What is there to be computed.
SELECT id, cron_expression, timezone,
       floor(extract(epoch FROM now()))::bigint AS now
FROM schedules
WHERE is_enabled

-- name: schedules_clocks
WITH zone AS (
    SELECT DISTINCT timezone FROM schedules WHERE is_enabled
), {clocks}

-- name: schedules_list
SELECT {job}
{job_from}
WHERE NOT s.is_deleted
ORDER BY s.id

-- name: schedules_get
SELECT {job}
{job_from}
WHERE s.job_id = :job_id AND NOT s.is_deleted

-- name: schedules_update
-- lane: slow
WITH rules AS (
    SELECT tf_fail('VALIDATION_ERROR', 'timezone')
    WHERE :timezone::text IS NOT NULL
          AND NOT EXISTS (SELECT FROM pg_timezone_names
                          WHERE name = :timezone)
)
UPDATE schedules s
SET cron_expression = :cron_expression,
    timezone = coalesce(:timezone, s.timezone),
    default_cron = coalesce(s.default_cron, s.cron_expression),
    default_timezone = coalesce(s.default_timezone, s.timezone),
    next_due_at = NULL,
    updated_at = now()
WHERE s.job_id = :job_id AND NOT s.is_deleted
      AND (SELECT count(*) FROM rules) = 0
RETURNING s.job_id

-- name: schedules_try_due
-- lane: slow
-- An expression that no schedule has, in the form of schedules_due.
WITH rules AS (
    SELECT tf_fail('VALIDATION_ERROR', 'timezone')
    WHERE NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = :timezone)
)
SELECT 1 AS id, :cron_expression::text AS cron_expression,
       :timezone::text AS timezone,
       floor(extract(epoch FROM now()))::bigint AS now
WHERE (SELECT count(*) FROM rules) = 0

-- name: schedules_try_clocks
-- lane: slow
WITH zone AS (
    SELECT :timezone::text AS timezone
), {clocks}

-- name: schedules_try
-- lane: slow
SELECT :cron_expression::text AS cron_expression, :timezone::text AS timezone,
       {next_times} AS next_run_times
FROM (SELECT (:_times::json) -> '1' AS times) t

-- name: schedules_delete
-- A built-in one can be brought back.
WITH gone AS (
    DELETE FROM schedules
    WHERE job_id = :job_id AND NOT is_builtin
    RETURNING job_id
), hidden AS (
    UPDATE schedules
    SET is_enabled = false, is_deleted = true, next_due_at = NULL,
        updated_at = now()
    WHERE job_id = :job_id AND is_builtin AND NOT is_deleted
    RETURNING job_id
)
SELECT job_id FROM gone
UNION ALL
SELECT job_id FROM hidden

-- name: schedules_pause
UPDATE schedules
SET is_enabled = false, next_due_at = NULL, updated_at = now()
WHERE job_id = :job_id AND NOT is_deleted
RETURNING job_id

-- name: schedules_resume
-- What was due meanwhile is not made up for.
UPDATE schedules
SET is_enabled = true,
    next_due_at = CASE WHEN is_enabled THEN next_due_at END,
    updated_at = now()
WHERE job_id = :job_id AND NOT is_deleted
RETURNING job_id

-- name: schedules_run
-- Beside its schedule, which goes on as it was.
SELECT q.run_id AS manual_job_id, q.run_id, s.job_id
FROM schedules s
     CROSS JOIN LATERAL tf_enqueue(s.task_key, 'manual', :_user_id::bigint,
                                   payload => s.payload) q
WHERE s.job_id = :job_id AND NOT s.is_deleted

-- name: schedules_reload
-- Everything goes, and what is built in comes back as it was at first.
WITH before AS MATERIALIZED (
    SELECT job_id, is_builtin, is_deleted FROM schedules
), gone AS (
    DELETE FROM schedules
    WHERE NOT is_builtin
), back AS (
    UPDATE schedules
    SET cron_expression = coalesce(default_cron, cron_expression),
        timezone = coalesce(default_timezone, timezone),
        default_cron = NULL,
        default_timezone = NULL,
        is_deleted = false,
        is_enabled = true,
        next_due_at = NULL,
        updated_at = now()
    WHERE is_builtin
)
SELECT coalesce(array_agg(job_id ORDER BY job_id) FILTER (WHERE NOT is_deleted),
                '{}') AS deleted,
       count(*) FILTER (WHERE NOT is_deleted) AS deleted_count,
       coalesce(array_agg(job_id ORDER BY job_id) FILTER (WHERE is_builtin),
                '{}') AS reloaded,
       count(*) FILTER (WHERE is_builtin) AS reloaded_count
FROM before
