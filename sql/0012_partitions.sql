-- Tables that are kept in partitions of one month each.
--
-- A table that grows with time is PARTITION BY RANGE of one column, a date or a
-- timestamptz, and is registered here by tf_partitions_register(); from then on
-- the worker makes its months ahead and drops those that are past retention.
-- Every one has a DEFAULT partition, so that an insert never fails for want of
-- a month.  Months begin at midnight UTC where the key has a time of day.
--
-- Only the schema's owner owns the tables.  The worker may call what makes and
-- drops months (SECURITY DEFINER, a fixed search path); the API may look only.


CREATE TABLE partitioned_tables (
    table_name       text COLLATE "C" PRIMARY KEY,
    key_column       text NOT NULL,
    key_type         text NOT NULL CHECK (key_type IN ('date', 'timestamptz')),
    -- what the API calls its sort: 'stats', 'aggregations' ...
    table_type       text NOT NULL,
    title_zh         text NOT NULL,
    title_en         text NOT NULL,
    -- full months that are kept besides the one in progress.  NULL: nothing of
    -- it is dropped here, its own feature does that
    retention_months integer CHECK (retention_months BETWEEN 1 AND 1200),
    created_at       timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE partitioned_tables IS
    'tables in partitions by month, and how long a month is kept';

GRANT SELECT ON partitioned_tables TO taifish_api, taifish_worker;


-- The partitions of all registered tables.  starts and ends (exclusive) are
-- NULL of the DEFAULT partition.  rows is an estimate of the server's, NULL as
-- long as it has none; bytes are with indexes and TOAST.

CREATE FUNCTION tf_partitions(today date)
RETURNS TABLE (table_name text, table_type text, partition_name text,
               starts date, ends date, state text, rows bigint, bytes bigint)
LANGUAGE sql STABLE AS $$
    SELECT t.table_name, t.table_type, c.relname::text, b.starts, b.ends,
           CASE WHEN b.starts IS NULL THEN 'default'
                WHEN b.ends <= today THEN 'past'
                WHEN b.starts > today THEN 'future'
                ELSE 'current' END,
           CASE WHEN pg_relation_size(c.oid) = 0 THEN 0
                WHEN c.reltuples < 0
                THEN nullif(pg_stat_get_live_tuples(c.oid), 0)
                ELSE greatest(c.reltuples::bigint,
                              pg_stat_get_live_tuples(c.oid)) END,
           pg_total_relation_size(c.oid)
    FROM partitioned_tables t
         JOIN pg_class p ON p.oid = to_regclass('public.' || t.table_name)
         JOIN pg_inherits i ON i.inhparent = p.oid
         JOIN pg_class c ON c.oid = i.inhrelid
         CROSS JOIN LATERAL (
             SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                 '^FOR VALUES FROM \(''([^'']+)''\) '
                                 'TO \(''([^'']+)''\)$') AS m
         ) e
         CROSS JOIN LATERAL (
             SELECT CASE t.key_type
                    WHEN 'date' THEN e.m[1]::date
                    ELSE (e.m[1]::timestamptz AT TIME ZONE 'UTC')::date END
                    AS starts,
                    CASE t.key_type
                    WHEN 'date' THEN e.m[2]::date
                    ELSE (e.m[2]::timestamptz AT TIME ZONE 'UTC')::date END
                    AS ends
         ) b
$$;


-- Months without a partition: of the one in progress and the next, and between
-- the oldest there is and these.

CREATE FUNCTION tf_partitions_missing(today date)
RETURNS TABLE (table_name text, month date, partition_name text)
LANGUAGE sql STABLE AS $$
    SELECT t.table_name, m.month::date,
           t.table_name || to_char(m.month, '_YYYY_MM')
    FROM partitioned_tables t
         CROSS JOIN LATERAL (
             SELECT min(p.starts) AS oldest
             FROM tf_partitions(today) p
             WHERE p.table_name = t.table_name
         ) o
         CROSS JOIN LATERAL generate_series(
             least(date_trunc('month', o.oldest::timestamp),
                   date_trunc('month', today::timestamp)),
             date_trunc('month', today::timestamp) + interval '1 month',
             interval '1 month') AS m (month)
    WHERE NOT EXISTS (SELECT
                      FROM tf_partitions(today) p
                      WHERE p.table_name = t.table_name
                            AND p.starts <= m.month AND p.ends > m.month)
$$;


-- A bound of a month as the text of a value of the key.

CREATE FUNCTION tf_partition_bound(key_type text, month date) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(month, CASE key_type WHEN 'date' THEN 'YYYY-MM-DD'
                                        ELSE 'YYYY-MM-DD 00:00:00+00' END)
$$;


-- Makes the month of a table, unless it is there.  Rows of that month that went
-- to the DEFAULT partition meanwhile are moved, so a month may be made late.
-- Returns how many rows were moved, NULL when the month was there.
--
-- Who writes waits while this runs, for its locks are taken in this order:
-- SHARE ROW EXCLUSIVE of the table, so that no insert that looked for its
-- partition before goes to the DEFAULT one after; then the DEFAULT partition.
-- ATTACH needs no more than that, where CREATE TABLE ... PARTITION OF would lock
-- readers of all months out.  lock_timeout ends the wait for a long statement
-- of others: 55P03, and nothing was changed.

CREATE FUNCTION tf_partition_make(name text, month date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '3s' AS $$
DECLARE
    t partitioned_tables;
    first date := date_trunc('month', month::timestamp)::date;
    made text := name || to_char(month, '_YYYY_MM');
    lower text;
    upper text;
    spare text := name || '_default';
    columns text;
    moved bigint;
BEGIN
    SELECT * INTO t FROM partitioned_tables p WHERE p.table_name = name;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'no partitioned table is called %', name;
    END IF;

    IF EXISTS (SELECT
               FROM tf_partitions(first) p
               WHERE p.table_name = name AND p.starts <= first
                     AND p.ends > first)
    THEN
        RETURN NULL;
    END IF;

    lower := tf_partition_bound(t.key_type, first);
    upper := tf_partition_bound(t.key_type,
                                (first + interval '1 month')::date);

    EXECUTE format('LOCK TABLE ONLY %I IN SHARE ROW EXCLUSIVE MODE', name);
    EXECUTE format('LOCK TABLE ONLY %I IN ACCESS EXCLUSIVE MODE', spare);

    -- somebody else may have made it while this waited
    IF to_regclass(quote_ident(made)) IS NOT NULL THEN
        RETURN NULL;
    END IF;

    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES '
                   'EXCLUDING IDENTITY EXCLUDING STATISTICS '
                   'EXCLUDING COMMENTS)', made, name);
    SELECT string_agg(quote_ident(a.attname), ', ') INTO columns
    FROM pg_attribute a
    WHERE a.attrelid = name::regclass AND a.attnum > 0
          AND NOT a.attisdropped AND a.attgenerated = '';

    EXECUTE format('WITH old AS ('
                   '    DELETE FROM ONLY %1$I'
                   '    WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *'
                   ') INSERT INTO %5$I (%6$s) SELECT %6$s FROM old',
                   spare, t.key_column, lower, upper, made, columns);
    GET DIAGNOSTICS moved = ROW_COUNT;

    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I '
                   'FOR VALUES FROM (%L) TO (%L)', name, made, lower, upper);

    RETURN moved;
END
$$;


-- Makes the months of a table from the one of today to so many ahead, and those
-- that rows of its DEFAULT partition belong to.  What lies further in the future
-- stays where it is: a wrong clock makes no partitions.

CREATE FUNCTION tf_partitions_ahead(name text, today date, months integer
                                    DEFAULT 3)
RETURNS TABLE (partition_name text, moved bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '3s'
SET timezone = 'UTC' AS $$
DECLARE
    t partitioned_tables;
    m date;
    first date := date_trunc('month', today::timestamp)::date;
BEGIN
    SELECT * INTO t FROM partitioned_tables p WHERE p.table_name = name;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'no partitioned table is called %', name;
    END IF;

    FOR m IN EXECUTE format(
        'SELECT w.month::date'
        ' FROM (SELECT generate_series($1::timestamp, $2::timestamp,'
        '                              interval ''1 month'') AS month'
        '       UNION'
        '       SELECT DISTINCT date_trunc(''month'', %I::timestamp)'
        '       FROM ONLY %I'
        '       WHERE isfinite(%1$I)) w'
        ' WHERE w.month <= $2'
        ' ORDER BY 1', t.key_column, name || '_default')
        USING first, (first + months * interval '1 month')::date
    LOOP
        moved := tf_partition_make(name, m);

        IF moved IS NOT NULL THEN
            partition_name := name || to_char(m, '_YYYY_MM');
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;


-- Drops the months of a table that ended so many full months before the one of
-- today, and as old rows of its DEFAULT partition.  months NULL: the table's
-- own retention; nothing when it has none.
--
-- DETACH ... CONCURRENTLY can not be: PostgreSQL refuses it for a table with a
-- DEFAULT partition, and inside of a function.  Plain DETACH locks all users of
-- the table out, but only changes the catalogue; files are removed after the
-- locks are gone.  It waits up to lock_timeout for its locks: 55P03 then.

CREATE FUNCTION tf_partitions_drop(name text, today date, months integer
                                   DEFAULT NULL)
RETURNS TABLE (partition_name text, rows bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '3s'
SET timezone = 'UTC' AS $$
DECLARE
    t partitioned_tables;
    keep date;
BEGIN
    SELECT * INTO t FROM partitioned_tables p WHERE p.table_name = name;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'no partitioned table is called %', name;
    END IF;

    keep := (date_trunc('month', today::timestamp)
             - coalesce(months, t.retention_months)
               * interval '1 month')::date;

    IF keep IS NULL OR coalesce(months, 1) < 1 THEN
        RETURN;
    END IF;

    FOR partition_name, rows, bytes IN
        SELECT p.partition_name, p.rows, p.bytes
        FROM tf_partitions(today) p
        WHERE p.table_name = name AND p.ends <= keep
        ORDER BY p.starts
    LOOP
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', name,
                       partition_name);
        EXECUTE format('DROP TABLE %I', partition_name);
        RETURN NEXT;
    END LOOP;

    EXECUTE format('DELETE FROM ONLY %I WHERE %I < %L', name || '_default',
                   t.key_column, tf_partition_bound(t.key_type, keep));
    GET DIAGNOSTICS rows = ROW_COUNT;

    IF rows > 0 THEN
        partition_name := name || '_default';
        bytes := NULL;
        RETURN NEXT;
    END IF;
END
$$;


-- For migrations: takes a table of PARTITION BY RANGE (one column) in, gives it
-- its DEFAULT partition NAME_default unless it has that, and makes its months.

CREATE FUNCTION tf_partitions_register(name text, table_type text,
                                       title_zh text, title_en text,
                                       retention_months integer)
RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO partitioned_tables (table_name, key_column, key_type,
                                    table_type, title_zh, title_en,
                                    retention_months)
    SELECT name, a.attname,
           CASE a.atttypid WHEN 'date'::regtype THEN 'date'
                           WHEN 'timestamptz'::regtype THEN 'timestamptz' END,
           tf_partitions_register.table_type, tf_partitions_register.title_zh,
           tf_partitions_register.title_en,
           tf_partitions_register.retention_months
    FROM pg_partitioned_table p
         JOIN pg_attribute a ON a.attrelid = p.partrelid
                                AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = name::regclass AND p.partstrat = 'r'
          AND p.partnatts = 1;

    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not partitioned by a range of one column', name;
    END IF;

    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I DEFAULT',
                   name || '_default', name);
    PERFORM tf_partitions_ahead(name, (now() AT TIME ZONE 'UTC')::date);
END
$$;


REVOKE EXECUTE ON FUNCTION
    tf_partition_make(text, date),
    tf_partitions_ahead(text, date, integer),
    tf_partitions_drop(text, date, integer),
    tf_partitions_register(text, text, text, text, integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    tf_partition_make(text, date),
    tf_partitions_ahead(text, date, integer),
    tf_partitions_drop(text, date, integer)
    TO taifish_worker;
