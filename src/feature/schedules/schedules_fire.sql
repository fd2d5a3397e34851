-- Schedules: when they are due, and firing one exactly once.

-- name: cron_due
-- worker
-- A schedule that was edited has no next_due_at until it is computed.  Tasks
-- this program does not know are left to newer workers.
SELECT id, next_due_at IS NULL AS fresh
FROM schedules
WHERE is_enabled AND (next_due_at IS NULL OR next_due_at <= now())
      AND task_key = ANY (:kinds::text[])
ORDER BY next_due_at NULLS FIRST
LIMIT 50

-- name: cron_lock
-- worker
-- Whoever has the row fires; others pass by.
SELECT id, task_key, payload, cron_expression, timezone, misfire,
       extract(epoch FROM next_due_at)::bigint AS due,
       floor(extract(epoch FROM now()))::bigint AS now
FROM schedules
WHERE id = :id::bigint AND is_enabled
      AND (next_due_at IS NULL OR next_due_at <= now())
FOR UPDATE SKIP LOCKED

-- name: cron_fire
-- worker
INSERT INTO schedule_fires (schedule_id, due_at)
VALUES (:id::bigint, to_timestamp(:due::bigint))
ON CONFLICT DO NOTHING
RETURNING due_at

-- name: cron_fired
-- worker
UPDATE schedule_fires
SET run_id = :run_id::bigint
WHERE schedule_id = :id::bigint AND due_at = to_timestamp(:due::bigint)

-- name: cron_next
-- worker
UPDATE schedules
SET next_due_at = to_timestamp(:next::bigint),
    last_due_at = CASE WHEN :fired::boolean THEN next_due_at
                       ELSE last_due_at END
WHERE id = :id::bigint

-- name: cron_postpone
-- worker
-- It can not be computed: looked at again in an hour, or when it is edited.
UPDATE schedules
SET next_due_at = now() + interval '1 hour'
WHERE id = :id::bigint AND is_enabled
      AND (next_due_at IS NULL OR next_due_at <= now())

-- name: cron_offset
-- worker
-- Seconds that the zone is ahead of UTC at a time.
SELECT extract(epoch FROM (to_timestamp(:at::bigint) AT TIME ZONE :timezone)
                          - (to_timestamp(:at::bigint) AT TIME ZONE 'UTC')
              )::bigint AS seconds
