# The dashboard: its numbers are those of what is there.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;
$tf->start_nginx;

my %as = map { $_ => $tf->as($_) } qw(admin user viewer auditor);
my $api = $as{viewer};

sub account {
    my ($instance, $name, %more) = @_;
    row_into($tf, 'accounts', { instance_id => $instance, principal => $name,
        username => $name, kind => 'user', %more });
}


# --- overview --------------------------------------------------------------

my @instances = map { row_into($tf, 'instances', { db_type => 'postgresql',
    host => 'db', port => 5432, %$_ })->{id} } (
    { name => 'one' }, { name => 'two' }, { name => 'off', is_active => 'f' },
    { name => 'gone', deleted_at => 'now' });
account($instances[0], 'a');
account($instances[0], 'b', is_locked => 't');
account($instances[1], 'c');
account($instances[2], 'd', dropped_at => 'now');
account($instances[3], 'e', is_locked => 't');
$tf->sql("UPDATE users SET is_active = false WHERE username = 'auditor'");

my $d = data_of($api->get('/dashboard/overview'), 200, 'overview');
is_deeply [sort keys %$d], [qw(accounts capacity classified_accounts databases
    instances users)], 'its parts';
is_deeply $d->{instances}, { total => 4, active => 2, inactive => 1,
    deleted => 1, physical => 3, ag_virtual => 0 }, 'instances';
is_deeply $d->{accounts}, { total => 4, active => 3, normal => 2, locked => 1,
    deleted => 1, instance => 4, sqlserver_ag => 0 },
    'accounts, but for those of deleted instances';
is $d->{classified_accounts}, 0, 'no account has a class';
is_deeply $d->{users}, { total => $tf->value('SELECT count(*) FROM users'),
    active => $tf->value('SELECT count(*) FROM users WHERE is_active') },
    'users';
is_deeply $d->{capacity}, { total_gb => undef, usage_percent => undef },
    'what nobody reads is unknown, not 0';
$tf->sql("UPDATE users SET is_active = true WHERE username = 'auditor'");


# --- charts ----------------------------------------------------------------

for (['sync_accounts', 'completed', '0 days'],
     ['sync_accounts', 'failed', '0 days'],
     ['sync_accounts', 'completed_with_errors', '3 days'],
     ['sync_accounts', 'completed', '9 days'],
     ['housekeeping', 'completed', '0 days'])
{
    my ($key, $status, $age) = @$_;
    $tf->sql("INSERT INTO task_runs (task_key, task_category, trigger_source,
        status, created_at) VALUES ('$key', 'account', 'manual', '$status',
        now() - interval '$age')");
}

$d = data_of($api->get('/dashboard/charts'), 200, 'charts');
is_deeply [sort keys %$d], [qw(log_levels log_trend sync_trend task_status)],
    'all of them';
my @days = @{ $d->{sync_trend} };
is scalar(@days), 7, 'seven days';
is $days[6]{date}, $tf->value("SELECT (now() AT TIME ZONE
    'Asia/Shanghai')::date"), 'up to today, where the schedule is';
is_deeply [@{ $days[6] }{qw(count completed failed completed_with_errors)}],
    [2, 1, 1, 0], 'today';
is_deeply [@{ $days[3] }{qw(count completed_with_errors)}], [1, 1],
    'three days ago';
is_deeply [map { $days[$_]{count} } 0, 1, 2, 4, 5], [(0) x 5], 'no others';

$tf->sql("UPDATE schedules SET is_enabled = false
          WHERE job_id = 'sync_accounts'");
my $jobs = $tf->value('SELECT count(*) FROM schedules');
is_deeply $api->get('/dashboard/charts?type=tasks')->data,
    { log_levels => undef, log_trend => undef, sync_trend => undef,
      task_status => [
        { status => 'active', count => $jobs - 1 },
        { status => 'inactive', count => 1 }] }, 'only those of tasks';
is $api->get('/dashboard/charts?type=syncs')->data->{task_status}, undef,
    'only those of syncs';
refused $api->get('/dashboard/charts?type=x'), 400, 'VALIDATION_ERROR', 'type',
    'no such charts';


# --- status, caches --------------------------------------------------------

$d = data_of($api->get('/dashboard/status'), 200, 'status');
is_deeply [@$d{qw(database redis)}], [qw(healthy healthy)], 'both answer';
like $d->{$_}, qr/^(?:\d\d?|100)$/, $_ for qw(cpu memory disk);
like $d->{uptime}, qr/^\d+$/, 'uptime';

$d = data_of($api->get('/cache/stats'), 200, 'cache');
is_deeply [@$d{qw(backend status)}], [qw(redis connected)], 'Redis';
$d = data_of($api->get('/cache/classification/stats'), 200, 'of rules');
is_deeply [$d->{cached_rules}, sort keys %{ $d->{db_type_stats} }],
    [0, qw(mysql oracle postgresql sqlserver)], 'none, of each engine';

my $clear = '/cache/actions/clear-classification';
is_deeply data_of($as{user}->post($clear, { db_type => 'mysql' }), 200,
    'cleared'), { db_type => 'mysql', cleared_count => 0 }, 'of one engine';
is data_of($as{user}->post($clear, {}), 200, 'cleared')->{db_type}, undef,
    'of all';
refused $as{user}->post($clear, { db_type => 'db2' }), 400,
    'VALIDATION_ERROR', 'db_type', 'no such engine';
is $api->post($clear, {})->status, 403, 'not by a viewer';

for (qw(/dashboard/overview /dashboard/charts /dashboard/status /cache/stats
        /cache/classification/stats))
{
    refused $tf->client->get($_), 401, 'AUTHENTICATION_REQUIRED', undef,
        "nobody: $_";
    is $as{auditor}->get($_)->status, 200, "an auditor: $_";
}

done_testing;
