-- Capacity and partitions: the same answers with less reading.


-- As in 0016_capacity.sql.  What a day lacks is found by that day's rows; only
-- for those databases the size before is looked for.

CREATE OR REPLACE FUNCTION capacity_instance_days(from_day date, to_day date)
RETURNS TABLE (instance_id bigint, day date, size_bytes bigint,
               database_count integer, is_complete boolean)
LANGUAGE sql STABLE AS $$
    SELECT s.instance_id, s.day,
           s.size_bytes
           + CASE WHEN s.is_complete THEN 0
                  ELSE coalesce((
                      SELECT sum(o.size_bytes)
                      FROM (SELECT d.id
                            FROM databases d
                            WHERE d.instance_id = s.instance_id
                                  AND (d.dropped_at IS NULL
                                       OR capacity_day(d.dropped_at) > s.day)
                                  AND NOT EXISTS (
                                      SELECT
                                      FROM database_sizes r
                                      WHERE r.instance_id = s.instance_id
                                            AND r.day = s.day
                                            AND r.database_id = d.id)
                            OFFSET 0) u
                           CROSS JOIN LATERAL (
                               SELECT z.size_bytes
                               FROM database_sizes z
                               WHERE z.database_id = u.id AND z.day < s.day
                               ORDER BY z.day DESC
                               LIMIT 1
                           ) o), 0)
             END::bigint,
           s.database_count, s.is_complete
    FROM instance_sizes s
    WHERE s.day BETWEEN from_day AND to_day
$$;


-- As in 0012_partitions.sql, with one look at the catalogue.

CREATE OR REPLACE FUNCTION tf_partitions_missing(today date)
RETURNS TABLE (table_name text, month date, partition_name text)
LANGUAGE sql STABLE AS $$
    WITH p AS MATERIALIZED (
        SELECT p.table_name, p.starts, p.ends
        FROM tf_partitions(today) p
        WHERE p.starts IS NOT NULL
    )
    SELECT t.table_name, m.month::date,
           t.table_name || to_char(m.month, '_YYYY_MM')
    FROM partitioned_tables t
         CROSS JOIN LATERAL (
             SELECT min(p.starts) AS oldest
             FROM p
             WHERE p.table_name = t.table_name
         ) o
         CROSS JOIN LATERAL generate_series(
             least(date_trunc('month', o.oldest::timestamp),
                   date_trunc('month', today::timestamp)),
             date_trunc('month', today::timestamp) + interval '1 month',
             interval '1 month') AS m (month)
    WHERE NOT EXISTS (SELECT
                      FROM p
                      WHERE p.table_name = t.table_name
                            AND p.starts <= m.month AND p.ends > m.month)
$$;
