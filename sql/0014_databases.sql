-- Databases of the instances, and their sizes day by day.


-- A database of an instance.  Its identity is native_id where the engine has
-- one (a PostgreSQL oid), else its name: a database that is renamed keeps its
-- row, one that comes back is continued, one of the same name with another
-- native_id is another row.

CREATE TABLE databases (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id   bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    native_id     text COLLATE "C",
    -- by bytes: no release of the C library or of ICU changes its order
    name          text COLLATE "C" NOT NULL,
    -- one that the engine itself brings along
    is_system     boolean NOT NULL DEFAULT false,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    -- by the last reading that found it
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    -- since when it is not in a complete list of the instance's databases
    dropped_at    timestamptz,
    -- error code of the last reading when that gave no size
    unread        text,
    -- the newest row of database_sizes, so that a list reads one table; NULL:
    -- there is none
    size_bytes    bigint CHECK (size_bytes >= 0),
    data_bytes    bigint CHECK (data_bytes >= 0),
    log_bytes     bigint CHECK (log_bytes >= 0),
    sized_at      timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((size_bytes IS NULL) = (sized_at IS NULL))
);

CREATE UNIQUE INDEX databases_identity_key
    ON databases (instance_id, coalesce(native_id, name));
-- the orders of the ledger, of what it lists without filters
CREATE INDEX databases_name_idx ON databases (name, id)
    WHERE dropped_at IS NULL AND NOT is_system;
CREATE INDEX databases_id_idx ON databases (id)
    WHERE dropped_at IS NULL AND NOT is_system;
CREATE INDEX databases_size_idx ON databases (coalesce(size_bytes, -1), id)
    WHERE dropped_at IS NULL AND NOT is_system;
CREATE INDEX databases_sized_idx
    ON databases (coalesce(sized_at, '-infinity'), id)
    WHERE dropped_at IS NULL AND NOT is_system;
CREATE INDEX databases_name_trgm ON databases
    USING gin (name gin_trgm_ops) WITH (fastupdate = off);


-- The day that a reading counts for: of the time zone that they are scheduled
-- in.

CREATE FUNCTION capacity_day(t timestamptz DEFAULT now()) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (t AT TIME ZONE coalesce((SELECT timezone
                                     FROM schedules
                                     WHERE job_id = 'sync_databases'),
                                    'UTC'))::date
$$;


-- The last reading of each day.  A reading that failed has no row: a size is
-- never 0 because it could not be read.

CREATE TABLE database_sizes (
    database_id  bigint NOT NULL REFERENCES databases ON DELETE CASCADE,
    instance_id  bigint NOT NULL,
    day          date NOT NULL,
    collected_at timestamptz NOT NULL DEFAULT now(),
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),
    data_bytes   bigint CHECK (data_bytes >= 0),
    -- NULL where an engine has one log for all databases
    log_bytes    bigint CHECK (log_bytes >= 0),
    -- task_runs.run_id; runs are deleted long before sizes are
    run_id       uuid,
    PRIMARY KEY (database_id, day)
) PARTITION BY RANGE (day);

CREATE TABLE database_sizes_default PARTITION OF database_sizes DEFAULT;

CREATE INDEX database_sizes_instance_idx ON database_sizes (instance_id, day);


-- The sum over the databases that were read, of the system's too.

CREATE TABLE instance_sizes (
    instance_id    bigint NOT NULL REFERENCES instances ON DELETE CASCADE,
    day            date NOT NULL,
    collected_at   timestamptz NOT NULL DEFAULT now(),
    size_bytes     bigint NOT NULL CHECK (size_bytes >= 0),
    -- of these database_count databases unread_count were not read
    database_count integer NOT NULL,
    unread_count   integer NOT NULL DEFAULT 0,
    -- all databases are known, and all of them were read
    is_complete    boolean NOT NULL,
    PRIMARY KEY (instance_id, day)
) PARTITION BY RANGE (day);

CREATE TABLE instance_sizes_default PARTITION OF instance_sizes DEFAULT;


-- The newest reading of a database's tables.

CREATE TABLE table_sizes (
    database_id  bigint NOT NULL REFERENCES databases ON DELETE CASCADE,
    native_id    text COLLATE "C",
    schema_name  text COLLATE "C" NOT NULL,
    table_name   text COLLATE "C" NOT NULL,
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),
    data_bytes   bigint CHECK (data_bytes >= 0),
    index_bytes  bigint CHECK (index_bytes >= 0),
    -- by the engine's statistics; NULL when it has none
    row_estimate bigint CHECK (row_estimate >= 0),
    collected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (database_id, schema_name, table_name)
);

CREATE INDEX table_sizes_size_idx
    ON table_sizes (database_id, size_bytes DESC, schema_name, table_name);


-- What the list of instances shows: written by the job that reads databases.

ALTER TABLE instances
    -- databases that are there, without those of the system
    ADD database_count integer NOT NULL DEFAULT 0,
    -- the newest row of instance_sizes; NULL: there is none
    ADD size_bytes bigint CHECK (size_bytes >= 0),
    ADD size_is_complete boolean,
    ADD sized_at timestamptz,
    -- last run whose list of databases was read
    ADD last_capacity_at timestamptz,
    ADD last_capacity_status text
        CHECK (last_capacity_status IN ('completed', 'partial', 'failed'));

GRANT SELECT ON databases, database_sizes, instance_sizes, table_sizes
    TO taifish_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON databases, database_sizes,
    instance_sizes, table_sizes TO taifish_worker;
