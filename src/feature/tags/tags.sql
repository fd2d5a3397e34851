-- name: tags_list
-- sort: id=id name=name display_name=display_name category=category created_at=created_at
SELECT id, name, display_name, category, is_active, created_at, updated_at
FROM tags
WHERE (:search::text IS NULL OR name ILIKE :search OR display_name ILIKE :search)
      AND (:category::text IS NULL OR category = :category)
      AND (:status::text IS NULL OR is_active = (:status = 'active'))
ORDER BY {sort}
LIMIT :limit::int OFFSET :_offset::int
