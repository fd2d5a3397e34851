-- The application log: written in batches by both programs, read by people.

-- name: logs_write
-- lane: log
SELECT logs_write(:events::jsonb) AS written

-- name: logs_write_worker
-- worker
SELECT logs_write(:events::jsonb) AS written

-- name: log_module_store
-- worker
INSERT INTO log_modules (module, zh, en)
VALUES (:module, :zh, :en)
ON CONFLICT (module) DO UPDATE SET zh = EXCLUDED.zh, en = EXCLUDED.en

-- name: log_event_store
-- worker
INSERT INTO log_events (code, level, module, zh, en)
VALUES (:code, :level, :module, :zh, :en)
ON CONFLICT (code) DO UPDATE
SET level = EXCLUDED.level, module = EXCLUDED.module, zh = EXCLUDED.zh,
    en = EXCLUDED.en

-- name: logs_prune_counts
-- worker
-- Counts of events that are not kept any more.
DELETE FROM app_log_counts
WHERE at < coalesce((SELECT min(time) FROM app_logs), now())
           - interval '15 minutes'


-- part: level_label
CASE WHEN :_lang::text = 'en' THEN initcap(l.level)
            ELSE CASE l.level WHEN 'DEBUG' THEN '调试' WHEN 'INFO' THEN '信息'
                              WHEN 'WARNING' THEN '告警' WHEN 'ERROR' THEN '错误'
                              ELSE '严重' END END

-- part: module_label
coalesce(CASE :_lang::text WHEN 'en' THEN m.en ELSE m.zh END, l.module)

-- part: spoken
l.context || jsonb_strip_nulls(jsonb_build_object(
                             'kind',
                             (SELECT CASE :_lang WHEN 'en' THEN x.en
                                                 ELSE x.zh END
                              FROM words x
                              WHERE x.topic = 'task'
                                    AND x.code = l.context ->> 'kind'),
                             'error',
                             (SELECT CASE :_lang WHEN 'en' THEN x.en
                                                 ELSE x.zh END
                              FROM error_texts x
                              WHERE x.code = l.context ->> 'error')))

-- part: log
l.id, l.time AS timestamp, tf_display(l.time) AS timestamp_display, l.level,
       {level_label} AS level_label,
       l.module, {module_label} AS module_label,
       l.code, l.message,
       coalesce(log_text(CASE :_lang WHEN 'en' THEN e.en ELSE e.zh END,
                         {spoken}), l.message) AS message_label,
       l.request_id, l.run_id, l.context, l.traceback

-- part: window
l.time >= coalesce(:start_time::timestamptz,
                         CASE WHEN :end_time::timestamptz IS NULL
                              THEN now() - :hours::int * interval '1 hour'
                              ELSE '-infinity' END)
      AND l.time <= coalesce(:end_time::timestamptz, 'infinity')

-- name: logs_list
-- sort: id=l.id timestamp=l.time level=l.level module=l.module message=l.message
-- A window of time holds for every list: the last day when nothing is said.
SELECT {log}
FROM k
     JOIN app_logs l ON l.id = k._id
     LEFT JOIN log_modules m ON m.module = l.module
     LEFT JOIN log_events e ON e.code = l.code
-- keys
FROM app_logs l
WHERE true
-- filtered
      AND {window}
      AND (:level::text IS NULL OR l.level = :level)
      AND (:module::text IS NULL OR l.module ILIKE :module)
      AND (:request_id::text IS NULL OR l.request_id = :request_id)
      AND (:run_id::uuid IS NULL OR l.run_id = :run_id)
      AND (:search::text IS NULL
           OR (l.message || ' ' || l.context::text) ILIKE :search)

-- name: logs_get
SELECT {log}
FROM app_logs l
     LEFT JOIN log_modules m ON m.module = l.module
     LEFT JOIN log_events e ON e.code = l.code
WHERE l.id = :id::bigint

-- name: logs_modules
WITH used AS (
    SELECT DISTINCT module FROM app_log_counts
)
SELECT coalesce(array_agg(l.module ORDER BY l.module), '{}') AS modules,
       coalesce(json_agg(json_build_object('value', l.module,
                                           'label', {module_label})
                         ORDER BY l.module), '[]') AS module_options
FROM used l
     LEFT JOIN log_modules m ON m.module = l.module

-- name: logs_statistics
-- By counts of quarters of an hour: the window begins with a whole one.
WITH c AS (
    SELECT level, module, sum(n)::bigint AS n
    FROM app_log_counts
    WHERE at >= log_quarter(now() - :hours::int * interval '1 hour')
    GROUP BY level, module
), level AS (
    SELECT level, sum(n)::bigint AS n FROM c GROUP BY level
), top AS (
    SELECT module, sum(n)::bigint AS n
    FROM c
    GROUP BY module
    ORDER BY n DESC, module
    LIMIT 10
), total AS (
    SELECT coalesce(sum(n), 0)::bigint AS n,
           coalesce(sum(n) FILTER (WHERE level IN ('ERROR', 'CRITICAL')),
                    0)::bigint AS errors,
           coalesce(sum(n) FILTER (WHERE level = 'WARNING'), 0)::bigint
           AS warnings,
           coalesce(sum(n) FILTER (WHERE level = 'INFO'), 0)::bigint AS infos,
           coalesce(sum(n) FILTER (WHERE level = 'DEBUG'), 0)::bigint
           AS debugs,
           coalesce(sum(n) FILTER (WHERE level = 'CRITICAL'), 0)::bigint
           AS criticals
    FROM level
)
SELECT t.n AS total_logs, t.errors AS error_count, t.warnings AS warning_count,
       t.infos AS info_count, t.debugs AS debug_count,
       t.criticals AS critical_count,
       (SELECT coalesce(json_object_agg(level, n ORDER BY level), '{}')
        FROM level) AS level_distribution,
       (SELECT coalesce(json_agg(json_build_object(
                   'module', l.module, 'module_label', {module_label},
                   'count', l.n) ORDER BY l.n DESC, l.module), '[]')
        FROM top l
             LEFT JOIN log_modules m ON m.module = l.module) AS top_modules,
       CASE WHEN t.n = 0 THEN 0
            ELSE round(100.0 * t.errors / t.n, 4) END::float8 AS error_rate
FROM total t
