-- A search of accounts, changes or databases also asks which instances it
-- means, twice in each statement.  As functions of SQL these were parsed and
-- planned for each call, which was half of such a statement's time; PL/pgSQL
-- keeps their plans for the connection.

CREATE INDEX instances_search_trgm ON instances
    USING gin (name gin_trgm_ops, host gin_trgm_ops) WITH (fastupdate = off);

CREATE OR REPLACE FUNCTION instances_like(pattern text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN ARRAY(SELECT id
                 FROM instances
                 WHERE name ILIKE pattern OR host ILIKE pattern);
END
$$;

CREATE OR REPLACE FUNCTION instances_tagged(names text[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT it.instance_id
                 FROM instance_tags it
                      JOIN tags t ON t.id = it.tag_id
                 WHERE t.name = ANY (names));
END
$$;
