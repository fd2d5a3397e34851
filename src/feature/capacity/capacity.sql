-- Sizes by period, what grows, and until when there is room: first how it is
-- calculated in the worker, then what the API shows.

-- part: mb
/ 1048576.0

-- part: day
coalesce(:today::date, capacity_day())

-- part: bounds
p.first, p.last,
       (SELECT b.first
        FROM capacity_period(u.period_type, p.first - 1) b) AS before,
       p.last < t.today AS is_closed

-- name: capacity_due
-- worker
-- Periods that are over and were not calculated since, and the last one of each
-- kind in any case: what was read late is in it.
WITH t AS (
    SELECT {day} AS today
), oldest AS (
    SELECT least((SELECT min(day) FROM instance_sizes),
                 (SELECT min(day) FROM database_sizes)) AS day
)
SELECT u.period_type, {bounds}
FROM t
     CROSS JOIN oldest o
     CROSS JOIN (VALUES (1, 'daily', interval '1 day'),
                        (2, 'weekly', interval '7 days'),
                        (3, 'monthly', interval '1 month'),
                        (4, 'quarterly', interval '3 months'))
                AS u (n, period_type, step)
     CROSS JOIN LATERAL generate_series(
         (capacity_period(u.period_type, o.day)).first::timestamp,
         (capacity_period(u.period_type, t.today)).first - u.step, u.step) g
     CROSS JOIN LATERAL capacity_period(u.period_type, g::date) p
WHERE p.last = (capacity_period(u.period_type, t.today)).first - 1
      OR NOT EXISTS (SELECT
                     FROM capacity_periods c
                     WHERE c.period_type = u.period_type
                           AND c.period_start = p.first AND c.is_closed)
ORDER BY u.n, p.first

-- name: capacity_now
-- worker
-- The period that today is in.
SELECT u.period_type, {bounds}
FROM (SELECT {day} AS today) t
     CROSS JOIN (SELECT :period_type::text AS period_type) u
     CROSS JOIN LATERAL capacity_period(u.period_type, t.today) p

-- name: capacity_databases
-- worker
WITH new AS (
    INSERT INTO database_size_aggregations AS a
        (database_id, instance_id, period_type, period_start, period_end,
         data_count, avg_bytes, max_bytes, min_bytes, avg_data_bytes,
         max_data_bytes, min_data_bytes, avg_log_bytes, max_log_bytes,
         min_log_bytes, before_bytes, before_data_bytes, before_log_bytes)
    SELECT s.database_id, s.instance_id, :period_type::text, :first::date,
           :last::date, count(*), round(avg(s.size_bytes)), max(s.size_bytes),
           min(s.size_bytes), round(avg(s.data_bytes)), max(s.data_bytes),
           min(s.data_bytes), round(avg(s.log_bytes)), max(s.log_bytes),
           min(s.log_bytes), b.avg_bytes, b.avg_data_bytes, b.avg_log_bytes
    FROM database_sizes s
         JOIN instances i ON i.id = s.instance_id AND i.deleted_at IS NULL
         LEFT JOIN database_size_aggregations b
                   ON b.database_id = s.database_id
                      AND b.period_type = :period_type
                      AND b.period_start = :before::date
    WHERE s.day BETWEEN :first AND :last
    GROUP BY s.database_id, s.instance_id, b.avg_bytes, b.avg_data_bytes,
             b.avg_log_bytes
    ON CONFLICT (database_id, period_type, period_start) DO UPDATE
    SET data_count = EXCLUDED.data_count,
        avg_bytes = EXCLUDED.avg_bytes,
        max_bytes = EXCLUDED.max_bytes,
        min_bytes = EXCLUDED.min_bytes,
        avg_data_bytes = EXCLUDED.avg_data_bytes,
        max_data_bytes = EXCLUDED.max_data_bytes,
        min_data_bytes = EXCLUDED.min_data_bytes,
        avg_log_bytes = EXCLUDED.avg_log_bytes,
        max_log_bytes = EXCLUDED.max_log_bytes,
        min_log_bytes = EXCLUDED.min_log_bytes,
        before_bytes = EXCLUDED.before_bytes,
        before_data_bytes = EXCLUDED.before_data_bytes,
        before_log_bytes = EXCLUDED.before_log_bytes,
        calculated_at = now()
    RETURNING 1
)
SELECT count(*) AS n
FROM new

-- name: capacity_instances
-- worker
WITH new AS (
    INSERT INTO instance_size_aggregations AS a
        (instance_id, period_type, period_start, period_end, data_count,
         is_complete, avg_bytes, max_bytes, min_bytes, database_count,
         avg_database_count, max_database_count, min_database_count,
         before_bytes, before_database_count)
    SELECT d.instance_id, :period_type::text, :first::date, :last::date,
           count(*), bool_and(d.is_complete), round(avg(d.size_bytes)),
           max(d.size_bytes), min(d.size_bytes),
           (array_agg(d.database_count ORDER BY d.day DESC))[1],
           round(avg(d.database_count), 2), max(d.database_count),
           min(d.database_count), b.avg_bytes, b.avg_database_count
    FROM capacity_instance_days(:first, :last) d
         JOIN instances i ON i.id = d.instance_id AND i.deleted_at IS NULL
         LEFT JOIN instance_size_aggregations b
                   ON b.instance_id = d.instance_id
                      AND b.period_type = :period_type
                      AND b.period_start = :before::date
    GROUP BY d.instance_id, b.avg_bytes, b.avg_database_count
    ON CONFLICT (instance_id, period_type, period_start) DO UPDATE
    SET data_count = EXCLUDED.data_count,
        is_complete = EXCLUDED.is_complete,
        avg_bytes = EXCLUDED.avg_bytes,
        max_bytes = EXCLUDED.max_bytes,
        min_bytes = EXCLUDED.min_bytes,
        database_count = EXCLUDED.database_count,
        avg_database_count = EXCLUDED.avg_database_count,
        max_database_count = EXCLUDED.max_database_count,
        min_database_count = EXCLUDED.min_database_count,
        before_bytes = EXCLUDED.before_bytes,
        before_database_count = EXCLUDED.before_database_count,
        calculated_at = now()
    RETURNING 1
)
SELECT count(*) AS n
FROM new

-- name: capacity_period_done
-- worker
-- Only of what was calculated for all: databases and instances.
INSERT INTO capacity_periods (period_type, period_start, period_end, is_closed,
                              instances, databases)
VALUES (:period_type, :first::date, :last::date, :is_closed::boolean,
        :instances::int, :databases::int)
ON CONFLICT (period_type, period_start) DO UPDATE
SET is_closed = EXCLUDED.is_closed,
    instances = EXCLUDED.instances,
    databases = EXCLUDED.databases,
    calculated_at = now()

-- name: capacity_grow
-- worker
WITH old AS (
    DELETE FROM instance_growth g
    WHERE NOT EXISTS (SELECT
                      FROM instance_sizes s
                      WHERE s.instance_id = g.instance_id
                            AND s.day BETWEEN {day} - 89 AND {day})
), new AS (
    INSERT INTO instance_growth AS g (instance_id, day, size_bytes, points,
                                      days, bytes_per_day)
    SELECT c.instance_id, c.day, c.size_bytes, c.points, c.days,
           c.bytes_per_day
    FROM capacity_growth({day}) c
         JOIN instances i ON i.id = c.instance_id AND i.deleted_at IS NULL
    ON CONFLICT (instance_id) DO UPDATE
    SET day = EXCLUDED.day,
        size_bytes = EXCLUDED.size_bytes,
        points = EXCLUDED.points,
        days = EXCLUDED.days,
        bytes_per_day = EXCLUDED.bytes_per_day,
        calculated_at = now()
    RETURNING 1
)
SELECT count(*) AS n
FROM new

-- part: spread
round(a.avg_{arg}bytes {mb})::bigint AS avg_{arg}size_mb,
       round(a.max_{arg}bytes {mb})::bigint AS max_{arg}size_mb,
       round(a.min_{arg}bytes {mb})::bigint AS min_{arg}size_mb

-- part: change
round((a.avg_{arg}_bytes - a.before_{arg}_bytes) {mb})::bigint
       AS {arg}_size_change_mb,
       capacity_percent(a.avg_{arg}_bytes - a.before_{arg}_bytes,
                        a.before_{arg}_bytes)::float8
       AS {arg}_size_change_percent

-- part: wanted
AND (:instance_id::bigint[] IS NULL OR i.id = ANY (:instance_id))
      AND (:db_type::text[] IS NULL OR i.db_type = ANY (:db_type))

-- part: time_range
AND (:start_date::date IS NOT NULL OR :end_date::date IS NOT NULL
           OR :time_range::int IS NULL
           OR a.period_start >= capacity_day() - :time_range)

-- part: period
AND (:period_type::text IS NULL OR a.period_type = :period_type)
      AND (:end_date::date IS NULL OR a.period_end <= :end_date)

-- part: which
AND (:instance_id::bigint[] IS NULL OR a.instance_id = ANY (:instance_id))
      AND (:db_type::text[] IS NULL OR i.db_type = ANY (:db_type))

-- part: instance_filter
AND (:start_date::date IS NULL OR a.period_start >= :start_date)
      {period}
      {time_range}
      {which}

-- part: database_filter
AND (:start_date::date IS NULL OR a.period_end >= :start_date)
      {period}
      {time_range}
      {which}
      AND (:database_name::text IS NULL OR d.name = :database_name)
      AND (:database_id::bigint IS NULL OR a.database_id = :database_id)

-- name: capacity_instances_list
-- lane: slow
-- sort: id=a.id period_start=a.period_start total_size_mb=a.avg_bytes
SELECT a.id, a.instance_id, a.period_type, a.period_start, a.period_end,
       round(a.avg_bytes {mb})::bigint AS total_size_mb,
       {spread:},
       a.data_count, a.database_count,
       a.avg_database_count::float8 AS avg_database_count,
       a.max_database_count, a.min_database_count,
       round((a.avg_bytes - a.before_bytes) {mb})::bigint
       AS total_size_change_mb,
       c.percent::float8 AS total_size_change_percent,
       round(a.avg_database_count - a.before_database_count)::int
       AS database_count_change,
       capacity_percent(a.avg_database_count - a.before_database_count,
                        a.before_database_count)::float8
       AS database_count_change_percent,
       c.percent::float8 AS growth_rate,
       capacity_trend(c.percent) AS trend_direction,
       a.avg_bytes AS avg_size_bytes, a.max_bytes AS max_size_bytes,
       a.min_bytes AS min_size_bytes,
       a.avg_bytes - a.before_bytes AS total_size_change_bytes,
       a.is_complete, a.calculated_at, a.created_at,
       i.id AS "instance.id", i.name AS "instance.name",
       i.db_type AS "instance.db_type"
FROM k
     JOIN instance_size_aggregations a ON a.id = k._id
     JOIN instances i ON i.id = a.instance_id
     CROSS JOIN LATERAL capacity_percent(a.avg_bytes - a.before_bytes,
                                         a.before_bytes) AS c (percent)
-- keys
FROM instance_size_aggregations a
     JOIN instances i ON i.id = a.instance_id
WHERE i.deleted_at IS NULL
-- filtered
      {instance_filter}
      AND (NOT :get_all::boolean
           OR a.instance_id IN (SELECT a.instance_id
                                FROM instance_size_aggregations a
                                     JOIN instances i ON i.id = a.instance_id
                                WHERE i.deleted_at IS NULL
                                      {instance_filter}
                                GROUP BY a.instance_id
                                ORDER BY max(a.avg_bytes) DESC, a.instance_id
                                LIMIT 100))

-- name: capacity_databases_list
-- lane: slow
-- sort: id=a.id period_start=a.period_start avg_size_mb=a.avg_bytes
SELECT a.id, a.instance_id, d.name AS database_name, a.database_id,
       a.period_type, a.period_start, a.period_end,
       {spread:},
       a.data_count,
       {spread: data_},
       {spread: log_},
       coalesce(round((a.avg_bytes - a.before_bytes) {mb}), 0)::bigint
       AS size_change_mb,
       coalesce(c.percent, 0)::float8 AS size_change_percent,
       {change: data},
       {change: log},
       coalesce(c.percent, 0)::float8 AS growth_rate,
       capacity_trend(c.percent) AS trend_direction,
       a.avg_bytes AS avg_size_bytes, a.max_bytes AS max_size_bytes,
       a.min_bytes AS min_size_bytes,
       a.avg_bytes - a.before_bytes AS size_change_bytes,
       a.calculated_at, a.created_at,
       i.id AS "instance.id", i.name AS "instance.name",
       i.db_type AS "instance.db_type"
FROM k
     JOIN database_size_aggregations a ON a.id = k._id
     JOIN databases d ON d.id = a.database_id
     JOIN instances i ON i.id = a.instance_id
     CROSS JOIN LATERAL capacity_percent(a.avg_bytes - a.before_bytes,
                                         a.before_bytes) AS c (percent)
-- keys
FROM database_size_aggregations a
     JOIN databases d ON d.id = a.database_id
     JOIN instances i ON i.id = a.instance_id
WHERE i.deleted_at IS NULL AND i.is_active AND d.dropped_at IS NULL
-- filtered
      {database_filter}
      AND (NOT :get_all::boolean
           OR a.database_id IN (SELECT a.database_id
                                FROM database_size_aggregations a
                                     JOIN databases d ON d.id = a.database_id
                                     JOIN instances i ON i.id = a.instance_id
                                WHERE i.deleted_at IS NULL AND i.is_active
                                      AND d.dropped_at IS NULL
                                      {database_filter}
                                GROUP BY a.database_id
                                ORDER BY max(a.avg_bytes) DESC, a.database_id
                                LIMIT 100))

-- part: from_day
coalesce(:start_date::date,
                           CASE WHEN :end_date::date IS NULL
                                THEN capacity_day() - coalesce(:time_range::int,
                                                               30)
                                ELSE :end_date - 30 END)

-- name: capacity_instances_summary
-- lane: slow
-- The newest size of each instance in the time that is asked for.
WITH newest AS MATERIALIZED (
    SELECT i.id, s.day, s.size_bytes, s.is_complete
    FROM instances i
         CROSS JOIN LATERAL (
             SELECT s.day, s.size_bytes, s.is_complete
             FROM instance_sizes s
             WHERE s.instance_id = i.id
                   AND s.day BETWEEN {from_day}
                                 AND coalesce(:end_date::date, capacity_day())
             ORDER BY s.day DESC
             LIMIT 1
         ) s
    WHERE i.deleted_at IS NULL
          {wanted}
), sizes AS (
    SELECT CASE WHEN n.is_complete THEN n.size_bytes
                ELSE (SELECT s.size_bytes
                      FROM capacity_instance_days(n.day, n.day) s
                      WHERE s.instance_id = n.id) END AS size_bytes
    FROM newest n
)
SELECT count(*) AS "summary.total_instances",
       coalesce(round(sum(size_bytes) {mb}), 0)::bigint
       AS "summary.total_size_mb",
       coalesce(round(avg(size_bytes) {mb}, 2), 0)::float8
       AS "summary.avg_size_mb",
       coalesce(round(max(size_bytes) {mb}), 0)::bigint
       AS "summary.max_size_mb",
       coalesce(:period_type::text, 'all') AS "summary.period_type",
       'instance_sizes' AS "summary.source",
       coalesce(sum(size_bytes), 0)::bigint AS "summary.total_size_bytes"
FROM sizes

-- name: capacity_databases_summary
-- lane: slow
-- The newest size of each database in the time that is asked for; growth from
-- the oldest to the newest of those that have both.
WITH shown AS (
    SELECT d.id, d.instance_id, n.day, n.size_bytes, o.size_bytes AS before
    FROM databases d
         JOIN instances i ON i.id = d.instance_id
         CROSS JOIN LATERAL (
             SELECT s.day, s.size_bytes
             FROM database_sizes s
             WHERE s.database_id = d.id
                   AND s.day BETWEEN {from_day}
                                 AND coalesce(:end_date::date, capacity_day())
             ORDER BY s.day DESC
             LIMIT 1
         ) n
         LEFT JOIN LATERAL (
             SELECT s.size_bytes
             FROM database_sizes s
             WHERE s.database_id = d.id AND s.day >= {from_day}
                   AND s.day < n.day
             ORDER BY s.day
             LIMIT 1
         ) o ON true
    WHERE d.dropped_at IS NULL AND i.deleted_at IS NULL AND i.is_active
          {wanted}
          AND (:database_name::text IS NULL OR d.name = :database_name)
          AND (:database_id::bigint IS NULL OR d.id = :database_id)
)
SELECT count(*) AS "summary.total_databases",
       count(DISTINCT instance_id) AS "summary.total_instances",
       coalesce(round(sum(size_bytes) {mb}), 0)::bigint
       AS "summary.total_size_mb",
       coalesce(round(avg(size_bytes) {mb}, 2), 0)::float8
       AS "summary.avg_size_mb",
       coalesce(round(max(size_bytes) {mb}), 0)::bigint
       AS "summary.max_size_mb",
       coalesce(capacity_percent(sum(size_bytes - before),
                                 sum(before)), 0)::float8
       AS "summary.growth_rate",
       coalesce(sum(size_bytes), 0)::bigint AS "summary.total_size_bytes",
       coalesce(:period_type::text, 'all') AS "summary.period_type"
FROM shown

-- name: capacity_forecasts_list
-- lane: slow
-- sort: id=i.id days_until_full=coalesce(f.days,9223372036854775807) size_bytes=coalesce(g.size_bytes,0) bytes_per_day=coalesce(g.bytes_per_day,0)
SELECT i.id, i.name, i.db_type, g.day AS sized_on, g.size_bytes,
       i.capacity_limit_bytes,
       round(100.0 * g.size_bytes / i.capacity_limit_bytes, 2)::float8
       AS used_percent,
       g.bytes_per_day::float8 AS bytes_per_day, g.points, g.days AS span_days,
       f.days AS days_until_full, f.reason AS days_until_full_reason,
       CASE WHEN f.days < 3650000 THEN g.day + f.days::int END AS full_on,
       g.calculated_at
FROM instances i
     LEFT JOIN instance_growth g ON g.instance_id = i.id
     CROSS JOIN LATERAL capacity_days_until_full(
         i.capacity_limit_bytes, g.size_bytes, g.bytes_per_day) f
WHERE i.deleted_at IS NULL
      {wanted}
ORDER BY {sort}
LIMIT :limit::int OFFSET :_offset::int

-- name: capacity_aggregate
SELECT q.run_id
FROM tf_enqueue('capacity_aggregate_current', 'manual', :_user_id::bigint,
                payload => jsonb_build_object('period_type', :period_type::text,
                                              'scope', :scope::text)) q
