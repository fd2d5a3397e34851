-- Engines as rows, and the state of a privilege.


-- Written by "taifish-worker migrate" from the table in tf_engine.c, which is
-- the only place that lists them; here stand those that are in use.

CREATE TABLE engines (
    name         text PRIMARY KEY,
    display_name text NOT NULL,
    default_port integer NOT NULL
);

INSERT INTO engines (name, display_name, default_port)
SELECT db_type, db_type, 0 FROM instances
UNION
SELECT db_type, db_type, 0 FROM credentials WHERE db_type IS NOT NULL;

GRANT SELECT ON engines TO taifish_api, taifish_worker;

ALTER TABLE instances
    DROP CONSTRAINT instances_db_type_check,
    ADD CONSTRAINT instances_db_type_fkey
        FOREIGN KEY (db_type) REFERENCES engines ON DELETE RESTRICT;
ALTER TABLE credentials
    DROP CONSTRAINT credentials_db_type_check,
    ADD CONSTRAINT credentials_db_type_fkey
        FOREIGN KEY (db_type) REFERENCES engines ON DELETE RESTRICT;


-- A privilege with another state than granted is {"SELECT": "grantable"} in a
-- snapshot; it was "SELECT WITH GRANT OPTION".  The names of roles and
-- databases never had a state.  The text stays canonical, so that the next sync
-- finds the fingerprint of what is unchanged.

CREATE FUNCTION pg_temp.with_states(snapshot text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT format('{"version":4,"categories":{%s},"type_specific":%s,'
                  '"extra":{},"errors":[],"meta":{}}',
                  (SELECT string_agg(
                              to_json(c.key) || ':'
                              || CASE WHEN c.key IN (
                                          'postgresql_predefined_roles',
                                          'postgresql_memberships',
                                          'postgresql_owned_databases',
                                          'mysql_granted_roles',
                                          'mysql_role_members')
                                      THEN c.value::text
                                      ELSE regexp_replace(c.value::text,
                                          '"((?:[^"\\]|\\.)*)'
                                          ' WITH GRANT OPTION"(?=[],])',
                                          '{"\1":"grantable"}', 'g') END,
                              ',' ORDER BY c.n)
                   FROM json_each(snapshot::json -> 'categories')
                            WITH ORDINALITY AS c (key, value, n)),
                  snapshot::json -> 'type_specific')
$$;

CREATE FUNCTION pg_temp.fingerprint(kind text, snapshot text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(format(E'1\n%s\n%s',
                      CASE kind WHEN 'user' THEN 1 WHEN 'role' THEN 2
                                ELSE 3 END, snapshot), 'UTF8'))
$$;

UPDATE account_versions v
SET snapshot = pg_temp.with_states(v.snapshot),
    fingerprint = CASE WHEN v.fingerprint
                            = pg_temp.fingerprint(a.kind, v.snapshot)
                       THEN pg_temp.fingerprint(a.kind,
                                pg_temp.with_states(v.snapshot))
                       ELSE v.fingerprint END
FROM accounts a
WHERE a.id = v.account_id AND v.snapshot LIKE '% WITH GRANT OPTION"%';

DROP FUNCTION pg_temp.fingerprint(text, text);
DROP FUNCTION pg_temp.with_states(text);


-- Template databases are read from now on: what is found there at first is no
-- grant.

INSERT INTO instance_scopes (instance_id, scope, database, status,
                             stale_since)
SELECT s.instance_id, s.scope, 'template1', 'unsupported', now()
FROM instance_scopes s
     JOIN instances i ON i.id = s.instance_id
WHERE i.db_type = 'postgresql' AND s.database = ''
      AND s.scope IN ('schemas', 'tables', 'columns', 'functions')
ON CONFLICT DO NOTHING;


-- A snapshot in the words of the API: "SELECT WITH GRANT OPTION", "r1 WITH
-- ADMIN OPTION", "DENY SELECT".

CREATE FUNCTION account_snapshot_json(snapshot text) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
           WHEN snapshot !~ '":"(grantable|admin|denied)"\}'
           THEN snapshot::json
           ELSE format('{"version":%s,"categories":%s,"type_specific":%s,'
                       '"extra":%s,"errors":%s,"meta":%s}',
                    s -> 'version',
                    regexp_replace(
                        regexp_replace(
                            regexp_replace((s -> 'categories')::text,
                                '\{("(?:[^"\\]|\\.)*)":"grantable"\}',
                                '\1 WITH GRANT OPTION"', 'g'),
                            '\{("(?:[^"\\]|\\.)*)":"admin"\}',
                            '\1 WITH ADMIN OPTION"', 'g'),
                        '\{"((?:[^"\\]|\\.)*)":"denied"\}',
                        '"DENY \1"', 'g'),
                    s -> 'type_specific', s -> 'extra', s -> 'errors',
                    s -> 'meta')::json
           END
    FROM (SELECT snapshot::json AS s) t
$$;


-- With what is denied.

CREATE OR REPLACE FUNCTION account_change_text(message text, lang text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(format(w.said, r.m[2]),
                               CASE lang WHEN 'en' THEN ', ' ELSE '，' END
                               ORDER BY r.n), '')
    FROM regexp_matches(message, '([A-Z]+)(?: ([0-9]+))?', 'g')
             WITH ORDINALITY AS r (m, n)
         JOIN (VALUES ('ADD', 'zh', '新增账户，%s 项权限'),
                      ('RECREATE', 'zh', '删除后重建，%s 项权限'),
                      ('DROP', 'zh', '账户已删除'),
                      ('GRANT', 'zh', '授予 %s 项权限'),
                      ('REVOKE', 'zh', '回收 %s 项权限'),
                      ('ALTER', 'zh', '修改 %s 项权限'),
                      ('DENY', 'zh', '拒绝 %s 项权限'),
                      ('OTHER', 'zh', '变更 %s 项属性'),
                      ('ADD', 'en', 'account added, privileges: %s'),
                      ('RECREATE', 'en',
                       'dropped and created again, privileges: %s'),
                      ('DROP', 'en', 'account dropped'),
                      ('GRANT', 'en', 'privileges granted: %s'),
                      ('REVOKE', 'en', 'privileges revoked: %s'),
                      ('ALTER', 'en', 'privileges altered: %s'),
                      ('DENY', 'en', 'privileges denied: %s'),
                      ('OTHER', 'en', 'attributes changed: %s'))
              AS w (word, lang, said)
              ON w.word = r.m[1]
    WHERE w.lang = account_change_text.lang
$$;
