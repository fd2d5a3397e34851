-- Where each engine tells the facts of the life of its accounts, which "migrate"
-- writes from what the program knows (tf_life_t): the attribute, where the
-- server keeps it, and what it means that the attribute is null or not there,
-- as codes of words of the topic "life".

CREATE TABLE engine_life (
    db_type      text NOT NULL REFERENCES engines ON DELETE CASCADE,
    fact         text NOT NULL,
    position     integer NOT NULL,
    attribute    text,
    evidence     text,
    when_null    text,
    when_missing text NOT NULL,
    PRIMARY KEY (db_type, fact)
);

GRANT SELECT ON engine_life TO taifish_api, taifish_worker;


-- Days from today to the day that a text begins with, negative for one that is
-- gone; NULL when it begins with none.  Whatever a server sent, it is no error.

CREATE FUNCTION tf_days_until(day text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN day ~ '^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])'
                THEN make_date(substr(day, 1, 4)::integer,
                               substr(day, 6, 2)::integer, 1)
                     + substr(day, 9, 2)::integer - 1
                     - (now() AT TIME ZONE 'UTC')::date END
$$;
