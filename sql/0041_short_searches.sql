-- Searches for two characters, which is a whole word in Chinese.  An index of
-- trigrams does not serve them: with a million accounts one read all of them.

-- Each two neighbouring characters of a name, in lower case as ILIKE has it: by
-- the collation of the column.

CREATE FUNCTION tf_bigrams(name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bigrams text[] := '{}';
    previous text;
    character text;
    n integer := 0;
BEGIN
    FOREACH character IN ARRAY string_to_array(lower(name), NULL)
    LOOP
        IF n > 0 THEN
            bigrams[n] := previous || character;
        END IF;

        previous := character;
        n := n + 1;
    END LOOP;

    RETURN bigrams;
END
$$;

-- What the bigrams of a name contain if it is ILIKE this pattern: the two
-- characters of '%xy%', nothing of any other pattern, which trigrams serve.
-- The pattern has the collation of the column, too.

CREATE FUNCTION tf_bigrams_like(pattern text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN length(word) = 2 THEN ARRAY[word] ELSE '{}' END
    FROM lower(regexp_replace(regexp_replace(pattern, '^%(.*)%$', '\1'),
                              '\\(.)', '\1', 'g')) word
$$;

CREATE INDEX accounts_principal_bigrams ON accounts
    USING gin (tf_bigrams(principal)) WITH (fastupdate = off);
CREATE INDEX account_changes_username_bigrams ON account_changes
    USING gin (tf_bigrams(username)) WITH (fastupdate = off);
CREATE INDEX databases_name_bigrams ON databases
    USING gin (tf_bigrams(name)) WITH (fastupdate = off);


-- The ledger leaves out what is in deleted instances, and looks them up for
-- each page.

CREATE INDEX instances_deleted_idx ON instances (id)
    WHERE deleted_at IS NOT NULL;


-- The ledger of one engine, by the names of instances: whose accounts are of
-- another engine is seen without reading them.

DROP INDEX accounts_instance_idx;
CREATE INDEX accounts_instance_idx ON accounts (instance_id, id)
    INCLUDE (db_type)
    WHERE dropped_at IS NULL
          AND (kind = 'user' OR kind = 'role' AND db_type <> 'mysql');
