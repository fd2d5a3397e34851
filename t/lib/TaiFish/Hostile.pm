package TaiFish::Hostile;

# One of everything that the console shows, under names that a browser must not
# take for anything but text: markup, handlers, templates, marks of direction,
# control characters written out, emoji, 64 KB.
#
#     my $ids = TaiFish::Hostile::fill($tf);     # INSTANCE, ACCOUNT, ...
#
# The system runs.  Each name has "alert(" in it: a script that runs is seen,
# and a page on which the text is not seen as text, too.

use strict;
use warnings;
use utf8;

my $markup = '<img src=x onerror=alert(1)>';
my $template = "{{7*7}} \x{202e}gpj.exe \x{1f41f} \\u0000 <i>alert(2)</i>";

sub fill {
    my ($tf) = @_;
    my ($m, $t) = ($markup, $template);

    my $instance = $tf->value("
        INSERT INTO tags (name, display_name, category)
        VALUES ('hostile', '$m', 'environment');
        INSERT INTO credentials (name, credential_type, db_type, username,
                                 sealed, description)
        VALUES ('$m', 'database', 'mysql', '$t', '\\x00', '$m');
        INSERT INTO instances (name, db_type, host, port, description,
                               last_sync_at, last_sync_status, last_connected,
                               credential_id, capacity_limit_bytes)
        SELECT x.name, x.db_type, '10.0.0.1', x.port, repeat('64 KB ', 10922),
               now() - interval '1 hour', 'partial', now(), c.id, 60000
        FROM (VALUES ('$m', 'mysql', 3306), ('$t', 'postgresql', 5432))
             x (name, db_type, port), credentials c
        WHERE c.name = '$m';
        INSERT INTO instance_tags (instance_id, tag_id)
        SELECT i.id, t.id FROM instances i, tags t
        WHERE i.name = '$m' AND t.name = 'hostile';
        SELECT id FROM instances WHERE name = '$m'");

    $tf->sql("
        INSERT INTO instance_scopes (instance_id, scope, database, status,
                                     error_code, known, stale_since)
        VALUES ($instance, 'tables', '<i>alert(3)</i>', 'denied',
                'TARGET_PERMISSION', true, now());
        INSERT INTO accounts (instance_id, principal, username, host, kind,
                              is_superuser, can_grant)
        SELECT $instance, n || '. <svg onload=alert(4)>\@%', 'x', '%', 'user',
               n = 1, n = 2
        FROM generate_series(1, 60) n;
        INSERT INTO account_versions (account_id, snapshot, facts, fingerprint,
                                      observed)
        SELECT id, '{\"version\":4,\"categories\":{\"mysql_global_privileges\":'
               '[\"SELECT\"],\"mysql_table_privileges\":{\"app\":'
               '{\"<b onclick=alert(5)>t</b>\":[\"SELECT\"],'
               '\"constructor\":[\"DELETE\"]}}},\"type_specific\":{\"mysql\":'
               '{\"plugin\":\"<u>alert(6)</u>\"}}}',
               '{\"capabilities\":[],\"capability_reasons\":{}}', '\\x00',
               tstzrange(now() - interval '1 day', NULL)
        FROM accounts WHERE instance_id = $instance;
        UPDATE accounts a SET version_id = v.id
        FROM account_versions v
        WHERE v.account_id = a.id AND a.instance_id = $instance;
        INSERT INTO account_changes (account_id, instance_id, db_type, username,
                                     change_type, is_elevation, message,
                                     privilege_diff)
        SELECT id, instance_id, 'mysql', principal, 'modify_privilege', true,
               'GRANT 1', '{\"version\":1,\"entries\":[{\"field\":'
               '\"mysql_global_privileges\",\"label\":\"全局权限\",\"label_en\":'
               '\"Global privileges\",\"action\":\"GRANT\",\"permissions\":'
               '[\"<script>alert(7)</script>\"]}]}'
        FROM accounts WHERE instance_id = $instance ORDER BY id LIMIT 3;

        INSERT INTO account_classes (code, display_name, risk_level)
        VALUES ('hostile', '<b onclick=alert(8)>{{7*7}}</b>', 2);
        INSERT INTO classification_rules (classification_id, db_type, rule_name,
                                          rule_text, rule_expression)
        SELECT id, 'mysql', '<img src=x onerror=alert(9)>', 'CAN GRANT',
               '{\"version\":4,\"expr\":{\"fn\":\"has_grant_option\",'
               '\"args\":{}}}'
        FROM account_classes WHERE code = 'hostile';
        INSERT INTO account_class_assignments (account_id, rule_id,
                                               classification_id, instance_id)
        SELECT a.id, r.id, r.classification_id, a.instance_id
        FROM accounts a, classification_rules r
        WHERE a.instance_id = $instance AND a.can_grant
              AND r.rule_name LIKE '%alert(9)%';
        INSERT INTO classification_stat_days (stat_date)
        SELECT current_date - n FROM generate_series(0, 9) n
        ON CONFLICT DO NOTHING;
        INSERT INTO classification_class_stats
        SELECT d.stat_date, c.id, $instance, 1 + d.stat_date - current_date + 10
        FROM classification_stat_days d, account_classes c
        WHERE c.code = 'hostile' AND d.stat_date > current_date - 10;
        INSERT INTO classification_rule_stats
        SELECT d.stat_date, r.id, $instance, 1 + d.stat_date - current_date + 10
        FROM classification_stat_days d, classification_rules r
        WHERE r.rule_name LIKE '%alert(9)%' AND d.stat_date > current_date - 10;

        INSERT INTO databases (instance_id, name, size_bytes, sized_at)
        VALUES ($instance, '<img src=x onerror=alert(10)>', 40000, now());
        INSERT INTO database_sizes (database_id, instance_id, day, size_bytes)
        SELECT id, instance_id, capacity_day() - n, 5000 * (9 - n)
        FROM databases, generate_series(1, 8) n
        WHERE instance_id = $instance;
        INSERT INTO instance_sizes (instance_id, day, size_bytes,
                                    database_count, is_complete)
        SELECT instance_id, day, size_bytes, 1, true FROM database_sizes
        WHERE instance_id = $instance;
        INSERT INTO table_sizes (database_id, schema_name, table_name,
                                 size_bytes)
        SELECT id, '<i>alert(11)</i>', '<svg onload=alert(12)>', 4096
        FROM databases WHERE instance_id = $instance;

        INSERT INTO task_runs (task_key, task_category, trigger_source, status,
                               started_at, completed_at, progress_total,
                               progress_failed, error_message)
        VALUES ('sync_accounts', 'account', 'manual', 'failed', now(), now(),
                1, 1, '$m');
        INSERT INTO task_items (run_id, kind, item_type, item_key, item_name,
                                instance_id, state, completed_at, error_code,
                                error_message)
        SELECT id, 'sync_accounts', 'instance', '$instance', '$m', $instance,
               'dead', now(), 'TARGET_OTHER',
               '$m ' || repeat('64 KB ', 10922)
        FROM task_runs WHERE error_message = '$m';
        INSERT INTO app_logs (time, level, module, code, message, context,
                              traceback)
        VALUES (now(), 'ERROR', 'worker', 'HOSTILE', '$m',
                jsonb_build_object('$m', '<svg onload=alert(13)>'), '$m')");

    $tf->command('enqueue', 'calculate_database');
    TaiFish::Server::until_true(120, sub {
        $tf->value("SELECT count(*) FROM database_size_aggregations
                    WHERE instance_id = $instance") }) or die 'no sizes';

    my $made = $tf->as('admin')->post('/credentials', { name => "audited $m",
        credential_type => 'api', username => $m, password => 'x' });
    die $made->body unless $made->status == 201;

    return { INSTANCE => $instance, map { my ($what, $where) = @$_;
        ($what => $tf->value("SELECT $where")) }
        [ACCOUNT => "min(account_id) FROM account_changes
                     WHERE instance_id = $instance"],
        [CHANGE => "min(id) FROM account_changes
                    WHERE instance_id = $instance"],
        [RULE => "max(id) FROM classification_rules
                  WHERE rule_name LIKE '%alert(9)%'"],
        [CLASS => "id FROM account_classes WHERE code = 'hostile'"],
        [DATABASE => "max(id) FROM databases WHERE instance_id = $instance"],
        [RUN => "run_id FROM task_runs WHERE error_message = '$m'"],
        [LOG => "max(id) FROM app_logs WHERE code = 'HOSTILE'"],
        [AUDIT =>
         "max(seq) FROM audit_log WHERE object_name LIKE 'audited%'"] };
}

1;
