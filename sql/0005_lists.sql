-- Lists that stay fast at a million accounts: what a list sorts and filters by
-- is in an index, what it counts has a counter.

-- Trusted since PostgreSQL 13: whoever may create in the database may do this.
-- Debian has it in the package of the server, others in postgresql-contrib.
CREATE EXTENSION IF NOT EXISTS pg_trgm;


-- The engine, repeated from the instance: what the ledger lists and one of its
-- orders depend on it.

ALTER TABLE accounts ADD db_type text;

UPDATE accounts a
SET db_type = i.db_type
FROM instances i
WHERE i.id = a.instance_id;

ALTER TABLE accounts ALTER db_type SET NOT NULL;

CREATE FUNCTION accounts_set_db_type() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    SELECT db_type INTO NEW.db_type FROM instances WHERE id = NEW.instance_id;
    RETURN NEW;
END
$$;

CREATE TRIGGER accounts_db_type BEFORE INSERT ON accounts
    FOR EACH ROW WHEN (NEW.db_type IS NULL)
    EXECUTE FUNCTION accounts_set_db_type();

-- By the owner's rights: who may change an instance need not write accounts.

CREATE FUNCTION instances_set_db_type() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE accounts SET db_type = NEW.db_type WHERE instance_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER instances_db_type AFTER UPDATE OF db_type ON instances
    FOR EACH ROW WHEN (NEW.db_type <> OLD.db_type)
    EXECUTE FUNCTION instances_set_db_type();


-- One index for each order of the ledger.  The first two are read with roles
-- and dropped accounts too; the others hold what the ledger lists without
-- filters, accounts that are there and that somebody signs in with.

DROP INDEX accounts_list_idx;

CREATE INDEX accounts_principal_idx ON accounts (principal, id)
    INCLUDE (instance_id, kind, db_type, dropped_at);
CREATE INDEX accounts_change_idx ON accounts (last_change_at, id)
    INCLUDE (instance_id, kind, db_type, dropped_at);
CREATE INDEX accounts_id_idx ON accounts (id) INCLUDE (instance_id)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');
CREATE INDEX accounts_instance_idx ON accounts (instance_id, id)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');
CREATE INDEX accounts_db_type_idx ON accounts (db_type, id)
    INCLUDE (instance_id)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');
CREATE INDEX accounts_superuser_idx ON accounts (is_superuser, id)
    INCLUDE (instance_id)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');
CREATE INDEX accounts_locked_idx ON accounts (is_locked, id)
    INCLUDE (instance_id)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');
CREATE INDEX accounts_plugin_idx ON accounts (coalesce(plugin, ''), id)
    INCLUDE (instance_id)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');

-- The few superusers and locked accounts in the order people read them in.
CREATE INDEX accounts_superuser_principal_idx ON accounts (principal, id)
    WHERE is_superuser AND dropped_at IS NULL;
CREATE INDEX accounts_locked_principal_idx ON accounts (principal, id)
    WHERE is_locked AND dropped_at IS NULL;

-- fastupdate off: a search after a sync does not read a list of what is new.
CREATE INDEX accounts_principal_trgm ON accounts
    USING gin (principal gin_trgm_ops) WITH (fastupdate = off);


-- Instances that a search or tags mean, for a list of what is in them.
-- IMMUTABLE is for the planner, which then knows how many they are and looks
-- each up at once: only statements of the slow lane call this, and they are
-- planned anew for each use.

CREATE FUNCTION instances_like(pattern text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(id), '{}')
    FROM instances
    WHERE name ILIKE pattern OR host ILIKE pattern
$$;

CREATE FUNCTION instances_tagged(names text[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT it.instance_id), '{}')
    FROM instance_tags it
         JOIN tags t ON t.id = it.tag_id
    WHERE t.name = ANY (names)
$$;


-- The ledger's rows of each instance, and its entries of the change log.

ALTER TABLE instances ADD listed_count integer NOT NULL DEFAULT 0,
                      ADD change_count bigint NOT NULL DEFAULT 0;

UPDATE instances i
SET listed_count = (SELECT count(*)
                    FROM accounts a
                    WHERE a.instance_id = i.id AND a.dropped_at IS NULL
                          AND (a.kind = 'user'
                               OR a.kind = 'role' AND a.db_type <> 'mysql')),
    change_count = (SELECT count(*)
                    FROM account_changes c
                    WHERE c.instance_id = i.id);

CREATE OR REPLACE FUNCTION instances_set_account_count() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE instances i
    SET (account_count, listed_count)
        = (SELECT count(*),
                  count(*) FILTER (WHERE a.kind = 'user'
                                         OR a.kind = 'role'
                                            AND a.db_type <> 'mysql')
           FROM accounts a
           WHERE a.instance_id = i.id AND a.dropped_at IS NULL
                 AND a.kind <> 'public')
    WHERE i.id IN (SELECT instance_id FROM touched);
    RETURN NULL;
END
$$;

CREATE FUNCTION instances_add_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE instances i
    SET change_count = i.change_count
                       + CASE TG_OP WHEN 'INSERT' THEN t.n ELSE -t.n END
    FROM (SELECT instance_id, count(*) AS n FROM touched GROUP BY 1) t
    WHERE i.id = t.instance_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER account_changes_insert AFTER INSERT ON account_changes
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_add_changes();
CREATE TRIGGER account_changes_delete AFTER DELETE ON account_changes
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION instances_add_changes();


-- The change log: one index for each order, and its search.

CREATE INDEX account_changes_username_idx ON account_changes (username, id);
CREATE INDEX account_changes_db_type_idx ON account_changes (db_type, id);
CREATE INDEX account_changes_type_idx ON account_changes (change_type, id);
CREATE INDEX account_changes_status_idx ON account_changes (status, id);
CREATE INDEX account_changes_place_idx ON account_changes (instance_id, id);
CREATE INDEX account_changes_elevation_idx
    ON account_changes (change_time, id) WHERE is_elevation;
CREATE INDEX account_changes_username_trgm ON account_changes
    USING gin (username gin_trgm_ops) WITH (fastupdate = off);


-- Runs, newest first by the times people sort by.

CREATE INDEX task_runs_created_idx ON task_runs (created_at, id);
CREATE INDEX task_runs_started_idx
    ON task_runs (coalesce(started_at, 'infinity'), id);
CREATE INDEX task_runs_completed_idx
    ON task_runs (coalesce(completed_at, 'infinity'), id);
CREATE INDEX task_runs_status_idx ON task_runs (status, id);
