-- Identity is the engine's own: a renamed account is the one it was, with one
-- history, and its old name is free for another.


-- One account of a name at a time; those that were dropped keep theirs.

ALTER TABLE accounts DROP CONSTRAINT accounts_principal_key;

CREATE UNIQUE INDEX accounts_principal_key
    ON accounts (instance_id, principal, coalesce(dropped_at, '-infinity'));


ALTER TABLE account_changes DROP CONSTRAINT account_changes_change_type_check;
ALTER TABLE account_changes ADD CONSTRAINT account_changes_change_type_check
    CHECK (change_type IN ('add', 'modify_privilege', 'modify_other', 'drop',
                           'recreate', 'rename'));


-- What the engine knows the objects by that an account has rights on, as the
-- last sync found them: {category: {database: {object: id}}}.  With it an
-- object that was renamed since is found again.  Written by a sync, which holds
-- its instance's row, and deleted with the account by accounts_history.

CREATE TABLE account_objects (
    account_id bigint PRIMARY KEY,
    digest     bytea NOT NULL,
    objects    text NOT NULL
);

DO $$
BEGIN
    ALTER TABLE account_objects ALTER objects SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;       -- a PostgreSQL built without it
END
$$;


-- The databases of an instance whose engine has an identity for them.

CREATE TABLE instance_databases_seen (
    instance_id bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    native_id   text NOT NULL,
    name        text NOT NULL,
    PRIMARY KEY (instance_id, native_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON account_objects,
    instance_databases_seen TO taifish_worker;


CREATE OR REPLACE FUNCTION accounts_delete_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM account_versions
    WHERE account_id IN (SELECT id FROM touched);
    DELETE FROM account_changes
    WHERE account_id IN (SELECT id FROM touched);
    DELETE FROM account_objects
    WHERE account_id IN (SELECT id FROM touched);
    RETURN NULL;
END
$$;


-- A rename has no number: "RENAME, GRANT 2".

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
                      ('RENAME', 'zh', '账户已改名'),
                      ('DROP', 'zh', '账户已删除'),
                      ('GRANT', 'zh', '授予 %s 项权限'),
                      ('REVOKE', 'zh', '回收 %s 项权限'),
                      ('ALTER', 'zh', '修改 %s 项权限'),
                      ('DENY', 'zh', '拒绝 %s 项权限'),
                      ('OTHER', 'zh', '变更 %s 项属性'),
                      ('ADD', 'en', 'account added, privileges: %s'),
                      ('RECREATE', 'en',
                       'dropped and created again, privileges: %s'),
                      ('RENAME', 'en', 'account renamed'),
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
