-- What the two programs say of themselves: rows that people search, and counts
-- of them that charts are made of.


-- The kinds of events and their words; "taifish-worker migrate" writes them
-- from src/core/tf_event.c.  {name} in a text stands for a member of the
-- event's context.

CREATE TABLE log_modules (
    module text PRIMARY KEY,
    zh     text NOT NULL,
    en     text NOT NULL
);

CREATE TABLE log_events (
    code   text PRIMARY KEY,
    level  text NOT NULL,
    module text NOT NULL REFERENCES log_modules,
    zh     text NOT NULL,
    en     text NOT NULL
);

CREATE FUNCTION log_text(template text, context jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(m[1] || CASE WHEN m[2] IS NULL THEN ''
                                   ELSE coalesce(context ->> m[2], '?') END,
                      '' ORDER BY n)
    FROM regexp_matches(template, '([^{]*)(?:\{([a-z_]+)\})?', 'g')
         WITH ORDINALITY t (m, n)
$$;


CREATE TABLE app_logs (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    time       timestamptz NOT NULL,
    level      text NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARNING',
                                              'ERROR', 'CRITICAL')),
    module     text NOT NULL,
    code       text NOT NULL,
    message    text NOT NULL,
    request_id text,
    run_id     uuid,
    context    jsonb NOT NULL DEFAULT '{}',
    traceback  text,
    PRIMARY KEY (id, time)
) PARTITION BY RANGE (time);

CREATE INDEX app_logs_time_idx ON app_logs (time, id);
CREATE INDEX app_logs_level_idx ON app_logs (level, time, id);
CREATE INDEX app_logs_module_idx ON app_logs (module, time, id);
CREATE INDEX app_logs_request_idx ON app_logs (request_id)
    WHERE request_id IS NOT NULL;
CREATE INDEX app_logs_run_idx ON app_logs (run_id) WHERE run_id IS NOT NULL;

-- Whoever writes waits for no index of trigrams: rows wait in a short list.
CREATE INDEX app_logs_trgm ON app_logs
    USING gin ((message || ' ' || context::text) gin_trgm_ops)
    WITH (fastupdate = on, gin_pending_list_limit = 256);


SELECT tf_partitions_register('app_logs', 'logs', '应用日志',
                              'Application log', 3);


-- How many there are, by quarters of an hour: the least step between the clocks
-- of two time zones.

CREATE TABLE app_log_counts (
    at     timestamptz NOT NULL,
    level  text NOT NULL,
    module text NOT NULL,
    n      bigint NOT NULL,
    PRIMARY KEY (at, level, module)
);

CREATE FUNCTION log_quarter(t timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_bin('15 minutes', t, '2000-01-01 00:00:00+00')
$$;


-- Writes events: a list of {age, code, request_id, run_id, context, traceback},
-- age in ms.  The clock is this server's.  A crash of it may lose the last
-- moment's rows, so that nobody waits for its disk.

CREATE FUNCTION logs_write(events jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    written bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);

    WITH e AS MATERIALIZED (
        SELECT clock_timestamp() - r.age * interval '1 ms' AS time,
               coalesce(w.level, 'INFO') AS level,
               coalesce(w.module, 'other') AS module, r.code,
               coalesce(log_text(w.en, r.context), r.code) AS message,
               r.request_id, r.run_id, coalesce(r.context, '{}') AS context,
               r.traceback, o.n
        FROM jsonb_array_elements(events) WITH ORDINALITY o (event, n),
             jsonb_to_record(o.event) r (age bigint, code text,
                 request_id text, run_id uuid, context jsonb, traceback text)
             LEFT JOIN log_events w ON w.code = r.code
    ), rows AS (
        INSERT INTO app_logs (time, level, module, code, message, request_id,
                              run_id, context, traceback)
        SELECT time, level, module, code, message, request_id, run_id, context,
               traceback
        FROM e
        ORDER BY n
    ), counts AS (
        INSERT INTO app_log_counts AS c (at, level, module, n)
        SELECT log_quarter(time), level, module, count(*)
        FROM e
        GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3
        ON CONFLICT (at, level, module) DO UPDATE SET n = c.n + excluded.n
    )
    SELECT count(*) INTO written FROM e;

    RETURN written;
END
$$;

REVOKE EXECUTE ON FUNCTION logs_write(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION logs_write(jsonb) TO taifish_api, taifish_worker;

GRANT SELECT ON app_logs, app_log_counts, log_events, log_modules
    TO taifish_api, taifish_worker;
GRANT DELETE ON app_log_counts TO taifish_worker;
