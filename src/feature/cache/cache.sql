-- What is cached.  Rules of classification are not: every job reads them.

-- name: cache_classification_stats
SELECT false AS cache_enabled, 0 AS cached_rules,
       (SELECT json_object_agg(name, json_build_object('cached_rules', 0)
                               ORDER BY name)
        FROM engines) AS db_type_stats

-- name: cache_clear_classification
WITH rules AS (
    SELECT tf_fail('VALIDATION_ERROR', 'db_type')
    WHERE :db_type::text IS NOT NULL
          AND NOT EXISTS (SELECT FROM engines WHERE name = :db_type)
)
SELECT :db_type::text AS db_type, 0 AS cleared_count,
       (SELECT count(*) FROM rules) AS _rules
