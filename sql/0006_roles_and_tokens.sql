-- A role between user and admin, and refusals that say why.
--
-- "user" may from now on view and update, as in the reference API.  What it
-- could do before (create, delete, run jobs) is the new role "operator", and
-- everybody who was a user becomes one: nobody gains or loses a right here.

ALTER TABLE users DROP CONSTRAINT users_role_check;
ALTER TABLE users ADD CONSTRAINT users_role_check
    CHECK (role IN ('admin', 'operator', 'user', 'viewer', 'auditor'));

UPDATE users SET role = 'operator' WHERE role = 'user';


-- reason is a line of src/core/tf_words.c.

CREATE FUNCTION tf_fail(code text, field text, reason text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TF000', MESSAGE = code, COLUMN = field,
                          DETAIL = reason;
END
$$;


-- How much a TLS mode proves: a mode is weaker than one with a higher number.

CREATE FUNCTION tf_tls_strength(mode text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_position(ARRAY['disable', 'require', 'verify-ca',
                                'verify-full'], mode)
$$;


-- A time as people read it.

CREATE FUNCTION tf_display(t timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
$$;
