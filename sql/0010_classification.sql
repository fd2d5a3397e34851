-- Classification: classes of accounts, the rules that give them, who has which,
-- and the catalog of privileges that the editor of rules offers.


CREATE TABLE account_classes (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text NOT NULL CONSTRAINT account_classes_code_key UNIQUE
                 CHECK (code = lower(btrim(code))
                        AND length(code) BETWEEN 1 AND 100),
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    description  text,
    -- 1 is the highest risk
    risk_level   integer NOT NULL DEFAULT 4
                 CHECK (risk_level BETWEEN 1 AND 6),
    icon_name    text NOT NULL DEFAULT 'fa-tag'
                 CHECK (icon_name IN ('fa-crown', 'fa-shield-alt',
                                      'fa-exclamation-triangle', 'fa-user',
                                      'fa-eye', 'fa-tag')),
    -- the order in which classes are shown
    priority     integer NOT NULL DEFAULT 0
                 CHECK (priority BETWEEN 0 AND 100),
    is_system    boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);


-- A version of a rule.  Another expression is another version of the same
-- group; the one before is superseded and stays, and so does a deleted rule, so
-- that statistics of past days name what was evaluated.  What a rule gave that
-- is no longer active is taken off by the next evaluation.
--
-- rule_expression is the stored form, rule_text the same as text
-- (src/feature/classification/tf_rule.h).

CREATE TABLE classification_rules (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_group_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    rule_version      integer NOT NULL DEFAULT 1,
    classification_id bigint NOT NULL
                      CONSTRAINT classification_rules_class_fkey
                      REFERENCES account_classes ON DELETE RESTRICT,
    db_type           text NOT NULL
                      CHECK (db_type IN ('postgresql', 'mysql', 'sqlserver',
                                         'oracle')),
    rule_name         text NOT NULL CHECK (length(rule_name) BETWEEN 1 AND 100),
    operator          text NOT NULL DEFAULT 'OR'
                      CHECK (operator IN ('AND', 'OR')),
    rule_expression   json NOT NULL,
    rule_text         text NOT NULL,
    is_active         boolean NOT NULL DEFAULT true,
    created_by        bigint REFERENCES users ON DELETE SET NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    superseded_at     timestamptz,
    -- by a person: superseded too
    deleted_at        timestamptz,
    UNIQUE (rule_group_id, rule_version),
    CHECK (superseded_at IS NULL OR NOT is_active),
    CHECK (deleted_at IS NULL OR superseded_at IS NOT NULL)
);

CREATE UNIQUE INDEX classification_rules_name_key
    ON classification_rules (classification_id, db_type, rule_name)
    WHERE superseded_at IS NULL;
CREATE UNIQUE INDEX classification_rules_expression_key
    ON classification_rules (classification_id, db_type, md5(rule_text))
    WHERE superseded_at IS NULL;
CREATE INDEX classification_rules_active_idx
    ON classification_rules (db_type, id) WHERE is_active;


-- What each account has now.  Written by the worker, by difference: a reader
-- never sees an account between two evaluations without its classes.

CREATE TABLE account_class_assignments (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id        bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    rule_id           bigint NOT NULL REFERENCES classification_rules
                      ON DELETE CASCADE,
    classification_id bigint NOT NULL REFERENCES account_classes
                      ON DELETE RESTRICT,
    -- the account's, so that a count of an instance reads one index
    instance_id       bigint NOT NULL,
    assignment_type   text NOT NULL DEFAULT 'auto'
                      CHECK (assignment_type IN ('auto')),
    assigned_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, rule_id)
);

CREATE INDEX account_class_assignments_class_idx
    ON account_class_assignments (classification_id, instance_id, account_id);
CREATE INDEX account_class_assignments_rule_idx
    ON account_class_assignments (rule_id, instance_id);


-- How many accounts of an instance a rule and a class have now, kept by
-- triggers: statistics read these few rows.  A row is written by whoever
-- evaluates its instance, so that syncs do not wait for each other.

CREATE TABLE classification_rule_counts (
    rule_id          bigint NOT NULL REFERENCES classification_rules
                     ON DELETE CASCADE,
    instance_id      bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    matched_accounts integer NOT NULL,
    PRIMARY KEY (rule_id, instance_id)
);

CREATE INDEX classification_rule_counts_instance_idx
    ON classification_rule_counts (instance_id);

CREATE TABLE classification_class_counts (
    classification_id bigint NOT NULL REFERENCES account_classes
                      ON DELETE CASCADE,
    instance_id       bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    matched_accounts  integer NOT NULL,
    PRIMARY KEY (classification_id, instance_id)
);

CREATE INDEX classification_class_counts_instance_idx
    ON classification_class_counts (instance_id);

-- What was deleted with its rule or its instance has nothing left to count.

CREATE FUNCTION account_class_assignments_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO classification_rule_counts AS c
    SELECT t.rule_id, t.instance_id,
           (SELECT count(*)
            FROM account_class_assignments a
            WHERE a.rule_id = t.rule_id AND a.instance_id = t.instance_id)
    FROM (SELECT DISTINCT rule_id, instance_id FROM touched) t
         JOIN classification_rules r ON r.id = t.rule_id
         JOIN instances i ON i.id = t.instance_id
    ON CONFLICT (rule_id, instance_id) DO UPDATE
    SET matched_accounts = EXCLUDED.matched_accounts;

    INSERT INTO classification_class_counts AS c
    SELECT t.classification_id, t.instance_id,
           (SELECT count(DISTINCT a.account_id)
            FROM account_class_assignments a
            WHERE a.classification_id = t.classification_id
                  AND a.instance_id = t.instance_id)
    FROM (SELECT DISTINCT classification_id, instance_id FROM touched) t
         JOIN instances i ON i.id = t.instance_id
    ON CONFLICT (classification_id, instance_id) DO UPDATE
    SET matched_accounts = EXCLUDED.matched_accounts;

    RETURN NULL;
END
$$;

CREATE TRIGGER account_class_assignments_insert
    AFTER INSERT ON account_class_assignments
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION account_class_assignments_count();
CREATE TRIGGER account_class_assignments_delete
    AFTER DELETE ON account_class_assignments
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION account_class_assignments_count();


-- Counters of accounts per instance, kept with the one that is there already.

ALTER TABLE instances ADD locked_count integer NOT NULL DEFAULT 0,
                      ADD dropped_count integer NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION instances_set_account_count() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE instances i
    SET (account_count, listed_count, locked_count, dropped_count)
        = (SELECT count(*) FILTER (WHERE a.dropped_at IS NULL),
                  count(*) FILTER (WHERE a.dropped_at IS NULL
                                         AND (a.kind = 'user'
                                              OR a.kind = 'role'
                                                 AND a.db_type <> 'mysql')),
                  count(*) FILTER (WHERE a.dropped_at IS NULL
                                         AND a.is_locked),
                  count(*) FILTER (WHERE a.dropped_at IS NOT NULL)
           FROM accounts a
           WHERE a.instance_id = i.id AND a.kind <> 'public')
    WHERE i.id IN (SELECT instance_id FROM touched);
    RETURN NULL;
END
$$;

UPDATE instances i
SET (locked_count, dropped_count)
    = (SELECT count(*) FILTER (WHERE a.dropped_at IS NULL AND a.is_locked),
              count(*) FILTER (WHERE a.dropped_at IS NOT NULL)
       FROM accounts a
       WHERE a.instance_id = i.id AND a.kind <> 'public');

-- Accounts and instances by engine: every engine has a row.

CREATE FUNCTION account_counts(engine text, instance bigint)
RETURNS TABLE (db_type text, total bigint, active bigint, locked bigint,
               instances bigint, disabled bigint, deleted bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT e.name,
           coalesce(sum(i.account_count + i.dropped_count)
                    FILTER (WHERE i.deleted_at IS NULL), 0),
           coalesce(sum(i.account_count)
                    FILTER (WHERE i.deleted_at IS NULL), 0),
           coalesce(sum(i.locked_count)
                    FILTER (WHERE i.deleted_at IS NULL), 0),
           count(i.id) FILTER (WHERE i.deleted_at IS NULL AND i.is_active),
           count(i.id) FILTER (WHERE i.deleted_at IS NULL AND NOT i.is_active),
           count(i.id) FILTER (WHERE i.deleted_at IS NOT NULL)
    FROM unnest(ARRAY['mysql', 'postgresql', 'oracle', 'sqlserver']) e (name)
         LEFT JOIN instances i ON i.db_type = e.name
                                  AND (instance IS NULL OR i.id = instance)
    WHERE engine IS NULL OR engine IN ('all', e.name)
    GROUP BY e.name
$$;


-- The counts of a day.  The same day computed again overwrites.

CREATE TABLE classification_stat_days (
    stat_date   date PRIMARY KEY,
    computed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE classification_rule_stats (
    stat_date        date NOT NULL REFERENCES classification_stat_days
                     ON DELETE CASCADE,
    rule_id          bigint NOT NULL REFERENCES classification_rules
                     ON DELETE CASCADE,
    instance_id      bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    matched_accounts integer NOT NULL,
    PRIMARY KEY (rule_id, stat_date, instance_id)
);

CREATE INDEX classification_rule_stats_day_idx
    ON classification_rule_stats (stat_date);
CREATE INDEX classification_rule_stats_instance_idx
    ON classification_rule_stats (instance_id);

CREATE TABLE classification_class_stats (
    stat_date         date NOT NULL REFERENCES classification_stat_days
                      ON DELETE CASCADE,
    classification_id bigint NOT NULL REFERENCES account_classes
                      ON DELETE CASCADE,
    instance_id       bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    matched_accounts  integer NOT NULL,
    PRIMARY KEY (classification_id, stat_date, instance_id)
);

CREATE INDEX classification_class_stats_day_idx
    ON classification_class_stats (stat_date);
CREATE INDEX classification_class_stats_instance_idx
    ON classification_class_stats (instance_id);


-- Privileges that an engine has.  introduced_in is empty for those of every
-- supported version; seen_on tells where the name was read: on a server of that
-- version, or in the vendor's documentation.

CREATE TABLE permission_catalog (
    db_type         text NOT NULL
                    CHECK (db_type IN ('postgresql', 'mysql', 'sqlserver',
                                       'oracle')),
    category        text NOT NULL,
    permission_name text NOT NULL,
    introduced_in   text,
    seen_on         text NOT NULL,
    PRIMARY KEY (db_type, category, permission_name)
);

CREATE FUNCTION permission_catalog_add(db_type text, category text,
    introduced_in text, seen_on text, names text[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO permission_catalog (db_type, category, introduced_in, seen_on,
                                    permission_name)
    SELECT db_type, category, introduced_in, seen_on, unnest(names)
$$;


GRANT SELECT, INSERT, UPDATE, DELETE ON account_classes, classification_rules
    TO taifish_api;
GRANT SELECT, DELETE ON account_class_assignments TO taifish_api;
GRANT SELECT ON classification_rule_counts, classification_class_counts,
    classification_rule_stats, classification_class_stats,
    classification_stat_days, permission_catalog TO taifish_api;

GRANT SELECT ON account_classes, classification_rules,
    classification_rule_counts, classification_class_counts TO taifish_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON account_class_assignments,
    classification_rule_stats, classification_class_stats,
    classification_stat_days TO taifish_worker;


-- The classes of the reference system.

INSERT INTO account_classes (code, display_name, description, risk_level,
                             priority, icon_name, is_system)
VALUES ('super', '超级账户', '拥有全部权限，不受任何限制', 1, 100, 'fa-crown',
        true),
       ('highly', '高权限账户', '可管理账户、权限或服务器', 2, 90,
        'fa-shield-alt', true),
       ('sensitive', '敏感账户', '可读写全部数据', 3, 80,
        'fa-exclamation-triangle', true),
       ('medium', '中权限账户', '可创建或修改对象', 4, 70, 'fa-user', true),
       ('low', '低权限账户', '监控与只读系统信息', 5, 60, 'fa-eye', true),
       ('public', '公共账户', '共用账户', 6, 50, 'fa-tag', true);

-- Rules to start with; they may be changed and deleted.

INSERT INTO classification_rules (classification_id, db_type, rule_name,
                                  rule_text, rule_expression)
SELECT c.id, r.db_type, r.rule_name, r.rule_text, r.rule_expression::json
FROM (VALUES
    ('super', 'postgresql', 'Superusers',
        'SUPERUSER',
        '{"version":4,"expr":{"fn":"is_superuser","args":{}}}'),
    ('super', 'mysql', 'Superusers',
        'SUPERUSER',
        '{"version":4,"expr":{"fn":"is_superuser","args":{}}}'),
    ('super', 'sqlserver', 'Superusers',
        'SUPERUSER OR ROLE ''sysadmin'' OR PRIVILEGE ''CONTROL SERVER'' ON '
        'SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"is_superuser",'
        '"args":{}},{"fn":"has_role","args":{"name":"sysadmin"}},'
        '{"fn":"has_privilege","args":{"name":"CONTROL '
        'SERVER","scope":"server"}}]}}'),
    ('super', 'oracle', 'Superusers',
        'SUPERUSER OR ROLE ''DBA''',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"is_superuser",'
        '"args":{}},{"fn":"has_role","args":{"name":"DBA"}}]}}'),
    ('highly', 'postgresql', 'Managers of roles',
        'CAPABILITY ''can_create_role'' OR CAPABILITY ''can_bypass_rls'' OR '
        'CAPABILITY ''can_replicate'' OR ROLE ''pg_execute_server_program'' OR '
        'ROLE ''pg_write_server_files'' OR ROLE ''pg_read_server_files''',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_capability",'
        '"args":{"name":"can_create_role"}},{"fn":"has_capability",'
        '"args":{"name":"can_bypass_rls"}},{"fn":"has_capability",'
        '"args":{"name":"can_replicate"}},{"fn":"has_role",'
        '"args":{"name":"pg_execute_server_program"}},{"fn":"has_role",'
        '"args":{"name":"pg_write_server_files"}},{"fn":"has_role",'
        '"args":{"name":"pg_read_server_files"}}]}}'),
    ('highly', 'mysql', 'Managers of accounts and the server',
        'PRIVILEGE ''CREATE USER'' ON GLOBAL OR PRIVILEGE ''GRANT OPTION'' ON '
        'GLOBAL OR PRIVILEGE ''ROLE_ADMIN'' ON GLOBAL OR PRIVILEGE '
        '''SYSTEM_USER'' ON GLOBAL OR PRIVILEGE ''FILE'' ON GLOBAL OR '
        'PRIVILEGE ''SHUTDOWN'' ON GLOBAL',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"CREATE '
        'USER","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"GRANT '
        'OPTION","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"ROLE_ADMIN","scope":"global"}},'
        '{"fn":"has_privilege","args":{"name":"SYSTEM_USER",'
        '"scope":"global"}},{"fn":"has_privilege","args":{"name":"FILE",'
        '"scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"SHUTDOWN","scope":"global"}}]}}'),
    ('highly', 'sqlserver', 'Managers of logins and the server',
        'ROLE ''securityadmin'' OR ROLE ''serveradmin'' OR PRIVILEGE ''ALTER '
        'ANY LOGIN'' ON SERVER OR PRIVILEGE ''IMPERSONATE ANY LOGIN'' ON '
        'SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_role",'
        '"args":{"name":"securityadmin"}},{"fn":"has_role",'
        '"args":{"name":"serveradmin"}},{"fn":"has_privilege",'
        '"args":{"name":"ALTER ANY '
        'LOGIN","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"IMPERSONATE ANY LOGIN","scope":"server"}}]}}'),
    ('highly', 'oracle', 'Managers of users and privileges',
        'PRIVILEGE ''GRANT ANY PRIVILEGE'' ON SERVER OR PRIVILEGE ''GRANT ANY '
        'ROLE'' ON SERVER OR PRIVILEGE ''CREATE USER'' ON SERVER OR PRIVILEGE '
        '''ALTER USER'' ON SERVER OR PRIVILEGE ''BECOME USER'' ON SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"GRANT ANY '
        'PRIVILEGE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"GRANT ANY '
        'ROLE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"CREATE '
        'USER","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"ALTER '
        'USER","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"BECOME USER","scope":"server"}}]}}'),
    ('sensitive', 'postgresql', 'Readers and writers of all data',
        'ROLE ''pg_read_all_data'' OR ROLE ''pg_write_all_data''',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_role",'
        '"args":{"name":"pg_read_all_data"}},{"fn":"has_role",'
        '"args":{"name":"pg_write_all_data"}}]}}'),
    ('sensitive', 'mysql', 'Readers and writers of all data',
        'PRIVILEGE ''SELECT'' ON GLOBAL OR PRIVILEGE ''INSERT'' ON GLOBAL OR '
        'PRIVILEGE ''UPDATE'' ON GLOBAL OR PRIVILEGE ''DELETE'' ON GLOBAL',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"SELECT","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"INSERT","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"UPDATE","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"DELETE","scope":"global"}}]}}'),
    ('sensitive', 'sqlserver', 'Readers and writers of all data',
        'PRIVILEGE ''SELECT ALL USER SECURABLES'' ON SERVER OR PRIVILEGE '
        '''CONNECT ANY DATABASE'' ON SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"SELECT ALL USER '
        'SECURABLES","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"CONNECT ANY DATABASE","scope":"server"}}]}}'),
    ('sensitive', 'oracle', 'Readers and writers of all data',
        'PRIVILEGE ''SELECT ANY TABLE'' ON SERVER OR PRIVILEGE ''INSERT ANY '
        'TABLE'' ON SERVER OR PRIVILEGE ''UPDATE ANY TABLE'' ON SERVER OR '
        'PRIVILEGE ''DELETE ANY TABLE'' ON SERVER OR ROLE ''EXP_FULL_DATABASE''',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"SELECT ANY '
        'TABLE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"INSERT ANY '
        'TABLE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"UPDATE ANY '
        'TABLE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"DELETE ANY '
        'TABLE","scope":"server"}},{"fn":"has_role",'
        '"args":{"name":"EXP_FULL_DATABASE"}}]}}'),
    ('medium', 'postgresql', 'Creators of databases and schemas',
        'CAPABILITY ''can_create_db'' OR PRIVILEGE ''CREATE'' ON DATABASE',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_capability",'
        '"args":{"name":"can_create_db"}},{"fn":"has_privilege",'
        '"args":{"name":"CREATE","scope":"database"}}]}}'),
    ('medium', 'mysql', 'Definers of objects',
        'PRIVILEGE ''CREATE'' ON DATABASE OR PRIVILEGE ''ALTER'' ON DATABASE '
        'OR PRIVILEGE ''DROP'' ON DATABASE OR PRIVILEGE ''CREATE ROUTINE'' ON '
        'DATABASE',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"CREATE","scope":"database"}},'
        '{"fn":"has_privilege","args":{"name":"ALTER","scope":"database"}},'
        '{"fn":"has_privilege","args":{"name":"DROP","scope":"database"}},'
        '{"fn":"has_privilege","args":{"name":"CREATE '
        'ROUTINE","scope":"database"}}]}}'),
    ('medium', 'sqlserver', 'Owners of databases',
        'ROLE ''dbcreator'' OR PRIVILEGE ''CREATE ANY DATABASE'' ON SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_role",'
        '"args":{"name":"dbcreator"}},{"fn":"has_privilege",'
        '"args":{"name":"CREATE ANY DATABASE","scope":"server"}}]}}'),
    ('medium', 'oracle', 'Definers of objects',
        'ROLE ''RESOURCE'' OR PRIVILEGE ''CREATE ANY TABLE'' ON SERVER OR '
        'PRIVILEGE ''DROP ANY TABLE'' ON SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_role",'
        '"args":{"name":"RESOURCE"}},{"fn":"has_privilege",'
        '"args":{"name":"CREATE ANY '
        'TABLE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"DROP ANY TABLE","scope":"server"}}]}}'),
    ('low', 'postgresql', 'Monitoring',
        'ROLE ''pg_monitor'' OR ROLE ''pg_read_all_stats'' OR ROLE '
        '''pg_read_all_settings''',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_role",'
        '"args":{"name":"pg_monitor"}},{"fn":"has_role",'
        '"args":{"name":"pg_read_all_stats"}},{"fn":"has_role",'
        '"args":{"name":"pg_read_all_settings"}}]}}'),
    ('low', 'mysql', 'Monitoring',
        'PRIVILEGE ''PROCESS'' ON GLOBAL OR PRIVILEGE ''REPLICATION CLIENT'' '
        'ON GLOBAL OR PRIVILEGE ''BINLOG MONITOR'' ON GLOBAL',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"PROCESS","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"REPLICATION '
        'CLIENT","scope":"global"}},{"fn":"has_privilege",'
        '"args":{"name":"BINLOG MONITOR","scope":"global"}}]}}'),
    ('low', 'sqlserver', 'Monitoring',
        'PRIVILEGE ''VIEW SERVER STATE'' ON SERVER OR PRIVILEGE ''VIEW ANY '
        'DEFINITION'' ON SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_privilege",'
        '"args":{"name":"VIEW SERVER '
        'STATE","scope":"server"}},{"fn":"has_privilege",'
        '"args":{"name":"VIEW ANY DEFINITION","scope":"server"}}]}}'),
    ('low', 'oracle', 'Monitoring',
        'ROLE ''SELECT_CATALOG_ROLE'' OR PRIVILEGE ''SELECT ANY DICTIONARY'' '
        'ON SERVER',
        '{"version":4,"expr":{"op":"OR","args":[{"fn":"has_role",'
        '"args":{"name":"SELECT_CATALOG_ROLE"}},{"fn":"has_privilege",'
        '"args":{"name":"SELECT ANY DICTIONARY","scope":"server"}}]}}')
) AS r (code, db_type, rule_name, rule_text, rule_expression)
     JOIN account_classes c ON c.code = r.code;


-- Names read on servers of the versions that seen_on tells, or in documents.

SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MySQL 8.2', 'MySQL 9.7', ARRAY[
        'ALLOW_NONEXISTENT_DEFINER', 'SET_ANY_DEFINER'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    NULL, 'MySQL 9.7, MariaDB 11.8', ARRAY[
        'ALTER', 'ALTER ROUTINE', 'CREATE', 'CREATE ROUTINE',
        'CREATE TABLESPACE', 'CREATE TEMPORARY TABLES', 'CREATE USER',
        'CREATE VIEW', 'DELETE', 'DROP', 'EVENT', 'EXECUTE', 'FILE',
        'GRANT OPTION', 'INDEX', 'INSERT', 'LOCK TABLES', 'PROCESS',
        'REFERENCES', 'RELOAD', 'REPLICATION SLAVE', 'SELECT',
        'SHOW DATABASES', 'SHOW VIEW', 'SHUTDOWN', 'SUPER', 'TRIGGER',
        'UPDATE'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MySQL 8.0', 'MySQL 9.7', ARRAY[
        'APPLICATION_PASSWORD_ADMIN', 'AUDIT_ABORT_EXEMPT', 'AUDIT_ADMIN',
        'AUTHENTICATION_POLICY_ADMIN', 'BACKUP_ADMIN', 'BINLOG_ADMIN',
        'BINLOG_ENCRYPTION_ADMIN', 'CLONE_ADMIN', 'CONNECTION_ADMIN',
        'CREATE ROLE', 'DROP ROLE', 'ENCRYPTION_KEY_ADMIN', 'FIREWALL_EXEMPT',
        'FLUSH_OPTIMIZER_COSTS', 'FLUSH_STATUS', 'FLUSH_TABLES',
        'FLUSH_USER_RESOURCES', 'GROUP_REPLICATION_ADMIN',
        'GROUP_REPLICATION_STREAM', 'INNODB_REDO_LOG_ARCHIVE',
        'INNODB_REDO_LOG_ENABLE', 'PASSWORDLESS_USER_ADMIN',
        'PERSIST_RO_VARIABLES_ADMIN', 'REPLICATION_APPLIER',
        'REPLICATION_SLAVE_ADMIN', 'RESOURCE_GROUP_ADMIN',
        'RESOURCE_GROUP_USER', 'ROLE_ADMIN', 'SENSITIVE_VARIABLES_OBSERVER',
        'SERVICE_CONNECTION_ADMIN', 'SESSION_VARIABLES_ADMIN', 'SHOW_ROUTINE',
        'SYSTEM_USER', 'SYSTEM_VARIABLES_ADMIN', 'TABLE_ENCRYPTION_ADMIN',
        'TELEMETRY_LOG_ADMIN', 'XA_RECOVER_ADMIN'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MariaDB 10.5', 'MariaDB 11.8', ARRAY[
        'BINLOG ADMIN', 'BINLOG MONITOR', 'BINLOG REPLAY', 'CONNECTION ADMIN',
        'FEDERATED ADMIN', 'READ_ONLY ADMIN', 'REPLICATION MASTER ADMIN',
        'REPLICATION SLAVE ADMIN', 'SET USER', 'SLAVE MONITOR'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    NULL, 'MySQL 9.7', ARRAY[
        'CREATE_SPATIAL_REFERENCE_SYSTEM', 'MANAGE_DATA_MASKING_POLICY',
        'REPLICATION CLIENT'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MariaDB 10.3', 'MariaDB 11.8', ARRAY[
        'DELETE HISTORY'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MySQL 8.4', 'MySQL 9.7', ARRAY[
        'FLUSH_PRIVILEGES', 'OPTIMIZE_LOCAL_TABLE'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MariaDB 11.3', 'MariaDB 11.8', ARRAY[
        'SHOW CREATE ROUTINE'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_global_privileges',
    'MySQL 8.3', 'MySQL 9.7', ARRAY[
        'TRANSACTION_GTID_TAG'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_database_privileges',
    NULL, 'MySQL 9.7, MariaDB 11.8', ARRAY[
        'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP',
        'REFERENCES', 'INDEX', 'ALTER', 'EXECUTE', 'EVENT', 'TRIGGER',
        'CREATE TEMPORARY TABLES', 'LOCK TABLES', 'CREATE VIEW', 'SHOW VIEW',
        'CREATE ROUTINE', 'ALTER ROUTINE', 'GRANT OPTION'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_database_privileges',
    'MariaDB 10.3', 'MariaDB 11.8', ARRAY[
        'DELETE HISTORY'
    ]);
SELECT permission_catalog_add('mysql', 'mysql_database_privileges',
    'MariaDB 11.3', 'MariaDB 11.8', ARRAY[
        'SHOW CREATE ROUTINE'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 15', 'PostgreSQL 18', ARRAY[
        'pg_checkpoint'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 16', 'PostgreSQL 18', ARRAY[
        'pg_create_subscription', 'pg_use_reserved_connections'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 14', 'PostgreSQL 18', ARRAY[
        'pg_database_owner', 'pg_read_all_data', 'pg_write_all_data'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 11', 'PostgreSQL 18', ARRAY[
        'pg_execute_server_program', 'pg_read_server_files',
        'pg_write_server_files'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 17', 'PostgreSQL 18', ARRAY[
        'pg_maintain'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 10', 'PostgreSQL 18', ARRAY[
        'pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats',
        'pg_stat_scan_tables'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 18', 'PostgreSQL 18', ARRAY[
        'pg_signal_autovacuum_worker'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_predefined_roles',
    'PostgreSQL 9.6', 'PostgreSQL 18', ARRAY[
        'pg_signal_backend'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_role_attributes',
    NULL, 'PostgreSQL 18', ARRAY[
        'can_super', 'can_create_db', 'can_create_role', 'can_inherit',
        'can_login'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_role_attributes',
    'PostgreSQL 9.1', 'PostgreSQL 18', ARRAY[
        'can_replicate'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_role_attributes',
    'PostgreSQL 9.5', 'PostgreSQL 18', ARRAY[
        'can_bypass_rls'
    ]);
SELECT permission_catalog_add('postgresql', 'postgresql_database_privileges',
    NULL, 'PostgreSQL 18', ARRAY[
        'CONNECT', 'CREATE', 'TEMP'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_server_roles',
    NULL, 'documentation', ARRAY[
        'sysadmin', 'serveradmin', 'securityadmin', 'processadmin',
        'setupadmin', 'bulkadmin', 'diskadmin', 'dbcreator', 'public'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_server_roles',
    'SQL Server 2022', 'documentation', ARRAY[
        '##MS_DatabaseConnector##', '##MS_LoginManager##',
        '##MS_DatabaseManager##', '##MS_ServerStateManager##',
        '##MS_ServerStateReader##', '##MS_ServerPerformanceStateReader##',
        '##MS_ServerSecurityStateReader##', '##MS_DefinitionReader##',
        '##MS_PerformanceDefinitionReader##',
        '##MS_SecurityDefinitionReader##'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_server_permissions',
    NULL, 'documentation', ARRAY[
        'CONTROL SERVER', 'ADMINISTER BULK OPERATIONS',
        'ALTER ANY CONNECTION', 'ALTER ANY CREDENTIAL', 'ALTER ANY DATABASE',
        'ALTER ANY ENDPOINT', 'ALTER ANY EVENT NOTIFICATION',
        'ALTER ANY LINKED SERVER', 'ALTER ANY LOGIN', 'ALTER RESOURCES',
        'ALTER SERVER STATE', 'ALTER SETTINGS', 'ALTER TRACE',
        'AUTHENTICATE SERVER', 'CONNECT SQL', 'CREATE ANY DATABASE',
        'CREATE DDL EVENT NOTIFICATION', 'CREATE ENDPOINT',
        'CREATE TRACE EVENT NOTIFICATION', 'EXTERNAL ACCESS ASSEMBLY',
        'SHUTDOWN', 'UNSAFE ASSEMBLY', 'VIEW ANY DATABASE',
        'VIEW ANY DEFINITION', 'VIEW SERVER STATE'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_server_permissions',
    'SQL Server 2012', 'documentation', ARRAY[
        'ALTER ANY AVAILABILITY GROUP', 'ALTER ANY EVENT SESSION',
        'ALTER ANY SERVER ROLE', 'CREATE AVAILABILITY GROUP',
        'CREATE SERVER ROLE'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_server_permissions',
    'SQL Server 2008', 'documentation', ARRAY[
        'ALTER ANY SERVER AUDIT'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_server_permissions',
    'SQL Server 2014', 'documentation', ARRAY[
        'CONNECT ANY DATABASE', 'IMPERSONATE ANY LOGIN',
        'SELECT ALL USER SECURABLES'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_database_roles',
    NULL, 'documentation', ARRAY[
        'db_owner', 'db_accessadmin', 'db_securityadmin', 'db_ddladmin',
        'db_backupoperator', 'db_datareader', 'db_datawriter',
        'db_denydatareader', 'db_denydatawriter'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_database_permissions',
    NULL, 'documentation', ARRAY[
        'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'ALTER', 'EXECUTE', 'CONTROL',
        'REFERENCES', 'VIEW DEFINITION', 'TAKE OWNERSHIP', 'CREATE SCHEMA',
        'ALTER ANY SCHEMA', 'CREATE TABLE', 'CREATE VIEW', 'CREATE PROCEDURE',
        'CREATE FUNCTION', 'BACKUP DATABASE', 'BACKUP LOG', 'CHECKPOINT',
        'CONNECT', 'CONNECT REPLICATION', 'VIEW DATABASE STATE',
        'ALTER ANY ROLE', 'ALTER ANY USER'
    ]);
SELECT permission_catalog_add('sqlserver', 'sqlserver_database_permissions',
    'SQL Server 2016', 'documentation', ARRAY[
        'UNMASK', 'VIEW ANY COLUMN ENCRYPTION KEY DEFINITION',
        'VIEW ANY COLUMN MASTER KEY DEFINITION'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_roles',
    NULL, 'documentation', ARRAY[
        'ADM_PARALLEL_EXECUTE_TASK', 'APEX_ADMINISTRATOR_ROLE',
        'AQ_ADMINISTRATOR_ROLE', 'AQ_USER_ROLE', 'CONNECT', 'CTXAPP', 'DBA',
        'DBFS_ROLE', 'DV_ACCTMGR', 'DV_ADMIN', 'DV_AUDIT_CLEANUP',
        'DV_DATAPUMP_EXP_FULL_DATABASE', 'DV_DATAPUMP_IMP_FULL_DATABASE',
        'DV_GATHER_SYSTEM_STATISTICS', 'DV_MONITOR', 'DV_OWNER',
        'DV_PATCH_ADMIN', 'DV_POLICY_OWNER', 'DV_PUBLIC', 'DV_REALM_OWNER',
        'DV_REALM_RESOURCE', 'DV_SECANALYST', 'DV_SELECT_CATALOG_ROLE',
        'DV_SITE_ADMIN', 'DV_STREAMS_ADMIN', 'DV_TABLESPACE_QUOTA',
        'DV_XSTREAM_ADMIN', 'EXECUTE_CATALOG_ROLE', 'EXP_FULL_DATABASE',
        'GATHER_SYSTEM_STATISTICS', 'GLOBAL_AQ_USER_ROLE',
        'HS_ADMIN_EXECUTE_ROLE', 'HS_ADMIN_ROLE', 'HS_ADMIN_SELECT_ROLE',
        'IMP_FULL_DATABASE', 'JAVADEBUGPRIV', 'JAVAUSERPRIV', 'JAVA_ADMIN',
        'JAVA_DEPLOY', 'JMXSERVER', 'LOGSTDBY_ADMINISTRATOR', 'OEM_ADVISOR',
        'OEM_MONITOR', 'OLAP_DBA', 'OLAP_USER', 'OLAP_XS_ADMIN',
        'OLAP_XS_APP_ADMIN', 'OLAP_XS_CACHE_ADMIN', 'OLAP_XS_SESSION_ADMIN',
        'ORDADMIN', 'PLUSTRACE', 'RECOVERY_CATALOG_OWNER', 'RESOURCE',
        'SCHEDULER_ADMIN', 'SELECT_CATALOG_ROLE', 'WM_ADMIN_ROLE', 'XDBADMIN',
        'XDB_SET_INVOKER'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_roles',
    'Oracle 12', 'documentation', ARRAY[
        'AUDIT_ADMIN', 'AUDIT_VIEWER', 'CDB_DBA', 'EM_EXPRESS_ALL',
        'EM_EXPRESS_BASIC', 'PDB_DBA'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_roles',
    'Oracle 23', 'documentation', ARRAY[
        'DB_DEVELOPER_ROLE'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_system_privileges',
    NULL, 'documentation', ARRAY[
        'ADMINISTER ANY SQL TUNING SET', 'ADMINISTER DATABASE TRIGGER',
        'ADMINISTER RESOURCE MANAGER', 'ADMINISTER SQL MANAGEMENT OBJECT',
        'ADMINISTER SQL TUNING SET', 'ADVISOR', 'ALTER ANY ASSEMBLY',
        'ALTER ANY CLUSTER', 'ALTER ANY CUBE', 'ALTER ANY CUBE DIMENSION',
        'ALTER ANY DIMENSION', 'ALTER ANY EDITION',
        'ALTER ANY EVALUATION CONTEXT', 'ALTER ANY INDEX',
        'ALTER ANY INDEXTYPE', 'ALTER ANY LIBRARY',
        'ALTER ANY MATERIALIZED VIEW', 'ALTER ANY MINING MODEL',
        'ALTER ANY OPERATOR', 'ALTER ANY OUTLINE', 'ALTER ANY PROCEDURE',
        'ALTER ANY ROLE', 'ALTER ANY RULE', 'ALTER ANY RULE SET',
        'ALTER ANY SEQUENCE', 'ALTER ANY SQL PROFILE', 'ALTER ANY TABLE',
        'ALTER ANY TRIGGER', 'ALTER ANY TYPE', 'ALTER DATABASE',
        'ALTER DATABASE LINK', 'ALTER PROFILE', 'ALTER RESOURCE COST',
        'ALTER ROLLBACK SEGMENT', 'ALTER SESSION', 'ALTER SYSTEM',
        'ALTER TABLESPACE', 'ALTER USER', 'ANALYZE ANY', 'AUDIT ANY',
        'AUDIT SYSTEM', 'BACKUP ANY TABLE', 'BECOME USER',
        'CHANGE NOTIFICATION', 'COMMENT ANY MINING MODEL',
        'COMMENT ANY TABLE', 'CREATE ANY ASSEMBLY', 'CREATE ANY CLUSTER',
        'CREATE ANY CONTEXT', 'CREATE ANY CUBE',
        'CREATE ANY CUBE BUILD PROCESS', 'CREATE ANY CUBE DIMENSION',
        'CREATE ANY DIMENSION', 'CREATE ANY DIRECTORY', 'CREATE ANY EDITION',
        'CREATE ANY EVALUATION CONTEXT', 'CREATE ANY INDEX',
        'CREATE ANY INDEXTYPE', 'CREATE ANY JOB', 'CREATE ANY LIBRARY',
        'CREATE ANY MATERIALIZED VIEW', 'CREATE ANY MEASURE FOLDER',
        'CREATE ANY MINING MODEL', 'CREATE ANY OPERATOR',
        'CREATE ANY OUTLINE', 'CREATE ANY PROCEDURE', 'CREATE ANY RULE',
        'CREATE ANY RULE SET', 'CREATE ANY SEQUENCE',
        'CREATE ANY SQL PROFILE', 'CREATE ANY SYNONYM', 'CREATE ANY TABLE',
        'CREATE ANY TRIGGER', 'CREATE ANY TYPE', 'CREATE ANY VIEW',
        'CREATE ASSEMBLY', 'CREATE CLUSTER', 'CREATE CUBE',
        'CREATE CUBE BUILD PROCESS', 'CREATE CUBE DIMENSION',
        'CREATE DATABASE LINK', 'CREATE DIMENSION',
        'CREATE EVALUATION CONTEXT', 'CREATE EXTERNAL JOB',
        'CREATE INDEXTYPE', 'CREATE JOB', 'CREATE LIBRARY',
        'CREATE MATERIALIZED VIEW', 'CREATE MEASURE FOLDER',
        'CREATE MINING MODEL', 'CREATE OPERATOR', 'CREATE PROCEDURE',
        'CREATE PROFILE', 'CREATE PUBLIC DATABASE LINK', 'CREATE ROLE',
        'CREATE ROLLBACK SEGMENT', 'CREATE RULE', 'CREATE RULE SET',
        'CREATE SEQUENCE', 'CREATE SESSION', 'CREATE SYNONYM', 'CREATE TABLE',
        'CREATE TABLESPACE', 'CREATE TRIGGER', 'CREATE TYPE', 'CREATE USER',
        'CREATE VIEW', 'DEBUG ANY PROCEDURE', 'DEBUG CONNECT SESSION',
        'DELETE ANY CUBE DIMENSION', 'DELETE ANY MEASURE FOLDER',
        'DELETE ANY TABLE', 'DEQUEUE ANY QUEUE', 'DROP ANY ASSEMBLY',
        'DROP ANY CLUSTER', 'DROP ANY CONTEXT', 'DROP ANY CUBE',
        'DROP ANY CUBE BUILD PROCESS', 'DROP ANY CUBE DIMENSION',
        'DROP ANY DIMENSION', 'DROP ANY DIRECTORY', 'DROP ANY EDITION',
        'DROP ANY EVALUATION CONTEXT', 'DROP ANY INDEX', 'DROP ANY INDEXTYPE',
        'DROP ANY LIBRARY', 'DROP ANY MATERIALIZED VIEW',
        'DROP ANY MEASURE FOLDER', 'DROP ANY MINING MODEL',
        'DROP ANY OPERATOR', 'DROP ANY OUTLINE', 'DROP ANY PROCEDURE',
        'DROP ANY ROLE', 'DROP ANY RULE', 'DROP ANY RULE SET',
        'DROP ANY SEQUENCE', 'DROP ANY SQL PROFILE', 'DROP ANY SYNONYM',
        'DROP ANY TABLE', 'DROP ANY TRIGGER', 'DROP ANY TYPE',
        'DROP ANY VIEW', 'DROP PROFILE', 'DROP PUBLIC DATABASE LINK',
        'DROP PUBLIC SYNONYM', 'DROP ROLLBACK SEGMENT', 'DROP TABLESPACE',
        'DROP USER', 'ENQUEUE ANY QUEUE', 'EXECUTE ANY ASSEMBLY',
        'EXECUTE ANY CLASS', 'EXECUTE ANY EVALUATION CONTEXT',
        'EXECUTE ANY INDEXTYPE', 'EXECUTE ANY LIBRARY',
        'EXECUTE ANY OPERATOR', 'EXECUTE ANY PROCEDURE',
        'EXECUTE ANY PROGRAM', 'EXECUTE ANY RULE', 'EXECUTE ANY RULE SET',
        'EXECUTE ANY TYPE', 'EXECUTE ASSEMBLY', 'EXEMPT ACCESS POLICY',
        'EXPORT FULL DATABASE', 'FLASHBACK ANY TABLE',
        'FLASHBACK ARCHIVE ADMINISTER', 'FORCE ANY TRANSACTION',
        'FORCE TRANSACTION', 'GLOBAL QUERY REWRITE',
        'GRANT ANY OBJECT PRIVILEGE', 'GRANT ANY PRIVILEGE', 'GRANT ANY ROLE',
        'IMPORT FULL DATABASE', 'INSERT ANY CUBE DIMENSION',
        'INSERT ANY MEASURE FOLDER', 'INSERT ANY TABLE', 'LOCK ANY TABLE',
        'MANAGE ANY FILE GROUP', 'MANAGE ANY QUEUE', 'MANAGE FILE GROUP',
        'MANAGE SCHEDULER', 'MANAGE TABLESPACE', 'MERGE ANY VIEW',
        'ON COMMIT REFRESH', 'PURGE DBA_RECYCLEBIN', 'QUERY REWRITE',
        'READ ANY FILE GROUP', 'RESTRICTED SESSION', 'RESUMABLE',
        'SELECT ANY CUBE', 'SELECT ANY CUBE DIMENSION',
        'SELECT ANY DICTIONARY', 'SELECT ANY MINING MODEL',
        'SELECT ANY SEQUENCE', 'SELECT ANY TABLE', 'SELECT ANY TRANSACTION',
        'SYSDBA', 'SYSOPER', 'UNDER ANY TABLE', 'UNDER ANY TYPE',
        'UNDER ANY VIEW', 'UNLIMITED TABLESPACE', 'UPDATE ANY CUBE',
        'UPDATE ANY CUBE BUILD PROCESS', 'UPDATE ANY CUBE DIMENSION',
        'UPDATE ANY TABLE'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_system_privileges',
    'Oracle 12', 'documentation', ARRAY[
        'ADMINISTER KEY MANAGEMENT', 'EXEMPT REDACTION POLICY',
        'INHERIT ANY PRIVILEGES', 'LOGMINING', 'READ ANY TABLE', 'SYSBACKUP',
        'SYSDG', 'SYSKM', 'TRANSLATE ANY SQL'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_system_privileges',
    'Oracle 21', 'documentation', ARRAY[
        'ENABLE DIAGNOSTICS'
    ]);
SELECT permission_catalog_add('oracle', 'oracle_system_privileges',
    'Oracle 23', 'documentation', ARRAY[
        'GRANT ANY SCHEMA PRIVILEGE'
    ]);

DROP FUNCTION permission_catalog_add(text, text, text, text, text[]);


INSERT INTO schedules (job_id, task_key, cron_expression, is_builtin)
VALUES ('calculate_account', 'calculate_account', '0 2 * * *', true);
