-- name: task_run_progress
SELECT run_id, task_key, status, progress_total, progress_completed,
       progress_failed, progress_cancelled, started_at, completed_at
FROM task_runs
WHERE run_id = :run_id::uuid

