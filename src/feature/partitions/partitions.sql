-- Tables in partitions by month: what there is, and the jobs that make and drop
-- months.  sql/0012_partitions.sql has the functions.

-- part: today
coalesce(:today::date, (now() AT TIME ZONE 'UTC')::date)

-- part: title
CASE :_lang::text WHEN 'en' THEN t.title_en ELSE t.title_zh END

-- part: partition
p.partition_name AS name, p.table_name AS "table", p.table_type,
       {title}
       || coalesce(to_char(p.starts, ' YYYY-MM'), ' DEFAULT') AS display_name,
       pg_size_pretty(p.bytes) AS size, p.bytes AS size_bytes,
       p.rows AS record_count, to_char(p.starts, 'YYYY/MM/DD') AS date,
       p.state AS status, p.starts AS date_from, p.ends AS date_to

-- part: now
(now() AT TIME ZONE 'UTC')::date

-- part: from
tf_partitions({now}) p
              JOIN partitioned_tables t ON t.table_name = p.table_name

-- part: all
(SELECT coalesce(json_agg(x ORDER BY x."table", x.date_from), '[]')
        FROM (SELECT {partition}
              FROM {from}) x)


-- name: partitions_list
-- lane: slow
-- sort: id=t.id name=t.name table_type=t.table_type size=t.size_bytes size_bytes=t.size_bytes record_count=coalesce(t.record_count,0) status=t.status date=coalesce(t.date,'')
SELECT t.name, t."table", t.table_type, t.display_name, t.size, t.size_bytes,
       t.record_count, t.date, t.status, t.date_from, t.date_to
FROM (SELECT row_number() OVER (ORDER BY p.partition_name) AS id, {partition}
      FROM {from}) t
WHERE (:search::text IS NULL OR t.name ILIKE :search
       OR t.display_name ILIKE :search)
      AND (:table_type::text IS NULL OR t.table_type = :table_type
           OR t."table" = :table_type)
      AND (:status::text IS NULL OR t.status = :status)
ORDER BY {sort}
LIMIT :limit::int OFFSET :_offset::int

-- part: totals
n.partitions AS "data.total_partitions",
       pg_size_pretty(n.bytes) AS "data.total_size",
       n.bytes AS "data.total_size_bytes",
       n.rows AS "data.total_records"

-- part: health
CASE WHEN n.stray > 0 OR json_array_length(m.names) > 0
            THEN 'warning' ELSE 'healthy' END AS "data.status",
       m.names AS "data.missing_partitions"

-- part: sums
(SELECT count(*) AS partitions, coalesce(sum(bytes), 0)::bigint AS bytes,
             coalesce(sum(rows), 0)::bigint AS rows,
             coalesce(sum(rows) FILTER (WHERE state = 'default'), 0)::bigint
             AS stray
      FROM tf_partitions({now})) n

-- part: missing
(SELECT coalesce(json_agg(partition_name ORDER BY partition_name), '[]')
             AS names
      FROM tf_partitions_missing({now})) m

-- part: tables
(SELECT coalesce(json_agg(table_type ORDER BY table_name), '[]')
        FROM partitioned_tables) AS "data.tables"

-- name: partitions_info
-- lane: slow
SELECT {all} AS "data.partitions", {totals}, {tables}, {health},
       n.stray AS "data.default_records", now() AS timestamp
FROM {sums}, {missing}

-- name: partitions_status
-- lane: slow
SELECT {health}, {totals}, {all} AS "data.partitions",
       n.stray AS "data.default_records", now() AS timestamp
FROM {sums}, {missing}

-- name: partitions_statistics
-- lane: slow
SELECT {totals}, {all} AS "data.partitions", {tables}, now() AS timestamp
FROM {sums}

-- name: partitions_create
-- The month of a date, in all tables.
WITH rules AS (
    SELECT tf_fail('VALIDATION_ERROR', 'date',
                   'has to be in this month or a later one')
    WHERE :date::date < date_trunc('month', {now}::timestamp)
    UNION ALL
    SELECT tf_fail('VALIDATION_ERROR', 'date',
                   'is more than ten years ahead')
    WHERE :date > {now} + interval '10 years'
)
SELECT q.run_id
FROM tf_enqueue('partitions_ahead', 'manual', :_user_id::bigint,
                payload => jsonb_build_object('month', :date::date,
                                              'lang', :_lang::text)) q
WHERE (SELECT count(*) FROM rules) = 0

-- name: partitions_clean
SELECT q.run_id
FROM tf_enqueue('cleanup_partitions', 'manual', :_user_id::bigint,
                payload => jsonb_strip_nulls(jsonb_build_object(
                    'retention_months', :retention_months::int,
                    'lang', :_lang::text))) q

-- name: partitions_metrics
-- lane: slow
-- How much was read and calculated, for a chart: days, or averages of longer
-- periods.  From counters of readings and periods, not from sizes.
WITH w AS (
    SELECT p.first, p.last
    FROM generate_series(0, :days::int - 1) n
         CROSS JOIN LATERAL capacity_period(
             :period_type::text,
             ((capacity_period(:period_type, capacity_day())).first
              - n * CASE :period_type WHEN 'daily' THEN interval '1 day'
                                      WHEN 'weekly' THEN interval '7 days'
                                      WHEN 'monthly' THEN interval '1 month'
                                      ELSE interval '3 months' END)::date) p
), read AS (
    SELECT s.day, count(*) AS instances,
           sum(s.database_count - s.unread_count) AS databases
    FROM instance_sizes s
    WHERE s.day >= (SELECT min(first) FROM w)
    GROUP BY s.day
), points AS (
    SELECT w.first, w.last,
           coalesce(round(avg(r.instances), 1), 0)::float8 AS instances,
           coalesce(round(avg(r.databases), 1), 0)::float8 AS databases,
           coalesce(max(c.instances), 0)::float8 AS instance_rows,
           coalesce(max(c.databases), 0)::float8 AS database_rows
    FROM w
         LEFT JOIN read r ON r.day BETWEEN w.first AND w.last
         LEFT JOIN capacity_periods c ON c.period_type = :period_type
                                         AND c.period_start = w.first
    GROUP BY w.first, w.last
), words AS (
    SELECT CASE WHEN :_lang::text = 'en' THEN
               ARRAY[CASE WHEN :period_type = 'daily' THEN 'Instances read'
                          ELSE 'Instances read, average' END,
                     'Instances calculated',
                     CASE WHEN :period_type = 'daily' THEN 'Databases read'
                          ELSE 'Databases read, average' END,
                     'Databases calculated', 'Number',
                     initcap(:period_type) || ' core metrics']
           ELSE
               ARRAY[CASE WHEN :period_type = 'daily' THEN '实例数总量'
                          ELSE '实例数平均值' END || u.zh,
                     '实例统计数量' || u.zh,
                     CASE WHEN :period_type = 'daily' THEN '数据库数总量'
                          ELSE '数据库数平均值' END || u.zh,
                     '数据库统计数量' || u.zh, '数量',
                     initcap(:period_type) || '核心指标统计'] END AS w
    FROM (SELECT CASE :period_type WHEN 'weekly' THEN '(周)'
                                   WHEN 'monthly' THEN '(月)'
                                   WHEN 'quarterly' THEN '(季)'
                                   ELSE '' END AS zh) u
)
SELECT (SELECT json_agg(p.last ORDER BY p.last) FROM points p) AS labels,
       (SELECT json_agg(json_build_object(
                   'label', s.label, 'data', s.data,
                   'borderColor', format('rgba(%s, 0.7)', s.colour),
                   'backgroundColor', format('rgba(%s, 0.1)', s.colour),
                   'borderWidth', s.width, 'pointStyle', s.point,
                   'tension', 0.1, 'fill', false) ORDER BY s.n)
        FROM (SELECT 1 AS n, w.w[1] AS label, '54, 162, 235' AS colour,
                     4 AS width, 'circle' AS point,
                     json_agg(p.instances ORDER BY p.last) AS data
              FROM points p
              UNION ALL
              SELECT 2, w.w[2], '255, 99, 132', 3, 'triangle',
                     json_agg(p.instance_rows ORDER BY p.last)
              FROM points p
              UNION ALL
              SELECT 3, w.w[3], '75, 192, 192', 4, 'rect',
                     json_agg(p.databases ORDER BY p.last)
              FROM points p
              UNION ALL
              SELECT 4, w.w[4], '255, 159, 64', 3, 'star',
                     json_agg(p.database_rows ORDER BY p.last)
              FROM points p) s) AS datasets,
       :days AS "dataPointCount",
       (SELECT min(last) || ' - ' || max(last) FROM points) AS "timeRange",
       w.w[5] AS "yAxisLabel", w.w[6] AS "chartTitle",
       :period_type AS "periodType"
FROM words w


-- In the worker.

-- name: partitions_tables
-- worker
SELECT t.table_name, t.table_type,
       CASE :lang::text WHEN 'en' THEN t.title_en ELSE t.title_zh END AS title
FROM partitioned_tables t
ORDER BY t.table_name

-- name: partitions_make
-- worker
-- A month that was named, whether it was there or not; else those ahead.
SELECT :table::text || to_char(:month::date, '_YYYY_MM') AS name,
       tf_partition_make(:table, :month) AS rows
WHERE :month IS NOT NULL
UNION ALL
SELECT a.partition_name, a.moved
FROM tf_partitions_ahead(:table, {today}) a
WHERE :month IS NULL

-- name: partitions_drop
-- worker
-- A number of months that was asked for is meant for sizes and what is
-- calculated from them, not for logs.
SELECT d.partition_name AS name, coalesce(d.rows, 0) AS rows,
       coalesce(d.bytes, 0) AS bytes
FROM tf_partitions_drop(:table::text, {today},
         CASE WHEN :type::text IN ('stats', 'aggregations', 'instance_stats',
                                   'instance_aggregations')
              THEN :months::int END) d

-- name: partitions_done
-- worker
SELECT json_build_object(
           'result', jsonb_strip_nulls(jsonb_build_object(
               'success', true,
               'message', CASE :lang::text WHEN 'en' THEN :en::text
                          ELSE :zh::text END,
               'partition_start', date_trunc('month', :month::date::timestamp)::date,
               'partition_end', (date_trunc('month', :month::timestamp)
                                 + interval '1 month')::date))
           || jsonb_build_object(:key::text, :list::jsonb),
           'timestamp', to_char(now() AT TIME ZONE 'UTC',
                                'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS details
