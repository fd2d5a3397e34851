
# The ledger, permissions, history and the change log, of accounts that a sync
# wrote; and the sync actions.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $db = $tf->mariadb;

$db->sql(q{
    CREATE DATABASE App;
    CREATE USER app@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 30 DAY;
    GRANT SELECT ON App.* TO app@'%';
    CREATE USER app@'10.%' IDENTIFIED BY 'x';
    CREATE USER super@'%' IDENTIFIED BY 'x'; GRANT SUPER ON *.* TO super@'%';
    CREATE USER locked@'%' IDENTIFIED BY 'x' ACCOUNT LOCK;
    CREATE ROLE readers;
});

my $s = TaiFish::Sync->new($tf, $api, 'mysql', $db);
my $r = $s->try;
is $r->status, 200, 'a sync answers with its result';
ok $r->data->{result}{success}, 'as result';
ok exists $r->data->{result}{$_}, "with $_" for qw(message synced_count
    added_count modified_count removed_count details);

sub names {
    my ($query) = @_;
    my $r = $api->get("/accounts/ledgers?limit=200&$query");
    is $r->status, 200, $query or diag $r->as_string;
    is $r->data->{total}, @{ $r->data->{items} }, "$query: counted as listed";
    return [map { $_->{username} }
            grep { $_->{username} !~ /^(?:root|mariadb|collector)/ }
            @{ $r->data->{items} }];
}

is_deeply names(''), ['app@%', 'app@10.%', 'locked@%', 'super@%'],
    'users by name, roles of MySQL hidden';
is_deeply names('order=desc'),
    ['super@%', 'locked@%', 'app@10.%', 'app@%'], 'the other way';
is_deeply names('include_roles=true'),
    ['app@%', 'app@10.%', 'locked@%', 'readers', 'super@%'], 'with roles';
is_deeply names('search=app@1'), ['app@10.%'], 'search';
is_deeply names('search=%25'), ['app@%', 'app@10.%', 'locked@%', 'super@%'],
    'for a percent sign as such';
is_deeply names('is_locked=true'), ['locked@%'], 'locked';
is_deeply names('is_locked=false'), ['app@%', 'app@10.%', 'super@%'],
    'those that are not locked';
is_deeply names('is_superuser=true'), ['super@%'], 'superusers';
is_deeply names('is_superuser=false'), ['app@%', 'app@10.%', 'locked@%'],
    'those that are no superusers';
is_deeply names('db_type=postgresql'), [], 'of another engine';
is_deeply names('instance_id=' . $s->id),
    ['app@%', 'app@10.%', 'locked@%', 'super@%'], 'of the instance';
is_deeply names('owner_type=sqlserver_ag'), [], 'of another owner';
is_deeply names('classification=x'), [], 'of a class: none has one';
is_deeply names('ad_status=normal'), [], 'of a directory: unknown';
is_deeply names('tags=none'), [], 'of a tag nobody carries';
is $api->get('/accounts/ledgers?is_locked=x')->status, 400, 'bad input';
is $api->get('/accounts/ledgers?sort=password')->status, 400, 'bad sort';

my ($locked) = @{ $api->get('/accounts/ledgers?search=locked@')
                      ->data->{items} };
is_deeply [@$locked{qw(availability_reasons availability_reason_codes)}],
    [['账户已锁定'], ['type_specific.account_locked=True']],
    'why an account is locked';
is $locked->{type_specific}{original_username}, 'locked', 'type_specific';
is_deeply [@$locked{qw(is_active is_deleted)}],
    [JSON::PP::true, JSON::PP::false], 'there';

my ($app) = @{ $api->get('/accounts/ledgers?search=app@%25')->data->{items} };
my $of = "/accounts/ledgers/$app->{id}";
my $p = $api->get("$of/permissions")->data;
is_deeply $p->{permissions}{snapshot}{categories},
    { mysql_database_privileges => { App => ['SELECT'] } }, 'the snapshot';
is $p->{permissions}{snapshot}{version}, 4, 'of version 4';
is $p->{account}{username}, 'app@%', 'whose it is';
is_deeply $p->{stale_scopes}, [], 'and how fresh';
is $api->get('/accounts/ledgers/999999/permissions')->status, 404, 'no such';


# --- its life --------------------------------------------------------------

my $life = $p->{lifecycle};
is_deeply [sort keys %$life], [sort qw(password_last_changed
    password_expires_at is_password_expired locked_at is_locked_out last_seen
    is_orphaned)], 'every fact';
is $life->{password_last_changed}{days}, 0, 'the password was set today';
is $life->{password_expires_at}{days}, 30, 'and has 30 days';
like $life->{password_expires_at}{value}, qr/^20\d\d-\d\d-\d\dT.*Z$/, 'a day';
like $life->{password_expires_at}{evidence}, qr/password_lifetime/, 'of where';
is_deeply $life->{is_locked_out}, { value => undef, days => undef,
    evidence => undef, code => 'LOCK_IN_MEMORY',
    reason => '登录失败造成的锁定只在服务器内存中，系统表里没有' },
    'what is not told is null, and why';
is $api->get("$of/permissions", { 'accept-language' => 'en' })
    ->data->{lifecycle}{last_seen}{reason}, 'The server does not keep it',
    'in English';
is $s->life('super@%')->{password_expires_at}, 'NEVER_EXPIRES', 'no expiry';
is $s->life('locked@%')->{locked_at}, 'NOT_KEPT', 'locked, since when';
is $s->life('super@%')->{locked_at}, 'NOT_LOCKED', 'not locked';
is_deeply [values %{ $s->life('readers') }], [('NO_SIGN_IN') x 7],
    'a role has none';
is_deeply [map { $tf->value("SELECT coalesce(tf_days_until(" . (defined $_
        ? "'$_'" : 'NULL') . ")::text, 'none')") } undef, '', 'infinity',
        '2026-13-01', '2026-00-10', '0000-01-01', '2026-11-32', '2026-11'],
    [('none') x 8], 'whatever a server sends is no error';
is $tf->value(q{SELECT tf_days_until('2024-02-31') = '2024-03-02'
    - (now() AT TIME ZONE 'UTC')::date}), 't', 'nor is a day past the month';


# --- changes ---------------------------------------------------------------

my $then = $tf->value("SELECT to_char(now() AT TIME ZONE 'UTC',
                              'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
$db->sql(q{ GRANT INSERT ON App.* TO app@'%';
            GRANT SUPER ON *.* TO app@'10.%'; DROP USER locked@'%' });
$s->sync;

my $log = $api->get('/account-change-logs?limit=3')->data;
is_deeply [sort map { "$_->{change_type} $_->{username}" } @{ $log->{items} }],
    ['drop locked@%', 'modify_privilege app@%', 'modify_privilege app@10.%'],
    'the newest changes first';
is_deeply [map { $_->{username} } @{
    $api->get('/account-change-logs?is_elevation=true')->data->{items} }],
    ['app@10.%'], 'elevations';
is_deeply [map { $_->{username} } @{
    $api->get('/account-change-logs?change_type=drop')->data->{items} }],
    ['locked@%'], 'by kind';
is $api->get('/account-change-logs?db_type=oracle')->data->{total}, 0,
    'by engine';
is $api->get('/account-change-logs?hours=0')->status, 400, 'bad hours';

my ($one) = grep { $_->{username} eq 'app@%' } @{ $log->{items} };
is_deeply [@$one{qw(privilege_diff_count other_diff_count)}], [1, 0],
    'counts of entries';
$one = $api->get("/account-change-logs/$one->{id}")->data->{log};
my $entry = $one->{privilege_diff}[0];
is_deeply [@$entry{qw(field action permissions)}],
    ['mysql_database_privileges', 'GRANT', ['INSERT']], 'the entry';
is $entry->{object}, "$entry->{label}:App", 'on its object';
like $one->{session_id}, qr/^[0-9a-f-]{36}$/, 'and the run that saw it';

my $stat = $api->get('/account-change-logs/statistics?hours=1')->data;
is $stat->{total_changes},
    $tf->value('SELECT count(*) FROM account_changes'), 'counted';
is_deeply [@$stat{qw(failed_count elevation_count)}], [0, 1], 'by state';

my $h = $api->get("$of/change-history")->data;
is_deeply [map { $_->{change_type} } @{ $h->{history} }],
    ['modify_privilege', 'add'], 'the history of one, newest first';
is $h->{account}{db_type}, 'mysql', 'with its account';

my $v = $api->get("$of/versions")->data->{versions};
is @$v, 2, 'two versions';
is $v->[1]{observed_until}, $v->[0]{observed_from}, 'one after the other';
is_deeply $api->get("$of/versions?limit=1")->data->{versions}, [$v->[0]],
    'one version: the newest';
$v = $api->get("$of/versions?as_of=$then")->data->{versions};
is_deeply [map { $_->{snapshot}{categories}{mysql_database_privileges} } @$v],
    [{ App => ['SELECT'] }], 'as it was then';

is_deeply names('search=locked'), [], 'a dropped one is not listed';
is_deeply names('search=locked&include_deleted=true'), ['locked@%'],
    'unless asked for';
is $api->get("/accounts/ledgers/$locked->{id}/permissions")->status, 200,
    'and shows what it could do';


# --- actions ---------------------------------------------------------------

$r = $api->post('/instances/actions/sync-accounts', {});
is $r->status, 200, 'all instances' or diag $r->as_string;
is $tf->wait_run($r->data->{run_id})->{status}, 'completed', 'are read';

is $api->post('/instances/999999/actions/sync-accounts', {})->status, 404,
    'no such instance';
is $tf->as('viewer')->post('/instances/' . $s->id . '/actions/sync-accounts',
                           {})->status, 403, 'a viewer may not';

$tf->stop_worker;
$r = $api->post('/instances/actions/sync-accounts', {});
my $again = $api->post('/instances/actions/sync-accounts', {});
is $again->data->{instance_count}, 0, 'what is queued is not queued again';
is $tf->value("SELECT status FROM task_runs
               WHERE run_id = '" . $again->data->{run_id} . "'"), 'completed',
    'a run without items is over';
is $tf->value("SELECT count(*) FROM task_items WHERE state = 'ready'"), 1,
    'one item waits';

done_testing;
