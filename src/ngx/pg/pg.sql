-- The pool's own statements.

-- name: pg_slow_slot
-- lane: slow
-- Runs before a statement of the slow lane, in its transaction: the lock goes
-- with that.  The first key stands for TaiFish's slow lane.
SELECT pg_advisory_xact_lock(7461, :slot::int)

-- name: pg_cancel
-- Only what runs by the same role: no right beyond that is needed.
SELECT pg_cancel_backend(:pid::int) AS cancelled
