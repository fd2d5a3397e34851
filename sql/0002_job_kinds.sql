-- Kinds of jobs as rows, one function that queues them, and runs that know
-- which of their items were done in part.


-- Written by "taifish-worker migrate" from the table in tfw_job_kinds.c.  It is
-- the only place that says how a kind of job is queued and run.

CREATE TABLE job_kinds (
    kind      text PRIMARY KEY,
    category  text NOT NULL,
    -- once: a run has one item.  fleet: one for each instance that is active
    -- and has a credential.  instance: for the instances that are named
    scope     text NOT NULL CHECK (scope IN ('once', 'fleet', 'instance')),
    lane      text NOT NULL CHECK (lane IN ('short', 'normal')),
    attempts  integer NOT NULL CHECK (attempts > 0),
    deadline  interval NOT NULL CHECK (deadline > interval '0'),
    -- at most one open item per instance
    exclusive boolean NOT NULL,
    -- what its items report: [{"name": "accounts_created", "counts":
    -- "created"}]; counts is the column of a sync session, or null
    metrics   jsonb NOT NULL CHECK (jsonb_typeof(metrics) = 'array')
);

GRANT SELECT ON job_kinds TO taifish_api, taifish_worker;


ALTER TABLE task_items
    ADD exclusive boolean NOT NULL DEFAULT false,
    ADD partial boolean NOT NULL DEFAULT false,
    ALTER lane DROP DEFAULT,
    ALTER max_attempts DROP DEFAULT,
    ALTER deadline DROP DEFAULT;

ALTER TABLE task_runs
    ADD progress_partial integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN task_items.partial IS
    'done, but some of what was to be read could not be';
COMMENT ON COLUMN task_runs.progress_partial IS
    'how many of progress_completed were partial';

UPDATE task_items
SET exclusive = true
WHERE kind = 'sync_accounts' AND instance_id IS NOT NULL;

UPDATE task_items
SET partial = true
WHERE kind = 'sync_accounts' AND state = 'done'
      AND metrics ->> 'instances_partial' = '1';

UPDATE task_runs r
SET progress_partial = p.n,
    status = CASE WHEN r.status = 'completed' THEN 'completed_with_errors'
                  ELSE r.status END
FROM (SELECT run_id, count(*) AS n
      FROM task_items
      WHERE partial
      GROUP BY run_id) p
WHERE r.id = p.run_id;

DROP INDEX task_items_open_key;

CREATE UNIQUE INDEX task_items_exclusive_key ON task_items (kind, instance_id)
    WHERE exclusive AND state IN ('scheduled', 'ready', 'running', 'retry');


-- What an INSERT leaves out is as the kind's row says.

CREATE FUNCTION task_items_set_kind() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    k job_kinds;
BEGIN
    SELECT * INTO k FROM job_kinds WHERE kind = NEW.kind;

    IF FOUND THEN
        NEW.lane = coalesce(NEW.lane, k.lane);
        NEW.max_attempts = coalesce(NEW.max_attempts, k.attempts);
        NEW.deadline = coalesce(NEW.deadline, k.deadline);
        NEW.exclusive = k.exclusive AND NEW.instance_id IS NOT NULL;
    END IF;

    RETURN NEW;
END
$$;

CREATE TRIGGER task_items_kind BEFORE INSERT ON task_items
    FOR EACH ROW EXECUTE FUNCTION task_items_set_kind();


-- Queues a run with its items, in the caller's transaction, and wakes workers
-- when that commits.
--
-- instance_ids NULL: what the kind's scope says; of a kind for named instances
-- one item without an instance, which payload describes and item_key and
-- item_name name.  A fleet's run leaves out what is queued already.  An id that
-- is not there, or whose work is queued already, is an item that failed.
--
-- The only one of instance_ids, when its work is queued already: the run that
-- does it comes back instead of a new one.

CREATE FUNCTION tf_enqueue(
    kind           text,
    trigger_source text,
    created_by     bigint DEFAULT NULL,
    instance_ids   bigint[] DEFAULT NULL,
    payload        jsonb DEFAULT '{}',
    item_key       text DEFAULT NULL,
    item_name      text DEFAULT NULL,
    OUT id         bigint,
    OUT run_id     uuid,
    OUT items      integer)
LANGUAGE plpgsql AS $$
DECLARE
    k job_kinds;
    refused integer;
BEGIN
    SELECT j.* INTO k FROM job_kinds j WHERE j.kind = tf_enqueue.kind;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'no kind of job is called %', tf_enqueue.kind;
    END IF;

    IF k.exclusive THEN
        -- the unique index would make two callers wait for each other
        PERFORM pg_advisory_xact_lock(hashtext('tf_enqueue'),
                                      hashtext(k.kind));

        IF cardinality(instance_ids) = 1 THEN
            SELECT r.id, r.run_id, r.progress_total
            INTO tf_enqueue.id, tf_enqueue.run_id, tf_enqueue.items
            FROM task_items t
                 JOIN task_runs r ON r.id = t.run_id
            WHERE t.exclusive AND t.kind = k.kind
                  AND t.instance_id = instance_ids[1]
                  AND t.state IN ('scheduled', 'ready', 'running', 'retry');

            IF FOUND THEN
                RETURN;
            END IF;
        END IF;
    END IF;

    INSERT INTO task_runs AS r (task_key, task_category, trigger_source,
                                created_by)
    VALUES (k.kind, k.category, tf_enqueue.trigger_source,
            tf_enqueue.created_by)
    RETURNING r.id, r.run_id INTO tf_enqueue.id, tf_enqueue.run_id;

    IF k.scope = 'once' OR k.scope = 'instance' AND instance_ids IS NULL THEN
        INSERT INTO task_items (run_id, kind, item_type, item_key, item_name,
                                payload)
        VALUES (tf_enqueue.id, k.kind,
                CASE k.scope WHEN 'once' THEN 'step' ELSE 'instance' END,
                coalesce(tf_enqueue.item_key, k.kind), tf_enqueue.item_name,
                tf_enqueue.payload);

    ELSE
        INSERT INTO task_items (run_id, kind, item_type, item_key, item_name,
                                instance_id, payload, state, completed_at,
                                error_code)
        SELECT tf_enqueue.id, k.kind, 'instance', w.id::text, w.name,
               w.instance_id, tf_enqueue.payload,
               CASE WHEN w.error IS NULL THEN 'ready' ELSE 'dead' END,
               CASE WHEN w.error IS NOT NULL THEN clock_timestamp() END,
               w.error
        FROM (
            SELECT i.id, i.id AS instance_id, i.name, NULL AS error
            FROM instances i
            WHERE instance_ids IS NULL AND i.is_active
                  AND i.deleted_at IS NULL AND i.credential_id IS NOT NULL
            UNION ALL
            SELECT u.id, i.id, i.name,
                   CASE WHEN i.id IS NULL THEN 'RESOURCE_NOT_FOUND'
                        WHEN EXISTS (
                            SELECT
                            FROM task_items t
                            WHERE t.exclusive AND t.kind = k.kind
                                  AND t.instance_id = i.id
                                  AND t.state IN ('scheduled', 'ready',
                                                  'running', 'retry'))
                        THEN 'ALREADY_RUNNING' END
            FROM (SELECT DISTINCT unnest(instance_ids) AS id) u
                 LEFT JOIN instances i ON i.id = u.id
                                          AND i.deleted_at IS NULL
        ) w
        ORDER BY w.id
        ON CONFLICT DO NOTHING;
    END IF;

    SELECT count(*), count(*) FILTER (WHERE t.state = 'dead')
    INTO items, refused
    FROM task_items t
    WHERE t.run_id = tf_enqueue.id;

    UPDATE task_runs r
    SET progress_total = items,
        progress_failed = refused,
        status = CASE WHEN items = 0 THEN 'completed'
                      WHEN items = refused THEN 'failed'
                      ELSE r.status END,
        completed_at = CASE WHEN items = refused THEN clock_timestamp() END
    WHERE r.id = tf_enqueue.id;

    IF items > refused THEN
        PERFORM pg_notify('taifish_queue', '');
    END IF;
END
$$;
