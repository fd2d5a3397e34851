-- The check of a monitoring account's rights: the right of a statement, by the
-- name under which it is looked for; null: whoever signs in has it.

ALTER TABLE engine_grants
    ADD COLUMN held_by text;
