package TaiFish::Seed;

# A large fleet, made by the store itself: one minute for a million accounts.
#
#     TaiFish::Seed::fleet($tf, accounts => 1_000_000, instances => 500);
#
# Accounts are spread over the instances, each has an open version and one
# entry of the change log, every tenth an older version and a second entry, and
# every fiftieth a run.
# Names are what fleets have: applications with an environment and a number,
# people in Latin and Chinese letters, and hostile ones with quotes, wildcards,
# markup, formulas, emoji and right-to-left marks.  2 % are superusers, 4 %
# locked, 3 % dropped, 6 % roles.  Two instances are deleted, with accounts.
# The same arguments make the same rows.

use strict;
use warnings;
use utf8;

# $n is hashed by large primes, so that neighbours in id are not neighbours in
# any other order.

my @steps = (
    "INSERT INTO tags (name, display_name, category)
     SELECT 'seed-' || n, '标签 ' || n,
            (ARRAY['environment', 'architecture', 'team'])[1 + n % 3]
     FROM generate_series(1, 30) n",

    "INSERT INTO instances (name, db_type, host, port, description, is_active,
                            main_version, last_sync_at, last_sync_status,
                            deleted_at, tls_mode)
     SELECT 'db-' || (ARRAY['orders', 'billing', 'crm', '财务', 'search',
                            'users', 'stock', 'bi'])[1 + n % 8]
            || '-' || (ARRAY['prod', 'test', 'dev'])[1 + n % 3] || '-' || n,
            (ARRAY['postgresql', 'mysql', 'mysql'])[1 + n % 3],
            '10.' || n / 250 || '.' || n % 250 || '.7', 3306 + n % 3,
            'seeded', n % 40 <> 0, (ARRAY['15', '8.0', '8.4'])[1 + n % 3],
            now() - n * interval '1 minute', 'completed',
            CASE WHEN n % 250 = 249 THEN now() END, 'require'
     FROM generate_series(1, :instances) n",

    "INSERT INTO instance_tags (instance_id, tag_id)
     SELECT i.id, t.id
     FROM instances i
          JOIN tags t ON t.id % 10 = i.id % 10
     WHERE i.description = 'seeded' AND t.name LIKE 'seed-%'",

    "CREATE TEMPORARY TABLE seed_accounts AS
     WITH numbers AS (
         SELECT n, n::bigint * 2654435761 % 4294967296 AS h,
                n::bigint * 40503 % 1000003 AS k
         FROM generate_series(1, :accounts) n
     ), named AS (
         SELECT n, h, k, 1 + n % :instances AS place,
                CASE WHEN h % 100 < 55
                     THEN (ARRAY['app', 'svc', 'etl', 'api', 'job',
                                 'report'])[1 + h % 6]
                          || '_' || (ARRAY['orders', 'billing', 'crm', 'stock',
                                           'search', 'gateway', 'mail',
                                           'cache'])[1 + k % 8]
                          || '_' || (ARRAY['prod', 'test', 'dev'])[1 + n % 3]
                          || '_' || k
                     WHEN h % 100 < 85
                     THEN (ARRAY['wei', 'fang', 'min', 'anna', 'john', 'li',
                                 'maria', 'ivan'])[1 + h % 8] || '.'
                          || (ARRAY['zhang', 'wang', 'smith', 'garcia',
                                    'kumar', 'novak'])[1 + k % 6] || n
                     WHEN h % 100 < 95
                     THEN (ARRAY['张', '王', '李', '刘'])[1 + h % 4]
                          || (ARRAY['伟', '芳', '秀英', '敏'])[1 + k % 4]
                          || '_' || n
                     ELSE (ARRAY['o''brien\"', '100%_', E'back\\\\slash',
                                 '<b>x</b>', '=1+1', '🐟', E'\\u202Etxt',
                                 repeat('long', 40)])[1 + k % 8] || n
                END AS username
         FROM numbers
     ), placed AS (
         SELECT d.*, i.id AS instance_id, i.db_type
         FROM named d
              JOIN (SELECT id, db_type, row_number() OVER (ORDER BY id) AS nth
                    FROM instances
                    WHERE description = 'seeded') i ON i.nth = d.place
     )
     SELECT nextval('accounts_id_seq') AS id,
            nextval('account_versions_id_seq') AS version_id,
            instance_id, db_type, username, n, h,
            CASE db_type WHEN 'mysql'
                 THEN (ARRAY['%', 'localhost', '10.0.%'])[1 + h % 3] END
            AS host,
            CASE WHEN k % 100 < 6 THEN 'role' ELSE 'user' END AS kind,
            k % 50 = 7 AS is_superuser, k % 25 = 3 AS is_locked,
            CASE WHEN k % 33 = 5 THEN now() - k * interval '1 second' END
            AS dropped_at,
            CASE db_type WHEN 'mysql'
                 THEN (ARRAY['caching_sha2_password', 'mysql_native_password',
                             'caching_sha2_password'])[1 + h % 3] END
            AS plugin,
            now() - h % 15000000 * interval '1 second' AS changed_at
     FROM placed
     ORDER BY n",

    "INSERT INTO accounts (id, instance_id, principal, username, host, kind,
                           native_id, first_seen_at, dropped_at, version_id,
                           is_superuser, is_locked, can_grant, plugin,
                           last_change_at, db_type)
     OVERRIDING SYSTEM VALUE
     SELECT id, instance_id, username || coalesce('\@' || host, ''), username,
            host, kind, CASE db_type WHEN 'postgresql' THEN n::text END,
            changed_at - interval '90 days', dropped_at, version_id,
            is_superuser, is_locked, is_superuser, plugin, changed_at,
            db_type
     FROM seed_accounts",

    "INSERT INTO account_versions (id, account_id, snapshot, facts,
                                   fingerprint, observed)
     OVERRIDING SYSTEM VALUE
     SELECT version_id, id,
            CASE db_type
            WHEN 'mysql' THEN
                '{\"version\":4,\"categories\":{\"mysql_global_privileges\":'
                || '[\"SELECT\",\"INSERT\",\"UPDATE\",\"DELETE\",\"CREATE\"],'
                || '\"mysql_database_privileges\":{\"app' || h % 100
                || '\":[\"SELECT\",\"INSERT\",\"UPDATE\"],\"log\":[\"INSERT\"]'
                || '}},\"type_specific\":{\"mysql\":{\"host\":\"' || host
                || '\",\"plugin\":\"' || plugin || '\",\"account_locked\":'
                || is_locked::text || ',\"super_priv\":'
                || is_superuser::text || '}}}'
            ELSE
                '{\"version\":4,\"categories\":{\"postgresql_role_attributes\":'
                || '{\"can_login\":' || (NOT is_locked)::text
                || ',\"can_super\":' || is_superuser::text
                || '},\"postgresql_predefined_roles\":[],'
                || '\"postgresql_database_privileges\":{\"app' || h % 100
                || '\":[\"CONNECT\",\"TEMPORARY\"],\"postgres\":[\"CONNECT\"]}'
                || '},\"type_specific\":{\"postgresql\":{\"valid_until\":null,'
                || '\"conn_limit\":-1}}}'
            END,
            '{\"capabilities\":[' || CASE WHEN is_superuser
                                          THEN '\"SUPERUSER\"' ELSE '' END
            || '],\"capability_reasons\":{' || CASE WHEN is_locked
               THEN '\"LOCKED\":[\"account_locked\"]' ELSE '' END || '}}',
            sha256(n::text::bytea), tstzrange(changed_at, NULL)
     FROM seed_accounts",

    "INSERT INTO account_versions (account_id, snapshot, facts, fingerprint,
                                   observed)
     SELECT id, '{\"version\":4,\"categories\":{},\"type_specific\":{}}', '{}',
            sha256(('old' || n)::bytea),
            tstzrange(changed_at - interval '30 days', changed_at)
     FROM seed_accounts
     WHERE n % 10 = 0",

    "INSERT INTO account_changes (account_id, instance_id, db_type, username,
                                  change_type, is_elevation, change_time,
                                  status, message, privilege_diff, other_diff)
     SELECT s.id, s.instance_id, s.db_type,
            s.username || coalesce('\@' || s.host, ''),
            CASE WHEN c = 1 THEN 'add'
                 ELSE (ARRAY['modify_privilege', 'modify_other', 'drop',
                             'recreate'])[1 + h % 4] END,
            h % 200 = 9, s.changed_at - (2 - c) * interval '30 days',
            CASE WHEN h % 500 = 1 THEN 'failed' ELSE 'success' END,
            CASE WHEN c = 1 THEN 'ADD 5' ELSE 'GRANT 2 REVOKE 1' END,
            '{\"entries\":[{\"action\":\"GRANT\",\"object\":\"app\",'
            '\"privileges\":[\"SELECT\"]}]}', '{\"entries\":[]}'
     FROM seed_accounts s
          JOIN generate_series(1, 2) c ON c = 1 OR s.n % 10 = 0
     ORDER BY s.changed_at - (2 - c) * interval '30 days'",

    "INSERT INTO task_runs (task_key, task_category, trigger_source, status,
                            created_at, started_at, completed_at,
                            progress_total, progress_completed)
     SELECT (ARRAY['sync_accounts', 'test_connection'])[1 + n % 2],
            (ARRAY['account', 'other'])[1 + n % 2],
            (ARRAY['scheduled', 'manual', 'api'])[1 + n % 3],
            (ARRAY['completed', 'failed', 'completed_with_errors'])[1 + n % 3],
            t, t, t + interval '1 minute', 1, 1
     FROM generate_series(1, :accounts / 50) n
          CROSS JOIN LATERAL (SELECT now() - n * interval '5 minutes') x (t)",

    "INSERT INTO task_items (run_id, kind, item_type, item_key, item_name,
                             instance_id, state, completed_at, metrics)
     SELECT r.id, r.task_key, 'instance', i.id::text, i.name, i.id, 'done',
            r.completed_at, '{\"synced_count\":2000}'
     FROM task_runs r
          JOIN instances i ON i.id % 500 = r.id % 500",
);

sub fleet {
    my ($tf, %opt) = @_;
    my $accounts = $opt{accounts} || 100_000;
    my $instances = $opt{instances} || 500;
    my @tables = qw(accounts account_versions account_changes);
    my $sql = "SET synchronous_commit = off; SET work_mem = '64MB';
               SET maintenance_work_mem = '256MB'; BEGIN;\n";

    # The triggers count, and the indexes are kept: doing both once at the end
    # is the same.

    my @indexes = $tf->rows("SELECT c.relname AS name,
                                    pg_get_indexdef(i.indexrelid) AS def
                             FROM pg_index i
                                  JOIN pg_class c ON c.oid = i.indexrelid
                             WHERE i.indrelid IN ('accounts'::regclass,
                                                  'account_versions'::regclass,
                                                  'account_changes'::regclass)
                                   AND NOT EXISTS (
                                       SELECT FROM pg_constraint o
                                       WHERE o.conindid = i.indexrelid)");
    $sql .= "DROP INDEX $_->{name};\n" for @indexes;
    $sql .= "ALTER TABLE $_ DISABLE TRIGGER USER;\n" for @tables;

    for my $step (@steps) {
        my $text = $step =~ s/:accounts\b/$accounts/gr
            =~ s/:instances\b/$instances/gr;
        $sql .= "$text;\n";
    }

    $sql .= "$_->{def};\n" for @indexes;
    $sql .= "ALTER TABLE $_ ENABLE TRIGGER USER;\n" for @tables;
    $sql .= "UPDATE accounts SET is_locked = is_locked WHERE id IN
             (SELECT min(id) FROM accounts GROUP BY instance_id);
             UPDATE instances i
             SET change_count = (SELECT count(*)
                                 FROM account_changes c
                                 WHERE c.instance_id = i.id);
             DROP TABLE seed_accounts; COMMIT;
             VACUUM ANALYZE;";

    $tf->sql($sql);
}

1;
