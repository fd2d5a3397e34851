# A schedule of every second, three workers, and kill -9 of one of them now and
# then: each due time is fired once.  Five minutes with TAIFISH_PROOF=1.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{TAIFISH_PROOF} ? 300 : 15;
my $tf = TaiFish::Queue::server(env => { TAIFISH_WORKERS => 1 });
my (@workers, $kills);

srand(my $seed = $ENV{TAIFISH_SEED} || time);
diag "TAIFISH_SEED=$seed";

sub keep_three {
    @workers = grep { $_->alive } @workers;
    push @workers, TaiFish::Server::spawn('worker', $tf->dir,
        [$tf->program, 'run'], { $tf->env }) while @workers < 3;
}

keep_three();
my $id = $tf->value("WITH s AS (
    INSERT INTO schedules (job_id, task_key, cron_expression, misfire)
    VALUES ('every_second', 'test_effect', '* * * * * *', 'fill')
    RETURNING id) SELECT id FROM s");
ok TaiFish::Server::until_true(20, sub {
    $tf->value("SELECT count(*) FROM schedule_fires")
}), 'the first time';

# The supervisor, which fires; its children end with it.

for (my $end = time + $seconds; time < $end; ) {
    sleep 0.3 + rand 2;
    $kills += kill 'KILL', $workers[rand @workers]->pid;
    keep_three();
}
note "$kills workers were killed";

# What is due by now is fired, then it stops.

my $until = $tf->value("SELECT extract(epoch FROM now())::bigint");
ok TaiFish::Server::until_true(30, sub {
    keep_three();
    $tf->value("SELECT count(*) FROM schedule_fires
                WHERE due_at >= to_timestamp($until)");
}), 'all times up to now';
$tf->sql("UPDATE schedules SET is_enabled = false WHERE id = $id");

my $d = $tf->row("SELECT count(*) AS fires, count(DISTINCT due_at) AS times,
    extract(epoch FROM max(due_at) - min(due_at))::int + 1 AS seconds,
    count(*) FILTER (WHERE run_id IS NULL) AS without_run,
    count(DISTINCT run_id) AS runs
    FROM schedule_fires WHERE schedule_id = $id");
cmp_ok $d->{seconds}, '>=', $seconds, "$d->{seconds} seconds";
is $d->{fires}, $d->{seconds}, 'each of them has been fired';
is $d->{times}, $d->{fires}, 'once';
is $d->{without_run}, 0, 'with a run';
is $d->{runs}, $d->{fires}, 'of its own';
is $tf->value('SELECT count(*) FROM task_runs'), $d->{runs}, 'and no other';

ok TaiFish::Server::until_true(120, sub {
    keep_three();
    $tf->sql("UPDATE task_items SET ready_at = now() WHERE state = 'retry'
              AND ready_at > now() + interval '1 second'");
    $tf->value("SELECT count(*) FROM task_runs
                WHERE status IN ('pending', 'running')") == 0;
}), 'all runs have ended';
is $tf->value("SELECT count(*) FROM task_runs WHERE status = 'completed'"),
    $d->{runs}, 'completed';
is $tf->value('SELECT count(*) FROM tfw_test_effects'), $d->{runs},
    'each with one effect';

done_testing;
