-- The password is sealed before it comes here, and nothing here reads it back.

-- part: credential
c.id, c.name, c.credential_type, c.db_type, c.username,
       '********' AS password, c.description, c.is_active, c.created_at,
       tf_display(c.created_at) AS created_at_display, c.updated_at


-- name: credentials_list
-- sort: id=c.id name=c.name credential_type=c.credential_type db_type=c.db_type username=c.username is_active=c.is_active created_at=c.created_at updated_at=c.updated_at
SELECT {credential},
       (SELECT count(*)
        FROM instances i
        WHERE i.credential_id = c.id AND i.deleted_at IS NULL)
       AS instance_count
FROM credentials c
WHERE (:search::text IS NULL OR c.name ILIKE :search
       OR c.username ILIKE :search OR c.description ILIKE :search)
      AND (:credential_type::text IS NULL
           OR :credential_type IN ('all', c.credential_type))
      AND (:db_type::text IS NULL OR :db_type IN ('all', c.db_type)
           OR c.db_type IS NULL AND c.credential_type = 'database')
      AND coalesce(:status::text, 'all')
          IN ('all', CASE WHEN c.is_active THEN 'active' ELSE 'inactive' END)
      AND (:tags::text[] IS NULL
           OR EXISTS (SELECT
                      FROM instances i
                           JOIN instance_tags it ON it.instance_id = i.id
                           JOIN tags t ON t.id = it.tag_id
                      WHERE i.credential_id = c.id AND i.deleted_at IS NULL
                            AND t.name = ANY (:tags)))
ORDER BY {sort}
LIMIT :limit::int OFFSET :_offset::int

-- name: credentials_get
SELECT {credential},
       (SELECT count(*)
        FROM instances i
        WHERE i.credential_id = c.id AND i.deleted_at IS NULL)
       AS instance_count
FROM credentials c
WHERE c.id = :id::bigint

-- name: credentials_create
-- Without an engine it opens instances of any.
INSERT INTO credentials AS c (uuid, name, credential_type, db_type, username,
                              sealed, description, is_active)
VALUES (:uuid::uuid, :name, :credential_type,
        CASE WHEN :credential_type = 'database' THEN :db_type END, :username,
        :sealed::bytea, :description, coalesce(:is_active::boolean, true))
RETURNING {credential}, 0 AS instance_count

-- name: credentials_uuid
SELECT uuid AS _uuid
FROM credentials
WHERE id = :id::bigint

-- name: credentials_update
WITH rules AS (
    SELECT tf_fail('CREDENTIAL_IN_USE',
                   CASE WHEN :credential_type = 'database' THEN 'db_type'
                        ELSE 'credential_type' END)
    WHERE EXISTS (SELECT
                  FROM instances
                  WHERE credential_id = :id::bigint
                        AND (:credential_type::text <> 'database'
                             OR db_type <> :db_type::text))
)
UPDATE credentials c
SET name = :name,
    credential_type = :credential_type,
    db_type = CASE WHEN :credential_type = 'database' THEN :db_type END,
    username = :username,
    description = CASE WHEN :has_description::boolean THEN :description
                       ELSE c.description END,
    is_active = coalesce(:is_active::boolean, c.is_active),
    updated_at = now()
WHERE c.id = :id AND (SELECT count(*) FROM rules) = 0

-- name: credentials_seal
-- A new password waits sealed for the worker, and the old one is gone at once.
UPDATE credentials
SET sealed = :sealed::bytea, envelope = NULL
WHERE id = :id::bigint

-- name: credentials_delete
-- Deleted instances let go of it; the foreign key refuses the rest.
WITH freed AS (
    UPDATE instances
    SET credential_id = NULL
    WHERE credential_id = :id::bigint AND deleted_at IS NOT NULL
)
DELETE FROM credentials
WHERE id = :id
RETURNING id AS credential_id
