# A database of release 1.0.0 with rows in every table is migrated to the newest
# schema: every row and every value is still there, and the programs work on it.
#
# What a migration changes on purpose is said in %changed: "table.column" and a
# function from the old row to the value that is expected.  undef: the column is
# gone, and the migration's own test shows where its values went.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use Digest::SHA qw(sha256_hex);
use JSON::PP ();

# A privilege has a state; what it was is in the snapshot's digest.

sub with_states {
    my ($version) = @_;
    return $version->{snapshot}
        =~ s/"USAGE WITH GRANT OPTION"/{"USAGE":"grantable"}/r;
}

my %changed = (
    'account_versions.snapshot' => \&with_states,
    'account_versions.fingerprint' => sub {
        return '\x' . sha256_hex("1\n1\n" . with_states($_[0]));
    },
    'task_runs.status' => sub {
        my ($run) = @_;
        return $run->{task_key} eq 'sync_accounts' && $run->{id} == 2
            ? 'completed_with_errors' : $run->{status};
    },
    # who had the rights of a user then is an operator now
    'users.role' => sub {
        return $_[0]{role} eq 'user' ? 'operator' : $_[0]{role};
    },
);

my $tf = TaiFish->new;
my $first = TaiFish::slurp("$TaiFish::ROOT/sql/0001_foundation.sql");
my $bytes = $first;
utf8::encode($bytes);


# --- the old database ------------------------------------------------------

$tf->sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public;
          GRANT USAGE ON SCHEMA public TO PUBLIC');
$tf->sql($first);
$tf->sql("CREATE TABLE schema_migrations (version integer PRIMARY KEY,
    name text NOT NULL, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now());
    GRANT SELECT ON schema_migrations TO taifish_api, taifish_worker;
    INSERT INTO schema_migrations (version, name, checksum)
    VALUES (1, 'foundation', '@{[ sha256_hex($bytes) ]}')");

$tf->sql(<<"SQL");
INSERT INTO users (username, email, password_hash, role, is_active, last_login)
VALUES ('admin', 'a\@example.org', '$TaiFish::HASH', 'admin', true, now()),
       ('user', NULL, '$TaiFish::HASH', 'user', true, NULL),
       ('viewer', NULL, '$TaiFish::HASH', 'viewer', true, NULL),
       ('auditor', NULL, '$TaiFish::HASH', 'auditor', true, NULL),
       ('gone', NULL, '$TaiFish::HASH', 'viewer', false, NULL);
INSERT INTO sessions (id, user_id, expires_at, remote_addr, user_agent)
VALUES (decode(repeat('ab', 32), 'hex'), 1, now() + interval '20 minutes',
        '192.0.2.7', 'curl');
INSERT INTO api_tokens (user_id, name, prefix, hash, scope, expires_at,
                        revoked_at)
VALUES (1, 'ci', 'tf_1', decode(repeat('cd', 32), 'hex'), 'write',
        now() + interval '90 days', NULL),
       (2, 'old', 'tf_2', decode(repeat('ce', 32), 'hex'), 'read',
        now() + interval '90 days', now());
INSERT INTO login_throttle (username, failures, blocked_until)
VALUES ('nobody', 7, now() + interval '5 minutes');

INSERT INTO credentials (name, credential_type, db_type, username, sealed,
                         envelope, key_id, description)
VALUES ('pg', 'database', 'postgresql', 'monitor', NULL, 'envelope', 'k1', 'd'),
       ('my', 'database', 'mysql', 'monitor', 'sealed', NULL, NULL, NULL);
INSERT INTO tags (name, display_name, category)
VALUES ('prod', 'Production', 'env'), ('ha', 'HA', 'arch');
INSERT INTO instances (name, db_type, host, port, database_name, tls_mode,
                       tls_ca, credential_id, description, is_active,
                       database_version, main_version, detailed_version,
                       sync_count, last_connected, last_sync_at,
                       last_sync_status, deleted_at)
VALUES ('orders', 'postgresql', 'db1.example.org', 5432, 'postgres',
        'verify-full', NULL, 1, '订单 🔒', true, 'PostgreSQL 16.3', '16',
        '16.3 (Debian)', 12, now(), now(), 'completed', NULL),
       ('stock', 'mysql', '10.1.2.3', 3306, NULL, 'require', 'PEM', 2, NULL,
        true, '8.0.36', '8.0', NULL, 3, now(), now(), 'partial', NULL),
       ('old', 'mysql', 'h', 3307, NULL, 'disable', NULL, NULL, NULL, false,
        NULL, NULL, NULL, 0, NULL, NULL, 'failed', now());
INSERT INTO instance_tags (instance_id, tag_id) VALUES (1, 1), (1, 2), (2, 1);

INSERT INTO task_runs (task_key, task_category, trigger_source, status,
                       created_by, started_at, completed_at, progress_total,
                       progress_completed, progress_failed, progress_cancelled,
                       summary, error_message)
VALUES ('sync_accounts', 'account', 'scheduled', 'completed', NULL, now(),
        now(), 1, 1, 0, 0, '{"version": 1}', NULL),
       ('sync_accounts', 'account', 'manual', 'completed', 1, now(), now(), 1,
        1, 0, 0, '{"version": 1}', NULL),
       ('sync_accounts', 'account', 'manual', 'running', 1, now(), NULL, 2, 0,
        0, 0, NULL, NULL),
       ('test_connection', 'other', 'manual', 'failed', NULL, now(), now(), 1,
        0, 1, 0, NULL, 'refused'),
       ('housekeeping', 'other', 'scheduled', 'cancelled', NULL, NULL, now(),
        1, 0, 0, 1, NULL, NULL);
INSERT INTO task_items (run_id, kind, lane, item_type, item_key, item_name,
                        instance_id, payload, state, ready_at, attempt,
                        max_attempts, deadline, token, worker_id, lease_until,
                        cancel, started_at, completed_at, metrics, details,
                        error_code, error_message)
VALUES (1, 'sync_accounts', 'normal', 'instance', '1', 'orders', 1, '{}',
        'done', now(), 1, 3, '15 minutes', 1, gen_random_uuid(), NULL, false,
        now(), now(), '{"accounts_synced": 3, "accounts_created": 3,
        "accounts_updated": 0, "accounts_deactivated": 1,
        "instances_partial": 0}', '{"success": true}', NULL, NULL),
       (2, 'sync_accounts', 'normal', 'instance', '2', 'stock', 2, '{}',
        'done', now(), 1, 3, '15 minutes', 1, gen_random_uuid(), NULL, false,
        now(), now(), '{"accounts_synced": 1, "instances_partial": 1}',
        '{"success": true, "partial": true}', NULL, NULL),
       (3, 'sync_accounts', 'normal', 'instance', '1', 'orders', 1, '{}',
        'retry', now() + interval '1 hour', 1, 3, '15 minutes', 2,
        gen_random_uuid(), NULL, false, now(), NULL, NULL, NULL,
        'TARGET_TIMEOUT', 'no answer'),
       (3, 'sync_accounts', 'normal', 'instance', '2', 'stock', 2, '{}',
        'running', now(), 1, 3, '15 minutes', 1, gen_random_uuid(),
        now() + interval '1 hour', false, now(), NULL, NULL, NULL, NULL, NULL),
       (4, 'test_connection', 'short', 'instance', 'h:1', NULL, NULL,
        '{"host": "h"}', 'dead', now(), 1, 1, '25 seconds', 1,
        gen_random_uuid(), NULL, false, now(), now(), NULL, NULL,
        'TARGET_REFUSED', 'refused'),
       (5, 'housekeeping', 'normal', 'step', 'housekeeping', NULL, NULL, '{}',
        'cancelled', now(), 0, 3, '10 minutes', 0, NULL, NULL, true, NULL,
        now(), NULL, NULL, NULL, NULL);

INSERT INTO schedules (job_id, task_key, payload, cron_expression, timezone,
                       misfire, is_enabled, next_due_at, last_due_at)
VALUES ('mine', 'sync_accounts', '{"a": 1}', '0 3 * * 1', 'Europe/Berlin',
        'fill', false, now() + interval '1 day', now());
INSERT INTO schedule_fires (schedule_id, due_at, run_id)
VALUES (1, now() - interval '1 day', 1);
INSERT INTO workers (id, host, pid, version, state)
VALUES (gen_random_uuid(), 'w1', 7, '1.0.0', 'stopped');

INSERT INTO accounts (instance_id, principal, username, host, kind, native_id,
                      dropped_at, version_id, is_superuser, is_locked,
                      can_grant, plugin)
VALUES (1, 'app', 'app', NULL, 'user', '16384', NULL, 1, false, false, true,
        NULL),
       (1, 'boss', 'boss', NULL, 'user', '16385', now(), 2, true, true, false,
        NULL),
       (2, 'app\@%', 'app', '%', 'user', NULL, NULL, 3, false, false, false,
        'caching_sha2_password');
INSERT INTO account_versions (account_id, snapshot, facts, fingerprint,
                              observed, previous_run_at, run_id)
SELECT v.account_id, s.snapshot, '{}',
       sha256(convert_to(E'1\\n1\\n' || s.snapshot, 'UTF8')),
       tstzrange(now() - interval '2 days',
                 CASE WHEN v.account_id = 2 THEN now() END),
       now() - interval '3 days', gen_random_uuid()
FROM (VALUES (1, '"postgresql_sequence_privileges":'
                 '{"one":{"public.s":["USAGE WITH GRANT OPTION"]}}'),
             (2, ''),
             (3, '"mysql_global_privileges":["SELECT"]'))
     AS v (account_id, categories)
     CROSS JOIN LATERAL (SELECT format(
         '{"version":4,"categories":{%s},"type_specific":{"a":1},"extra":{},'
         '"errors":[],"meta":{}}', v.categories) AS snapshot) s;
INSERT INTO account_changes (account_id, instance_id, db_type, username,
                             change_type, is_elevation, message,
                             privilege_diff, other_diff, run_id)
VALUES (1, 1, 'postgresql', 'app', 'modify_privilege', false,
        'GRANT 1', '{"entries": [{"action": "GRANT", "field": "x",
        "permissions": ["SELECT"]}]}', NULL, gen_random_uuid()),
       (2, 1, 'postgresql', 'boss', 'drop', true, 'DROP', NULL, NULL, NULL);
INSERT INTO instance_scopes (instance_id, scope, database, status, error_code,
                             error_message, stale_since, known)
VALUES (1, 'tables', 'one', 'ok', NULL, NULL, NULL, true),
       (2, 'tables', '', 'denied', 'TARGET_PERMISSION', 'no', now(), false);
SQL


# --- what is in it ---------------------------------------------------------

# { table => { "key" => row } }, of all tables or the named ones.

sub content {
    my @tables = @_ ? @_ : map { $_->{name} } $tf->rows(
        "SELECT relname AS name FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
               AND relname <> 'schema_migrations'
         ORDER BY relname");
    my %all;

    for my $table (@tables) {
        my ($key) = map { $_->{key} } $tf->rows(
            "SELECT string_agg(a.attname, ',') AS key
             FROM pg_index i
                  JOIN pg_attribute a ON a.attrelid = i.indrelid
                                         AND a.attnum = ANY (i.indkey)
             WHERE i.indrelid = '$table'::regclass AND i.indisprimary");
        $all{$table} = { map { $_->{key} => $_->{row} } $tf->rows(
            "SELECT concat_ws('/', $key) AS key, to_jsonb(t) AS row
             FROM $table t") };
    }
    return \%all;
}

my $before = content();
is_deeply [grep { !%{ $before->{$_} } } sort keys %$before], [],
    'every table of 1.0.0 has rows';

my ($code, $out) = $tf->command('migrate');
is $code, 0, 'migrate' or diag $out;
is +($tf->command('migrate'))[0], 0, 'migrate a second time';

my $after = content(sort keys %$before);
my $json = JSON::PP->new->canonical->allow_nonref;
my @lost;

for my $table (sort keys %$before) {
    for my $key (sort keys %{ $before->{$table} }) {
        my $old = $before->{$table}{$key};
        my $new = $after->{$table}{$key};
        push @lost, "$table $key" and next if !$new;

        for my $column (sort keys %$old) {
            my $how = "$table.$column";
            my $want = $old->{$column};
            next if exists $changed{$how} && !defined $changed{$how};
            $want = $changed{$how}->($old) if $changed{$how};
            push @lost, "$how of $key: " . $json->encode($new->{$column})
                . ', not ' . $json->encode($want)
                if !exists $new->{$column}
                   || $json->encode($new->{$column}) ne $json->encode($want);
        }
    }
    my $new = keys(%{ $after->{$table} }) - keys %{ $before->{$table} };

    # a migration brings built-in schedules, and nothing else

    my @brought = $table eq 'schedules'
        ? grep { !exists $before->{$table}{$_}
                 && $after->{$table}{$_}{is_builtin} }
          keys %{ $after->{$table} }
        : ();
    is $new - @brought, 0, "$table has as many rows, and what it was brought";
}
is_deeply \@lost, [], 'no row is lost, and no value is another';


# --- and the programs on it ------------------------------------------------

$tf->sql("UPDATE task_items SET ready_at = now() + interval '1 day'
          WHERE state = 'retry';
          UPDATE schedules SET is_enabled = false");
$tf->start;
my $api = $tf->as('admin');

my $open = $tf->value('SELECT run_id FROM task_runs WHERE id = 3');
is $tf->value("SELECT run_id FROM tf_enqueue('sync_accounts', 'manual', NULL,
               ARRAY[1])"), $open, 'what was queued is not queued again';
is $tf->value('SELECT progress_partial FROM task_runs WHERE id = 2'), 1,
    'a run that was partial is known to have been';

is_deeply [map { $_->{id} }
           @{ $api->get('/instances/1')->data->{instance}{tags} }], [2, 1],
    'an instance has its tags, by name';

my $done = $tf->value('SELECT run_id FROM task_runs WHERE id = 1');
my $session = data_of($api->get("/sync-sessions/$done"), 200, 'an old session')
    ->{session};
is_deeply [@{ $session->{instance_records}[0] }{qw(items_synced items_created
    items_updated items_deleted)}], [3, 3, 0, 1],
    'an old session has its numbers';

for my $path ('/users', '/credentials', '/tags', '/instances',
    '/instances/1', '/task-runs', "/task-runs/$open", '/sync-sessions',
    '/accounts/ledgers', '/accounts/ledgers/1/permissions',
    '/accounts/ledgers/1/change-history', '/accounts/ledgers/1/versions',
    '/account-change-logs', '/auth/tokens')
{
    my $r = $api->get($path);
    is $r->status, 200, "GET $path" or diag $r->as_string;
}

done_testing;
