-- part: person
u.id, u.username, u.email, u.role, u.is_active, u.created_at,
       tf_display(u.created_at) AS created_at_display, u.updated_at,
       u.password_changed_at, u.last_login


-- name: users_list
-- sort: id=u.id username=u.username role=u.role is_active=u.is_active created_at=u.created_at last_login=coalesce(u.last_login,'infinity')
SELECT {person}
FROM users u
WHERE (:search::text IS NULL OR u.username ILIKE :search
       OR u.email ILIKE :search)
      AND (:role::text IS NULL OR u.role = :role)
      AND coalesce(:status::text, 'all')
          IN ('all', CASE WHEN u.is_active THEN 'active' ELSE 'inactive' END)
ORDER BY {sort}
LIMIT :limit::int OFFSET :_offset::int

-- name: users_stats
SELECT count(*) AS total,
       count(*) FILTER (WHERE is_active) AS active,
       count(*) FILTER (WHERE NOT is_active) AS inactive,
       count(*) FILTER (WHERE role = 'admin') AS admin,
       count(*) FILTER (WHERE role = 'operator') AS operator,
       count(*) FILTER (WHERE role = 'user') AS "user",
       count(*) FILTER (WHERE role = 'viewer') AS viewer,
       count(*) FILTER (WHERE role = 'auditor') AS auditor
FROM users

-- name: users_get
SELECT {person}
FROM users u
WHERE u.id = :id::bigint

-- name: users_create
INSERT INTO users AS u (username, email, password_hash, role, is_active)
VALUES (:username, :email, :password_hash, :role,
        coalesce(:is_active::boolean, true))
RETURNING {person}

-- part: admins
-- Locked, so that two requests cannot each remove the other's last admin.
admins AS MATERIALIZED (
    SELECT id
    FROM users
    WHERE role = 'admin' AND is_active
    ORDER BY id
    FOR UPDATE
)

-- part: last_admin
EXISTS (SELECT FROM admins WHERE id = :id::bigint)
          AND NOT EXISTS (SELECT FROM admins WHERE id <> :id::bigint)

-- name: users_update
-- What a person may do, and who may speak for them, changes for every session
-- at once but the one that asks.
WITH {admins}, old AS MATERIALIZED (
    SELECT id, role, is_active
    FROM users
    WHERE id = :id::bigint
    FOR UPDATE
), rules AS (
    SELECT tf_fail('LAST_ADMIN_REQUIRED',
                   CASE WHEN :role::text <> 'admin' THEN 'role'
                        ELSE 'is_active' END)
    WHERE (:role <> 'admin' OR NOT :is_active::boolean)
          AND {last_admin}
), changed AS (
    UPDATE users u
    SET username = :username,
        email = CASE WHEN :has_email::boolean THEN :email ELSE u.email END,
        role = :role,
        is_active = coalesce(:is_active, u.is_active),
        password_hash = coalesce(:password_hash, u.password_hash),
        password_changed_at = CASE WHEN :password_hash IS NULL
                                   THEN u.password_changed_at
                                   ELSE now() END,
        updated_at = now()
    FROM old
    WHERE u.id = old.id AND (SELECT count(*) FROM rules) = 0
    RETURNING {person},
              :password_hash::text IS NOT NULL OR u.role <> old.role
              OR NOT u.is_active AS _ends
), ended AS (
    DELETE FROM sessions s
    USING changed c
    WHERE s.user_id = c.id AND c._ends
          AND s.id IS DISTINCT FROM :_session::bytea
), revoked AS (
    -- whoever knew the old password may have made tokens with it
    UPDATE api_tokens t
    SET revoked_at = now()
    FROM changed c
    WHERE t.user_id = c.id AND t.revoked_at IS NULL
          AND :password_hash IS NOT NULL
)
SELECT *
FROM changed

-- name: users_delete
WITH {admins}, rules AS (
    SELECT tf_fail('FORBIDDEN', 'id', 'one''s own user cannot be deleted')
    WHERE :id::bigint = :_user_id::bigint
    UNION ALL
    SELECT tf_fail('LAST_ADMIN_REQUIRED', 'id')
    WHERE {last_admin}
)
DELETE FROM users
WHERE id = :id::bigint AND (SELECT count(*) FROM rules) = 0
RETURNING id AS user_id

-- name: users_tokens
-- No row: there is no such user.
SELECT (SELECT coalesce(json_agg(t ORDER BY t.id), '[]')
        FROM (SELECT id, name, prefix, scope, created_at, expires_at,
                     last_used_at
              FROM api_tokens
              WHERE user_id = u.id AND revoked_at IS NULL) t) AS items
FROM users u
WHERE u.id = :id::bigint

-- name: users_token_revoke
UPDATE api_tokens SET revoked_at = now()
WHERE id = :token_id::bigint AND user_id = :id::bigint AND revoked_at IS NULL
RETURNING id
