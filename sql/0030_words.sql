-- Words for codes, in the readers' languages.

-- "taifish-worker migrate" writes them from what the program has: kinds of jobs
-- and their numbers (task, task_about, metric), reasons of a lock (lock).
CREATE TABLE words (
    topic text NOT NULL,
    code  text NOT NULL,
    zh    text NOT NULL,
    en    text NOT NULL,
    PRIMARY KEY (topic, code)
);

GRANT SELECT ON words TO taifish_api, taifish_worker;

-- NULL where there are none.
CREATE FUNCTION tf_word(topic text, code text, lang text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE lang WHEN 'en' THEN w.en ELSE w.zh END
    FROM words w
    WHERE w.topic = tf_word.topic AND w.code = tf_word.code
$$;

-- A run's summary with the labels of its numbers.
CREATE FUNCTION run_summary(summary jsonb, lang text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(summary #> '{common,metrics}')
           WHEN 'array' THEN
               jsonb_set(summary, '{common,metrics}', (
                   SELECT coalesce(jsonb_agg(
                              m || jsonb_build_object('label', coalesce(
                                  tf_word('metric', m ->> 'key', lang),
                                  m ->> 'key')) ORDER BY n), '[]')
                   FROM jsonb_array_elements(summary #> '{common,metrics}')
                        WITH ORDINALITY AS e (m, n)))
           ELSE summary END
$$;

-- What a run of one item failed of.
ALTER TABLE task_runs ADD COLUMN error_code text;
