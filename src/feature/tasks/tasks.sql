-- Runs and their items as people see them: of the queue's states, scheduled,
-- ready and retry are pending, done is completed, or completed_with_errors when
-- something could not be read, and dead is failed.

-- part: task_name
coalesce((SELECT CASE :_lang::text WHEN 'en' THEN w.en ELSE w.zh END
                 FROM words w
                 WHERE w.topic = 'task' AND w.code = r.task_key), r.task_key)

-- part: summary
-- With the labels of its numbers.
CASE jsonb_typeof(r.summary #> ARRAY['common', 'metrics'])
            WHEN 'array' THEN
                jsonb_set(r.summary, ARRAY['common', 'metrics'],
                    (SELECT coalesce(jsonb_agg(
                                m || jsonb_build_object('label',
                                         coalesce(CASE :_lang::text
                                                  WHEN 'en' THEN w.en
                                                  ELSE w.zh END, m ->> 'key'))
                                ORDER BY n), '[]')
                     FROM jsonb_array_elements(
                              r.summary #> ARRAY['common', 'metrics'])
                          WITH ORDINALITY AS e (m, n)
                          LEFT JOIN words w
                                 ON w.topic = 'metric'
                                    AND w.code = m ->> 'key'))
            ELSE r.summary END

-- part: run_error
-- What went wrong is shown by the text of its code; error_detail is what the
-- program noted, where that says more.
coalesce((SELECT CASE :_lang::text WHEN 'en' THEN x.en ELSE x.zh END
                 FROM error_texts x
                 WHERE x.code = r.error_code), r.error_message)
       AS error_message,
       CASE WHEN r.error_message <> (SELECT x.en
                                     FROM error_texts x
                                     WHERE x.code = r.error_code)
            THEN r.error_message END AS error_detail

-- part: item_word
(SELECT CASE :_lang::text WHEN 'en' THEN x.en ELSE x.zh END
                 FROM error_texts x
                 WHERE x.code = i.error_code)

-- part: item_error
coalesce({item_word}, i.error_message) AS error_message,
       CASE WHEN i.error_message <> (SELECT x.en
                                     FROM error_texts x
                                     WHERE x.code = i.error_code)
            THEN i.error_message END AS error_detail

-- part: run
r.id, r.run_id, r.task_key, {task_name} AS task_name, r.task_category,
       r.trigger_source, r.status, r.started_at, r.completed_at,
       r.progress_total, r.progress_completed, r.progress_failed,
       r.progress_cancelled, r.progress_partial, r.created_by,
       {summary} AS summary_json,
       r.result_url, r.error_code, {run_error}, r.created_at,
       greatest(r.created_at, r.started_at, r.completed_at) AS updated_at

-- part: item_status
CASE i.state WHEN 'running' THEN 'running'
                    WHEN 'done' THEN CASE WHEN i.partial
                                          THEN 'completed_with_errors'
                                          ELSE 'completed' END
                    WHEN 'dead' THEN 'failed'
                    WHEN 'cancelled' THEN 'cancelled'
                    ELSE 'pending' END

-- part: item
i.id, r.run_id, i.item_type, i.item_key, i.item_name, i.instance_id,
       {item_status} AS status, i.attempt, i.started_at, i.completed_at,
       i.metrics AS metrics_json, i.details AS details_json, i.error_code,
       {item_error}, i.created_at,
       greatest(i.created_at, i.started_at, i.completed_at) AS updated_at

-- part: run_object
(SELECT row_to_json(x) FROM (SELECT {run}) x) AS run


-- name: task_runs_list
-- sort: id=r.id started_at=coalesce(r.started_at,'infinity') completed_at=coalesce(r.completed_at,'infinity') created_at=r.created_at task_key=r.task_key status=r.status
SELECT {run}
FROM k
     JOIN task_runs r ON r.id = k._id
-- keys
FROM task_runs r
WHERE true
-- unfiltered: id started_at completed_at created_at status
-- filtered
      AND (:task_key::text IS NULL OR r.task_key = :task_key)
      AND (:task_category::text IS NULL OR r.task_category = :task_category)
      AND (:trigger_source::text IS NULL OR r.trigger_source = :trigger_source)
      AND (:status::text IS NULL OR r.status = :status)

-- name: task_runs_get
-- lane: slow
SELECT {run_object},
       (SELECT coalesce(json_agg(x ORDER BY x.id), '[]')
        FROM (SELECT {item} FROM task_items i WHERE i.run_id = r.id) x)
       AS items
FROM task_runs r
WHERE r.run_id = :run_id::uuid

-- name: task_runs_errors
SELECT {run_object},
       (SELECT coalesce(json_agg(x ORDER BY x.id), '[]')
        FROM (SELECT {item}
              FROM task_items i
              WHERE i.run_id = r.id AND i.state = 'dead') x) AS items,
       (SELECT count(*)
        FROM task_items i
        WHERE i.run_id = r.id AND i.state = 'dead') AS error_count
FROM task_runs r
WHERE r.run_id = :run_id::uuid

-- name: task_runs_cancel
-- What waits ends now; what runs is asked to, and its worker ends it.  One
-- UPDATE for both: an item claimed meanwhile is looked at again.
WITH rules AS (
    SELECT tf_fail('RUN_ENDED', 'status', status)
    FROM task_runs
    WHERE run_id = :run_id::uuid AND status NOT IN ('pending', 'running')
), asked AS (
    UPDATE task_items i
    SET cancel = true,
        state = CASE WHEN i.state = 'running' THEN i.state
                     ELSE 'cancelled' END,
        completed_at = CASE WHEN i.state = 'running' THEN NULL
                            ELSE now() END
    FROM task_runs r
    WHERE r.run_id = :run_id AND i.run_id = r.id
          AND r.status IN ('pending', 'running')
          AND i.state IN ('scheduled', 'ready', 'running', 'retry')
    RETURNING i.state
), counted AS (
    SELECT count(*) FILTER (WHERE state = 'cancelled') AS ended,
           count(*) FILTER (WHERE state = 'running') AS open
    FROM asked
)
UPDATE task_runs r
SET status = 'cancelled',
    completed_at = CASE WHEN c.open = 0 THEN now() END,
    progress_cancelled = r.progress_cancelled + c.ended
FROM counted c
WHERE r.run_id = :run_id AND r.status IN ('pending', 'running')
      AND (SELECT count(*) FROM rules) = 0
RETURNING r.run_id, r.status

-- Jobs leave message and message_en, and rights likewise; the client gets the
-- one it reads.

-- part: spoken
(CASE WHEN :_lang::text = 'en' AND i.details ? 'message_en'
                                 THEN i.details
                                      || (SELECT jsonb_object_agg(
                                                     left(e.key, -3), e.value)
                                          FROM jsonb_each(i.details) e
                                          WHERE e.key IN ('message_en',
                                                          'rights_en'))
                                 ELSE i.details END
                            - ARRAY['message_en', 'rights_en'])

-- part: result
coalesce({spoken}, '{}')
                           || jsonb_strip_nulls(jsonb_build_object(
                                  'instance_id',
                                  CASE WHEN i.item_key ~ '^[0-9]{1,18}$'
                                       THEN i.item_key::bigint END,
                                  'instance_name', i.item_name,
                                  'error_code', i.error_code,
                                  'error_message', {item_word}))
                           || CASE WHEN i.state = 'done' THEN '{}'::jsonb
                                   ELSE '{"success": false}' END

-- part: test_failed
coalesce(i.kind IN ('test_connection', 'check_collector')
                AND i.details ->> 'success' = 'false',
                false)

-- name: task_run_outcome
-- What a request that waits for a run answers with: what its only item left,
-- or what all of them left; and the "extra" of a failure.
SELECT r.run_id, r.status,
       CASE WHEN n.items = 1 THEN {spoken} END AS details,
       jsonb_build_object('results', coalesce(n.results, '[]'),
                          'summary', jsonb_build_object(
                                         'total', n.items,
                                         'success', n.success,
                                         'failed', n.items - n.success),
                          'run_id', r.run_id) AS all_details,
       i.error_code, {test_failed} AS test_failed,
       {spoken} ->> 'message' AS message,
       CASE WHEN {test_failed}
            THEN ({spoken} - 'success' - 'message')
                 || jsonb_build_object('connection_error_id', r.run_id,
                                       'instance_id', i.instance_id)
            WHEN n.items = 1
            THEN jsonb_build_object('result', n.results -> 0,
                                    'instance_id', i.instance_id,
                                    'run_id', r.run_id) END AS extra
FROM task_runs r
     CROSS JOIN LATERAL (
         SELECT count(*) AS items,
                count(*) FILTER (
                    WHERE i.state = 'done'
                          AND coalesce(i.details ->> 'success', 'true')
                              = 'true') AS success,
                jsonb_agg({result} ORDER BY i.id) AS results
         FROM task_items i
         WHERE i.run_id = r.id
     ) n
     LEFT JOIN task_items i ON i.run_id = r.id AND n.items = 1
WHERE r.run_id = :run_id::uuid


-- The same rows as sync sessions: runs that read instances.

-- part: sync_type
CASE WHEN r.trigger_source = 'scheduled' THEN 'scheduled_task'
            WHEN r.progress_total = 1 THEN 'manual_single'
            ELSE 'manual_batch' END

-- part: sync_session
r.id, r.run_id AS session_id, {sync_type} AS sync_type,
       r.task_category AS sync_category, r.status, r.started_at,
       r.completed_at, r.progress_total AS total_instances,
       r.progress_completed - r.progress_partial AS successful_instances,
       r.progress_partial AS partial_instances,
       r.progress_failed AS failed_instances, r.created_by, r.created_at,
       greatest(r.created_at, r.started_at, r.completed_at) AS updated_at

-- part: sync_record
i.id, r.run_id AS session_id, i.instance_id, i.item_name AS instance_name,
       r.task_category AS sync_category, {item_status} AS status,
       i.started_at, i.completed_at,
       m.items_synced, m.items_created, m.items_updated, m.items_deleted,
       i.error_code, {item_error}, i.details AS sync_details, i.created_at
FROM task_items i
     LEFT JOIN LATERAL (
         SELECT sum(v.n) FILTER (WHERE v.counts = 'synced') AS items_synced,
                sum(v.n) FILTER (WHERE v.counts = 'created') AS items_created,
                sum(v.n) FILTER (WHERE v.counts = 'updated') AS items_updated,
                sum(v.n) FILTER (WHERE v.counts = 'deleted') AS items_deleted
         FROM (SELECT d.counts, (i.metrics ->> d.name)::bigint AS n
               FROM job_kinds k,
                    jsonb_to_recordset(k.metrics) AS d (name text, counts text)
               WHERE k.kind = i.kind) v
     ) m ON true

-- name: sync_sessions_list
-- sort: id=r.id started_at=coalesce(r.started_at,'infinity') completed_at=coalesce(r.completed_at,'infinity') created_at=r.created_at status=r.status
SELECT {sync_session}
FROM k
     JOIN task_runs r ON r.id = k._id
-- keys
FROM task_runs r
WHERE r.task_key LIKE 'sync\_%'
-- unfiltered: id started_at completed_at created_at
-- filtered
      AND (:sync_type::text IS NULL OR :sync_type = {sync_type})
      AND (:sync_category::text IS NULL OR r.task_category = :sync_category)
      AND (:status::text IS NULL OR r.status = :status)

-- name: sync_sessions_get
-- lane: slow
SELECT (SELECT row_to_json(x)
        FROM (SELECT {sync_session},
                     round(100.0 * (r.progress_completed + r.progress_failed)
                           / greatest(r.progress_total, 1), 1)
                     AS progress_percentage,
                     (SELECT coalesce(json_agg(y ORDER BY y.id), '[]')
                      FROM (SELECT {sync_record}
                            WHERE i.run_id = r.id) y) AS instance_records
             ) x) AS session
FROM task_runs r
WHERE r.run_id = :session_id::uuid AND r.task_key LIKE 'sync\_%'

-- name: sync_sessions_errors
SELECT (SELECT row_to_json(x) FROM (SELECT {sync_session}) x) AS session,
       (SELECT coalesce(json_agg(y ORDER BY y.id), '[]')
        FROM (SELECT {sync_record}
              WHERE i.run_id = r.id AND i.state = 'dead') y)
       AS error_records,
       (SELECT count(*)
        FROM task_items i
        WHERE i.run_id = r.id AND i.state = 'dead') AS error_count
FROM task_runs r
WHERE r.run_id = :session_id::uuid AND r.task_key LIKE 'sync\_%'
