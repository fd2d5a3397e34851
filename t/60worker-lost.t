# Stale writers, PostgreSQL going away, settings read again.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use Time::HiRes qw(sleep time);

my $tf = TaiFish::Queue::server(env => { TAIFISH_WORKERS => 1 });

sub item {
    my ($run) = @_;
    return $tf->row("SELECT t.* FROM task_items t
        JOIN task_runs r ON r.id = t.run_id WHERE r.run_id = '$run'");
}

# A whole worker is stopped, its job goes to another one, and then it goes on.
# The lease is made to end early rather than waited for.

my $first = $tf->start_worker;
my $run = TaiFish::Queue::enqueue($tf, 1, { ms => 3000 });
TaiFish::Server::until_true(10, sub { item($run)->{state} eq 'running' });

my @stopped = ($first->pid, TaiFish::children($first->pid));
kill 'STOP', @stopped;
$tf->sql("UPDATE task_items SET lease_until = now() - interval '1 second'
          WHERE state = 'running'");

my $second = $tf->start_worker;
ok TaiFish::Server::until_true(15, sub { item($run)->{token} == 2 }),
    'another worker takes the job over';
my $owner = item($run)->{worker_id};

kill 'CONT', reverse @stopped;
is $tf->wait_run($run)->{status}, 'completed',
    'a job that was taken over is done';
is_deeply TaiFish::Queue::effects($tf, $run), { 1 => 1 },
    'its effect is there once';
is item($run)->{worker_id}, $owner,
    'a job that was taken over is of the second worker';
like $first->output, qr/not ours any more|could not be renewed|was lost/,
    'the first one was refused';

# The same for a child alone, frozen just before the end of its job: its
# supervisor kills it, or its COMMIT is refused.

$second->stop('KILL');
$run = TaiFish::Queue::enqueue($tf, 1, { ms => 1500 });
TaiFish::Server::until_true(10, sub { item($run)->{state} eq 'running' });
$tf->sql("UPDATE task_items SET token = token + 1, lease_until = now()
          - interval '1 second' WHERE state = 'running'");
is $tf->wait_run($run)->{status}, 'completed', 'a token that moved on';
is_deeply TaiFish::Queue::effects($tf, $run), { 1 => 1 }, 'one effect';

# The job of an item that went to somebody else is ended at once, not when it
# is done: a reading would go on for minutes.

$run = TaiFish::Queue::enqueue($tf, 1, { ms => 120_000 });
TaiFish::Server::until_true(10, sub { item($run)->{state} eq 'running' });
my $item = item($run)->{id};
my %before = map { $_ => 1 } TaiFish::children($first->pid);
$tf->sql("UPDATE task_items SET token = token + 1,
                 worker_id = gen_random_uuid()
          WHERE state = 'running'");
ok TaiFish::Server::until_true(30, sub {
    my %now = map { $_ => 1 } TaiFish::children($first->pid);
    grep { !$now{$_} } keys %before;
}), 'the process of a job that was lost is ended';
unlike $first->output, qr/lease of item $item could not be renewed/,
    'the process is not ended by its lease alone';
$tf->sql("DELETE FROM task_runs WHERE run_id = '$run'");

# PostgreSQL is restarted under load, in both ways.

my $big = TaiFish::Queue::enqueue($tf, 150, { ms => 20 },
    max_attempts => 50);

for my $mode ('INT', 'QUIT', 'INT', 'QUIT') {
    sleep 0.7;
    $tf->pg->restart($mode);
}

my $back = time;
ok TaiFish::Server::until_true(60, sub {
    $tf->sql("UPDATE task_items SET ready_at = now() WHERE state = 'retry'");
    $tf->value("SELECT status FROM task_runs WHERE run_id = '$big'")
        eq 'completed' }), 'all jobs are done after four restarts';
is_deeply TaiFish::Queue::effects($tf, $big), { 1 => 150 },
    'each with one effect';
ok $first->alive, 'the worker never ended';
diag sprintf '%.1f s after the last restart', time - $back;

# PostgreSQL does not answer at all: TERM works all the same.

kill 'STOP', $tf->pg->pid, TaiFish::children($tf->pg->pid);
sleep 1;
my $start = time;
$first->signal('TERM');
my $left = TaiFish::Server::until_true(12, sub { !$first->alive });
kill 'CONT', $tf->pg->pid, TaiFish::children($tf->pg->pid);
ok $left, sprintf 'the worker leaves a silent PostgreSQL (%.1f s)',
    time - $start;

# A worker started while PostgreSQL is down comes up with it.

$tf->pg->stop;
my $early = TaiFish::Server::spawn('worker', $tf->dir, [$tf->program, 'run'],
    { $tf->env });
sleep 1.5;
ok $early->alive, 'a worker waits for PostgreSQL';
$tf->pg->start;
ok TaiFish::Server::until_true(10, sub {
    $tf->value('SELECT count(*) FROM workers WHERE pid = ' . $early->pid) }),
    'a worker that waited starts when PostgreSQL is there';
is $tf->wait_run(TaiFish::Queue::enqueue($tf, 1))->{status}, 'completed',
    'a worker that waited works';

# HUP: new keys and settings, a broken setting changes nothing.

my @before = TaiFish::children($early->pid);
my ($code) = $tf->command('keygen', '--rotate');
is $code, 0, 'another ring key';
$early->signal('HUP');
ok TaiFish::Server::until_true(10, sub {
    my %old = map { $_ => 1 } @before;
    my @now = TaiFish::children($early->pid);
    @now == @before && !grep { $old{$_} } @now }), 'children are replaced';
my ($ring) = glob $tf->dir . '/keys/ring/*';
chmod 0644, $ring;
$early->signal('HUP');
TaiFish::Server::until_true(5, sub {
    $early->output =~ /the old ones stay/ });
like $early->output, qr/the settings are wrong, the old ones stay/,
    'wrong settings are not taken';
is $tf->wait_run(TaiFish::Queue::enqueue($tf, 1))->{status}, 'completed',
    'a worker with wrong settings works on';
chmod 0400, $ring;

# A lost listener is replaced.

$tf->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'taifish-supervisor'");
ok TaiFish::Server::until_true(5, sub {
    $tf->value("SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'taifish-supervisor'") }),
    'the listener comes back';

$early->stop('TERM', 40);

done_testing;
