-- The pool's own statements.

-- name: pg_cancel
-- Only what runs by the same role: no right beyond that is needed.
SELECT pg_cancel_backend(:pid::int) AS cancelled
