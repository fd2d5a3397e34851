-- name: credential_get
-- worker
SELECT uuid, username, is_active, sealed, envelope, key_id
FROM credentials
WHERE id = :id::bigint

-- name: credential_keep
-- worker
-- Unless the API stored a new password meanwhile.
UPDATE credentials
SET envelope = :envelope::bytea,
    key_id = :key_id,
    sealed = NULL
WHERE id = :id::bigint
      AND sealed IS NOT DISTINCT FROM :sealed::bytea
      AND envelope IS NOT DISTINCT FROM :old_envelope::bytea

-- name: credential_stale
-- worker
-- Not taken in yet, or under another key than the one that seals now.
SELECT id
FROM credentials
WHERE is_active AND (sealed IS NOT NULL OR key_id IS DISTINCT FROM :key_id)
      AND id > :after::bigint
ORDER BY id
LIMIT 100

-- name: credential_all
-- worker
SELECT id, name
FROM credentials
WHERE id > :after::bigint
ORDER BY id
LIMIT 100
