-- Snapshots of SQL Server as clients of the API know them.  What is kept is one
-- category per level (database, schema, object, column), for each is a scope of
-- its own reading and diff; what clients read is one category of four levels:
--
--     "sqlserver_database_permissions": {"app": {"database": ["CONNECT"],
--         "schema": {"dbo": ["SELECT"]}, "table": {"dbo.t": ["UPDATE"]},
--         "column": {}}}

ALTER FUNCTION account_snapshot_json(text) RENAME TO account_snapshot_words;


CREATE FUNCTION account_snapshot_levels(categories json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT json_object_agg(x.key, x.value ORDER BY x.key)
    FROM (SELECT c.key, c.value
          FROM json_each(categories) AS c
          WHERE c.key NOT IN ('sqlserver_database_permissions',
                              'sqlserver_schema_permissions',
                              'sqlserver_table_permissions',
                              'sqlserver_column_permissions')
          UNION ALL
          SELECT 'sqlserver_database_permissions',
                 json_object_agg(d.name, json_build_object(
                     'database',
                     coalesce(categories -> 'sqlserver_database_permissions'
                                         -> d.name, '[]'),
                     'schema',
                     coalesce(categories -> 'sqlserver_schema_permissions'
                                         -> d.name, '{}'),
                     'table',
                     coalesce(categories -> 'sqlserver_table_permissions'
                                         -> d.name, '{}'),
                     'column',
                     coalesce(categories -> 'sqlserver_column_permissions'
                                         -> d.name, '{}'))
                     ORDER BY d.name)
          FROM (SELECT DISTINCT json_object_keys(c.value) AS name
                FROM json_each(categories) AS c
                WHERE c.key IN ('sqlserver_database_permissions',
                                'sqlserver_schema_permissions',
                                'sqlserver_table_permissions',
                                'sqlserver_column_permissions')) AS d) AS x
$$;


CREATE FUNCTION account_snapshot_json(snapshot text) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
           WHEN snapshot !~ '"sqlserver_(database|schema|table|column)_permi'
           THEN w.j
           ELSE json_build_object('version', w.j -> 'version',
                    'categories',
                    account_snapshot_levels(w.j -> 'categories'),
                    'type_specific', w.j -> 'type_specific',
                    'extra', w.j -> 'extra', 'errors', w.j -> 'errors',
                    'meta', w.j -> 'meta')
           END
    FROM (SELECT account_snapshot_words(snapshot) AS j) w
$$;
