-- Coverage: what of an instance is read, and which right what is not read needs.


-- Written by "taifish-worker migrate", as engines is.

ALTER TABLE engines
    -- on real servers, or on a catalog that simulates one
    ADD COLUMN tested text NOT NULL DEFAULT 'real'
        CHECK (tested IN ('real', 'simulated'));

CREATE TABLE engine_scopes (
    db_type  text NOT NULL REFERENCES engines ON DELETE CASCADE,
    reading  text NOT NULL,
    scope    text NOT NULL,
    position integer NOT NULL,
    zh       text NOT NULL,
    en       text NOT NULL,
    PRIMARY KEY (db_type, reading, scope)
);

-- The rights of TaiFish's account.  since and before: 100 * major + minor, 0 is
-- no bound.  reach: the statement is for its scope, for all scopes, for what is
-- read in each database, or the same for the one database taifish_app.

CREATE TABLE engine_grants (
    position  integer PRIMARY KEY,
    db_type   text NOT NULL REFERENCES engines ON DELETE CASCADE,
    product   text,
    since     integer NOT NULL,
    before    integer NOT NULL,
    reach     text NOT NULL
              CHECK (reach IN ('scope', 'all', 'databases', 'database')),
    statement text NOT NULL,
    reading   text,
    scope     text,
    zh        text NOT NULL,
    en        text NOT NULL
);

CREATE TABLE error_texts (
    code text PRIMARY KEY,
    zh   text NOT NULL,
    en   text NOT NULL
);

GRANT SELECT ON engine_scopes, engine_grants, error_texts
    TO taifish_api, taifish_worker;


-- The list of databases, as instance_scopes has it of the accounts: why it is
-- not complete, and when it last was.

ALTER TABLE instances
    ADD COLUMN list_unread text,
    ADD COLUMN list_complete_at timestamptz;

UPDATE instances i
SET list_complete_at = i.last_capacity_at
WHERE i.last_capacity_status = 'completed';


-- What is not read and could be.

CREATE INDEX instance_scopes_unread_idx ON instance_scopes (instance_id)
    WHERE status <> 'ok' AND (known OR status <> 'unsupported');


-- The outcome of a scope that ended with this code.

CREATE FUNCTION scope_status(code text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN code IS NULL THEN 'ok'
                WHEN code IN ('TARGET_PERMISSION', 'TARGET_AUTH') THEN 'denied'
                WHEN code = 'TARGET_TIMEOUT' THEN 'timeout'
                ELSE 'error' END
$$;


-- 100 * major + minor of a main_version such as "10.11"; a very high number
-- when it is none: what is new is more likely.

CREATE FUNCTION engine_version(main_version text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN main_version ~ '^[0-9]{1,3}(\.[0-9]{1,2})?$'
                THEN split_part(main_version, '.', 1)::integer * 100
                     + ('0' || split_part(main_version, '.', 2))::integer
                ELSE 99999 END
$$;


-- A statement of engine_grants with the names of an account and of a database
-- in the engine's quotes.

CREATE FUNCTION engine_grant_text(db_type text, statement text, account text,
                                  database text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(
               CASE w.word[2]
               WHEN 'taifish_monitor' THEN w.word[1] || n.account
               WHEN 'taifish_app' THEN w.word[1] || n.database
               ELSE w.word[1] END, '' ORDER BY w.n)
    FROM (SELECT CASE db_type
                 WHEN 'postgresql' THEN quote_ident(account)
                 WHEN 'mysql' THEN replace(replace(account, '\', '\\'),
                                           '''', '''''')
                 WHEN 'sqlserver' THEN
                     CASE WHEN account ~ '^[A-Za-z_][A-Za-z0-9_]*$'
                          THEN account
                          ELSE '[' || replace(account, ']', ']]') || ']' END
                 ELSE
                     CASE WHEN account ~ '^[A-Za-z][A-Za-z0-9_$#]*$'
                          THEN account
                          ELSE '"' || replace(account, '"', '""') || '"' END
                 END AS account,
                 CASE db_type
                 WHEN 'postgresql' THEN quote_ident(database)
                 ELSE '[' || replace(database, ']', ']]') || ']' END
                 AS database) n,
         regexp_matches(statement, '(.*?)(taifish_monitor|taifish_app|$)', 'g')
             WITH ORDINALITY AS w (word, n)
$$;
