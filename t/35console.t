# The console in a browser: every page with a real server behind it, and the
# main job by mouse.  No error in the browser's console, no report of the
# content security policy, nothing asked of another host.  web/test/walk.mjs
# walks and prints TAP.

use lib 't/lib';
use TaiFish;

use IO::Handle;
use IPC::Open2 qw(open2);

my ($chromium) = grep { -x } '/usr/bin/chromium', '/usr/bin/chromium-browser';
plan skip_all => 'the console is not built: make console'
    unless -e "$TaiFish::ROOT/web/dist/index.html";
plan skip_all => 'no chromium' unless $chromium;

my $tf = TaiFish->new;
$tf->start;

# Names that a browser must not take for anything but text.

$tf->sql(<<'SQL');
INSERT INTO tags (name, display_name, category)
VALUES ('prod', '<b>prod</b>', 'environment'), ('east', 'East', 'region');
INSERT INTO instances (name, db_type, host, port, description, last_sync_at,
                       last_sync_status, last_connected)
VALUES ('<img src=x onerror=alert(1)>', 'mysql', '10.0.0.1', 3306,
        repeat('64 KB ', 10922), now() - interval '1 hour', 'partial', now()),
       (E'{{7*7}} \u202egpj.exe', 'postgresql', '10.0.0.2', 5432, NULL, NULL,
        NULL, NULL);
INSERT INTO instance_scopes (instance_id, scope, database, status, error_code,
                             known, stale_since)
SELECT id, 'tables', '<i>db</i>', 'denied', 'TARGET_PERMISSION', true, now()
FROM instances WHERE db_type = 'mysql';
INSERT INTO accounts (instance_id, principal, username, host, kind,
                      is_superuser, can_grant)
SELECT i.id, n || '. <svg onload=alert(2)>@%', 'x', '%', 'user', n = 1, n = 2
FROM instances i, generate_series(1, 60) n
WHERE i.db_type = 'mysql';
INSERT INTO account_versions (account_id, snapshot, facts, fingerprint,
                              observed)
SELECT id, '{"version":4,"categories":{"mysql_global_privileges":["SELECT"],'
           '"mysql_table_privileges":{"app":{"<b>t</b>":["SELECT"],'
           '"constructor":["DELETE"]}}},"type_specific":{"mysql":'
           '{"plugin":"<u>p</u>"}}}',
       '{"capabilities":[],"capability_reasons":{}}', '\x00',
       tstzrange(now() - interval '1 day', NULL)
FROM accounts;
UPDATE accounts a SET version_id = v.id
FROM account_versions v WHERE v.account_id = a.id;
INSERT INTO account_changes (account_id, instance_id, db_type, username,
                             change_type, is_elevation, message, privilege_diff)
SELECT a.id, a.instance_id, 'mysql', a.principal, 'modify_privilege', true,
       'GRANT 1', '{"version":1,"entries":[{"field":"mysql_global_privileges",
       "label":"全局权限","label_en":"Global privileges","action":"GRANT",
       "permissions":["<script>alert(3)</script>"]}]}'
FROM accounts a LIMIT 3;
SQL

my $account = $tf->value('SELECT min(account_id) FROM account_changes');
my $change = $tf->value('SELECT min(id) FROM account_changes');
my $hostile = $tf->value("SELECT id FROM instances WHERE db_type = 'mysql'");

$tf->sql(q{INSERT INTO account_classes (code, display_name, risk_level)
           VALUES ('hostile', '<b onclick=alert(4)>{{7*7}}</b>', 2)});
my $rule = $tf->value(q{
    INSERT INTO classification_rules (classification_id, db_type, rule_name,
                                      rule_text, rule_expression)
    SELECT id, 'mysql', '<img src=x onerror=alert(5)>', 'CAN GRANT',
           '{"version":4,"expr":{"fn":"has_grant_option","args":{}}}'
    FROM account_classes WHERE code = 'hostile' RETURNING id});

$tf->sql(q{
    INSERT INTO databases (instance_id, name, size_bytes, sized_at)
    SELECT id, '<img src=x onerror=alert(6)>', 5000, now()
    FROM instances WHERE db_type = 'mysql';
    INSERT INTO database_sizes (database_id, instance_id, day, size_bytes)
    SELECT id, instance_id, capacity_day() - n, 5000 * (9 - n)
    FROM databases, generate_series(1, 8) n;
    INSERT INTO instance_sizes (instance_id, day, size_bytes, database_count,
                                is_complete)
    SELECT instance_id, day, size_bytes, 1, true FROM database_sizes});
$tf->command('enqueue', 'calculate_database');
TaiFish::Server::until_true(60, sub {
    $tf->value('SELECT count(*) FROM database_size_aggregations') })
    or die 'no sizes';

# A server for the main job.

my $target = $tf->postgres;
$target->sql("CREATE ROLE console_monitor LOGIN PASSWORD 'Monitor-pass-1';
              CREATE ROLE console_app");

local @ENV{qw(BASE CHROMIUM PASSWORD INSTANCE ACCOUNT CHANGE RULE
           PG_PORT)} =
    ($tf->base, $chromium, $TaiFish::PASSWORD, $hostile, $account, $change,
     $rule, $target->port);
my $pid = open2(my $out, my $in, 'node', "$TaiFish::ROOT/web/test/walk.mjs");
binmode $out, ':encoding(UTF-8)';

while (my $line = <$out>) {
    chomp $line;
    if ($line =~ /^(not )?ok - (.*)/) {
        ok !$1, $2;
    } elsif ($line eq 'grant') {
        $target->sql('GRANT pg_monitor TO console_app');
        print $in "granted\n";
        $in->flush;
    } else {
        diag $line;
    }
}

waitpid $pid, 0;
is $?, 0, 'the walk came to its end';

done_testing;
