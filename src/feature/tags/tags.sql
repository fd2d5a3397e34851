-- part: tag
t.id, t.name, t.display_name, t.category, t.is_active, t.created_at,
       t.updated_at

-- part: category_names
(SELECT coalesce(json_object_agg(c.category, c.category
                                        ORDER BY c.category), '{}')
        FROM (SELECT DISTINCT category FROM tags) c) AS category_names


-- name: tags_stats
SELECT count(*) AS total,
       count(*) FILTER (WHERE is_active) AS active,
       count(*) FILTER (WHERE NOT is_active) AS inactive,
       count(DISTINCT category) AS category_count
FROM tags

-- name: tags_list
-- sort: id=t.id name=t.name display_name=t.display_name category=t.category created_at=t.created_at
SELECT {tag},
       (SELECT count(*)
        FROM instance_tags it
             JOIN instances i ON i.id = it.instance_id
        WHERE it.tag_id = t.id AND i.deleted_at IS NULL) AS instance_count
FROM tags t
WHERE (:search::text IS NULL OR t.name ILIKE :search
       OR t.display_name ILIKE :search)
      AND (:category::text IS NULL OR t.category = :category)
      AND coalesce(:status::text, 'all')
          IN ('all', CASE WHEN t.is_active THEN 'active' ELSE 'inactive' END)
ORDER BY {sort}
LIMIT :limit::int OFFSET :_offset::int

-- name: tags_get
SELECT {tag}
FROM tags t
WHERE t.id = :id::bigint

-- name: tags_create
INSERT INTO tags AS t (name, display_name, category, is_active)
VALUES (:name, :display_name, :category, coalesce(:is_active::boolean, true))
RETURNING {tag}

-- name: tags_update
UPDATE tags t
SET name = :name,
    display_name = :display_name,
    category = :category,
    is_active = coalesce(:is_active::boolean, t.is_active),
    updated_at = now()
WHERE t.id = :id::bigint
RETURNING {tag}

-- name: tags_delete
-- What only deleted instances carry is not in use; the foreign key refuses the
-- rest.
WITH freed AS (
    DELETE FROM instance_tags it
    USING instances i
    WHERE it.tag_id = :id::bigint AND i.id = it.instance_id
          AND i.deleted_at IS NOT NULL
)
DELETE FROM tags
WHERE id = :id
RETURNING id AS tag_id

-- name: tags_batch_delete
WITH wanted AS (
    SELECT DISTINCT unnest(:tag_ids::bigint[]) AS id
), used AS (
    SELECT it.tag_id, count(*) AS n
    FROM instance_tags it
         JOIN instances i ON i.id = it.instance_id
    WHERE it.tag_id IN (SELECT id FROM wanted) AND i.deleted_at IS NULL
    GROUP BY it.tag_id
), deleted AS (
    DELETE FROM tags
    WHERE id IN (SELECT id FROM wanted EXCEPT SELECT tag_id FROM used)
    RETURNING id
), freed AS (
    DELETE FROM instance_tags
    WHERE tag_id IN (SELECT id FROM deleted)
)
SELECT w.id AS tag_id,
       CASE WHEN d.id IS NOT NULL THEN 'deleted'
            WHEN u.tag_id IS NOT NULL THEN 'in_use'
            ELSE 'error' END AS status,
       coalesce(u.n, 0) AS instance_count, d.id IS NULL AS _refused
FROM wanted w
     LEFT JOIN deleted d ON d.id = w.id
     LEFT JOIN used u ON u.tag_id = w.id
ORDER BY w.id

-- name: tags_options
SELECT (SELECT coalesce(json_agg(o ORDER BY o.category, o.name), '[]')
        FROM (SELECT {tag}
              FROM tags t
              WHERE t.is_active
                    AND (:category::text IS NULL OR t.category = :category)
             ) o) AS tags,
       :category::text AS category

-- name: tags_categories
SELECT coalesce(array_agg(DISTINCT category ORDER BY category), '{}')
       AS categories
FROM tags


-- name: tags_bulk_tags
SELECT (SELECT coalesce(json_agg(o ORDER BY o.category, o.name), '[]')
        FROM (SELECT {tag} FROM tags t) o) AS tags,
       {category_names}

-- name: tags_bulk_instances
SELECT id, name, host, port, db_type
FROM instances
WHERE deleted_at IS NULL
ORDER BY name

-- part: bulk_wanted
wanted AS (
    SELECT id
    FROM instances
    WHERE id = ANY (:instance_ids::bigint[]) AND deleted_at IS NULL
), rules AS (
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'instance_ids')
    WHERE NOT EXISTS (SELECT FROM wanted)

-- part: bulk_rules
{bulk_wanted}
)

-- part: bulk_tag_rules
{bulk_wanted}
    UNION ALL
    SELECT tf_fail('RESOURCE_NOT_FOUND', 'tag_ids')
    WHERE NOT EXISTS (SELECT FROM tags WHERE id = ANY (:tag_ids::bigint[]))
)

-- name: tags_bulk_assign
WITH {bulk_tag_rules}, added AS (
    INSERT INTO instance_tags (instance_id, tag_id)
    SELECT w.id, t.id
    FROM wanted w, tags t
    WHERE t.id = ANY (:tag_ids)
    ON CONFLICT DO NOTHING
    RETURNING instance_id
)
SELECT (SELECT count(*) FROM added) AS assigned_count,
       :instance_ids::bigint[] AS instance_ids,
       :tag_ids::bigint[] AS tag_ids,
       (SELECT count(*) FROM rules) AS _rules

-- name: tags_bulk_remove
WITH {bulk_tag_rules}, removed AS (
    DELETE FROM instance_tags
    WHERE instance_id IN (SELECT id FROM wanted) AND tag_id = ANY (:tag_ids)
    RETURNING instance_id
)
SELECT (SELECT count(*) FROM removed) AS removed_count,
       :instance_ids::bigint[] AS instance_ids,
       :tag_ids::bigint[] AS tag_ids,
       (SELECT count(*) FROM rules) AS _rules

-- name: tags_bulk_remove_all
WITH {bulk_rules}, removed AS (
    DELETE FROM instance_tags
    WHERE instance_id IN (SELECT id FROM wanted)
    RETURNING instance_id
)
SELECT (SELECT count(*) FROM removed) AS removed_count,
       :instance_ids::bigint[] AS instance_ids,
       (SELECT count(*) FROM rules) AS _rules

-- name: tags_bulk_instance_tags
WITH {bulk_rules}
SELECT (SELECT coalesce(json_agg(o ORDER BY o.category, o.name), '[]')
        FROM (SELECT {tag}
              FROM tags t
              WHERE t.id IN (SELECT it.tag_id
                             FROM instance_tags it
                                  JOIN wanted w ON w.id = it.instance_id)
             ) o) AS tags,
       {category_names},
       :instance_ids::bigint[] AS instance_ids,
       (SELECT count(*) FROM rules) AS _rules
