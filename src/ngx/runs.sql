-- name: task_run_progress
SELECT run_id, task_key, status, progress_total, progress_completed,
       progress_failed, progress_cancelled, started_at, completed_at
FROM task_runs
WHERE run_id = :run_id::uuid


-- What a request that waits for a run answers; a run of one item speaks with
-- that item's words.

-- name: task_run_outcome
SELECT r.status, i.state AS item_status, i.details, i.error_code,
       i.error_message
FROM task_runs r
LEFT JOIN task_items i ON i.run_id = r.id AND r.progress_total = 1
WHERE r.run_id = :run_id::uuid
LIMIT 1
