# kill -9 of worker processes while jobs run: every job has its effect exactly
# once and nothing stays "running".  TAIFISH_PROOF=1 runs the long form.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use Time::HiRes qw(sleep time);

my ($jobs, $kills) = $ENV{TAIFISH_PROOF} ? (2000, 50) : (200, 10);

# Now and then a process dies between two steps by itself.

my $tf = TaiFish::Queue::server(env => {
    TAIFISH_WORKERS => 4,
    TFW_INJECT => 'after_claim=2,after_effect=2,before_commit=2,'
        . 'after_commit=2,mid_heartbeat=5',
});

my %workers;

sub keep_two {
    for my $pid (keys %workers) {
        delete $workers{$pid} unless $workers{$pid}->alive;
    }
    while (keys %workers < 2) {
        my $w = TaiFish::Server::spawn('worker', $tf->dir,
            [$tf->program, 'run'], { $tf->env });
        $workers{$w->pid} = $w;
    }
}

srand(my $seed = $ENV{TAIFISH_SEED} || time);
diag "TAIFISH_SEED=$seed";

keep_two();
my $run = TaiFish::Queue::enqueue($tf, $jobs, { ms => 40 },
    max_attempts => 100);

my %killed = (supervisor => 0, child => 0);

for my $i (1 .. $kills) {
    sleep 0.15 + rand 0.25;
    keep_two();

    my @pids = map {
        my $s = $_;
        ([supervisor => $s], map { [child => $_] } TaiFish::children($s));
    } keys %workers;

    # a supervisor every fifth time, for children are many more

    my ($which) = $i % 5 ? 'child' : 'supervisor';
    my @of = grep { $_->[0] eq $which } @pids;
    @of = @pids unless @of;
    my $victim = $of[rand @of];

    $killed{$victim->[0]} += kill 'KILL', $victim->[1];
}

my $last = time;
cmp_ok $killed{child} + $killed{supervisor}, '>=', $kills - 2,
    "killed $killed{child} children and $killed{supervisor} supervisors";

# What failed is tried again soon: leases are the point here, not backoff.

my $row;
ok TaiFish::Server::until_true(45, sub {
    keep_two();
    $tf->sql("UPDATE task_items SET ready_at = now() WHERE state = 'retry'
              AND ready_at > now() + interval '1 second'");
    $row = $tf->row('SELECT * FROM task_runs');
    $row->{status} !~ /running|pending/;
}), 'nothing is left 45 s after the last kill';
diag sprintf 'all done %.1f s after the last kill', time - $last;

is $row->{status}, 'completed', 'the run is complete';
is $row->{progress_completed}, $jobs, 'every item is counted once';
is_deeply TaiFish::Queue::effects($tf, $run), { 1 => $jobs },
    "$jobs jobs had their effect exactly once";
is $tf->value("SELECT count(*) FROM task_items WHERE state = 'running'"), 0,
    'nothing is running';
cmp_ok $tf->value('SELECT max(token) FROM task_items'), '>', 1,
    'some items were claimed again';

$_->stop('TERM', 60) for values %workers;

done_testing;
