-- The queue.  Every statement that ends items locks items first and their runs
-- after, and counts them in the same statement; what did not change keeps its
-- lock order too.

-- part: answers
-- Given item: whether their instances answered.  :answered is NULL for jobs that
-- did not try.
answer AS (
    INSERT INTO instance_answers AS a (instance_id, answered)
    SELECT DISTINCT instance_id, :answered::boolean
    FROM item
    WHERE instance_id IS NOT NULL AND :answered IS NOT NULL
    ON CONFLICT (instance_id) DO UPDATE
    SET answered = EXCLUDED.answered,
        changed_at = now()
    WHERE a.answered <> EXCLUDED.answered
)

-- part: counted
-- Given ended: how many items of each run ended how.
run AS (
    UPDATE task_runs r
    SET progress_completed = r.progress_completed + e.completed,
        progress_failed = r.progress_failed + e.failed,
        progress_cancelled = r.progress_cancelled + e.cancelled,
        progress_partial = r.progress_partial + e.partial,
        status = CASE
            WHEN r.status = 'cancelled'
                 OR r.progress_completed + r.progress_failed
                    + r.progress_cancelled + e.n < r.progress_total
                THEN r.status
            WHEN r.progress_cancelled + e.cancelled > 0 THEN 'cancelled'
            WHEN r.progress_failed + e.failed + r.progress_partial
                 + e.partial = 0 THEN 'completed'
            WHEN r.progress_completed + e.completed = 0 THEN 'failed'
            ELSE 'completed_with_errors' END,
        completed_at = CASE
            WHEN r.progress_completed + r.progress_failed
                 + r.progress_cancelled + e.n < r.progress_total
                THEN r.completed_at
            ELSE coalesce(r.completed_at, e.completed_at) END,
        error_code = CASE
            WHEN r.progress_total = 1 THEN e.error_code
            ELSE r.error_code END,
        error_message = CASE
            WHEN r.progress_total = 1 THEN e.error_message
            ELSE r.error_message END
    FROM ended e
    WHERE r.id = e.run_id
    RETURNING r.id, r.run_id, r.status, r.completed_at, r.progress_total,
              r.progress_completed, r.progress_failed, r.progress_cancelled
)

-- part: shown
i.id, i.state, i.run_id, i.instance_id, i.item_name, i.attempt,
       i.error_code, r.status, r.progress_total,
       r.progress_completed, r.progress_failed, r.progress_cancelled,
       r.completed_at IS NOT NULL AS run_ended

-- part: settled
-- Given item (the rows that changed): their runs' counters and ends.
ended AS (
    SELECT run_id,
           count(*) AS n,
           count(*) FILTER (WHERE state = 'done') AS completed,
           count(*) FILTER (WHERE state = 'dead') AS failed,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
           count(*) FILTER (WHERE state = 'done' AND partial) AS partial,
           max(completed_at) AS completed_at,
           max(error_code) AS error_code,
           max(error_message) AS error_message
    FROM item
    WHERE state IN ('done', 'dead', 'cancelled')
    GROUP BY run_id
), {counted}
SELECT u.run_id AS run, {shown}
FROM item i
     JOIN task_runs u ON u.id = i.run_id
     LEFT JOIN run r ON r.id = i.run_id
ORDER BY i.id

-- part: lease
interval '30 seconds'

-- part: backoff
random() * least(3600, power(2, least(t.attempt, 12))) * interval '1 second'


-- name: queue_claim
-- worker
-- Looks at (lane, doubt) pairs in the order they are given and stops at the
-- first that has an item; a nested loop keeps that order.  Kinds this program
-- does not know are left to newer workers.
WITH next AS MATERIALIZED (
    SELECT t.id
    FROM unnest(:lanes::text[], :doubts::int[]) AS w (lane, doubt)
         CROSS JOIN LATERAL (
             SELECT i.id
             FROM task_items i
             WHERE i.state IN ('scheduled', 'ready', 'retry')
                   AND i.lane = w.lane AND i.doubt = w.doubt
                   AND i.ready_at <= now() AND i.kind = ANY (:kinds::text[])
             ORDER BY i.ready_at, i.id
             LIMIT 1
             FOR UPDATE SKIP LOCKED
         ) t
    LIMIT 1
), item AS (
    UPDATE task_items t
    SET state = 'running',
        worker_id = :worker::uuid,
        token = t.token + 1,
        attempt = t.attempt + 1,
        lease_until = now() + {lease},
        started_at = coalesce(t.started_at, now()),
        error_code = NULL,
        error_message = NULL
    FROM next
    WHERE t.id = next.id
    RETURNING t.id, t.run_id, t.instance_id, t.token, t.attempt, t.kind,
              t.payload, t.deadline, t.doubt
), run AS (
    UPDATE task_runs r
    SET status = 'running',
        started_at = coalesce(r.started_at, now())
    FROM item i
    WHERE r.id = i.run_id AND r.status = 'pending'
)
SELECT i.id, i.run_id, i.instance_id, i.token, i.attempt, i.kind, i.payload,
       (extract(epoch FROM i.deadline) * 1000)::bigint AS deadline,
       r.run_id AS run, i.doubt
FROM item i
     JOIN task_runs r ON r.id = i.run_id

-- name: queue_finish
-- worker
-- Nothing comes back when the lease was lost: the caller rolls back.  One item
-- is most of what the queue does, so nothing is grouped, sorted or looked up.
WITH item AS (
    UPDATE task_items t
    SET state = 'done',
        lease_until = NULL,
        completed_at = clock_timestamp(),
        partial = :partial::boolean,
        metrics = :metrics::jsonb,
        details = :details::jsonb
    WHERE t.id = :id::bigint AND t.token = :token::bigint
          AND t.worker_id = :worker::uuid AND t.state = 'running'
    RETURNING t.id, t.state, t.run_id, t.instance_id, t.item_name, t.attempt,
              t.error_code, t.partial, t.completed_at
), {answers}, ended AS (
    SELECT run_id, 1 AS n, 1 AS completed, 0 AS failed, 0 AS cancelled,
           partial::int AS partial, completed_at, NULL AS error_code,
           NULL AS error_message
    FROM item
), {counted}
SELECT r.run_id AS run, {shown}
FROM item i
     JOIN run r ON r.id = i.run_id

-- name: queue_fail
-- worker
-- An item of this worker, or all of them when id is NULL.  give_back: the
-- worker leaves, the attempt does not count.
WITH item AS (
    UPDATE task_items t
    SET state = CASE
            WHEN t.cancel THEN 'cancelled'
            WHEN :give_back::boolean THEN 'retry'
            WHEN :again::boolean AND t.attempt < t.max_attempts THEN 'retry'
            ELSE 'dead' END,
        attempt = CASE WHEN :give_back AND NOT t.cancel THEN t.attempt - 1
                       ELSE t.attempt END,
        ready_at = CASE WHEN :give_back THEN now()
                        ELSE now() + {backoff} END,
        doubt = CASE :answered::boolean WHEN true THEN 0
                                        WHEN false THEN 2
                                        ELSE t.doubt END,
        lease_until = NULL,
        completed_at = CASE
            WHEN t.cancel
                 OR NOT (:give_back OR :again AND t.attempt < t.max_attempts)
                THEN clock_timestamp() END,
        metrics = coalesce(:metrics::jsonb, t.metrics),
        details = coalesce(:details::jsonb, t.details),
        error_code = CASE WHEN t.cancel THEN 'RUN_CANCELLED'
                          ELSE :error_code END,
        error_message = CASE WHEN t.cancel THEN NULL
                             ELSE :error_message END
    WHERE t.worker_id = :worker::uuid AND t.state = 'running'
          AND (:id::bigint IS NULL
               OR t.id = :id AND t.token = :token::bigint)
    RETURNING t.*
), {answers}, {settled}

-- name: queue_sweep
-- worker
-- Whose worker was lost; any worker does this for all.
WITH lost AS MATERIALIZED (
    SELECT id
    FROM task_items
    WHERE state = 'running' AND lease_until < now()
    ORDER BY lease_until
    LIMIT 500
    FOR UPDATE SKIP LOCKED
), item AS (
    UPDATE task_items t
    SET state = CASE
            WHEN t.cancel THEN 'cancelled'
            WHEN t.attempt < t.max_attempts THEN 'retry'
            ELSE 'dead' END,
        ready_at = now() + {backoff},
        lease_until = NULL,
        completed_at = CASE
            WHEN t.cancel OR t.attempt >= t.max_attempts
                THEN clock_timestamp() END,
        error_code = CASE WHEN t.cancel THEN 'RUN_CANCELLED'
                          ELSE 'TASK_EXECUTION_FAILED' END,
        error_message = CASE WHEN t.cancel THEN NULL
                             ELSE 'the worker was lost' END
    FROM lost
    WHERE t.id = lost.id
    RETURNING t.*
), {settled}

-- name: queue_close
-- worker
-- Items leave with the instance they are about; a run that waits for them would
-- wait for ever.
UPDATE task_runs r
SET status = CASE
        WHEN r.progress_cancelled > 0 THEN 'cancelled'
        WHEN r.progress_failed + r.progress_partial = 0 THEN 'completed'
        WHEN r.progress_completed = 0 THEN 'failed'
        ELSE 'completed_with_errors' END,
    completed_at = now()
WHERE r.status IN ('pending', 'running')
      AND r.created_at < now() - interval '1 minute'
      AND NOT EXISTS (SELECT
                      FROM task_items t
                      WHERE t.run_id = r.id
                            AND t.state IN ('scheduled', 'ready', 'running',
                                            'retry'))

-- name: queue_renew
-- worker
-- A row whose end is being written is locked; its lease does not matter.
WITH mine AS MATERIALIZED (
    SELECT t.id
    FROM task_items t
         JOIN unnest(:ids::bigint[], :tokens::bigint[]) AS u (id, token)
              ON u.id = t.id AND u.token = t.token
    WHERE t.state = 'running'
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE task_items t
SET lease_until = now() + {lease}
FROM mine
WHERE t.id = mine.id
RETURNING t.id, t.token

-- name: queue_watch
-- worker
SELECT id, token, cancel
FROM task_items
WHERE id = ANY (:ids::bigint[]) AND state = 'running'

-- name: queue_summary
-- worker
-- What a run came to: its items, and the sums of their numbers.  Labels are
-- words, put in when it is read.
WITH ended AS (
    SELECT r.id, r.task_key, r.progress_total, r.progress_completed,
           r.progress_failed,
           CASE k.scope WHEN 'once' THEN 'items' ELSE 'instances' END AS what
    FROM task_runs r
         LEFT JOIN job_kinds k ON k.kind = r.task_key
    WHERE r.id = :run_id::bigint
          AND r.status IN ('completed', 'completed_with_errors', 'failed')
          AND r.summary IS NULL
), sums AS (
    SELECT e.id, v.key, sum((v.value #>> '{}')::numeric) AS total
    FROM ended e
         JOIN task_items t ON t.run_id = e.id
         CROSS JOIN LATERAL jsonb_each(
             CASE WHEN jsonb_typeof(t.metrics) = 'object'
                  THEN t.metrics ELSE '{}' END) v
    WHERE jsonb_typeof(v.value) = 'number'
    GROUP BY e.id, v.key
), metrics AS (
    SELECT e.id, m.n, m.key, m.value, m.tone
    FROM ended e
         CROSS JOIN LATERAL (VALUES
             (1, e.what || '_total', e.progress_total, 'info'),
             (2, e.what || '_successful', e.progress_completed, 'success'),
             (3, e.what || '_failed', e.progress_failed,
              CASE WHEN e.progress_failed > 0 THEN 'danger' ELSE 'muted' END))
         AS m (n, key, value, tone)
    UNION ALL
    SELECT id, 4, key, total, 'info' FROM sums
)
UPDATE task_runs r
SET summary = jsonb_build_object(
        'version', 1,
        'common', jsonb_build_object(
            'inputs', '{}'::jsonb,
            'scope', '{}'::jsonb,
            'metrics', (
                SELECT jsonb_agg(jsonb_build_object(
                           'key', m.key, 'label', m.key, 'value', m.value,
                           'unit', NULL, 'tone', m.tone) ORDER BY m.n, m.key)
                FROM metrics m
                WHERE m.id = e.id),
            'highlights', '[]'::jsonb,
            'flags', jsonb_build_object('skipped', e.progress_total = 0,
                                        'skip_reason', NULL)),
        'ext', jsonb_build_object('type', e.task_key, 'version', 1,
            'data', coalesce((SELECT jsonb_object_agg(s.key, s.total)
                              FROM sums s
                              WHERE s.id = e.id), '{}')))
FROM ended e
WHERE r.id = e.id


-- name: queue_without_summary
-- worker
-- A worker died between the end of the run and this.
SELECT id
FROM task_runs
WHERE status IN ('completed', 'completed_with_errors', 'failed')
      AND summary IS NULL AND completed_at > now() - interval '7 days'

-- name: queue_enqueue
-- worker
SELECT id, run_id AS run, items
FROM tf_enqueue(:kind, :trigger_source, payload => :payload::jsonb,
                instance_ids => CASE WHEN :instance_id::bigint IS NOT NULL
                                     THEN ARRAY[:instance_id] END)

-- name: queue_outcome
-- worker
SELECT r.status, r.progress_total, r.progress_completed, r.progress_failed,
       r.progress_cancelled, r.completed_at IS NOT NULL AS ended,
       (SELECT string_agg(concat_ws(': ', coalesce(t.item_name, t.item_key),
                                    t.error_code, t.error_message), E'\n'
                          ORDER BY t.id)
        FROM task_items t
        WHERE t.run_id = r.id AND t.state = 'dead') AS errors
FROM task_runs r
WHERE r.run_id = :run::uuid


-- name: job_kinds_missing
-- worker
SELECT string_agg(k, ', ' ORDER BY k) AS kinds
FROM (SELECT unnest(:kinds::text[])
      EXCEPT
      SELECT kind FROM job_kinds) x (k)


-- name: worker_rights
-- worker
-- The rights that the worker's role has and the API's has not.
SELECT has_column_privilege('credentials', 'envelope', 'SELECT')
       AND has_table_privilege('task_items', 'DELETE') AS well,
       current_user AS role

-- name: worker_seen
-- worker
INSERT INTO workers (id, host, pid, version, state)
VALUES (:id::uuid, :host, :pid::int, :version, :state)
ON CONFLICT (id) DO UPDATE
SET last_seen_at = now(), state = EXCLUDED.state

-- name: worker_status
-- worker
-- The one of this host that was seen last, as long as it counts as alive.
SELECT state, version,
       extract(epoch FROM now() - last_seen_at)::int AS seconds
FROM workers
WHERE host = :host AND state <> 'stopped'
      AND last_seen_at > now() - interval '30 seconds'
ORDER BY last_seen_at DESC
LIMIT 1

-- name: housekeeping_sessions
-- worker
DELETE FROM sessions
WHERE expires_at < now()

-- name: housekeeping_throttle
-- worker
DELETE FROM login_throttle
WHERE first_failure < now() - interval '7 days' AND blocked_until < now()

-- name: housekeeping_runs
-- worker
-- Bounded: each of them is looked for in the history of accounts.
DELETE FROM task_runs
WHERE id IN (SELECT id
             FROM task_runs
             WHERE completed_at < now() - interval '90 days'
             ORDER BY id
             LIMIT 1000)

-- name: housekeeping_fires
-- worker
DELETE FROM schedule_fires
WHERE fired_at < now() - interval '90 days'

-- name: housekeeping_workers
-- worker
DELETE FROM workers
WHERE last_seen_at < now() - interval '1 day'
