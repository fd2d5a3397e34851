# Claiming, ending, retrying, cancelling, draining.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use Time::HiRes qw(sleep time);

my $tf = TaiFish::Queue::server(env => { TAIFISH_DRAIN_SECONDS => 2 });
my $worker = $tf->start_worker;

sub enqueue { TaiFish::Queue::enqueue($tf, @_) }
sub effects { TaiFish::Queue::effects($tf, @_) }

sub item {
    my ($run) = @_;
    return $tf->row("SELECT t.*, extract(epoch FROM ready_at - now()) AS wait
        FROM task_items t JOIN task_runs r ON r.id = t.run_id
        WHERE r.run_id = '$run' ORDER BY t.id LIMIT 1");
}

sub until_state {
    my ($run, $state, $seconds) = @_;
    my $row;
    return TaiFish::Server::until_true($seconds // 10,
        sub { ($row = item($run))->{state} eq $state }) && $row;
}

# Many short jobs: all effects once, counters right, the run ends once.

my $run = enqueue(300);
my $row = $tf->wait_run($run);
is $row->{status}, 'completed', '300 jobs';
is $row->{progress_completed}, 300, 'all are counted';
is_deeply effects($run), { 1 => 300 }, 'each had its effect once';
TaiFish::Server::until_true(10, sub {      # it follows the end
    $row = $tf->row("SELECT * FROM task_runs WHERE run_id = '$run'");
    defined $row->{summary} });
is $row->{summary}{common}{metrics}[0]{value}, 300, 'the summary';
ok $row->{started_at} && $row->{completed_at}, 'times of the run';
is $tf->value("SELECT count(DISTINCT worker_id) > 1 FROM task_items"), 't',
    'several children took part';

# The last two items end at the same moment, 40 times.

for my $i (1 .. 40) {
    enqueue(2, { ms => 20 });
}
TaiFish::Server::until_true(30, sub {
    $tf->value("SELECT count(*) FROM task_runs
                WHERE status IN ('pending', 'running')") == 0 });
is $tf->value("SELECT count(*) FROM task_runs WHERE progress_total = 2
    AND progress_completed = 2 AND status = 'completed'
    AND completed_at IS NOT NULL"), 40, 'pairs that end together';

# Failures

$run = enqueue(1, { fail => 'TARGET_AUTH' });
$row = $tf->wait_run($run);
is $row->{status}, 'failed', 'a permanent error';
is $row->{items}[0]{attempt}, 1, 'a permanent error is not tried again';
is $row->{items}[0]{error_code}, 'TARGET_AUTH', 'its code';
unlike $row->{items}[0]{error_message}, qr/on purpose/,
    "a server's words are not for clients";
like $worker->output, qr/TARGET_AUTH: on purpose/,
    "a server's words are for the log";

$run = enqueue(1, { fail => 'TARGET_TIMEOUT' }, max_attempts => 2);
my $item = until_state($run, 'retry');
ok $item, 'a passing error is tried again';
ok $item->{wait} <= 2, 'within its backoff';
$row = $tf->wait_run($run);
is $row->{items}[0]{state}, 'dead',
    'a passing error that does not pass ends dead';
is $row->{items}[0]{attempt}, 2, 'a passing error is tried as often as it may';

$run = enqueue(1, { fail => 'TARGET_TIMEOUT' }, attempt => 20,
    max_attempts => 40);
until_state($run, 'retry');
ok item($run)->{wait} <= 3600, 'backoff has an end';
$tf->sql("UPDATE task_items SET state = 'cancelled', completed_at = now()
          WHERE state = 'retry'");

# A poison job harms nobody else.

$run = enqueue(1, { crash => 1 }, max_attempts => 2);
my $well = enqueue(50);
is $tf->wait_run($well)->{status}, 'completed', 'jobs beside a crashing one';
$row = $tf->wait_run($run);
is $row->{items}[0]{state}, 'dead', 'the crashing one is dead';
like $row->{items}[0]{error_message}, qr/signal 11/,
    'the error of the crashing one names its signal';

# Unknown kinds wait for a worker that knows them.

$run = enqueue(1, {}, kind => 'from_the_future');
sleep 1.5;
is item($run)->{state}, 'ready', 'an unknown kind is left alone';
$tf->sql("DELETE FROM task_items WHERE kind = 'from_the_future'");

# Short jobs pass long ones.

my $long = enqueue(8, { ms => 4000 });
until_state($long, 'running');
sleep 1.2;
my $start = time;
$tf->wait_run(enqueue(1, {}, lane => 'short'));
ok time - $start < 2, 'a short job does not wait for long ones';

# Cancel as the API does, waiting and running items.

sub cancel {
    my ($which) = @_;
    $tf->sql("WITH asked AS (
            UPDATE task_items i
            SET cancel = true,
                state = CASE WHEN i.state = 'running' THEN i.state
                             ELSE 'cancelled' END,
                completed_at = CASE WHEN i.state = 'running' THEN NULL
                                    ELSE now() END
            FROM task_runs r
            WHERE r.run_id = '$which' AND i.run_id = r.id
                  AND i.state IN ('scheduled', 'ready', 'running', 'retry')
            RETURNING i.state)
        UPDATE task_runs SET status = 'cancelled', progress_cancelled =
            (SELECT count(*) FROM asked WHERE state = 'cancelled')
        WHERE run_id = '$which'");
}

$start = time;
cancel($long);
ok TaiFish::Server::until_true(5, sub {
    $tf->value("SELECT count(*) FROM task_items WHERE state = 'running'") == 0
}), 'cancelled items end';
my $took = time - $start;
ok $took < 2, "within two seconds ($took)";
$row = $tf->wait_run($long);
is $row->{status}, 'cancelled', 'the run is cancelled';
is $row->{progress_cancelled} + $row->{progress_completed}, 8,
    'every item is counted';
ok $row->{completed_at}, 'the cancelled run has an end';

# A deadline

$run = enqueue(1, { ms => 60000 }, deadline => '1 second', max_attempts => 1);
$row = $tf->wait_run($run, 10);
is $row->{items}[0]{state}, 'dead', 'a job past its deadline';
like $row->{items}[0]{error_message}, qr/deadline/, 'says so';

# An idle worker is small and quiet.

sleep 0.5;
my @pids = ($worker->pid, TaiFish::children($worker->pid));
is scalar @pids, 6, 'a supervisor, four children and one for short jobs';

for my $pid (@pids) {
    cmp_ok TaiFish::rss($pid), '<', 30 * 1024, 'RSS below 30 MiB';
}

sub cpu {
    my $ticks = 0;
    for my $pid (@pids) {
        my @f = split ' ', TaiFish::slurp("/proc/$pid/stat") =~ s/.*\) //sr;
        $ticks += $f[11] + $f[12];
    }
    return $ticks;
}

my $ticks = cpu();
sleep 3;
cmp_ok cpu() - $ticks, '<=', 6, 'all of it idles below 2 % of a processor';

# TERM: what can finish does, the rest is given back and costs no attempt.

my $quick = enqueue(1, { ms => 1000 });
until_state($quick, 'running');
my $slow = enqueue(1, { ms => 60000 });
until_state($slow, 'running');
$start = time;
$worker->signal('TERM') for 1 .. 5;
TaiFish::Server::until_true(10, sub { !$worker->alive });
$took = time - $start;
ok $took < 4.5, "the worker leaves in time ($took)";
is item($quick)->{state}, 'done', 'a job finishes while it drains';
$item = item($slow);
is $item->{state}, 'retry', 'a long one goes back';
is $item->{attempt}, 0, 'its attempt does not count';
ok $item->{wait} <= 0, 'a job that was given back may start at once';
is $tf->value("SELECT count(*) FROM task_items WHERE state = 'running'"), 0,
    'nothing is running';
is $tf->value("SELECT state FROM workers"), 'stopped', 'the worker said so';

done_testing;
