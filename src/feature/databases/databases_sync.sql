-- Writing what was read of databases and tables, in the job's transaction, and
-- noting what could not be read.

-- part: state
md5(row(i.db_type, i.host, i.port, i.database_name, i.tls_mode, i.tls_ca,
               i.credential_id, i.deleted_at)::text) AS state


-- name: databases_sync_instance
-- worker
SELECT i.name, i.db_type, i.host, i.port, i.database_name, i.tls_mode,
       i.tls_ca, i.credential_id, {state}
FROM instances i
WHERE i.id = :instance_id::bigint AND i.deleted_at IS NULL

-- name: databases_sync_lock
-- worker
-- The instance must still be what was read.
SELECT {state}
FROM instances i
WHERE i.id = :instance_id::bigint
FOR UPDATE

-- name: databases_sync_write
-- worker
-- complete: a database that is not in the list is no more; else it is just not
-- read.  What was read earlier on the same day counts for a database that was
-- not read now.
WITH d AS (
    SELECT DISTINCT ON (coalesce(d.native_id, d.name)) d.*,
           coalesce(d.native_id, d.name) AS identity
    FROM jsonb_to_recordset(:databases::jsonb)
             AS d (name text, native_id text, is_system boolean,
                   size_bytes bigint, data_bytes bigint, log_bytes bigint,
                   unread text)
), before AS (
    SELECT id, coalesce(native_id, name) AS identity, dropped_at, is_system
    FROM databases
    WHERE instance_id = :instance_id::bigint
), written AS (
    INSERT INTO databases AS o (instance_id, native_id, name, is_system,
                                unread, size_bytes, data_bytes, log_bytes,
                                sized_at)
    SELECT :instance_id, d.native_id, d.name, d.is_system, d.unread,
           d.size_bytes, d.data_bytes, d.log_bytes,
           CASE WHEN d.size_bytes IS NOT NULL THEN now() END
    FROM d
    WHERE {item_held}
    ON CONFLICT (instance_id, coalesce(native_id, name)) DO UPDATE
    SET name = EXCLUDED.name,
        is_system = EXCLUDED.is_system,
        last_seen_at = now(),
        dropped_at = NULL,
        unread = EXCLUDED.unread,
        size_bytes = coalesce(EXCLUDED.size_bytes, o.size_bytes),
        data_bytes = CASE WHEN EXCLUDED.size_bytes IS NULL THEN o.data_bytes
                          ELSE EXCLUDED.data_bytes END,
        log_bytes = CASE WHEN EXCLUDED.size_bytes IS NULL THEN o.log_bytes
                         ELSE EXCLUDED.log_bytes END,
        sized_at = coalesce(EXCLUDED.sized_at, o.sized_at)
    RETURNING id, coalesce(native_id, name) AS identity, name, is_system
), missed AS (
    UPDATE databases o
    SET dropped_at = CASE WHEN :complete::boolean THEN now() END,
        unread = CASE WHEN :complete THEN NULL
                      ELSE 'TARGET_PERMISSION' END
    WHERE o.instance_id = :instance_id AND o.dropped_at IS NULL AND {item_held}
          AND NOT EXISTS (SELECT
                          FROM d
                          WHERE d.identity = coalesce(o.native_id, o.name))
    RETURNING id, is_system, dropped_at
), sized AS (
    INSERT INTO database_sizes (database_id, instance_id, day, collected_at,
                                size_bytes, data_bytes, log_bytes, run_id)
    SELECT w.id, :instance_id, capacity_day(), now(), d.size_bytes,
           d.data_bytes, d.log_bytes, :run_id::uuid
    FROM written w
         JOIN d ON d.identity = w.identity
    WHERE d.size_bytes IS NOT NULL
    ON CONFLICT (database_id, day) DO UPDATE
    SET collected_at = EXCLUDED.collected_at,
        size_bytes = EXCLUDED.size_bytes,
        data_bytes = EXCLUDED.data_bytes,
        log_bytes = EXCLUDED.log_bytes,
        run_id = EXCLUDED.run_id
), present AS (
    SELECT w.id, w.is_system, d.size_bytes
    FROM written w
         JOIN d ON d.identity = w.identity
    UNION ALL
    SELECT id, is_system, NULL
    FROM missed
    WHERE dropped_at IS NULL
), total AS (
    SELECT count(*) AS databases,
           count(*) FILTER (WHERE NOT p.is_system) AS users,
           count(p.size_bytes) AS read,
           count(coalesce(p.size_bytes, z.size_bytes)) AS known,
           sum(coalesce(p.size_bytes, z.size_bytes)) AS size_bytes
    FROM present p
         LEFT JOIN database_sizes z ON z.database_id = p.id
                                       AND z.day = capacity_day()
), summed AS (
    INSERT INTO instance_sizes (instance_id, day, collected_at, size_bytes,
                                database_count, unread_count, is_complete)
    SELECT :instance_id, capacity_day(), now(), coalesce(t.size_bytes, 0),
           t.databases, t.databases - t.known,
           :complete AND t.databases = t.known
    FROM total t
    WHERE (t.read > 0 OR :complete AND t.databases = 0) AND {item_held}
    ON CONFLICT (instance_id, day) DO UPDATE
    SET collected_at = EXCLUDED.collected_at,
        size_bytes = EXCLUDED.size_bytes,
        database_count = EXCLUDED.database_count,
        unread_count = EXCLUDED.unread_count,
        is_complete = EXCLUDED.is_complete
    RETURNING size_bytes, is_complete
), noted AS (
    UPDATE instances i
    SET database_count = t.users,
        dropped_database_count
            = (SELECT count(*)
               FROM before b
               WHERE NOT b.is_system AND b.dropped_at IS NOT NULL
                     AND NOT EXISTS (SELECT
                                     FROM d
                                     WHERE d.identity = b.identity))
              + (SELECT count(*)
                 FROM missed
                 WHERE NOT is_system AND dropped_at IS NOT NULL),
        size_bytes = coalesce((SELECT size_bytes FROM summed), i.size_bytes),
        size_is_complete = coalesce((SELECT is_complete FROM summed),
                                    i.size_is_complete),
        sized_at = CASE WHEN EXISTS (SELECT FROM summed) THEN now()
                        ELSE i.sized_at END,
        last_capacity_at = now(),
        last_capacity_status = CASE WHEN :complete AND t.read = t.databases
                                    THEN 'completed'
                                    WHEN t.read = 0 AND t.databases > 0
                                    THEN 'failed'
                                    ELSE 'partial' END,
        list_unread = CASE WHEN NOT :complete THEN 'TARGET_PERMISSION' END,
        list_complete_at = CASE WHEN :complete THEN now()
                                ELSE i.list_complete_at END,
        last_connected = now(),
        database_version = :version,
        main_version = :main,
        detailed_version = :detailed
    FROM total t
    WHERE i.id = :instance_id AND {item_held}
), counted AS (
    SELECT count(*) FILTER (WHERE b.id IS NULL) AS created,
           count(*) FILTER (WHERE b.dropped_at IS NULL
                                  AND b.id IS NOT NULL) AS refreshed,
           count(*) FILTER (WHERE b.dropped_at IS NOT NULL) AS reactivated
    FROM written w
         LEFT JOIN before b ON b.identity = w.identity
)
SELECT c.created, c.refreshed, c.reactivated,
       (SELECT count(*) FROM missed WHERE dropped_at IS NOT NULL)
       AS deactivated,
       t.databases, t.read, t.databases - t.read AS unread,
       size_mb(coalesce((SELECT sum(size_bytes) FROM d), 0)) AS total_size_mb,
       EXISTS (SELECT FROM summed) AS instance_stat_updated,
       (SELECT coalesce(json_agg(json_build_object(
                                     'id', w.id,
                                     'database_name', d.name,
                                     'is_system', d.is_system,
                                     'size_mb', size_mb(d.size_bytes),
                                     'data_size_mb', size_mb(d.data_bytes),
                                     'log_size_mb', size_mb(d.log_bytes),
                                     'size_bytes', d.size_bytes,
                                     'unread', d.unread)
                                 ORDER BY d.size_bytes DESC NULLS LAST, d.name),
                        '[]')
        FROM written w
             JOIN d ON d.identity = w.identity) AS list,
       (SELECT coalesce(json_agg(name ORDER BY name), '[]')
        FROM d
        WHERE NOT is_system) AS names
FROM counted c, total t

-- name: databases_sync_failed
-- worker
-- Outside of the job's transaction, which is rolled back; only while the job
-- is still this worker's.
WITH unread AS (
    UPDATE databases
    SET unread = :code
    WHERE instance_id = :instance_id::bigint AND dropped_at IS NULL AND {item_held}
)
UPDATE instances i
SET last_capacity_status = 'failed',
    list_unread = :code,
    last_connected = CASE WHEN :connected::boolean THEN now()
                          ELSE i.last_connected END
WHERE i.id = :instance_id AND {item_held}


-- The tables of one database.

-- name: table_sizes_target
-- worker
SELECT d.name AS database, i.db_type, i.host, i.port, i.database_name,
       i.tls_mode, i.tls_ca, i.credential_id, {state}
FROM databases d
     JOIN instances i ON i.id = d.instance_id
WHERE d.id = :database_id::bigint AND d.instance_id = :instance_id::bigint
      AND d.dropped_at IS NULL AND i.deleted_at IS NULL

-- name: table_sizes_lock
-- worker
SELECT d.name AS database, {state}
FROM databases d
     JOIN instances i ON i.id = d.instance_id
WHERE d.id = :database_id::bigint
FOR UPDATE OF d

-- name: table_sizes_write
-- worker
-- A table that could not be read now keeps what was read of it before; one that
-- is not in the list is no more.
WITH t AS (
    SELECT DISTINCT ON (schema_name, table_name) t.*
    FROM jsonb_to_recordset(:tables::jsonb)
             AS t (schema_name text COLLATE "C", table_name text COLLATE "C",
                   native_id text, size_bytes bigint, data_bytes bigint,
                   index_bytes bigint, row_estimate bigint)
), saved AS (
    INSERT INTO table_sizes (database_id, native_id, schema_name, table_name,
                             size_bytes, data_bytes, index_bytes, row_estimate)
    SELECT :database_id::bigint, native_id, schema_name, table_name,
           size_bytes, data_bytes, index_bytes, row_estimate
    FROM t
    WHERE size_bytes IS NOT NULL
    ON CONFLICT (database_id, schema_name, table_name) DO UPDATE
    SET native_id = EXCLUDED.native_id,
        size_bytes = EXCLUDED.size_bytes,
        data_bytes = EXCLUDED.data_bytes,
        index_bytes = EXCLUDED.index_bytes,
        row_estimate = EXCLUDED.row_estimate,
        collected_at = EXCLUDED.collected_at
    RETURNING 1
), gone AS (
    DELETE FROM table_sizes o
    WHERE o.database_id = :database_id
          AND NOT EXISTS (SELECT
                          FROM t
                          WHERE t.schema_name = o.schema_name
                                AND t.table_name = o.table_name)
    RETURNING 1
)
SELECT (SELECT count(*) FROM saved) AS saved,
       (SELECT count(*) FROM gone) AS gone,
       (SELECT count(*) FROM t WHERE size_bytes IS NULL) AS unread
