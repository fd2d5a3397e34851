# The application log: what nginx and the worker write into it by themselves,
# and how it is read.  Nothing here inserts an event.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use Time::HiRes qw(sleep time);

my $tf = TaiFish->new(workers => 1, redis => 1,
                      http => 'taifish_log_buffer 32;');
$tf->start;

my $admin = $tf->as('admin');
my $auditor = $tf->as('auditor');
my $viewer = $tf->as('viewer');

# The events of a query, once there are at least n of them.

sub events {
    my ($query, $n) = @_;
    my $items;

    TaiFish::Server::until_true(20, sub {
        $items = $auditor->get("/logs?limit=200&$query")->data->{items};
        return @$items >= $n;
    });

    return @$items;
}

# Asks and does not wait for the answer.

sub asked {
    my ($client, $path) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port) or die $@;
    print $s "GET /api/v1$path HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        . "Connection: close\r\nCookie: "
        . join('; ', map { "$_=$client->{cookies}{$_}" }
               keys %{ $client->{cookies} }) . "\r\n\r\n";
    return $s;
}

sub metric {
    my ($name) = @_;
    my ($n) = $tf->client->get('/metrics')->body =~ /^$name (\d+)$/m;
    return $n;
}


# --- what nginx says -------------------------------------------------------

is $tf->client->post('/auth/login', { username => 'admin',
    password => 'Wrong-Horse-1' }, { 'x-request-id' => 'wrong-1' })->status,
    401, 'a wrong password';
is $tf->client->post('/auth/login', { username => 'viewer',
    password => $TaiFish::PASSWORD }, { 'x-request-id' => 'right-1' })->status,
    200, 'the right one';
is $viewer->post('/tags', { name => 'x', display_name => 'X',
    category => 'y' }, { 'x-request-id' => 'may-not-1' })->status, 403,
    'a viewer creates nothing';

my ($e) = events('request_id=wrong-1', 1);
is_deeply [@$e{qw(level module code)}], ['WARNING', 'auth', 'auth.refused'],
    'a refused sign-in is an event';
is $e->{context}{error}, 'INVALID_CREDENTIALS', '... that says why';
is $e->{context}{address}, '127.0.0.1', '... and from where';
ok !grep({ defined && /admin/ } values %{ $e->{context} }),
    '... and not which name was tried';

($e) = events('request_id=right-1', 1);
is_deeply [@$e{qw(level code)}, $e->{context}{user}],
    ['INFO', 'auth.signed_in', 'viewer'], 'a sign-in';

($e) = events('request_id=may-not-1', 1);
is_deeply [@$e{qw(level code)}, @{ $e->{context} }{qw(user method path)}],
    ['WARNING', 'request.forbidden', 'viewer', 'POST', '/api/v1/tags'],
    'who may not';

($e) = events('search=nginx%20process%20of', 1);
is $e->{code}, 'nginx.started', 'nginx starts';


# --- what the worker says --------------------------------------------------

my ($code, $out) = $tf->command('enqueue', 'housekeeping', '--wait');
is $code, 0, 'a job' or diag $out;
my $run = $tf->value("SELECT run_id FROM task_runs ORDER BY id DESC LIMIT 1");

my %job = map { $_->{code} => $_ } events("run_id=$run", 2);
is_deeply [sort keys %job], ['job.done', 'job.started'],
    'a job starts and ends';
is $job{'job.started'}{level}, 'DEBUG', 'its start is for who looks closely';
is $job{'job.done'}{context}{kind}, 'housekeeping', 'its kind';
like $job{'job.done'}{context}{ms}, qr/^\d+$/, 'its time';

ok events('module=worker', 1), 'the worker starts';
is scalar(events('search=the%20schema%20was%20brought', 5)),
    scalar(my @applied = glob "$TaiFish::ROOT/sql/*.sql"),
    'each migration is an event';

$tf->sql("UPDATE schedules SET next_due_at = now()
          WHERE job_id = 'housekeeping'");
($e) = events('module=scheduler', 1);
is $e->{code}, 'schedule.fired', 'a schedule fires';
is $e->{run_id}, $tf->value("SELECT run_id FROM task_runs
    WHERE trigger_source = 'scheduled'"), '... and says which run that is';


# --- reading it ------------------------------------------------------------

my $page = data_of($admin->get('/logs?limit=5'), 200, 'the list');
is_deeply [sort keys %{ $page->{items}[0] }], [qw(code context id level
    level_label message message_label module module_label request_id run_id
    timestamp timestamp_display traceback)], 'its fields';
my @times = map { $_->{timestamp} } @{ $page->{items} };
is_deeply \@times, [reverse sort @times], 'the newest first';
like $page->{items}[0]{timestamp_display}, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/,
    'a time for people';

my $next = data_of($admin->get("/logs?limit=5&after=$page->{next}"), 200,
                   'the next page');
ok !grep({ my $id = $_->{id}; grep { $_->{id} == $id } @{ $page->{items} } }
         @{ $next->{items} }), 'has other events';

my $one = $job{'job.done'};
my $en = data_of($admin->get("/logs/$one->{id}",
    { 'accept-language' => 'en' }), 200, 'one event')->{log};
like $en->{message_label}, qr/^Housekeeping, item \d+, is done after \d+ ms$/,
    'in English';
is_deeply [@$en{qw(level_label module_label)}], ['Info', 'Jobs'],
    '... its labels too';
my $zh = data_of($admin->get("/logs/$one->{id}"), 200, 'the same')->{log};
like $zh->{message_label}, qr/^日常清理 任务项 \d+ 完成/, 'in Chinese';
is_deeply [@$zh{qw(level_label module_label)}], ['信息', '后台任务'],
    '... its labels too';
is $zh->{message}, $en->{message}, 'the message itself is the same';

ok !grep({ $_->{level} ne 'WARNING' } events('level=warning', 1)),
    'a level, in any case';
is scalar(@{ $admin->get('/logs?search=100%25_nothing')->data->{items} }), 0,
    'what is searched for is text';
is scalar(@{ $admin->get('/logs?end_time=2001-01-01T00:00:00Z')->data
    ->{items} }), 0, 'nothing before a time';
is scalar(@{ $admin->get('/logs?start_time=2001-01-01T00:00:00Z&limit=1')
    ->data->{items} }), 1, 'everything after it';
refused $admin->get('/logs?level=LOUD'), 400, 'VALIDATION_ERROR', 'level',
    'no such level';
refused $admin->get('/logs?start_time=yesterday'), 400, 'VALIDATION_ERROR',
    'start_time', 'no such time';
is $admin->get('/logs/999999999')->status, 404, 'no such event';

for my $path ('/logs', '/logs/statistics', '/logs/modules',
              "/logs/$one->{id}")
{
    is $auditor->get($path)->status, 200, "$path: an auditor";
    is $tf->as($_)->get($path)->status, 403, "$path: not $_"
        for qw(operator user viewer);
}

my $s = data_of($admin->get('/logs/statistics'), 200, 'statistics');
cmp_ok $s->{total_logs}, '>', 10, 'all';
my $n = $s->{error_count} + $s->{warning_count} + $s->{info_count}
    + $s->{debug_count};
is $n, $s->{total_logs}, 'every event has a level';
is $s->{level_distribution}{WARNING}, $s->{warning_count}, 'by level';
is $tf->value('SELECT (SELECT count(*) FROM app_logs)
                      - (SELECT sum(n) FROM app_log_counts)'), 0,
    'as many are counted as there are';
ok $s->{top_modules}[0]{count} >= $s->{top_modules}[-1]{count},
    'modules, those with most events first';

my $modules = data_of($admin->get('/logs/modules'), 200, 'modules');
is_deeply [map { $_->{value} } @{ $modules->{module_options} }],
    $modules->{modules}, 'modules to choose from';
ok grep({ $_ eq 'jobs' } @{ $modules->{modules} }), '... with the jobs';

my $charts = $viewer->get('/dashboard/charts?type=logs')->data;
is scalar(@{ $charts->{log_trend} }), 7, 'a week of events';
my %level = map { $_->{level} => $_->{count} } @{ $charts->{log_levels} };
is $charts->{log_trend}[6]{warning_count}, $level{WARNING},
    'today has all warnings';
cmp_ok $level{WARNING}, '>=', 2, 'the dashboard counts them';


# --- a hundred at once are not a hundred rows --------------------------------

$viewer->post('/tags', { name => 'x', display_name => 'X', category => 'y' })
    for 1 .. 60;
($e) = events('search=request.forbidden%20happened', 1);
is $e->{context}{event}, 'request.forbidden', 'the rest of many is one event';
ok(TaiFish::Server::until_true(10, sub {
    my $kept = grep { $_->{code} eq 'request.forbidden' }
        events('search=%2Fapi%2Fv1%2Ftags', 1);
    my $rest = 0;
    $rest += $_->{context}{count}
        for events('search=request.forbidden%20happened', 1);
    return $kept + $rest == 61;
}), 'and none is forgotten');


# --- nobody waits for a log row ---------------------------------------------

my $locker = fork // die;
if (!$locker) {
    eval { $tf->pg->sql('BEGIN; LOCK TABLE app_logs; SELECT pg_sleep(60);
                         END') };
    POSIX::_exit(0);
}
TaiFish::Server::until_true(20, sub {
    $tf->value("SELECT count(*) FROM pg_stat_activity
                WHERE wait_event = 'PgSleep'");
});
$viewer->post('/tags', { name => 'x', display_name => 'X', category => 'y' },
              { 'x-request-id' => 'locked-1' });
ok(TaiFish::Server::until_true(20, sub {
    $tf->value("SELECT count(*) FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND query ~ 'logs_write'
                      AND application_name = 'taifish-nginx-log'");
}), 'a batch waits for a lock');
my $start = time;
is $viewer->get('/tags')->status, 200, 'requests go on while rows cannot';
cmp_ok time - $start, '<', 1, '... at once';
$tf->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE wait_event = 'PgSleep'");
waitpid $locker, 0;
ok events('request_id=locked-1', 1), 'and the event is written afterwards';


# --- PostgreSQL is away ------------------------------------------------------

is metric('taifish_log_events_dropped_total'), 0, 'nothing was dropped';
$tf->allow(qr/PostgreSQL|SERVICE_UNAVAILABLE/);
$tf->pg->stop;

for (1 .. 3) {
    $viewer->get('/tags', { 'x-request-id' => "away-$_" });
}
ok(TaiFish::Server::until_true(30, sub {
    my @waiting = map { asked($viewer, '/tags') } 1 .. 30;
    my @answers = map { <$_> } @waiting;
    metric('taifish_log_events_dropped_total') > 3;
}), 'a full buffer is counted');
my $dropped = metric('taifish_log_events_dropped_total');

$tf->pg->start;
($e) = events('request_id=away-1', 1);
is_deeply [@$e{qw(level code)}, $e->{context}{status}],
    ['ERROR', 'request.failed', 503], 'what happened meanwhile was kept';
cmp_ok $e->{timestamp}, 'lt', $tf->value("SELECT
    to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC',
            'YYYY-MM-DD\"T\"HH24:MI:SS.US')"),
    '... with its own time';
my @lost = events('module=postgres&level=error', 1);
is $lost[0]{code}, 'postgres.lost', 'that it was away';
my $said = 0;
TaiFish::Server::until_true(20, sub {
    $said = 0;
    $said += $_->{context}{count}
        for grep { $_->{context}{host} } events('search=dropped', 1);
    return $said >= $dropped;
});
is $said, metric('taifish_log_events_dropped_total'),
    'and how many events were dropped';
cmp_ok metric('taifish_log_events_written_total'), '>', 20,
    'written ones are counted too';

done_testing;
