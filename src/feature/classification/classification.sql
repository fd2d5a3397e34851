-- Classes of accounts, their rules, who has them, and how many.

-- part: class
c.id, c.display_name AS name, c.code, c.display_name, c.description,
       c.risk_level, c.icon_name, c.priority, c.is_system,
       (SELECT count(*)
        FROM classification_rules r
        WHERE r.classification_id = c.id AND r.superseded_at IS NULL)
       AS rules_count,
       c.created_at, c.updated_at

-- part: rule
r.id, r.rule_name, r.rule_group_id, r.rule_version, r.classification_id,
       c.display_name AS classification_name, r.db_type, r.operator,
       r.rule_expression, r.rule_text, r.is_active, r.superseded_at,
       r.created_at, r.updated_at

-- part: matched
(SELECT coalesce(sum(n.matched_accounts), 0)::bigint
        FROM classification_rule_counts n
             JOIN instances i ON i.id = n.instance_id
        WHERE n.rule_id = r.id AND i.deleted_at IS NULL)


-- name: classes_list
SELECT {class}
FROM account_classes c
ORDER BY c.priority DESC, c.id

-- name: classes_get
SELECT {class}
FROM account_classes c
WHERE c.id = :id::bigint

-- name: classes_create
INSERT INTO account_classes AS c (code, display_name, description, risk_level,
                                  icon_name, priority)
VALUES (lower(btrim(coalesce(:code, :display_name))), :display_name,
        :description, coalesce(:risk_level::int, 4),
        coalesce(:icon_name, 'fa-tag'), coalesce(:priority::int, 0))
RETURNING {class}

-- name: classes_update
-- The risk and the icon of a system class are what people know it by.
WITH rules AS (
    SELECT tf_fail('SYSTEM_CLASSIFICATION',
                   CASE WHEN :risk_level::int <> risk_level THEN 'risk_level'
                        ELSE 'icon_name' END)
    FROM account_classes
    WHERE id = :id::bigint AND is_system
          AND (:risk_level::int <> risk_level OR :icon_name <> icon_name)
)
UPDATE account_classes c
SET display_name = coalesce(:display_name, c.display_name),
    description = CASE WHEN :has_description::boolean THEN :description
                       ELSE c.description END,
    risk_level = coalesce(:risk_level::int, c.risk_level),
    icon_name = coalesce(:icon_name, c.icon_name),
    priority = coalesce(:priority::int, c.priority),
    updated_at = now()
WHERE c.id = :id::bigint AND (SELECT count(*) FROM rules) = 0
RETURNING {class}

-- name: classes_delete
WITH rules AS (
    SELECT tf_fail('SYSTEM_CLASSIFICATION', 'id')
    FROM account_classes
    WHERE id = :id::bigint AND is_system
    UNION ALL
    SELECT tf_fail('CLASSIFICATION_IN_USE', 'id')
    WHERE EXISTS (SELECT
                  FROM classification_rules
                  WHERE classification_id = :id AND superseded_at IS NULL)
          OR EXISTS (SELECT
                     FROM account_class_assignments
                     WHERE classification_id = :id)
), old AS (
    DELETE FROM classification_rules
    WHERE classification_id = :id AND (SELECT count(*) FROM rules) = 0
)
DELETE FROM account_classes
WHERE id = :id AND (SELECT count(*) FROM rules) = 0
RETURNING id AS classification_id


-- name: rules_by_engine
SELECT (SELECT coalesce(json_object_agg(e.db_type, e.rules), '{}')
        FROM (SELECT x.db_type,
                     json_agg(x ORDER BY x.classification_priority DESC, x.id)
                     AS rules
              FROM (SELECT {rule}, c.priority AS classification_priority,
                           {matched} AS matched_accounts_count
                    FROM classification_rules r
                         JOIN account_classes c ON c.id = r.classification_id
                    WHERE r.superseded_at IS NULL) x
              GROUP BY x.db_type) e) AS rules_by_db_type

-- name: rules_filter
SELECT {rule}
FROM classification_rules r
     JOIN account_classes c ON c.id = r.classification_id
WHERE r.superseded_at IS NULL
      AND (:classification_id::bigint IS NULL
           OR r.classification_id = :classification_id)
      AND (:db_type::text IS NULL OR :db_type IN ('all', r.db_type))
ORDER BY c.priority DESC, r.id

-- name: rules_get
SELECT {rule}, {matched} AS matched_accounts_count,
       (SELECT coalesce(json_agg(json_build_object(
                                     'id', o.id,
                                     'rule_version', o.rule_version,
                                     'rule_text', o.rule_text,
                                     'created_at', o.created_at,
                                     'superseded_at', o.superseded_at)
                                 ORDER BY o.rule_version DESC), '[]')
        FROM classification_rules o
        WHERE o.rule_group_id = r.rule_group_id) AS versions
FROM classification_rules r
     JOIN account_classes c ON c.id = r.classification_id
WHERE r.id = :id::bigint AND r.deleted_at IS NULL

-- name: rules_create
WITH rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'classification_id')
    WHERE NOT EXISTS (SELECT
                      FROM account_classes
                      WHERE id = :classification_id::bigint)
)
INSERT INTO classification_rules (rule_name, classification_id, db_type,
                                  operator, rule_expression, rule_text,
                                  is_active, created_by)
SELECT :rule_name, :classification_id, :db_type, :operator,
       :_expression::json, :_text, coalesce(:is_active::boolean, true),
       :_user_id::bigint
WHERE (SELECT count(*) FROM rules) = 0
RETURNING id AS rule_id

-- name: rules_update
-- Another expression is a new version; the assignments of the old one stay
-- until the new one has been evaluated, which replaces them at once.
WITH old AS (
    SELECT *
    FROM classification_rules
    WHERE id = :id::bigint AND superseded_at IS NULL
    FOR UPDATE
), rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'id')
    WHERE NOT EXISTS (SELECT FROM old)
    UNION ALL
    SELECT tf_fail('FORBIDDEN',
                   CASE WHEN :classification_id::bigint <> classification_id
                        THEN 'classification_id' ELSE 'db_type' END)
    FROM old
    WHERE :classification_id::bigint <> classification_id
          OR :db_type <> db_type
), superseded AS (
    UPDATE classification_rules r
    SET superseded_at = now(),
        is_active = false
    FROM old
    WHERE r.id = old.id AND old.rule_text <> :_text
          AND (SELECT count(*) FROM rules) = 0
    RETURNING r.id
), changed AS (
    UPDATE classification_rules r
    SET rule_name = coalesce(:rule_name, r.rule_name),
        operator = coalesce(:operator, r.operator),
        is_active = coalesce(:is_active::boolean, r.is_active),
        updated_at = now()
    FROM old
    WHERE r.id = old.id AND (:_text::text IS NULL OR old.rule_text = :_text)
          AND (SELECT count(*) FROM rules) = 0
    RETURNING r.id
)
SELECT c.id AS _changed, s.id AS _superseded
FROM old
     LEFT JOIN changed c ON true
     LEFT JOIN superseded s ON true

-- name: rules_version
-- Sent after rules_update, in the same unit: the names of versions are unique
-- among those that are not superseded.
WITH added AS (
    INSERT INTO classification_rules (rule_group_id, rule_version, rule_name,
                                      classification_id, db_type, operator,
                                      rule_expression, rule_text, is_active,
                                      created_by)
    SELECT o.rule_group_id, o.rule_version + 1,
           coalesce(:rule_name, o.rule_name), o.classification_id, o.db_type,
           coalesce(:operator, o.operator), :_expression::json, :_text,
           coalesce(:is_active::boolean, true), :_user_id::bigint
    FROM classification_rules o
    WHERE o.id = :id::bigint AND o.superseded_at = now()
    RETURNING id
)
SELECT coalesce((SELECT id FROM added), :id) AS new_rule_id

-- name: rules_delete
UPDATE classification_rules
SET is_active = false,
    superseded_at = coalesce(superseded_at, now()),
    deleted_at = now()
WHERE rule_group_id = (SELECT rule_group_id
                       FROM classification_rules
                       WHERE id = :id::bigint AND superseded_at IS NULL)
      AND deleted_at IS NULL
RETURNING :id AS rule_id


-- name: assignments_list
-- lane: slow
SELECT a.id, a.account_id, NULL::bigint AS assigned_by, a.classification_id,
       c.display_name AS classification_name, a.rule_id, r.rule_name,
       x.principal AS username, a.instance_id, i.name AS instance_name,
       a.assignment_type, a.assigned_at
FROM (SELECT *
      FROM account_class_assignments
      WHERE (:classification_id::bigint IS NULL
             OR classification_id = :classification_id)
            AND (:instance_id::bigint IS NULL OR instance_id = :instance_id)
            AND (:account_id::bigint IS NULL OR account_id = :account_id)
      ORDER BY id
      LIMIT :limit::int OFFSET :_offset::int) a
     JOIN account_classes c ON c.id = a.classification_id
     JOIN classification_rules r ON r.id = a.rule_id
     JOIN accounts x ON x.id = a.account_id
     JOIN instances i ON i.id = a.instance_id
ORDER BY a.id

-- name: assignments_delete
DELETE FROM account_class_assignments
WHERE id = :id::bigint
RETURNING id AS assignment_id

-- name: classification_permissions
-- What the editor of rules offers, category by category.
SELECT (SELECT coalesce(json_object_agg(p.category, p.names), '{}')
        FROM (SELECT category,
                     json_agg(json_build_object(
                                  'name', permission_name,
                                  'introduced_in_major', introduced_in,
                                  'seen_on', seen_on)
                              ORDER BY permission_name COLLATE "C") AS names
              FROM permission_catalog
              WHERE db_type = :db_type
              GROUP BY category) p) AS permissions,
       :db_type AS db_type
WHERE EXISTS (SELECT FROM permission_catalog WHERE db_type = :db_type)


-- Jobs.

-- name: classification_enqueue
-- A rule of this engine changed: all of its accounts are evaluated.
SELECT run_id AS _run_id
FROM tf_enqueue('auto_classify_accounts', 'api', :_user_id::bigint,
                instance_ids => (SELECT coalesce(array_agg(id), '{}')
                                 FROM instances
                                 WHERE db_type = :db_type
                                       AND deleted_at IS NULL))

-- name: classification_enqueue_rule
SELECT q.run_id AS _run_id
FROM classification_rules r
     CROSS JOIN LATERAL tf_enqueue(
         'auto_classify_accounts', 'api', :_user_id::bigint,
         instance_ids => (SELECT coalesce(array_agg(i.id), '{}')
                          FROM instances i
                          WHERE i.db_type = r.db_type
                                AND i.deleted_at IS NULL)) q
WHERE r.id = :id::bigint

-- name: classification_run
WITH scope AS (
    SELECT split_part(:account_scope, ':', 1) AS owner_type,
           split_part(:account_scope, ':', 2)::bigint AS owner_id
    WHERE :account_scope::text IS NOT NULL
), rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'account_scope')
    FROM scope s
    WHERE s.owner_type <> 'instance'
          OR NOT EXISTS (SELECT
                         FROM instances i
                         WHERE i.id = s.owner_id AND i.deleted_at IS NULL)
)
SELECT q.run_id
FROM tf_enqueue('auto_classify_accounts', 'manual', :_user_id::bigint,
                instance_ids => (SELECT coalesce(array_agg(i.id), '{}')
                                 FROM instances i
                                 WHERE i.deleted_at IS NULL
                                       AND (:account_scope IS NULL
                                            OR i.id IN (SELECT owner_id
                                                        FROM scope)))) q
WHERE (SELECT count(*) FROM rules) = 0

-- name: rules_preview
WITH rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'instance_id')
    WHERE :instance_id::bigint IS NOT NULL
          AND NOT EXISTS (SELECT
                          FROM instances
                          WHERE id = :instance_id AND deleted_at IS NULL)
)
SELECT q.run_id
FROM tf_enqueue('preview_rule', 'api', :_user_id::bigint,
                payload => jsonb_build_object(
                               'db_type', :db_type::text,
                               'instance_id', :instance_id,
                               'rule_id', :rule_id::bigint,
                               'limit', :limit::int,
                               'rule_expression', :_expression::jsonb)) q
WHERE (SELECT count(*) FROM rules) = 0


-- In the worker.

-- name: classification_instance
-- worker
-- Held until the job ends; a sync of the instance waits.
SELECT db_type
FROM instances
WHERE id = :instance_id::bigint AND deleted_at IS NULL
FOR NO KEY UPDATE

-- name: classification_instances
-- worker
SELECT id
FROM instances
WHERE db_type = :db_type AND deleted_at IS NULL
      AND (:instance_id::bigint IS NULL OR id = :instance_id)
ORDER BY id

-- name: classification_rules
-- worker
SELECT id, rule_expression, floor(extract(epoch FROM now()))::bigint AS now
FROM classification_rules
WHERE is_active AND db_type = :db_type
ORDER BY id

-- name: classification_unread
-- worker
-- What was never read of an instance.
SELECT scope, database
FROM instance_scopes
WHERE instance_id = :instance_id::bigint AND NOT known

-- name: classification_accounts
-- worker
SELECT a.id, a.principal, a.username, i.name AS instance_name, v.snapshot,
       :rule_id::bigint IS NOT NULL
       AND EXISTS (SELECT
                   FROM account_class_assignments x
                   WHERE x.account_id = a.id AND x.rule_id = :rule_id) AS had
FROM accounts a
     JOIN instances i ON i.id = a.instance_id
     JOIN account_versions v ON v.id = a.version_id
WHERE a.instance_id = :instance_id::bigint AND a.dropped_at IS NULL
      AND a.kind <> 'public' AND a.principal > :after::text COLLATE "C"
ORDER BY a.principal
LIMIT :limit::int

-- name: classification_apply
-- worker
WITH found AS (
    SELECT *
    FROM unnest(:accounts::bigint[], :rules::bigint[])
             AS f (account_id, rule_id)
), gone AS (
    DELETE FROM account_class_assignments a
    WHERE a.account_id = ANY (:seen::bigint[])
          AND NOT EXISTS (SELECT
                          FROM found f
                          WHERE f.account_id = a.account_id
                                AND f.rule_id = a.rule_id)
    RETURNING a.id
), new AS (
    INSERT INTO account_class_assignments (account_id, rule_id,
                                           classification_id, instance_id)
    SELECT f.account_id, f.rule_id, r.classification_id, :instance_id::bigint
    FROM found f
         JOIN classification_rules r ON r.id = f.rule_id
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM new) AS added,
       (SELECT count(*) FROM gone) AS removed

-- name: classification_dropped
-- worker
DELETE FROM account_class_assignments x
USING accounts a
WHERE a.instance_id = :instance_id::bigint AND a.dropped_at IS NOT NULL
      AND x.account_id = a.id

-- name: classification_day
-- worker
INSERT INTO classification_stat_days AS d (stat_date)
SELECT (now() AT TIME ZONE coalesce((SELECT timezone
                                     FROM schedules
                                     WHERE job_id = 'calculate_account'),
                                    'UTC'))::date
ON CONFLICT (stat_date) DO UPDATE
SET computed_at = now()
RETURNING d.stat_date,
          (SELECT count(*) FROM classification_rules WHERE is_active) AS rules,
          (SELECT coalesce(sum(account_count), 0)
           FROM instances
           WHERE deleted_at IS NULL) AS accounts

-- name: classification_day_rules
-- worker
WITH old AS (
    DELETE FROM classification_rule_stats s
    WHERE s.stat_date = :day::date
          AND NOT EXISTS (SELECT
                          FROM classification_rule_counts n
                          WHERE n.rule_id = s.rule_id
                                AND n.instance_id = s.instance_id)
), new AS (
    INSERT INTO classification_rule_stats AS s (stat_date, rule_id,
                                                instance_id, matched_accounts)
    SELECT :day, n.rule_id, n.instance_id, n.matched_accounts
    FROM classification_rule_counts n
         JOIN classification_rules r ON r.id = n.rule_id AND r.is_active
         JOIN instances i ON i.id = n.instance_id AND i.deleted_at IS NULL
    ON CONFLICT (rule_id, stat_date, instance_id) DO UPDATE
    SET matched_accounts = EXCLUDED.matched_accounts
    RETURNING 1
)
SELECT count(*) AS n
FROM new

-- name: classification_day_classes
-- worker
WITH new AS (
    INSERT INTO classification_class_stats AS s (stat_date, classification_id,
                                                 instance_id,
                                                 matched_accounts)
    SELECT :day::date, n.classification_id, n.instance_id, n.matched_accounts
    FROM classification_class_counts n
         JOIN instances i ON i.id = n.instance_id AND i.deleted_at IS NULL
    ON CONFLICT (classification_id, stat_date, instance_id) DO UPDATE
    SET matched_accounts = EXCLUDED.matched_accounts
    RETURNING 1
)
SELECT count(*) AS n
FROM new
