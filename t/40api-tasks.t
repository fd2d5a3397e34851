# Runs as people see them: lists, one run with its items, errors, cancelling
# what waits and what runs, and the same runs as sync sessions.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use IO::Socket::INET;

my $tf = TaiFish->new->start;
my %as = map { $_ => $tf->as($_) } qw(admin operator user viewer auditor);
my ($admin, $api) = @as{qw(admin viewer)};

sub run_of {
    my ($key, $status, %more) = @_;
    my $run = row_into($tf, 'task_runs', {
        task_key => $key, task_category => 'account',
        trigger_source => 'manual', status => $status, %more });
    return $run;
}

sub item_of {
    my ($run, $key, $state, %more) = @_;
    my $final = $state =~ /^(?:done|dead|cancelled)$/;
    return row_into($tf, 'task_items', {
        run_id => $run->{id}, kind => 'none_knows_this', lane => 'normal',
        max_attempts => 1, deadline => '1 minute',
        item_type => 'instance', item_key => $key, item_name => "n$key",
        state => $state, ($final ? (completed_at => 'now') : ()), %more });
}


# --- one run ---------------------------------------------------------------

my $run = run_of('sync_accounts', 'completed_with_errors',
    progress_total => 4, progress_completed => 1, progress_failed => 1,
    started_at => 'now', completed_at => 'now',
    summary => '{"version":1}');
item_of($run, 1, 'done', metrics => '{"accounts_synced":3}',
        details => '{"success":true}');
item_of($run, 2, 'dead', error_code => 'TARGET_AUTH',
        error_message => 'refused 🔒');
item_of($run, 3, 'retry');
item_of($run, 4, 'cancelled');

my $d = data_of($api->get("/task-runs/$run->{run_id}"), 200, 'a run');
is_deeply [sort keys %$d], ['items', 'run'], 'and its items';
is_deeply [sort keys %{ $d->{run} }], [qw(completed_at created_at created_by
    error_code error_detail error_message id
    progress_cancelled progress_completed progress_failed
    progress_partial progress_total result_url run_id started_at status
    summary_json task_category task_key task_name trigger_source updated_at)],
    'keys of a run';
is_deeply $d->{run}{summary_json}, { version => 1 }, 'summary';
is_deeply [map $_->{status}, @{ $d->{items} }],
    [qw(completed failed pending cancelled)], 'the queue\'s words are not ours';
is_deeply [sort keys %{ $d->{items}[0] }], [qw(attempt completed_at created_at
    details_json error_code error_detail error_message
    id instance_id item_key item_name
    item_type metrics_json run_id started_at status updated_at)],
    'keys of an item';
is $d->{items}[0]{metrics_json}{accounts_synced}, 3, 'numbers';

$d = data_of($api->get("/task-runs/$run->{run_id}/error-logs"), 200, 'errors');
is_deeply [$d->{error_count}, map [@$_{qw(item_key error_code
    error_message error_detail)}], @{ $d->{items} }],
    [1, ['2', 'TARGET_AUTH', '目标数据库认证失败', 'refused 🔒']], 'what failed';

my $none = '00000000-0000-4000-8000-000000000000';
for ("/task-runs/$none", "/task-runs/$none/error-logs", '/task-runs/7',
     "/task-runs/x'--", "/sync-sessions/$none",
     "/sync-sessions/$none/error-logs")
{
    refused $api->get($_), 404, 'RESOURCE_NOT_FOUND', undef, "none: $_";
}


# --- lists -----------------------------------------------------------------

run_of('housekeeping', 'completed', task_category => 'other',
       trigger_source => 'scheduled') for 1 .. 25;
$d = data_of($api->get('/task-runs'), 200, 'list');
is_deeply [@$d{qw(total page pages limit)}], [26, 1, 2, 20], 'paging';
cmp_ok $d->{items}[0]{id}, '>', $d->{items}[1]{id}, 'the newest first';
sub total { $api->get("$_[0]")->data->{total} }
is total('/task-runs?task_key=sync_accounts'), 1, 'by key';
is total('/task-runs?task_category=other'), 25, 'by category';
is total('/task-runs?trigger_source=manual'), 1, 'by source';
is total('/task-runs?status=completed_with_errors'), 1, 'by state';
is total('/task-runs?status='), 26, 'an empty filter is none';
is_deeply $api->get('/task-runs?page=9')->data->{items}, [], 'beyond the end';
for (qw(status=done trigger_source=x sort=payload order=x page=1.5
        task_key=%00))
{
    my ($field) = /^(\w+)/;
    refused $api->get("/task-runs?$_"), 400, 'VALIDATION_ERROR', $field, $_;
}


# --- sync sessions ---------------------------------------------------------

$d = data_of($api->get('/sync-sessions'), 200, 'sessions');
is $d->{total}, 1, 'only of runs that sync';
is_deeply [@{ $d->{items}[0] }{qw(session_id sync_type sync_category status
    total_instances successful_instances failed_instances)}],
    [$run->{run_id}, 'manual_batch', 'account', 'completed_with_errors', 4, 1,
     1], 'the same run';
is total('/sync-sessions?sync_type=manual_batch&sync_category=account'), 1,
    'filters';
is total('/sync-sessions?sync_type=scheduled_task'), 0, 'that fit or not';
$d = data_of($api->get("/sync-sessions/$run->{run_id}"), 200, 'one')
    ->{session};
is $d->{progress_percentage}, 50, 'half of it';
is_deeply [@{ $d->{instance_records}[0] }{qw(instance_name status
    items_synced)}], ['n1', 'completed', undef],
    'a record; only its kind of job says what its numbers are';
$d = data_of($api->get("/sync-sessions/$run->{run_id}/error-logs"), 200,
    'its errors');
is_deeply [$d->{error_count}, $d->{error_records}[0]{instance_name}],
    [1, 'n2'], 'the one that failed';


# --- cancel ----------------------------------------------------------------

refused $admin->post("/task-runs/$run->{run_id}/actions/cancel"), 409,
    'RUN_ENDED', 'status', 'what is over cannot be cancelled';
refused $admin->post("/task-runs/$none/actions/cancel"), 404,
    'RESOURCE_NOT_FOUND', undef, 'nor what never was';

for my $path ('task-runs', 'sync-sessions') {
    my $waits = run_of('sync_accounts', 'running', progress_total => 3,
                       progress_completed => 1);
    item_of($waits, 1, 'done');
    item_of($waits, 2, 'ready');
    item_of($waits, 3, 'scheduled', ready_at => 'tomorrow');
    for my $role (qw(user viewer auditor)) {
        refused $as{$role}->post("/$path/$waits->{run_id}/actions/cancel"),
            403, 'ADMIN_PERMISSION_REQUIRED', undef, "$role cancels nothing";
    }
    is_deeply data_of($admin->post("/$path/$waits->{run_id}/actions/cancel"),
        200, "/$path: what waits"),
        { run_id => $waits->{run_id}, status => 'cancelled' }, 'is cancelled';
    my $after = $tf->row("SELECT * FROM task_runs WHERE id = $waits->{id}");
    is_deeply [@$after{qw(status progress_completed progress_cancelled)}],
        ['cancelled', 1, 2], 'counted';
    ok $after->{completed_at}, 'and over';
}

# A test of a server that never answers, cancelled while it waits.

my $mute = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1');
my $c = $admin->post('/credentials', { name => 'c', db_type => 'mysql',
    credential_type => 'database', username => 'u', password => 'p' })
    ->data->{credential}{id};
my $pid = fork // die;
if (!$pid) {
    my $r = $admin->post('/instances/actions/test-connection',
        { db_type => 'mysql', host => '127.0.0.1', port => $mute->sockport,
          credential_id => $c, tls_mode => 'disable' });
    POSIX::_exit($r->status == 409 && $r->code eq 'RUN_CANCELLED' ? 0 : 1);
}
my $running;
TaiFish::Server::until_true(10, sub {
    ($running) = $tf->rows("SELECT r.run_id
                            FROM task_runs r
                                 JOIN task_items i ON i.run_id = r.id
                            WHERE i.state = 'running'
                                  AND i.kind = 'test_connection'");
});
ok $running, 'it runs' or diag $tf->worker->output;
is $admin->get("/task-runs/$running->{run_id}")->data->{run}{status},
    'running', 'and says so';
my $second = $tf->as('admin');
is $second->post("/task-runs/$running->{run_id}/actions/cancel")->status, 200,
    'cancelled';
waitpid $pid, 0;
is $? >> 8, 0, 'the request that waited is answered RUN_CANCELLED';
ok TaiFish::Server::until_true(20, sub {
    $tf->value("SELECT count(*)
                FROM task_items i JOIN task_runs r ON r.id = i.run_id
                WHERE r.run_id = '$running->{run_id}'
                      AND i.state = 'cancelled'
                      AND r.status = 'cancelled'
                      AND r.completed_at IS NOT NULL") == 1;
}), 'its worker lets go of it';

done_testing;
