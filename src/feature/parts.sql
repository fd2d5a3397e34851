-- Parts of statements that several features need.

-- part: tag_names
(SELECT coalesce(json_agg(t ->> 'display_name'), '[]')
        FROM json_array_elements(i.tags) t) AS tags

-- part: item_held
EXISTS (SELECT FROM task_items t
              WHERE t.id = :item_id::bigint AND t.token = :token::bigint
                    AND t.state = 'running')

-- part: sync_start
WITH target AS (
    SELECT id, credential_id
    FROM instances
    WHERE id = :id::bigint AND deleted_at IS NULL
), rules AS (
    SELECT tf_fail('CREDENTIAL_REQUIRED', 'credential_id')
    FROM target
    WHERE credential_id IS NULL
)
SELECT q.run_id
FROM target t
     CROSS JOIN LATERAL tf_enqueue('{arg}', 'manual', :_user_id::bigint,
                                   instance_ids => ARRAY[t.id]) q
WHERE (SELECT count(*) FROM rules) = 0

-- part: sync_fleet
WITH rules AS (
    SELECT tf_fail('INVALID_REQUEST', '',
                   'there is no active instance with a credential')
    WHERE NOT EXISTS (SELECT
                      FROM instances
                      WHERE is_active AND deleted_at IS NULL
                            AND credential_id IS NOT NULL)
)
SELECT run_id, items AS instance_count
FROM tf_enqueue('{arg}', 'manual', :_user_id::bigint)
WHERE (SELECT count(*) FROM rules) = 0
