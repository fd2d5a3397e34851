-- What of an instance is read, scope by scope, and what the rest needs.

-- part: grant_for
g.db_type = i.db_type AND (g.product IS NULL OR g.product = i.product)
              AND i.version >= g.since
              AND (g.before = 0 OR i.version < g.before)

-- part: looked_at
SELECT i.*, e.display_name AS engine, e.tested,
           CASE WHEN i.db_type <> 'mysql' THEN NULL
                WHEN i.database_version ~* 'mariadb' THEN 'mariadb'
                ELSE 'mysql' END AS product,
           engine_version(i.main_version) AS version,
           coalesce(c.username, 'taifish_monitor') AS account
    FROM instances i
         JOIN engines e ON e.name = i.db_type
         LEFT JOIN credentials c ON c.id = i.credential_id
    WHERE i.id = :id::bigint AND i.deleted_at IS NULL

-- name: coverage_get
-- lane: slow
-- A part is a scope, or what it has of one database.  What a version does not
-- have is no gap.
WITH i AS (
    {looked_at}
), parts AS MATERIALIZED (
    SELECT p.*,
           p.status <> 'ok' AND (p.known OR p.status <> 'unsupported') AS unread
    FROM (SELECT 'accounts' AS reading, s.scope, s.database, s.status,
                 s.error_code, s.known,
                 greatest(i.last_sync_at, s.updated_at) AS read_at,
                 CASE WHEN s.status = 'ok' THEN i.last_sync_at
                      WHEN s.known THEN s.stale_since END AS complete_at
          FROM i
               JOIN instance_scopes s ON s.instance_id = i.id
          UNION ALL
          SELECT 'databases', 'databases', '', scope_status(i.list_unread),
                 i.list_unread, i.list_complete_at IS NOT NULL,
                 i.last_capacity_at, i.list_complete_at
          FROM i
          WHERE i.last_capacity_at IS NOT NULL OR i.list_unread IS NOT NULL
          UNION ALL
          SELECT 'databases', 'sizes', d.name, scope_status(d.unread),
                 d.unread, d.sized_at IS NOT NULL, i.last_capacity_at,
                 d.sized_at
          FROM i
               JOIN databases d ON d.instance_id = i.id
          WHERE d.dropped_at IS NULL) p
), gaps AS MATERIALIZED (
    SELECT * FROM parts WHERE unread
), scopes AS (
    SELECT reading, scope,
           max(status) FILTER (WHERE database = '') AS whole,
           max(error_code) FILTER (WHERE database = '') AS whole_code,
           count(*) FILTER (WHERE database <> '') AS databases,
           count(*) FILTER (WHERE database <> '' AND unread) AS unread,
           mode() WITHIN GROUP (ORDER BY status)
               FILTER (WHERE database <> '' AND unread) AS most,
           mode() WITHIN GROUP (ORDER BY error_code)
               FILTER (WHERE database <> '' AND unread) AS most_code,
           coalesce(bool_or(unread AND status = 'denied'), false) AS denied,
           max(read_at) AS read_at,
           CASE WHEN bool_and(NOT unread OR complete_at IS NOT NULL)
                THEN min(complete_at) END AS complete_at
    FROM parts
    GROUP BY reading, scope
), shown AS (
    SELECT coalesce(e.position, 1000) AS position,
           coalesce(e.reading, s.reading) AS reading,
           coalesce(e.scope, s.scope) AS scope,
           coalesce(CASE :_lang::text WHEN 'en' THEN e.en ELSE e.zh END,
                    s.scope) AS name,
           s.databases, s.unread, s.read_at, s.complete_at,
           coalesce(s.denied, false) AS denied,
           CASE WHEN s.whole <> 'ok' THEN s.whole
                WHEN s.unread = 0 THEN 'ok'
                WHEN s.unread < s.databases THEN 'partial'
                ELSE s.most END AS status,
           CASE WHEN s.whole <> 'ok' THEN s.whole_code
                ELSE s.most_code END AS error_code
    FROM (SELECT x.* FROM engine_scopes x JOIN i ON x.db_type = i.db_type) e
         FULL JOIN scopes s ON s.reading = e.reading AND s.scope = e.scope
), explained AS (
    SELECT w.*, CASE :_lang WHEN 'en' THEN t.en ELSE t.zh END AS message
    FROM shown w
         LEFT JOIN error_texts t ON t.code = w.error_code
)
SELECT i.id AS instance_id, i.name AS instance_name, i.db_type, i.engine,
       i.tested, i.database_version, i.main_version, i.account,
       i.last_sync_at AS last_sync_time, i.last_sync_status,
       i.last_capacity_at AS last_capacity_time, i.last_capacity_status,
       n.*,
       (SELECT coalesce(json_agg(json_build_object(
            'reading', x.reading,
            'scope', x.scope,
            'name', x.name,
            'kind', CASE WHEN x.databases > 0 THEN 'database'
                         ELSE 'instance' END,
            'status', x.status,
            'read_at', x.read_at,
            'complete_at', x.complete_at,
            'error_code', x.error_code,
            'message', x.message,
            'database_count', coalesce(x.databases, 0),
            'unread_database_count', coalesce(x.unread, 0),
            'unread_databases',
            (SELECT coalesce(json_agg(json_build_object(
                                          'database', u.database,
                                          'status', u.status,
                                          'error_code', u.error_code,
                                          'message', u.message,
                                          'complete_at', u.complete_at)
                                      ORDER BY u.database), '[]')
             FROM (SELECT p.*,
                          CASE :_lang WHEN 'en' THEN t.en ELSE t.zh END
                          AS message
                   FROM gaps p
                        LEFT JOIN error_texts t ON t.code = p.error_code
                   WHERE p.reading = x.reading AND p.scope = x.scope
                         AND p.database <> ''
                   ORDER BY p.database
                   LIMIT 100) u),
            'grants',
            (SELECT coalesce(json_agg(json_build_object(
                                          'database', g.database,
                                          'statement', g.said,
                                          'without', g.without)
                                      ORDER BY g.position, g.database), '[]')
             FROM (SELECT g.position, d.database,
                          engine_grant_text(i.db_type, g.statement, i.account,
                                            d.database) AS said,
                          CASE :_lang WHEN 'en' THEN g.en ELSE g.zh END
                          AS without
                   FROM engine_grants g
                        LEFT JOIN LATERAL (
                            SELECT p.database
                            FROM gaps p
                            WHERE p.reading = x.reading AND p.scope = x.scope
                                  AND p.database <> '' AND p.status = 'denied'
                            ORDER BY p.database
                            LIMIT CASE WHEN g.reach = 'database' THEN 100
                                       WHEN g.reach = 'databases' THEN 1
                                       ELSE 0 END
                        ) AS found (database) ON true
                        CROSS JOIN LATERAL (
                            SELECT CASE WHEN g.reach = 'database'
                                        THEN found.database END
                        ) AS d (database)
                   WHERE x.denied AND {grant_for}
                         AND CASE g.reach
                             WHEN 'all' THEN true
                             WHEN 'scope' THEN g.reading = x.reading
                                               AND g.scope = x.scope
                             ELSE found.database IS NOT NULL END) g))
            ORDER BY x.position, x.scope), '[]')
        FROM explained x) AS scopes
FROM i
     CROSS JOIN LATERAL (
         SELECT count(*) AS scope_count,
                count(*) FILTER (WHERE status IN ('ok', 'unsupported'))
                AS read_scope_count,
                count(*) FILTER (WHERE status = 'partial')
                AS partial_scope_count,
                count(*) FILTER (WHERE status IN ('denied', 'timeout', 'error'))
                AS unread_scope_count
         FROM shown
     ) n



-- The check of the account's rights, in the worker.

-- part: checked
jsonb_build_object('right', r.held_by,
                                         'held', r.held,
                                         'error_code', r.code,
                                         'databases', r.databases,
                                         'statement', r.statement)

-- name: collector_check
-- worker
-- A right is held when the server says so, missing when it refuses it, else
-- unknown.  The instance has the version that was read.
WITH i AS (
    {looked_at}
), told AS (
    SELECT *
    FROM jsonb_to_recordset(:rights::jsonb)
             AS t (name text, database text, held boolean, code text)
), rights AS (
    SELECT g.position, g.held_by, g.zh, g.en, max(t.code) AS code,
           CASE WHEN bool_or(NOT t.held) THEN false
                WHEN bool_and(coalesce(t.held, false)) THEN true END AS held,
           coalesce(jsonb_agg(t.database ORDER BY t.database)
                        FILTER (WHERE t.database <> ''), '[]') AS databases,
           CASE WHEN g.reach <> 'database'
                THEN engine_grant_text(i.db_type, g.statement, i.account, NULL)
                ELSE string_agg(engine_grant_text(i.db_type, g.statement,
                                                  i.account, t.database),
                                E'\n' ORDER BY t.database)
                         FILTER (WHERE t.database <> '') END AS statement
    FROM i
         JOIN engine_grants g ON {grant_for}
         LEFT JOIN told t ON t.name = g.held_by
    WHERE g.held_by IS NOT NULL
    GROUP BY g.position, i.db_type, i.account
)
SELECT jsonb_build_object(
           'success', true,
           'message', CASE WHEN n.missing > 0
                           THEN format('缺少 %s 项权限', n.missing)
                           WHEN n.unknown > 0
                           THEN format('%s 项权限无法确认', n.unknown)
                           ELSE '所需权限齐全' END,
           'message_en', CASE WHEN n.missing > 0
                              THEN format('Rights that are missing: %s',
                                          n.missing)
                              WHEN n.unknown > 0
                              THEN format('Rights that are unknown: %s',
                                          n.unknown)
                              ELSE 'All rights are there' END,
           'db_type', i.db_type,
           'engine_tested', i.tested,
           'database_version', i.database_version,
           'main_version', i.main_version,
           'account', i.account,
           'missing_count', n.missing,
           'unknown_count', n.unknown,
           'rights', n.zh,
           'rights_en', n.en,
           'script', :script::text)::text AS details
FROM i
     CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE NOT r.held) AS missing,
                count(*) FILTER (WHERE r.held IS NULL) AS unknown,
                jsonb_agg({checked} || jsonb_build_object('without', r.zh)
                          ORDER BY r.position) AS zh,
                jsonb_agg({checked} || jsonb_build_object('without', r.en)
                          ORDER BY r.position) AS en
         FROM rights r
     ) n
