-- The job that reads databases, and its numbers in the words of the API.


ALTER TABLE instances
    ADD dropped_database_count integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN instances.dropped_database_count IS
    'databases that are no more, without those of the system';


-- Megabytes, rounded, but to 1 in place of 0: only what is empty has that.

CREATE FUNCTION size_mb(bytes numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT greatest(round(bytes / 1048576), sign(bytes))::bigint
$$;

CREATE FUNCTION size_label(bytes numeric, lang text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN bytes IS NULL
                THEN CASE lang WHEN 'en' THEN 'not read' ELSE '未采集' END
                WHEN bytes >= 1073741824
                THEN round(bytes / 1073741824, 2) || ' GB'
                ELSE size_mb(bytes) || ' MB' END
$$;


-- How fresh the size of a database is; unread and sized_at are its columns.

CREATE FUNCTION size_status(unread text, sized_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN unread IS NOT NULL THEN 'failed'
                WHEN sized_at IS NULL THEN 'pending'
                WHEN sized_at >= now() - interval '6 hours' THEN 'completed'
                WHEN sized_at >= now() - interval '48 hours' THEN 'running'
                ELSE 'failed' END
$$;

CREATE FUNCTION size_status_json(status text, unread text, lang text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object(
               'value', status,
               'label', CASE WHEN lang = 'en'
                        THEN CASE WHEN unread IS NOT NULL THEN 'not read'
                                  WHEN status = 'pending' THEN 'not collected'
                                  WHEN status = 'completed' THEN 'up to date'
                                  WHEN status = 'running' THEN 'to be refreshed'
                                  ELSE 'out of date' END
                        ELSE CASE WHEN unread IS NOT NULL THEN '未能读取'
                                  WHEN status = 'pending' THEN '待采集'
                                  WHEN status = 'completed' THEN '已更新'
                                  WHEN status = 'running' THEN '待刷新'
                                  ELSE '超时' END END,
               'variant', CASE status WHEN 'pending' THEN 'secondary'
                                      WHEN 'completed' THEN 'success'
                                      WHEN 'running' THEN 'warning'
                                      ELSE 'danger' END)
$$;


INSERT INTO schedules (job_id, task_key, cron_expression, is_builtin)
VALUES ('sync_databases', 'sync_databases', '0 3 * * *', true);
