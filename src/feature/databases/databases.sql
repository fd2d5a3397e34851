-- Databases as the API shows them.  What could not be read is null, never 0.
-- Databases of the system are left out unless somebody asks for them.

-- part: alive
d.instance_id NOT IN (SELECT id
                            FROM instances
                            WHERE deleted_at IS NOT NULL OR NOT is_active)

-- part: ledger
d.id, d.name AS database_name, i.id AS "instance.id",
       i.name AS "instance.name", i.host AS "instance.host",
       i.db_type AS "instance.db_type", i.db_type,
       size_mb(d.size_bytes) AS "capacity.size_mb",
       d.size_bytes AS "capacity.size_bytes",
       size_label(d.size_bytes, :_lang) AS "capacity.label",
       d.sized_at AS "capacity.collected_at",
       size_status_json(size_status(d.unread, d.sized_at), d.unread, :_lang)
       AS sync_status,
       d.unread, d.is_system, d.first_seen_at, d.last_seen_at, d.dropped_at,
       i.tags

-- name: databases_list
-- sort: id=d.id database_name=d.name instance_name=n.name db_type=n.db_type size=coalesce(d.size_bytes,-1) collected_at=coalesce(d.sized_at,'-infinity')
SELECT {ledger}
FROM k
     JOIN databases d ON d.id = k._id
     JOIN instances i ON i.id = d.instance_id
-- keys
FROM databases d
     JOIN instances n ON n.id = d.instance_id
WHERE {alive}
-- unfiltered: id database_name size collected_at
      AND d.dropped_at IS NULL AND NOT d.is_system
-- filtered
      AND (:include_deleted::boolean OR d.dropped_at IS NULL)
      AND (:include_system::boolean OR NOT d.is_system)
      AND (:search::text IS NULL
           OR d.name ILIKE :search
              AND tf_bigrams(d.name)
                  @> tf_bigrams_like(:search COLLATE "C")
           OR d.instance_id = ANY (instances_like(:search)))
      AND (:instance_id::bigint IS NULL OR d.instance_id = :instance_id)
      AND (:db_type::text IS NULL OR :db_type = 'all'
           OR n.db_type = :db_type)
      AND (:sync_status::text IS NULL OR :sync_status = 'all'
           OR size_status(d.unread, d.sized_at) = :sync_status)
      AND (:tags::text[] IS NULL
           OR d.instance_id = ANY (instances_tagged(:tags)))
-- total
SELECT coalesce(sum(database_count), 0) AS total, false AS total_is_estimate
FROM instances
WHERE deleted_at IS NULL AND is_active
-- export
SELECT d.id, d.name AS database_name, i.name AS instance_name,
       i.host AS instance_host, i.db_type,
       (SELECT coalesce(json_agg(t ->> 'display_name'), '[]')
        FROM json_array_elements(i.tags) t) AS tags,
       d.size_bytes, size_label(d.size_bytes, :_lang) AS size_label,
       d.sized_at AS collected_at,
       size_status(d.unread, d.sized_at) AS sync_status, d.unread
FROM k
     JOIN databases d ON d.id = k._id
     JOIN instances i ON i.id = d.instance_id

-- name: databases_options
-- lane: slow
-- Of one instance, also what is no more: for choosing what to look at.
SELECT (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT d.id, d.name AS database_name,
                     d.dropped_at IS NULL AS is_active,
                     capacity_day(d.first_seen_at) AS first_seen_date,
                     capacity_day(d.last_seen_at) AS last_seen_date,
                     d.dropped_at AS deleted_at
              FROM databases d
              WHERE d.instance_id = i.id AND NOT d.is_system
              ORDER BY d.name, d.id
              LIMIT :limit::bigint
              OFFSET (:page::bigint - 1) * :limit) x) AS databases,
       t.n AS total_count, :page AS page,
       ceil(t.n / (:limit)::numeric)::bigint AS pages, :limit AS "limit"
FROM instances i
     CROSS JOIN LATERAL (SELECT count(*) AS n
                         FROM databases d
                         WHERE d.instance_id = i.id AND NOT d.is_system) t
WHERE i.id = :instance_id::bigint AND i.deleted_at IS NULL

-- name: databases_statistics
-- lane: slow
WITH shown AS (
    SELECT d.*, i.name AS instance_name, i.db_type
    FROM databases d
         JOIN instances i ON i.id = d.instance_id
    WHERE i.is_active AND i.deleted_at IS NULL AND NOT d.is_system
          AND (:instance_id::bigint IS NULL OR i.id = :instance_id)
), present AS (
    SELECT *, size_status(unread, sized_at) AS status
    FROM shown
    WHERE dropped_at IS NULL
), known AS (
    SELECT sum(size_bytes) AS total, avg(size_bytes) AS mean,
           max(size_bytes) AS largest, count(*) AS databases,
           count(size_bytes) AS sized
    FROM present
)
SELECT (SELECT count(*) FROM shown) AS total_databases,
       k.databases AS active_databases,
       0 AS inactive_databases,
       (SELECT count(*) FROM shown WHERE dropped_at IS NOT NULL)
       AS deleted_databases,
       (SELECT count(DISTINCT instance_id) FROM shown) AS total_instances,
       k.databases - k.sized AS unread_databases,
       size_mb(coalesce(k.total, 0)) AS total_size_mb,
       round(coalesce(k.mean, 0) / 1048576, 2)::float8 AS avg_size_mb,
       size_mb(coalesce(k.largest, 0)) AS max_size_mb,
       coalesce(k.total, 0)::bigint AS total_size_bytes,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT db_type, count(*) AS count
              FROM present
              GROUP BY db_type
              ORDER BY count(*) DESC, db_type) x) AS db_type_stats,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT instance_id, instance_name, db_type, count(*) AS count
              FROM present
              GROUP BY instance_id, instance_name, db_type
              ORDER BY count(*) DESC, instance_name
              LIMIT 10) x) AS instance_stats,
       (SELECT coalesce(json_agg(s.j || jsonb_build_object('count', s.n)
                                 ORDER BY s.n DESC), '[]')
        FROM (SELECT size_status_json(p.status, p.failed, :_lang) AS j,
                     count(*) AS n
              FROM (SELECT status,
                           CASE WHEN unread IS NOT NULL THEN '' END AS failed
                    FROM present) p
              GROUP BY 1) s) AS sync_status_stats,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT instance_id, instance_name, db_type,
                     id AS database_id, name AS database_name,
                     size_mb(size_bytes) AS size_mb, size_bytes,
                     size_label(size_bytes, :_lang) AS size_label,
                     sized_at AS collected_at
              FROM present
              WHERE size_bytes IS NOT NULL
              ORDER BY size_bytes DESC, sized_at DESC, instance_name
              LIMIT 10) x) AS capacity_rankings
FROM known k


-- part: size_row
d.id, d.name AS database_name, size_mb(z.size_bytes) AS size_mb,
                     size_mb(z.data_bytes) AS data_size_mb,
                     size_mb(z.log_bytes) AS log_size_mb, z.size_bytes,
                     z.data_bytes, z.log_bytes, z.day AS collected_date,
                     z.collected_at, d.dropped_at IS NULL AS is_active,
                     d.dropped_at AS deleted_at,
                     capacity_day(d.last_seen_at) AS last_seen_date,
                     d.is_system, d.unread

-- name: databases_sizes
-- lane: slow
-- The newest size of each database, or all sizes of the days that are asked
-- for, the newest first.
WITH chosen AS MATERIALIZED (
    SELECT d.*
    FROM databases d
    WHERE d.instance_id = :instance_id::bigint
          AND (:include_inactive::boolean OR d.dropped_at IS NULL)
          AND (:include_system::boolean OR NOT d.is_system)
          AND (:database_name::text IS NULL OR d.name ILIKE :database_name)
), latest AS (
    SELECT d.id, d.size_bytes, d.data_bytes, d.log_bytes,
           d.sized_at AS collected_at, capacity_day(d.sized_at) AS day
    FROM chosen d
    WHERE :latest_only::boolean
          AND (:start_date::date IS NULL
               OR capacity_day(d.sized_at) >= :start_date)
          AND (:end_date::date IS NULL
               OR capacity_day(d.sized_at) <= :end_date)
), history AS (
    SELECT z.database_id AS id, z.size_bytes, z.data_bytes, z.log_bytes,
           z.collected_at, z.day
    FROM database_sizes z
         JOIN chosen d ON d.id = z.database_id
    WHERE NOT :latest_only AND z.instance_id = :instance_id
          AND z.day >= coalesce(:start_date, '-infinity')
          AND z.day <= coalesce(:end_date, 'infinity')
), sized AS (
    SELECT * FROM latest
    UNION ALL
    SELECT * FROM history
), paged AS (
    SELECT {size_row}
    FROM sized z
         JOIN chosen d ON d.id = z.id
    ORDER BY CASE WHEN NOT :latest_only THEN z.day END DESC,
             CASE WHEN :latest_only THEN z.size_bytes END DESC NULLS LAST,
             d.name, d.id
    LIMIT :limit::bigint
    OFFSET CASE WHEN :offset::bigint > 0 THEN :offset
                ELSE (:page::bigint - 1) * :limit END
)
SELECT t.n AS total, t.active AS active_count, t.n - t.active AS filtered_count,
       CASE WHEN :latest_only THEN size_mb(coalesce(t.size_bytes, 0))
       END AS total_size_mb,
       CASE WHEN :latest_only THEN coalesce(t.size_bytes, 0)::bigint
       END AS total_size_bytes,
       CASE WHEN :latest_only THEN t.unread END AS unread_count,
       :page AS page, ceil(t.n / (:limit)::numeric)::bigint AS pages,
       :limit AS "limit", :offset AS "offset",
       (SELECT coalesce(json_agg(x), '[]') FROM paged x) AS databases
FROM instances i
     CROSS JOIN LATERAL (
         SELECT count(*) AS n,
                count(*) FILTER (WHERE d.dropped_at IS NULL) AS active,
                count(*) FILTER (WHERE d.dropped_at IS NULL
                                       AND z.size_bytes IS NULL) AS unread,
                sum(z.size_bytes) FILTER (WHERE d.dropped_at IS NULL)
                AS size_bytes
         FROM sized z
              JOIN chosen d ON d.id = z.id) t
WHERE i.id = :instance_id AND i.deleted_at IS NULL


-- part: tables
WITH chosen AS (
    SELECT t.*
    FROM table_sizes t
    WHERE t.database_id = :id::bigint
          AND (:schema_name::text IS NULL OR t.schema_name ILIKE :schema_name)
          AND (:table_name::text IS NULL OR t.table_name ILIKE :table_name)
)
SELECT c.n AS total, :page::bigint AS page,
       ceil(c.n / (:limit::bigint)::numeric)::bigint AS pages,
       :limit AS "limit", d.name AS database_name, c.collected_at,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT t.schema_name, t.table_name,
                     size_mb(t.size_bytes) AS size_mb,
                     size_mb(t.data_bytes) AS data_size_mb,
                     size_mb(t.index_bytes) AS index_size_mb,
                     t.row_estimate AS row_count, true AS row_count_is_estimate,
                     t.size_bytes, t.data_bytes, t.index_bytes, t.collected_at
              FROM chosen t
              ORDER BY t.size_bytes DESC, t.schema_name, t.table_name
              LIMIT :limit
              OFFSET (:page - 1) * :limit) x) AS tables
FROM databases d
     JOIN instances i ON i.id = d.instance_id
     CROSS JOIN LATERAL (SELECT count(*) AS n,
                                max(collected_at) AS collected_at
                         FROM chosen) c
WHERE d.id = :id AND i.deleted_at IS NULL

-- name: table_sizes_list
-- lane: slow
{tables}

-- name: table_sizes_result
-- worker
{tables}


-- name: databases_sync_start
{sync_start: sync_databases}

-- name: databases_sync_fleet
-- lane: slow
{sync_fleet: sync_databases}

-- name: table_sizes_start
WITH target AS (
    SELECT d.id, d.instance_id, i.credential_id
    FROM databases d
         JOIN instances i ON i.id = d.instance_id
    WHERE d.id = :id::bigint AND d.dropped_at IS NULL AND i.deleted_at IS NULL
), rules AS (
    SELECT tf_fail('CREDENTIAL_REQUIRED', 'credential_id')
    FROM target
    WHERE credential_id IS NULL
)
SELECT q.run_id
FROM target t
     CROSS JOIN LATERAL tf_enqueue(
         'sync_table_sizes', 'manual', :_user_id::bigint,
         instance_ids => ARRAY[t.instance_id],
         payload => jsonb_build_object('database_id', t.id::text,
                                       'schema_name', :schema_name::text,
                                       'table_name', :table_name::text,
                                       'page', :page::bigint::text,
                                       'limit', :limit::bigint::text)) q
WHERE (SELECT count(*) FROM rules) = 0
