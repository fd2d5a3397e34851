-- The audit log: who did what.

-- name: audit_append
-- Part of the unit that does it: the last statement, for its row lock is held
-- until the transaction ends.
SELECT audit_append(:action, :outcome, :always::boolean, :_user_id::bigint,
                    NULL, :typed, :_addr, :request, :object,
                    :details::jsonb) AS seq

-- name: audit_command
-- worker
-- What a command of taifish-worker did.
SELECT audit_append(:action, 'success', true, NULL, :actor, NULL, NULL, NULL,
                    :object, :details::jsonb) AS seq

-- name: audit_action_store
-- worker
INSERT INTO audit_actions (action, zh, en)
VALUES (:action, :zh, :en)
ON CONFLICT (action) DO UPDATE SET zh = EXCLUDED.zh, en = EXCLUDED.en

-- name: audit_head
-- worker
SELECT seq, encode(hash, 'hex') AS hash
FROM audit_head

-- name: audit_cut
-- worker
SELECT audit_cut((now() AT TIME ZONE 'UTC')::date, :actor) AS rows

-- name: audit_rows
-- worker
-- For verifying: the text is made here and hashed by the program, so that the
-- result depends on no function of the database.
SELECT seq, encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash,
       time, jsonb_build_array(seq, to_char(time AT TIME ZONE 'UTC',
                             'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                         actor_id, actor_name, address, request_id, action,
                         object_type, object_id, object_name, outcome,
                         details)::text AS text
FROM audit_log
WHERE (seq, time) > (:seq::bigint, :time::timestamptz)
ORDER BY seq, time
LIMIT 1000

-- name: audit_notes
-- worker
-- Rows about other rows: where the log was cut, and which breaks somebody
-- has acknowledged.
SELECT seq, action, details ->> 'last' AS last, details ->> 'hash' AS hash,
       details ->> 'kind' AS kind, details ->> 'from' AS "from",
       details ->> 'upto' AS upto, details ->> 'found' AS found
FROM audit_log
WHERE action IN ('audit.cut', 'audit.acknowledge')
ORDER BY seq


-- part: audit
a.seq AS id, a.seq, a.time AS timestamp,
       tf_display(a.time) AS timestamp_display, a.actor_id, a.actor_name,
       a.address, a.request_id, a.action,
       coalesce(CASE :_lang::text WHEN 'en' THEN w.en ELSE w.zh END,
                a.action) AS action_label,
       a.object_type, a.object_id, a.object_name, a.outcome, a.details,
       encode(a.prev_hash, 'hex') AS prev_hash, encode(a.hash, 'hex') AS hash

-- name: audit_list
-- sort: id=a.seq timestamp=a.time
SELECT {audit}
FROM k
     JOIN audit_log a ON a.seq = k._id
     LEFT JOIN audit_actions w ON w.action = a.action
-- keys
FROM audit_log a
WHERE true
-- unfiltered: id timestamp
-- filtered
      AND (:action::text IS NULL OR a.action = :action)
      AND (:object_type::text IS NULL OR a.object_type = :object_type)
      AND (:object_id::text IS NULL OR a.object_id = :object_id)
      AND (:actor_id::bigint IS NULL OR a.actor_id = :actor_id)
      AND (:outcome::text IS NULL OR a.outcome = :outcome)
      AND (:request_id::text IS NULL OR a.request_id = :request_id)
      AND (:search::text IS NULL
           OR (coalesce(a.actor_name, '') || ' ' || coalesce(a.object_name, '')
               || ' ' || a.details::text) ILIKE :search)
      AND (:start_time::timestamptz IS NULL OR a.time >= :start_time)
      AND (:end_time::timestamptz IS NULL OR a.time <= :end_time)
      AND (:hours::int IS NULL
           OR a.time >= now() - :hours * interval '1 hour')
-- total
-- The sequence has no gap, so its ends count it.
SELECT CASE WHEN f.seq IS NULL THEN 0 ELSE h.seq - f.seq + 1 END AS total,
       false AS total_is_estimate
FROM audit_head h,
     (SELECT min(seq) AS seq FROM audit_log) f
-- export
SELECT a.seq, a.time AS timestamp, a.actor_id, a.actor_name, a.address,
       a.request_id, a.action,
       coalesce(CASE :_lang::text WHEN 'en' THEN w.en ELSE w.zh END,
                a.action) AS action_label,
       a.object_type, a.object_id, a.object_name, a.outcome, a.details,
       encode(a.prev_hash, 'hex') AS prev_hash, encode(a.hash, 'hex') AS hash
FROM k
     JOIN audit_log a ON a.seq = k._id
     LEFT JOIN audit_actions w ON w.action = a.action

-- name: audit_get
SELECT {audit}
FROM audit_log a
     LEFT JOIN audit_actions w ON w.action = a.action
WHERE a.seq = :id::bigint
