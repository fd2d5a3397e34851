-- What no part of TaiFish collects is null, never a value that claims to know.

-- part: instance
i.id, i.name, i.db_type, i.host, i.port, i.description,
       i.is_active AND i.deleted_at IS NULL AS is_active, i.deleted_at,
       CASE WHEN i.deleted_at IS NOT NULL THEN 'deleted'
            WHEN i.is_active THEN 'active'
            ELSE 'inactive' END AS status,
       NULL::text AS audit_status, NULL::text AS backup_status,
       NULL::timestamptz AS backup_last_time, i.main_version,
       CASE WHEN i.last_capacity_at IS NOT NULL THEN i.database_count::bigint
       END AS active_db_count,
       CASE WHEN i.last_sync_at IS NOT NULL THEN i.account_count
       END AS active_account_count,
       i.last_sync_at AS last_sync_time, i.last_sync_status,
       NULL::boolean AS is_jumpserver_managed, i.tls_mode,
       i.tls_mode <> 'verify-full' AS is_tls_weak, i.credential_id

-- part: instance_credential
(SELECT json_build_object('id', c.id,
                                 'name', c.name,
                                 'credential_type', c.credential_type,
                                 'db_type', c.db_type,
                                 'username', c.username,
                                 'is_active', c.is_active)
        FROM credentials c
        WHERE c.id = i.credential_id) AS credential

-- part: instance_detail
{instance}, i.tag_details AS tags, {instance_credential}, i.database_name, i.tls_ca, i.database_version,
       i.detailed_version, i.sync_count, i.last_connected,
       i.capacity_limit_bytes, size_mb(i.size_bytes) AS total_size_mb,
       i.size_bytes AS total_size_bytes, i.size_is_complete, i.sized_at,
       i.last_capacity_at AS last_capacity_time, i.last_capacity_status,
       i.created_at, i.updated_at,
       (SELECT count(*)
        FROM instance_scopes s
        WHERE s.instance_id = i.id AND s.status <> 'ok'
              AND (s.known OR s.status <> 'unsupported')) AS unread_scope_count
FROM instances i


-- name: instances_list
-- sort: id=i.id name=i.name db_type=i.db_type host=i.host port=i.port status=i.is_active main_version=coalesce(i.main_version,'') last_sync_time=coalesce(i.last_sync_at,'infinity') created_at=i.created_at
SELECT {instance}, i.tags
FROM k
     JOIN instances i ON i.id = k._id
-- keys
FROM instances i
WHERE true
-- unfiltered: id name db_type host port status main_version last_sync_time created_at
      AND i.deleted_at IS NULL
-- filtered
      AND (:include_deleted::boolean OR i.deleted_at IS NULL)
      -- nobody collects these yet: whatever is asked for, none has it
      AND coalesce(:audit_status::text, :managed_status::text,
                   :backup_status::text) IS NULL
      AND (:search::text IS NULL OR i.name ILIKE :search
           OR i.host ILIKE :search OR i.description ILIKE :search)
      AND (:db_type::text IS NULL OR :db_type IN ('all', i.db_type))
      AND coalesce(:status::text, 'all')
          IN ('all', CASE WHEN i.is_active AND i.deleted_at IS NULL
                          THEN 'active' ELSE 'inactive' END)
      AND (:tags::text[] IS NULL
           OR EXISTS (SELECT
                      FROM instance_tags it
                           JOIN tags t ON t.id = it.tag_id
                      WHERE it.instance_id = i.id AND t.name = ANY (:tags)))
-- total
SELECT count(*) AS total, false AS total_is_estimate
FROM instances
WHERE deleted_at IS NULL
-- export
SELECT i.id, i.name, i.db_type, i.host, i.port, i.database_name, {tag_names},
       CASE WHEN i.deleted_at IS NOT NULL THEN 'deleted'
            WHEN i.is_active THEN 'active'
            ELSE 'inactive' END AS status,
       i.description, i.credential_id, i.sync_count, i.last_connected,
       i.created_at, i.updated_at
FROM k
     JOIN instances i ON i.id = k._id

-- name: instances_get
SELECT {instance_detail}
WHERE i.id = :id::bigint

-- name: instances_get_named
SELECT {instance_detail}
WHERE i.name = :name::text

-- part: credential_unfit
(NOT c.is_active OR c.credential_type <> 'database' OR c.db_type <> w.db_type)

-- part: wanted_unfit
SELECT w.line, 'RESOURCE_NOT_FOUND' AS code, 'credential_id' AS field,
           '' AS reason
    FROM wanted w
    WHERE w.credential_id IS NOT NULL
          AND NOT EXISTS (SELECT
                          FROM credentials c
                          WHERE c.id = w.credential_id)
    UNION ALL
    SELECT w.line, 'VALIDATION_ERROR', 'credential_id',
           'is no active credential for this engine'
    FROM wanted w
         JOIN credentials c ON c.id = w.credential_id
    WHERE {credential_unfit}

-- part: wanted_weak
-- Weaker checks of the server's identity are an admin's decision.
    SELECT w.line, 'FORBIDDEN', f.name,
           'weaker TLS to a new place is an administrator''s decision'
    FROM wanted w,
         LATERAL (VALUES ('tls_mode', tf_tls_strength(w.tls_mode)
                                      < tf_tls_strength(:_tls_default::text)),
                         ('tls_ca', w.tls_ca IS NOT NULL)) AS f (name, weak)
    WHERE :_role::text <> 'admin' AND f.weak

-- part: wanted_refused
-- What is wrong with the places in "wanted".
SELECT tf_fail(x.code, x.field, x.reason)
    FROM (
        {wanted_unfit}
        UNION ALL
        {wanted_weak}
    ) x

-- part: tags_exist
SELECT tf_fail('VALIDATION_ERROR', 'tag_names',
                   'names a tag that does not exist')
    WHERE EXISTS (SELECT unnest(:tag_names::text[])
                  EXCEPT
                  SELECT name FROM tags)

-- part: wanted_one
SELECT 0 AS line, :db_type::text AS db_type,
           :credential_id::bigint AS credential_id, :tls_mode::text AS tls_mode,
           :tls_ca::text AS tls_ca

-- name: instances_create
WITH wanted AS (
    {wanted_one}
), rules AS (
    {wanted_refused}
    UNION ALL
    {tags_exist}
), created AS (
    INSERT INTO instances (name, db_type, host, port, database_name, tls_mode,
                           tls_ca, credential_id, description, is_active,
                           capacity_limit_bytes)
    SELECT :name::text, :db_type, :host, :port::int, :database_name,
           coalesce(:tls_mode, :_tls_default), :tls_ca, :credential_id,
           :description, coalesce(:is_active::boolean, true),
           :capacity_limit_bytes::bigint
    WHERE (SELECT count(*) FROM rules) = 0
    RETURNING id
)
INSERT INTO instance_tags (instance_id, tag_id)
SELECT n.id, t.id
FROM created n, tags t
WHERE t.name = ANY (:tag_names)

-- name: instances_import_text
-- lane: slow
SELECT convert_from(:_bytes::bytea, 'GB18030') AS text

-- name: instances_import
-- lane: slow
-- A row that nothing is wrong with becomes an instance; of the others comes
-- what is wrong, in the order of their lines.
WITH wanted AS MATERIALIZED (
    SELECT *
    FROM jsonb_to_recordset(:_wanted::jsonb)
         AS r (line int, name text, db_type text, host text, port int,
               database_name text, credential_id bigint, tls_mode text,
               tls_ca text, description text, status text, tags text)
), tagged AS MATERIALIZED (
    -- a code, or a name that only one tag has
    SELECT w.line, g.tag,
           coalesce(min(t.id) FILTER (WHERE t.name = g.tag),
                    CASE WHEN count(*) = 1 THEN min(t.id) END) AS id
    FROM wanted w
         CROSS JOIN LATERAL (SELECT DISTINCT btrim(s) AS tag
                             FROM regexp_split_to_table(w.tags, '[,;，；、]')
                                  AS s) g
         LEFT JOIN tags t ON g.tag IN (t.name, t.display_name)
    WHERE g.tag <> ''
    GROUP BY w.line, g.tag
), wrong AS MATERIALIZED (
    {wanted_unfit}
    UNION ALL
    {wanted_weak}
    UNION ALL
    SELECT w.line, 'NAME_EXISTS', 'name', ''
    FROM wanted w
         JOIN instances i ON i.name = w.name
    UNION ALL
    SELECT d.line, 'VALIDATION_ERROR', 'name', 'stands in more than one row'
    FROM (SELECT line, count(*) OVER (PARTITION BY name) AS n FROM wanted) d
    WHERE d.n > 1
    UNION ALL
    SELECT line, 'VALIDATION_ERROR', 'tags', 'names a tag that does not exist'
    FROM tagged
    WHERE id IS NULL
    GROUP BY line
), created AS (
    INSERT INTO instances (name, db_type, host, port, database_name, tls_mode,
                           tls_ca, credential_id, description, is_active)
    SELECT w.name, w.db_type, w.host, w.port, w.database_name,
           coalesce(w.tls_mode, :_tls_default), w.tls_ca, w.credential_id,
           w.description, w.status IS DISTINCT FROM 'inactive'
    FROM wanted w
    WHERE NOT EXISTS (SELECT FROM wrong x WHERE x.line = w.line)
    ORDER BY w.line
    ON CONFLICT (name) DO NOTHING
    RETURNING id, name
), given AS (
    INSERT INTO instance_tags (instance_id, tag_id)
    SELECT DISTINCT n.id, g.id
    FROM created n
         JOIN wanted w ON w.name = n.name
         JOIN tagged g ON g.line = w.line
)
SELECT w.line, w.name,
       coalesce(x.code, CASE WHEN n.name IS NULL THEN 'NAME_EXISTS' END)
       AS code,
       coalesce(x.field, 'name') AS field, coalesce(x.reason, '') AS reason,
       row_number() OVER (PARTITION BY w.name, x.code, x.field
                          ORDER BY w.line) = 1 AS _first
FROM wanted w
     LEFT JOIN wrong x ON x.line = w.line
     LEFT JOIN created n ON n.name = w.name
ORDER BY w.line

-- name: instances_update
-- A stored password is sent to nobody new: when where or how to connect
-- changes, the request has to name the credential again.
WITH old AS MATERIALIZED (
    SELECT *
    FROM instances
    WHERE id = :id::bigint AND deleted_at IS NULL
    FOR UPDATE
), wanted AS (
    SELECT 0 AS line, o.id, :db_type::text AS db_type,
           :credential_id::bigint AS credential_id,
           coalesce(:tls_mode::text, o.tls_mode) AS tls_mode,
           CASE WHEN :has_tls_ca::boolean THEN :tls_ca::text
                ELSE o.tls_ca END AS tls_ca
    FROM old o
), rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'id')
    WHERE NOT EXISTS (SELECT FROM old)
    UNION ALL
    -- Who is trusted, and a stored password sent to somebody new without the
    -- full proof of who that is, are an administrator's decision; what an
    -- administrator decided before stays good for what it was decided for.
    SELECT tf_fail('FORBIDDEN', f.name,
                   'weaker TLS to a new place is an administrator''s decision')
    FROM old o, wanted w,
         LATERAL (VALUES ('tls_mode', w.tls_mode <> o.tls_mode),
                         ('tls_ca', w.tls_ca IS DISTINCT FROM o.tls_ca),
                         ('host', :host::text <> o.host),
                         ('port', :port::int <> o.port),
                         ('db_type', :db_type::text <> o.db_type),
                         ('credential_id',
                          :has_credential_id::boolean
                          AND :credential_id::bigint IS NOT NULL
                          AND :credential_id
                              IS DISTINCT FROM o.credential_id))
                 AS f (name, changes)
    WHERE :_role::text <> 'admin' AND f.changes
          AND (f.name = 'tls_ca'
               OR tf_tls_strength(w.tls_mode) < tf_tls_strength(:_tls_default))
    UNION ALL
    SELECT tf_fail('CREDENTIAL_REQUIRED', 'credential_id')
    FROM old o, wanted w
    WHERE o.credential_id IS NOT NULL AND NOT :has_credential_id::boolean
          AND (o.db_type, o.host, o.port, o.tls_mode, o.tls_ca)
              IS DISTINCT FROM (:db_type, :host, :port, w.tls_mode, w.tls_ca)
    UNION ALL
    -- a credential that is linked already may have been switched off since
    SELECT tf_fail(x.code, x.field, x.reason)
    FROM (
        {wanted_unfit}
    ) x, old o
    WHERE x.code <> 'VALIDATION_ERROR'
          OR :credential_id IS DISTINCT FROM o.credential_id
          OR o.db_type <> :db_type
    UNION ALL
    {tags_exist}
), changed AS (
    UPDATE instances i
    SET name = :name,
        db_type = :db_type,
        host = :host,
        port = :port,
        database_name = CASE WHEN :has_database_name::boolean
                             THEN :database_name ELSE i.database_name END,
        tls_mode = w.tls_mode,
        tls_ca = w.tls_ca,
        credential_id = CASE WHEN :has_credential_id THEN :credential_id
                             ELSE i.credential_id END,
        description = CASE WHEN :has_description::boolean
                           THEN :description ELSE i.description END,
        is_active = coalesce(:is_active::boolean, i.is_active),
        capacity_limit_bytes = CASE WHEN :has_capacity_limit_bytes::boolean
                                    THEN :capacity_limit_bytes::bigint
                                    ELSE i.capacity_limit_bytes END,
        updated_at = now()
    FROM wanted w
    WHERE i.id = w.id AND (SELECT count(*) FROM rules) = 0
    RETURNING i.id
), dropped AS (
    DELETE FROM instance_tags it
    USING changed n
    WHERE it.instance_id = n.id AND :has_tag_names::boolean
          AND NOT EXISTS (SELECT
                          FROM tags t
                          WHERE t.id = it.tag_id
                                AND t.name = ANY (:tag_names))
)
INSERT INTO instance_tags (instance_id, tag_id)
SELECT n.id, t.id
FROM changed n, tags t
WHERE t.name = ANY (:tag_names)
ON CONFLICT DO NOTHING

-- name: instances_delete
-- Deleting what is deleted changes nothing and says when it was.
UPDATE instances
SET deleted_at = coalesce(deleted_at, now()),
    updated_at = CASE WHEN deleted_at IS NULL THEN now() ELSE updated_at END
WHERE id = :id::bigint
RETURNING id AS instance_id, deleted_at, 'soft' AS deletion_mode

-- name: instances_restore
UPDATE instances
SET deleted_at = NULL, updated_at = now()
WHERE id = :id::bigint AND deleted_at IS NOT NULL

-- name: instances_batch_delete
-- lane: slow
-- Removal for good takes accounts and their history along, so it waits until
-- nothing works on the instance.
WITH wanted AS (
    SELECT DISTINCT unnest(:instance_ids::bigint[]) AS id
), rules AS (
    SELECT tf_fail('ALREADY_RUNNING', 'instance_ids')
    WHERE :deletion_mode::text = 'hard'
          AND EXISTS (SELECT
                      FROM task_items
                      WHERE instance_id IN (SELECT id FROM wanted)
                            AND state IN ('scheduled', 'ready', 'running',
                                          'retry'))
), hidden AS (
    UPDATE instances
    SET deleted_at = now(), updated_at = now()
    WHERE id IN (SELECT id FROM wanted) AND deleted_at IS NULL
          AND :deletion_mode = 'soft' AND (SELECT count(*) FROM rules) = 0
    RETURNING id
), removed AS (
    DELETE FROM instances
    WHERE id IN (SELECT id FROM wanted) AND :deletion_mode = 'hard'
          AND (SELECT count(*) FROM rules) = 0
    RETURNING id
), gone AS (
    SELECT id FROM hidden UNION ALL SELECT id FROM removed
)
SELECT (SELECT count(*) FROM gone) AS deleted_count,
       (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM gone)
       AS instance_ids,
       (SELECT coalesce(array_agg(w.id ORDER BY w.id), '{}')
        FROM wanted w
        WHERE NOT EXISTS (SELECT FROM instances i WHERE i.id = w.id))
       AS missing_instance_ids,
       :deletion_mode AS deletion_mode

-- name: instances_options
SELECT i.id, i.name, i.db_type,
       i.name || ' (' || i.host || ':' || i.port || ')' AS display_name,
       NULL::text AS asset_url, e.tested AS engine_tested
FROM instances i
     JOIN engines e ON e.name = i.db_type
WHERE i.deleted_at IS NULL
      AND (:db_type::text[] IS NULL OR i.db_type = ANY (:db_type))
ORDER BY i.name

-- name: instances_engines
SELECT name, display_name, default_port, tested
FROM engines
ORDER BY display_name

-- name: instances_account_scopes
SELECT 'instance:' || id AS value, name AS label, db_type,
       'instance' AS owner_type, id AS owner_id, name, host
FROM instances
WHERE deleted_at IS NULL
      AND (:db_type::text[] IS NULL OR db_type = ANY (:db_type))
ORDER BY name

-- name: instances_statistics
-- lane: slow
WITH shown AS (
    SELECT i.*,
           EXISTS (SELECT
                   FROM instance_tags it
                        JOIN tags t ON t.id = it.tag_id
                   WHERE it.instance_id = i.id
                         AND t.category = 'architecture'
                         AND lower(t.name) NOT IN ('standalone', 'single'))
           AS clustered
    FROM instances i
    WHERE i.deleted_at IS NULL
), counted AS (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE is_active) AS active,
           count(*) FILTER (WHERE NOT is_active) AS disabled,
           count(*) FILTER (WHERE tls_mode <> 'verify-full') AS weak_tls,
           count(*) FILTER (WHERE is_active AND clustered) AS clustered
    FROM shown
), deleted AS (
    SELECT count(*) AS total FROM instances WHERE deleted_at IS NOT NULL
)
SELECT c.total + d.total AS total_instances,
       c.total AS current_instances,
       c.active AS active_instances,
       c.active AS normal_instances,
       c.disabled AS disabled_instances,
       c.disabled AS inactive_instances,
       d.total AS deleted_instances,
       c.weak_tls AS weak_tls_instances,
       c.clustered AS high_availability_instances,
       NULL::bigint AS audit_enabled_instances,
       NULL::bigint AS managed_instances,
       NULL::bigint AS unmanaged_instances,
       NULL::bigint AS backed_up_instances,
       NULL::bigint AS backup_stale_instances,
       NULL::bigint AS not_backed_up_instances,
       '[]'::json AS backup_status_stats,
       (SELECT count(DISTINCT db_type) FROM shown) AS db_types_count,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT db_type, count(*) AS count
              FROM shown
              GROUP BY db_type
              ORDER BY count(*) DESC, db_type) x) AS db_type_stats,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT port, count(*) AS count
              FROM shown
              GROUP BY port
              ORDER BY count(*) DESC, port
              LIMIT 10) x) AS port_stats,
       (SELECT coalesce(json_agg(x), '[]')
        FROM (SELECT db_type, main_version AS version, count(*) AS count
              FROM shown
              GROUP BY db_type, main_version
              ORDER BY db_type, main_version) x) AS version_stats
FROM counted c, deleted d

-- name: instances_connection_status
SELECT id AS instance_id, name AS instance_name, db_type, host, port,
       last_connected,
       CASE WHEN last_connected IS NULL THEN 'unknown'
            WHEN last_connected > now() - interval '1 hour' THEN 'good'
            WHEN last_connected > now() - interval '1 day' THEN 'warning'
            ELSE 'poor' END AS status,
       is_active AND deleted_at IS NULL AS is_active
FROM instances
WHERE id = :id::bigint

-- name: instances_validate_connection
WITH wanted AS (
    SELECT 0 AS line, :db_type::text AS db_type,
           :credential_id::bigint AS credential_id
), rules AS (
    SELECT tf_fail(x.code, x.field, x.reason)
    FROM (
        {wanted_unfit}
    ) x
)
SELECT :db_type AS db_type, :port::int AS port, :credential_id AS credential_id
WHERE (SELECT count(*) FROM rules) = 0

-- name: instances_test_connection
-- An instance as it is stored, or for those who may change instances a place
-- that is not stored yet.
WITH wanted AS (
    {wanted_one}
    WHERE :instance_id::bigint IS NULL
), rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'instance_id')
    WHERE :instance_id::bigint IS NOT NULL
          AND NOT EXISTS (SELECT
                          FROM instances
                          WHERE id = :instance_id AND deleted_at IS NULL)
    UNION ALL
    SELECT tf_fail('PERMISSION_REQUIRED', 'host')
    WHERE :instance_id IS NULL AND :_role::text NOT IN ('admin', 'operator', 'user')
    UNION ALL
    SELECT tf_fail('VALIDATION_ERROR', f.name, 'is required')
    FROM (VALUES ('db_type', :db_type::text), ('host', :host::text),
                 ('port', :port::int::text),
                 ('credential_id', :credential_id::bigint::text)) f (name, value)
    WHERE :instance_id IS NULL AND f.value IS NULL
    UNION ALL
    {wanted_refused}
)
SELECT q.run_id
FROM tf_enqueue(
         'test_connection', 'manual', :_user_id::bigint,
         instance_ids => CASE WHEN :instance_id IS NOT NULL
                              THEN ARRAY[:instance_id] END,
         payload => CASE WHEN :instance_id IS NULL
                         THEN jsonb_build_object(
                                  'db_type', :db_type, 'host', :host,
                                  'port', :port::int,
                                  'credential_id', :credential_id,
                                  'database_name', :database_name::text,
                                  'tls_mode', coalesce(:tls_mode,
                                                       'verify-full'),
                                  'tls_ca', :tls_ca)
                         ELSE '{}' END,
         item_key => :host || ':' || :port, item_name => :name::text) q
WHERE (SELECT count(*) FROM rules) = 0

-- name: instances_check_collector
{sync_start: check_collector}

-- name: instances_batch_test
-- lane: slow
-- An id that is not there is an item that failed.
SELECT q.run_id
FROM tf_enqueue('test_connections', 'manual', :_user_id::bigint,
                instance_ids => :instance_ids::bigint[]) q


-- Connection tests, in the worker.

-- name: instance_place
-- worker
-- Where a test goes: what its instance says, else what the request said.
SELECT p.db_type, p.host, p.port, p.database_name, p.tls_mode, p.tls_ca,
       p.credential_id
FROM task_items t
     CROSS JOIN LATERAL (
         SELECT i.db_type, i.host, i.port, i.database_name, i.tls_mode,
                i.tls_ca, i.credential_id
         FROM instances i
         WHERE i.id = t.instance_id AND i.deleted_at IS NULL
         UNION ALL
         SELECT a.*
         FROM jsonb_to_record(t.payload)
              AS a (db_type text, host text, port int, database_name text,
                    tls_mode text, tls_ca text, credential_id bigint)
         WHERE t.instance_id IS NULL
     ) p
WHERE t.id = :item::bigint

-- name: instance_connected
-- worker
UPDATE instances
SET last_connected = now(),
    database_version = :version,
    main_version = :main,
    detailed_version = :detailed
WHERE id = :id::bigint
