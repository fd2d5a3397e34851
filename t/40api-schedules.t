# Scheduled jobs: what is shown of them, when they run next, who may change
# them, and the built-in ones brought back.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;
$tf->start_nginx;

my %as = map { $_ => $tf->as($_) } qw(admin user viewer auditor);
my ($admin, $viewer) = @as{qw(admin viewer)};
my $path = '/scheduler/jobs';
my $sync = "$path/sync_accounts";

sub job {
    return data_of($admin->get("$path/" . ($_[0] // "sync_accounts")), 200,
                   "a job");
}


# --- what is shown ---------------------------------------------------------

my $list = data_of($viewer->get($path), 200, 'a list');
my ($job) = grep { $_->{id} eq 'sync_accounts' } @$list;
is_deeply [sort keys %$job], [qw(args cron_expression description
    editable_fields func id is_builtin is_edited kwargs last_run_id
    last_run_status last_run_time name next_run_time next_run_times state
    task_id task_name timezone trigger_args trigger_type)], 'keys of a job';
is_deeply [@$job{qw(task_id func trigger_type cron_expression timezone state
    last_run_time)}], ['sync_accounts', 'sync_accounts', 'cron', '0 1 * * *',
    'Asia/Shanghai', 'STATE_RUNNING', undef], 'a built-in one';
is_deeply $job->{trigger_args}, { cron_expression => '0 1 * * *',
    second => '0', minute => '0', hour => '1', day => '*', month => '*',
    day_of_week => '*', year => '*' }, 'its fields';
is_deeply job(), $job, 'one as in the list';
is job()->{name}, '账户同步', 'its name';
is $admin->request('GET', $sync, undef, { 'accept-language' => 'en' })
    ->data->{name}, 'Sync accounts', 'in the language of the client';

my $none = "$path/no_such_job";
refused $viewer->get($none), 404, 'RESOURCE_NOT_FOUND', undef, 'none to read';
refused $admin->put($none, { trigger_type => 'cron',
    cron_expression => '0 1 * * *' }), 404, 'RESOURCE_NOT_FOUND', undef,
    'none to change';
refused $admin->delete($none), 404, 'RESOURCE_NOT_FOUND', undef,
    'none to delete';
refused $admin->post("$none/actions/$_"), 404, 'RESOURCE_NOT_FOUND', undef,
    "none to $_" for qw(pause resume run);


# --- when it runs next -----------------------------------------------------

# As the worker computes them, in UTC; clocks changed in the zone or not.

sub next_times {
    my ($cron, $zone) = @_;
    data_of($admin->put($sync, { trigger_type => 'cron',
        cron_expression => $cron, timezone => $zone }), 200,
        "$cron in $zone");
    my $j = job();
    is $j->{next_run_time} && $tf->value("SELECT timestamptz
        '$j->{next_run_time}' = timestamptz '$j->{next_run_times}[0]'"), 't',
        'the first of them' if $j->{next_run_time};
    return map { $tf->value("SELECT to_char(timestamptz '$_'
        AT TIME ZONE '$zone', 'MM-DD HH24:MI:SS')") }
        @{ $j->{next_run_times} };
}

my @t = next_times('30 7 * * *', 'America/New_York');
is scalar(grep { / 07:30:00$/ } @t), 5, 'five days at half past seven';
@t = next_times('15 30 2 * * * *', 'America/New_York');
is scalar(@t), 5, 'seven fields';
@t = next_times('0 12 1 7,12 *', 'America/New_York');
is_deeply [map { /^(?:07|12)-01 12:00:00$/ ? 1 : $_ } @t], [(1) x 5],
    'summer and winter';
@t = next_times('30 2 8-14 3 *', 'America/New_York');
is scalar(grep { /^03-(?:08|09|1\d) (?:02|03):30:00$/ } @t), 5,
    'a night without that time, and others';
@t = next_times('*/15 * * * * *', 'Asia/Shanghai');
is $tf->value("SELECT max(d) = interval '15 seconds'
        AND min(d) = interval '15 seconds'
    FROM (SELECT t - lag(t) OVER (ORDER BY t) AS d
          FROM unnest('{" . join(',', @{ job()->{next_run_times} })
    . "}'::timestamptz[]) t) x"), 't', 'every fifteen seconds';
# An expression that no job has: as a job that has it.

my %try = (cron_expression => '30 2 8-14 3 *', timezone => 'America/New_York');
next_times(@try{qw(cron_expression timezone)});
my $r = $viewer->post("$path/actions/preview", \%try);
is_deeply $r->data, { %try, next_run_times => job()->{next_run_times} },
    'the times of an expression that is tried' or diag $r->as_string;
is scalar @{ $r->data->{next_run_times} }, 5, 'are five';
refused $viewer->post("$path/actions/preview", { %try, @$_ }), 400,
    'VALIDATION_ERROR', $_->[0], "one with a wrong $_->[0]"
    for [cron_expression => '61 * * * *'], [timezone => 'Moon/Tycho'],
        [timezone => undef];

@t = next_times('0 0 29 2 *', 'Asia/Shanghai');
is_deeply [map { s/ .*//r } @t], [('02-29') x @t], 'only leap days';
cmp_ok scalar(@t), '>=', 1, 'of the next eight years';


# --- changes ---------------------------------------------------------------

for (['trigger_type', undef], ['trigger_type', 'interval'],
     ['cron_expression', undef], ['cron_expression', ''],
     ['cron_expression', '61 * * * *'], ['cron_expression', '* * * *'],
     ['cron_expression', 'x' x 201], ['cron_expression', []],
     ['timezone', 'Moon/Tycho'], ['timezone', 7])
{
    my ($field, $value) = @$_;
    refused $admin->put($sync, { trigger_type => 'cron',
        cron_expression => '0 2 * * *', $field => $value }), 400,
        'VALIDATION_ERROR', $field, "$field: "
            . JSON::PP->new->allow_nonref->ascii->encode($value);
}

is_deeply [@{ job() }{qw(cron_expression is_edited)}],
    ['0 0 29 2 *', JSON::PP::true], 'what was refused changed nothing';
is $tf->value("SELECT next_due_at IS NULL FROM schedules
               WHERE job_id = 'sync_accounts'"), 't',
    'a worker computes an edited one again';

$tf->sql("UPDATE schedules SET next_due_at = now() - interval '1 day'");
data_of($admin->post("$sync/actions/pause"), 200, 'paused');
is_deeply [@{ job() }{qw(state next_run_time next_run_times)}],
    ['STATE_PAUSED', undef, []], 'never';
data_of($admin->put($sync, { trigger_type => 'cron',
    cron_expression => '0 3 * * *' }), 200, 'edited while paused');
is job()->{state}, 'STATE_PAUSED', 'still paused';

# While it was paused its time went by.

$tf->sql("UPDATE schedules SET next_due_at = now() - interval '1 hour'
          WHERE job_id = 'sync_accounts'");
data_of($admin->post("$sync/actions/resume"), 200, 'resumed');
is job()->{state}, 'STATE_RUNNING', 'again';
is $tf->value("SELECT next_due_at IS NULL FROM schedules
               WHERE job_id = 'sync_accounts'"), 't',
    'and what was missed is not made up for';
$tf->sql("UPDATE schedules SET next_due_at = '2100-01-01'
          WHERE job_id = 'sync_accounts'");
data_of($admin->post("$sync/actions/resume"), 200, 'resumed once more');
is $tf->value("SELECT next_due_at = '2100-01-01' FROM schedules
               WHERE job_id = 'sync_accounts'"), 't',
    'one that is not paused keeps its next time';

my $run = data_of($admin->post("$path/housekeeping/actions/run"), 200,
                  'run now');
is $run->{manual_job_id}, $run->{run_id}, 'as a run';
is_deeply [@{ $viewer->get("/task-runs/$run->{run_id}")->data->{run} }
    {qw(task_key trigger_source status)}],
    ['housekeeping', 'manual', 'pending'], 'that waits for a worker';
$job = job('housekeeping');
is_deeply [@$job{qw(last_run_id last_run_status)}],
    [$run->{run_id}, 'pending'], 'its last run';
ok $job->{last_run_time}, 'and when';


# --- away and back ---------------------------------------------------------

$tf->sql("INSERT INTO schedules (job_id, task_key, cron_expression)
          VALUES ('own', 'housekeeping', '0 5 * * *')");
data_of($admin->delete($sync), 200, 'a built-in one taken away');
refused $admin->get($sync), 404, 'RESOURCE_NOT_FOUND', undef, 'gone';
refused $admin->post("$sync/actions/resume"), 404, 'RESOURCE_NOT_FOUND', undef,
    'and not to be resumed';
refused $admin->delete($sync), 404, 'RESOURCE_NOT_FOUND', undef,
    'nor deleted again';
is scalar(grep { $_->{id} eq 'sync_accounts' } @{ $admin->get($path)->data }),
    0, 'nor listed';

my $builtin = $tf->value('SELECT count(*) FROM schedules WHERE is_builtin');
my $d = data_of($admin->post("$path/actions/reload"), 200, 'reloaded');
is_deeply [sort keys %$d],
    [qw(deleted deleted_count reloaded reloaded_count)], 'what it says';
is $d->{deleted_count}, $builtin, 'all that were there went';
ok scalar(grep { $_ eq 'own' } @{ $d->{deleted} }), 'also one that is not ours';
is $d->{reloaded_count}, $builtin, 'all built-in ones are back';
is_deeply [@{ job() }{qw(cron_expression timezone is_edited state)}],
    ['0 1 * * *', 'Asia/Shanghai', JSON::PP::false, 'STATE_RUNNING'],
    'as they were at first';
refused $admin->get("$path/own"), 404, 'RESOURCE_NOT_FOUND', undef,
    'the other is gone';


# --- who may ---------------------------------------------------------------

refused $tf->client->get($path), 401, 'AUTHENTICATION_REQUIRED', undef,
    'nobody';

for my $role (qw(user viewer auditor)) {
    is $as{$role}->get($path)->status, 200, "$role may look";
    for (['put', $sync, { trigger_type => 'cron',
                          cron_expression => '0 1 * * *' }],
         ['delete', $sync], map { ['post', $_] }
         "$sync/actions/pause", "$sync/actions/resume", "$sync/actions/run",
         "$path/actions/reload")
    {
        my ($method, @rest) = @$_;
        is $as{$role}->$method(@rest)->status, 403, "$role: $method $rest[0]";
    }
}

done_testing;
