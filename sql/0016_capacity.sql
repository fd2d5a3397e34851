-- Capacity: sizes by period, what grows how fast, and until when there is room.


-- A limit that people set: the size at which an instance is full.

ALTER TABLE instances
    ADD capacity_limit_bytes bigint CHECK (capacity_limit_bytes > 0);


SELECT tf_partitions_register('database_sizes', 'stats',
                              '数据库统计表', 'Sizes of databases', 12);
SELECT tf_partitions_register('instance_sizes', 'instance_stats',
                              '实例统计表', 'Sizes of instances', 12);


-- The first and the last day of the period that a day is in.  Weeks begin on
-- Monday, quarters in January, April, July and October.

CREATE FUNCTION capacity_period(period_type text, day date,
                                OUT first date, OUT last date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT s.first, (s.first + u.step)::date - 1
    FROM (VALUES ('daily', 'day', interval '1 day'),
                 ('weekly', 'week', interval '7 days'),
                 ('monthly', 'month', interval '1 month'),
                 ('quarterly', 'quarter', interval '3 months'))
             AS u (period_type, unit, step)
         CROSS JOIN LATERAL (
             SELECT date_trunc(u.unit, day::timestamp)::date AS first
         ) s
    WHERE u.period_type = capacity_period.period_type
$$;


-- Percent of a change, NULL when there is nothing to compare with: growth from
-- nothing is not infinite.

CREATE FUNCTION capacity_percent(change numeric, before numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(100 * change / nullif(before, 0), 2)
$$;

CREATE FUNCTION capacity_trend(percent numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN percent > 5 THEN 'growing'
                WHEN percent < -5 THEN 'shrinking'
                WHEN percent IS NOT NULL THEN 'stable' END
$$;


-- The size of instances day by day.  What a reading could not read has the size
-- that it had before, as long as it is not dropped: a failed read is no
-- shrinking.  A day without a reading has no row.

CREATE FUNCTION capacity_instance_days(from_day date, to_day date)
RETURNS TABLE (instance_id bigint, day date, size_bytes bigint,
               database_count integer, is_complete boolean)
LANGUAGE sql STABLE AS $$
    SELECT s.instance_id, s.day,
           s.size_bytes
           + CASE WHEN s.is_complete THEN 0
                  ELSE coalesce((
                      SELECT sum(o.size_bytes)
                      FROM databases d
                           CROSS JOIN LATERAL (
                               SELECT z.size_bytes, z.day
                               FROM database_sizes z
                               WHERE z.database_id = d.id AND z.day <= s.day
                               ORDER BY z.day DESC
                               LIMIT 1
                           ) o
                      WHERE d.instance_id = s.instance_id
                            AND o.day < s.day
                            AND (d.dropped_at IS NULL
                                 OR capacity_day(d.dropped_at) > s.day)), 0)
             END::bigint,
           s.database_count, s.is_complete
    FROM instance_sizes s
    WHERE s.day BETWEEN from_day AND to_day
$$;


-- A row for each database and period in which it was read.  before_bytes: the
-- average of the period before, NULL when that has no row.

CREATE TABLE database_size_aggregations (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    database_id    bigint NOT NULL REFERENCES databases ON DELETE CASCADE,
    instance_id    bigint NOT NULL,
    period_type    text NOT NULL
                   CHECK (period_type IN ('daily', 'weekly', 'monthly',
                                          'quarterly')),
    period_start   date NOT NULL,
    period_end     date NOT NULL,
    -- days with a size
    data_count     integer NOT NULL CHECK (data_count > 0),
    avg_bytes      bigint NOT NULL,
    max_bytes      bigint NOT NULL,
    min_bytes      bigint NOT NULL,
    avg_data_bytes bigint,
    max_data_bytes bigint,
    min_data_bytes bigint,
    avg_log_bytes  bigint,
    max_log_bytes  bigint,
    min_log_bytes  bigint,
    before_bytes      bigint,
    before_data_bytes bigint,
    before_log_bytes  bigint,
    calculated_at  timestamptz NOT NULL DEFAULT now(),
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (database_id, period_type, period_start)
) PARTITION BY RANGE (period_start);

CREATE INDEX database_size_aggregations_period_idx
    ON database_size_aggregations (period_type, period_start, id);
CREATE INDEX database_size_aggregations_instance_idx
    ON database_size_aggregations (instance_id, period_type, period_start);
CREATE INDEX database_size_aggregations_start_idx
    ON database_size_aggregations (period_start, id);
CREATE INDEX database_size_aggregations_id_idx
    ON database_size_aggregations (id);


-- The same of instances.  Not complete: some of what is in it was not read, and
-- counts with what it was before.

CREATE TABLE instance_size_aggregations (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    instance_id  bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    period_type  text NOT NULL
                 CHECK (period_type IN ('daily', 'weekly', 'monthly',
                                        'quarterly')),
    period_start date NOT NULL,
    period_end   date NOT NULL,
    data_count   integer NOT NULL CHECK (data_count > 0),
    is_complete  boolean NOT NULL,
    avg_bytes    bigint NOT NULL,
    max_bytes    bigint NOT NULL,
    min_bytes    bigint NOT NULL,
    -- at the end of the period
    database_count     integer NOT NULL,
    avg_database_count numeric(12, 2) NOT NULL,
    max_database_count integer NOT NULL,
    min_database_count integer NOT NULL,
    before_bytes          bigint,
    before_database_count numeric(12, 2),
    calculated_at timestamptz NOT NULL DEFAULT now(),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (instance_id, period_type, period_start)
) PARTITION BY RANGE (period_start);

CREATE INDEX instance_size_aggregations_period_idx
    ON instance_size_aggregations (period_type, period_start, id);
CREATE INDEX instance_size_aggregations_start_idx
    ON instance_size_aggregations (period_start, id);
CREATE INDEX instance_size_aggregations_id_idx
    ON instance_size_aggregations (id);

SELECT tf_partitions_register('database_size_aggregations', 'aggregations',
                              '数据库聚合表', 'Databases by period', 24);
SELECT tf_partitions_register('instance_size_aggregations',
                              'instance_aggregations',
                              '实例聚合表', 'Instances by period', 60);


-- Which periods were calculated, and what came of it.  One that was not over
-- then is calculated again when it is.

CREATE TABLE capacity_periods (
    period_type   text NOT NULL,
    period_start  date NOT NULL,
    period_end    date NOT NULL,
    is_closed     boolean NOT NULL,
    instances     integer NOT NULL DEFAULT 0,
    databases     integer NOT NULL DEFAULT 0,
    calculated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (period_type, period_start)
);


-- How fast an instance grows, by the last calculation.

CREATE TABLE instance_growth (
    instance_id   bigint PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
    -- of the newest point; size_bytes is its size
    day           date NOT NULL,
    size_bytes    bigint NOT NULL,
    -- points that were looked at, and days from the first to the last
    points        integer NOT NULL,
    days          integer NOT NULL,
    -- NULL: too few points
    bytes_per_day numeric,
    calculated_at timestamptz NOT NULL DEFAULT now()
);


-- The slope of each instance's size in bytes a day, by Theil and Sen: the median
-- of the slopes between all pairs of points of the last 90 days.  A quarter of
-- the points may be wrong, or stand on the other side of a step, without making
-- it another.  Fewer than seven points say nothing.

CREATE FUNCTION capacity_growth(today date)
RETURNS TABLE (instance_id bigint, day date, size_bytes bigint, points integer,
               days integer, bytes_per_day numeric)
LANGUAGE sql STABLE AS $$
    WITH p AS MATERIALIZED (
        SELECT d.instance_id, d.day, d.size_bytes
        FROM capacity_instance_days(today - 89, today) d
    ), n AS (
        SELECT p.instance_id, max(p.day) AS day, count(*)::integer AS points,
               (max(p.day) - min(p.day))::integer AS days
        FROM p
        GROUP BY p.instance_id
    ), slope AS (
        SELECT a.instance_id,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY
                   (b.size_bytes - a.size_bytes)::float8 / (b.day - a.day))
               AS bytes_per_day
        FROM n
             JOIN p a ON a.instance_id = n.instance_id
             JOIN p b ON b.instance_id = n.instance_id AND b.day > a.day
        WHERE n.points >= 7
        GROUP BY a.instance_id
    )
    SELECT n.instance_id, n.day, l.size_bytes, n.points, n.days,
           round(s.bytes_per_day::numeric, 2)
    FROM n
         JOIN p l ON l.instance_id = n.instance_id AND l.day = n.day
         LEFT JOIN slope s ON s.instance_id = n.instance_id
$$;


-- Days until a size reaches its limit, or the reason why there is no number; 0
-- is said of what is full only.  Flat is what changes by less than a thousandth in a year, or does not reach the
-- limit in a thousand years.

CREATE FUNCTION capacity_days_until_full(limit_bytes bigint, size_bytes bigint,
                                         bytes_per_day numeric,
                                         OUT days bigint, OUT reason text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN size_bytes >= limit_bytes THEN 0
                WHEN r.reason IS NULL
                THEN ceil((limit_bytes::numeric - size_bytes)
                          / nullif(bytes_per_day, 0)) END::bigint,
           r.reason
    FROM (SELECT CASE
                 WHEN limit_bytes IS NULL THEN 'unknown_limit'
                 WHEN size_bytes >= limit_bytes THEN NULL
                 WHEN size_bytes IS NULL OR bytes_per_day IS NULL
                 THEN 'too_few_points'
                 WHEN abs(bytes_per_day) * 365000 < size_bytes
                      OR bytes_per_day = 0
                      OR bytes_per_day > 0
                         AND limit_bytes::numeric - size_bytes
                             > bytes_per_day * 365000
                 THEN 'flat'
                 WHEN bytes_per_day < 0 THEN 'shrinking' END AS reason) r
$$;


GRANT SELECT ON database_size_aggregations, instance_size_aggregations,
    capacity_periods, instance_growth TO taifish_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON database_size_aggregations,
    instance_size_aggregations, capacity_periods, instance_growth
    TO taifish_worker;


INSERT INTO schedules (job_id, task_key, cron_expression, is_builtin)
VALUES ('partitions_ahead', 'partitions_ahead', '10 0 * * *', true),
       ('cleanup_partitions', 'cleanup_partitions', '50 0 * * *', true),
       ('calculate_database', 'calculate_database', '0 4 * * *', true);
