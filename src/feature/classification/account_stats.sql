-- Statistics of accounts: from counters, not from the accounts themselves.
--
-- Days are those of the schedule that computes the statistics of a day.

-- part: scope
(:account_scope::text IS NULL
           OR s.instance_id = split_part(:account_scope, ':', 2)::bigint
              AND split_part(:account_scope, ':', 1) = 'instance')
          AND (:db_type::text IS NULL OR :db_type IN ('all', i.db_type))

-- part: buckets
unit AS (
    SELECT CASE :period_type::text WHEN 'weekly' THEN 'week'
                                   WHEN 'monthly' THEN 'month'
                                   WHEN 'quarterly' THEN 'quarter'
                                   ELSE 'day' END AS name,
           CASE :period_type WHEN 'weekly' THEN interval '7 days'
                             WHEN 'monthly' THEN interval '1 month'
                             WHEN 'quarterly' THEN interval '3 months'
                             ELSE interval '1 day' END AS step
), today AS (
    SELECT date_trunc(u.name, now() AT TIME ZONE coalesce(
               (SELECT timezone
                FROM schedules
                WHERE job_id = 'calculate_account'), 'UTC')) AS start
    FROM unit u
), buckets AS (
    SELECT n, (t.start - n * u.step)::date AS first,
           (t.start - n * u.step + u.step)::date - 1 AS last
    FROM unit u, today t, generate_series(0, :periods::int - 1) n
), covered AS (
    SELECT b.n, b.first, b.last, b.last - b.first + 1 AS days,
           count(d.stat_date) AS with_data
    FROM buckets b
         LEFT JOIN classification_stat_days d
                   ON d.stat_date BETWEEN b.first AND b.last
    GROUP BY b.n, b.first, b.last
)

-- part: point
json_build_object('period_start', b.first, 'period_end', b.last,
                         'value_avg', coalesce(round(v.total::numeric
                                                     / nullif(b.with_data, 0),
                                                     2), 0),
                         'value_sum', coalesce(v.total, 0),
                         'coverage_days', b.with_data,
                         'expected_days', b.days)


-- name: account_stats_summary
SELECT sum(c.total)::bigint AS total_accounts,
       sum(c.active)::bigint AS active_accounts,
       sum(c.locked)::bigint AS locked_accounts,
       sum(c.active - c.locked)::bigint AS normal_accounts,
       sum(c.total - c.active)::bigint AS deleted_accounts,
       sum(c.instances + c.disabled)::bigint AS total_instances,
       sum(c.instances)::bigint AS active_instances,
       sum(c.disabled)::bigint AS disabled_instances,
       sum(c.instances)::bigint AS normal_instances,
       sum(c.deleted)::bigint AS deleted_instances
FROM account_counts(:db_type, CASE WHEN :account_scope::text IS NOT NULL
                              THEN CASE WHEN :account_scope LIKE 'instance:%'
                                        THEN split_part(:account_scope, ':', 2)
                                             ::bigint ELSE 0 END END) c

-- part: engine_map
(SELECT json_object_agg(c.db_type,
                               json_build_object('total', c.total,
                                                 'active', c.active,
                                                 'normal', c.active - c.locked,
                                                 'locked', c.locked,
                                                 'deleted',
                                                 c.total - c.active))
        FROM account_counts(NULL, NULL) c)

-- part: class_map
(SELECT coalesce(json_object_agg(x.code,
                        json_build_object('account_count', x.n,
                                          'display_name', x.display_name)
                        ORDER BY x.priority DESC, x.code), '{}')
        FROM (SELECT k.code, k.display_name, k.priority,
                     (SELECT coalesce(sum(n.matched_accounts), 0)
                      FROM classification_class_counts n
                           JOIN instances i ON i.id = n.instance_id
                      WHERE n.classification_id = k.id
                            AND i.deleted_at IS NULL) AS n
              FROM account_classes k) x)

-- name: account_stats_all
-- Nothing knows directories or availability groups: every account belongs to
-- an instance, and its state in a directory is unknown.
SELECT sum(c.total)::bigint AS "stats.total_accounts",
       sum(c.active)::bigint AS "stats.active_accounts",
       sum(c.locked)::bigint AS "stats.locked_accounts",
       sum(c.active - c.locked)::bigint AS "stats.normal_accounts",
       sum(c.total - c.active)::bigint AS "stats.deleted_accounts",
       sum(c.instances)::bigint AS "stats.database_instances",
       sum(c.instances + c.disabled)::bigint AS "stats.total_instances",
       sum(c.instances)::bigint AS "stats.active_instances",
       sum(c.disabled)::bigint AS "stats.disabled_instances",
       sum(c.instances)::bigint AS "stats.normal_instances",
       sum(c.deleted)::bigint AS "stats.deleted_instances",
       sum(c.instances)::bigint AS "stats.physical_instances",
       0::bigint AS "stats.ag_virtual_instances",
       json_build_object('instance', json_build_object(
                             'count', sum(c.total), 'percent', 100),
                         'sqlserver_ag', json_build_object(
                             'count', 0, 'percent', 0))
       AS "stats.owner_type_stats",
       json_build_object('normal', 0, 'disabled', 0, 'orphaned', 0,
                         'unmatched', sum(c.total)) AS "stats.ad_status_stats",
       {engine_map} AS "stats.db_type_stats",
       {class_map} AS "stats.classification_stats"
FROM account_counts(NULL, NULL) c

-- name: account_stats_engines
SELECT (r.map -> 'mysql')::json AS mysql,
       (r.map -> 'postgresql')::json AS postgresql,
       (r.map -> 'oracle')::json AS oracle,
       (r.map -> 'sqlserver')::json AS sqlserver
FROM (SELECT {engine_map}::jsonb AS map) r

-- name: account_stats_classes
SELECT {class_map} AS _data

-- name: account_stats_rules
SELECT r.id AS rule_id,
       (SELECT coalesce(sum(n.matched_accounts), 0)::bigint
        FROM classification_rule_counts n
             JOIN instances i ON i.id = n.instance_id
        WHERE n.rule_id = r.id AND i.deleted_at IS NULL)
       AS matched_accounts_count
FROM classification_rules r
WHERE r.is_active
      AND (:rule_ids::bigint[] IS NULL OR r.id = ANY (:rule_ids))
ORDER BY r.id

-- name: account_stats_class_trends
-- lane: slow
WITH {buckets}, sums AS (
    SELECT s.classification_id, b.n, sum(s.matched_accounts) AS total
    FROM buckets b
         JOIN classification_class_stats s
              ON s.stat_date BETWEEN b.first AND b.last
         JOIN instances i ON i.id = s.instance_id
    WHERE {scope}
    GROUP BY s.classification_id, b.n
)
SELECT :period_type::text AS period_type, :periods::int AS periods,
       (SELECT json_agg(json_build_object('period_start', b.first,
                                          'period_end', b.last,
                                          'expected_days', b.days)
                        ORDER BY b.n DESC)
        FROM covered b) AS buckets,
       (SELECT coalesce(json_agg(json_build_object(
                   'classification_id', c.id,
                   'classification_name', c.display_name,
                   'points', (SELECT json_agg({point} ORDER BY b.n DESC)
                              FROM covered b
                                   LEFT JOIN sums v
                                             ON v.classification_id = c.id
                                                AND v.n = b.n))
                   ORDER BY c.priority DESC, c.id), '[]')
        FROM account_classes c) AS series

-- name: account_stats_class_trend
-- lane: slow
WITH {buckets}, sums AS (
    SELECT b.n, sum(s.matched_accounts) AS total
    FROM buckets b
         JOIN classification_class_stats s
              ON s.stat_date BETWEEN b.first AND b.last
         JOIN instances i ON i.id = s.instance_id
    WHERE s.classification_id = :classification_id::bigint AND {scope}
    GROUP BY b.n
)
SELECT (SELECT json_agg({point} ORDER BY b.n DESC)
        FROM covered b
             LEFT JOIN sums v ON v.n = b.n) AS trend

-- name: account_stats_rule_trend
-- lane: slow
WITH {buckets}, sums AS (
    SELECT b.n, sum(s.matched_accounts) AS total
    FROM buckets b
         JOIN classification_rule_stats s
              ON s.stat_date BETWEEN b.first AND b.last
         JOIN instances i ON i.id = s.instance_id
    WHERE s.rule_id = :rule_id::bigint AND {scope}
    GROUP BY b.n
)
SELECT (SELECT json_agg({point} ORDER BY b.n DESC)
        FROM covered b
             LEFT JOIN sums v ON v.n = b.n) AS trend

-- name: account_stats_contributions
-- lane: slow
WITH {buckets}, sums AS (
    SELECT s.rule_id, sum(s.matched_accounts) AS total
    FROM buckets b
         JOIN classification_rule_stats s
              ON s.stat_date BETWEEN b.first AND b.last
         JOIN instances i ON i.id = s.instance_id
    WHERE {scope}
    GROUP BY s.rule_id
)
SELECT b.first AS period_start, b.last AS period_end,
       b.with_data AS coverage_days, b.days AS expected_days,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT r.id AS rule_id, r.rule_name, r.db_type, r.rule_version,
                     r.is_active,
                     coalesce(round(v.total::numeric
                                    / nullif(b.with_data, 0), 2), 0)
                     AS value_avg,
                     v.total AS value_sum, b.with_data AS coverage_days,
                     b.days AS expected_days
              FROM sums v
                   JOIN classification_rules r ON r.id = v.rule_id
              WHERE r.classification_id = :classification_id::bigint
              ORDER BY v.total DESC, r.id
              LIMIT :limit::int) x) AS contributions
FROM covered b

-- name: account_stats_overview
-- lane: slow
WITH {buckets}, sums AS (
    SELECT s.rule_id, sum(s.matched_accounts) AS total,
           sum(s.matched_accounts) FILTER (WHERE b.n = 0) AS latest
    FROM buckets b
         JOIN classification_rule_stats s
              ON s.stat_date BETWEEN b.first AND b.last
         JOIN instances i ON i.id = s.instance_id
    WHERE {scope}
    GROUP BY s.rule_id
)
SELECT (SELECT min(first) FROM covered) AS window_start,
       (SELECT max(last) FROM covered) AS window_end,
       l.first AS latest_period_start, l.last AS latest_period_end,
       l.with_data AS latest_coverage_days, l.days AS latest_expected_days,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT r.id AS rule_id, r.rule_name, r.db_type, r.rule_version,
                     r.is_active,
                     coalesce(round(v.latest::numeric
                                    / nullif(l.with_data, 0), 2), 0)
                     AS latest_value_avg,
                     coalesce(v.latest, 0) AS latest_value_sum,
                     l.with_data AS latest_coverage_days,
                     l.days AS latest_expected_days,
                     coalesce(v.total, 0) AS window_value_sum
              FROM classification_rules r
                   LEFT JOIN sums v ON v.rule_id = r.id
              WHERE r.classification_id = :classification_id::bigint
                    AND CASE :status::text
                        WHEN 'active' THEN r.is_active
                        WHEN 'archived' THEN NOT r.is_active
                        ELSE true END
              ORDER BY coalesce(v.total, 0) DESC, r.id) x) AS rules
FROM covered l
WHERE l.n = 0
