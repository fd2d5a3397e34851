-- A queue in which instances that do not answer delay nobody else.


-- Whether an instance answered when a job last tried to connect to it.  It is
-- not a column of instances, because a sync locks that row while it writes.

CREATE TABLE instance_answers (
    instance_id bigint PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
    answered    boolean NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON instance_answers TO taifish_worker;
GRANT SELECT ON instance_answers TO taifish_api;

INSERT INTO instance_answers (instance_id, answered)
SELECT id, last_sync_status <> 'failed'
FROM instances
WHERE last_sync_status IS NOT NULL;


ALTER TABLE job_kinds
    -- it starts by connecting to a managed database
    ADD connects boolean NOT NULL DEFAULT false,
    -- runs of this kind that a user may have open
    ADD per_user integer CHECK (per_user > 0),
    DROP CONSTRAINT job_kinds_lane_check,
    ADD CONSTRAINT job_kinds_lane_check
        CHECK (lane IN ('short', 'test', 'normal'));

ALTER TABLE task_items
    -- 0: the instance answered last time, or the job connects to none;
    -- 1: it was never tried; 2: it did not answer
    ADD doubt smallint NOT NULL DEFAULT 0 CHECK (doubt BETWEEN 0 AND 2),
    DROP CONSTRAINT task_items_lane_check,
    ADD CONSTRAINT task_items_lane_check
        CHECK (lane IN ('short', 'test', 'normal'));

DROP INDEX task_items_ready_idx;

CREATE INDEX task_items_ready_idx ON task_items (lane, doubt, ready_at, id)
    WHERE state IN ('scheduled', 'ready', 'retry');


CREATE OR REPLACE FUNCTION task_items_set_kind() RETURNS trigger
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

        IF k.connects THEN
            NEW.doubt = coalesce((SELECT CASE WHEN a.answered THEN 0
                                              ELSE 2 END
                                  FROM instance_answers a
                                  WHERE a.instance_id = NEW.instance_id), 1);
        END IF;
    END IF;

    RETURN NEW;
END
$$;


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
--
-- A user who has as many open runs of the kind as it allows is refused.

CREATE OR REPLACE FUNCTION tf_enqueue(
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

    IF k.per_user <= (SELECT count(*)
                      FROM task_runs r
                      WHERE r.created_by = tf_enqueue.created_by
                            AND r.task_key = k.kind
                            AND r.status IN ('pending', 'running'))
    THEN
        PERFORM tf_fail('RATE_LIMIT_EXCEEDED');
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
