-- What "taifish-worker admin" does, with the rights of the schema's owner.

-- name: admin_create
-- worker
INSERT INTO users (username, password_hash, role)
VALUES (:username, :password_hash, :role)
ON CONFLICT DO NOTHING
RETURNING id

-- name: admin_roles
-- worker
-- The roles that the schema knows, and whether :role is one of them.
SELECT string_agg(m.found[1], ', ' ORDER BY m.n) AS roles,
       bool_or(m.found[1] = :role) AS known
FROM pg_constraint c,
     regexp_matches(pg_get_constraintdef(c.oid), '''(\w+)''', 'g')
         WITH ORDINALITY m (found, n)
WHERE c.conrelid = 'users'::regclass AND c.conname = 'users_role_check'

-- name: admin_reset_password
-- worker
-- Whoever knew the old password is signed out, and so are the tokens.
WITH changed AS (
    UPDATE users
    SET password_hash = :password_hash,
        password_changed_at = now(),
        updated_at = now()
    WHERE lower(username) = lower(:username)
    RETURNING id
), ended AS (
    DELETE FROM sessions
    WHERE user_id IN (SELECT id FROM changed)
), revoked AS (
    UPDATE api_tokens
    SET revoked_at = now()
    WHERE user_id IN (SELECT id FROM changed) AND revoked_at IS NULL
), unthrottled AS (
    DELETE FROM login_throttle
    WHERE lower(username) = lower(:username)
)
SELECT id
FROM changed
