-- Sessions, API tokens and signing in.
--
-- Idle and absolute life are compared with this server's clock only.  touch
-- tells that last_seen_at is older than a minute; moving it is a statement of
-- its own, so that the one every request may wait for only reads.

-- name: session_get
SELECT u.id, u.username, u.role,
       s.last_seen_at < now() - interval '1 minute' AS touch
FROM sessions s
JOIN users u ON u.id = s.user_id
WHERE s.id = :_digest::bytea AND u.is_active AND s.expires_at > now()
      AND s.last_seen_at > now() - make_interval(secs => :_idle::float8)

-- name: session_touch
UPDATE sessions SET last_seen_at = now()
WHERE id = :_digest::bytea AND last_seen_at < now() - interval '1 minute'

-- name: session_delete
DELETE FROM sessions WHERE id = :_session::bytea

-- name: token_get
SELECT u.id, u.username, u.role, t.scope, encode(t.hash, 'hex') AS hash,
       t.last_used_at IS NULL
       OR t.last_used_at < now() - interval '1 minute' AS touch
FROM api_tokens t
JOIN users u ON u.id = t.user_id
WHERE t.prefix = :_prefix::text AND u.is_active AND t.revoked_at IS NULL
      AND t.expires_at > now()

-- name: token_touch
UPDATE api_tokens SET last_used_at = now()
WHERE hash = :_digest::bytea AND prefix = :_prefix::text
      AND (last_used_at IS NULL
           OR last_used_at < now() - interval '1 minute')

-- An attempt counts before its password is looked at, so that a burst cannot
-- pass; the right password takes the row away.  From the fifth failure on each
-- one doubles the wait, 1 s to 15 min.  After 15 minutes without an attempt
-- the count starts anew.

-- name: login_begin
WITH t AS (
    INSERT INTO login_throttle AS t (username, failures)
    VALUES (lower(:username::text), 1)
    ON CONFLICT (username) DO UPDATE
    SET failures = CASE
            WHEN greatest(t.first_failure, t.blocked_until)
                 < now() - interval '15 minutes' THEN 1
            ELSE t.failures + 1 END,
        first_failure = CASE
            WHEN greatest(t.first_failure, t.blocked_until)
                 < now() - interval '15 minutes' THEN now()
            ELSE t.first_failure END,
        blocked_until = CASE
            WHEN greatest(t.first_failure, t.blocked_until)
                 < now() - interval '15 minutes' OR t.failures < 4
                THEN '-infinity'
            ELSE clock_timestamp()
                 + least(interval '15 minutes',
                         interval '1 second'
                         * power(2, least(t.failures - 4, 10))) END
    WHERE t.blocked_until <= now()
    RETURNING t.failures
)
SELECT EXISTS (SELECT FROM t) AS allowed,
       (SELECT ceil(extract(epoch FROM b.blocked_until - now()))::int
        FROM login_throttle b
        WHERE b.username = lower(:username::text) AND b.blocked_until > now())
           AS retry_after,
       u.id, u.is_active, u.password_hash
FROM (VALUES (1)) AS one (n)
LEFT JOIN users u ON lower(u.username) = lower(:username::text)

-- An attempt whose password nobody had time to look at.

-- name: login_undo
UPDATE login_throttle SET failures = greatest(failures - 1, 0)
WHERE username = lower(:username::text)

-- The hash is compared so that a password changed meanwhile does not sign in.

-- name: login_store
WITH u AS (
    UPDATE users
    SET last_login = now(),
        password_hash = coalesce(:_rehash::text, password_hash)
    WHERE id = :_id::bigint AND is_active AND password_hash = :_hash::text
    RETURNING id, username, email, role, is_active, created_at, last_login
), t AS (
    DELETE FROM login_throttle l USING u WHERE l.username = lower(u.username)
), o AS (
    DELETE FROM sessions WHERE id = :_old::bytea
), s AS (
    INSERT INTO sessions (id, user_id, expires_at, remote_addr, user_agent)
    SELECT :_new::bytea, u.id, now() + make_interval(secs => :_life::float8),
           :_addr::inet, :_agent::text
    FROM u
)
SELECT id, username, email, role, is_active, created_at, last_login FROM u

-- Three attempts an hour.  No user can be called "password/1".

-- name: password_begin
WITH t AS (
    INSERT INTO login_throttle AS t (username, failures)
    VALUES ('password/' || :_user_id::bigint, 1)
    ON CONFLICT (username) DO UPDATE
    SET failures = CASE
            WHEN t.first_failure <= now() - interval '1 hour' THEN 1
            ELSE t.failures + 1 END,
        first_failure = CASE
            WHEN t.first_failure <= now() - interval '1 hour' THEN now()
            ELSE t.first_failure END
    WHERE t.failures < 3 OR t.first_failure <= now() - interval '1 hour'
    RETURNING t.failures
)
SELECT EXISTS (SELECT FROM t) AS allowed,
       (SELECT ceil(extract(epoch FROM b.first_failure + interval '1 hour'
                                       - now()))::int
        FROM login_throttle b
        WHERE b.username = 'password/' || :_user_id::bigint) AS retry_after,
       u.password_hash
FROM users u
WHERE u.id = :_user_id::bigint AND u.is_active

-- name: password_store
WITH u AS (
    UPDATE users
    SET password_hash = :_rehash::text, password_changed_at = now(),
        updated_at = now()
    WHERE id = :_user_id::bigint AND is_active AND password_hash = :_hash::text
    RETURNING id
), o AS (
    DELETE FROM sessions s USING u WHERE s.user_id = u.id
), t AS (
    UPDATE api_tokens t SET revoked_at = now() FROM u
    WHERE :end_tokens::boolean AND t.user_id = u.id AND t.revoked_at IS NULL
), s AS (
    INSERT INTO sessions (id, user_id, expires_at, remote_addr, user_agent)
    SELECT :_new::bytea, u.id, now() + make_interval(secs => :_life::float8),
           :_addr::inet, :_agent::text
    FROM u
)
SELECT id FROM u

-- name: auth_me
SELECT id, username, email, role, is_active, created_at, last_login
FROM users
WHERE id = :_user_id::bigint

-- name: tokens_list
SELECT id, name, prefix, scope, created_at, expires_at, last_used_at
FROM api_tokens
WHERE user_id = :_user_id::bigint AND revoked_at IS NULL
ORDER BY id

-- A revoked or expired token gives its name back.

-- name: token_make_room
DELETE FROM api_tokens
WHERE user_id = :_user_id::bigint AND name = :name::text
      AND (revoked_at IS NOT NULL OR expires_at <= now())

-- name: token_create
INSERT INTO api_tokens (user_id, name, prefix, hash, scope, expires_at)
VALUES (:_user_id::bigint, :name::text, :_prefix::text, :_digest::bytea,
        :scope::text, now() + make_interval(days => :expires_in_days::int))
RETURNING id, name, prefix, scope, created_at, expires_at

-- name: token_revoke
UPDATE api_tokens SET revoked_at = now()
WHERE id = :id::bigint AND user_id = :_user_id::bigint AND revoked_at IS NULL
RETURNING id, encode(hash, 'hex') AS _hash
