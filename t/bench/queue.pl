#!/usr/bin/perl

# What a job costs: jobs that do nothing, by the worker and by the same queue in
# bare SQL, which claims one item and ends it, each by one statement.  Both have
# four clients, in turn, on the same PostgreSQL.  BENCH_JOBS is the number of
# jobs of a round (8000), BENCH_ROUNDS how many (3); the medians count.

use FindBin;
use lib "$FindBin::Bin/../lib";
use TaiFish::Queue;
use TaiFish;

use Time::HiRes qw(time sleep);

my $jobs = $ENV{BENCH_JOBS} || 8000;
my $rounds = $ENV{BENCH_ROUNDS} || 3;

$| = 1;

my $tf = TaiFish::Queue::server(pg => { shared_buffers => '128MB' });
my @db = ('-h', $tf->pg->{socket}, '-p', $tf->pg->{port}, '-U',
          'taifish_worker');

# A claim and an end, as short as a lease, a token and counters allow.

my $script = $tf->dir . '/queue.sql';
open my $file, '>', $script or die "$script: $!";
print $file <<'SQL';
WITH next AS MATERIALIZED (
    SELECT id FROM task_items
    WHERE state IN ('scheduled', 'ready', 'retry') AND lane = 'normal'
          AND doubt = 0 AND ready_at <= now()
    ORDER BY ready_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE task_items t
SET state = 'running', token = token + 1, attempt = attempt + 1,
    lease_until = now() + interval '30 seconds', started_at = now()
FROM next WHERE t.id = next.id RETURNING t.id, t.token \gset
WITH item AS (
    UPDATE task_items
    SET state = 'done', lease_until = NULL, completed_at = clock_timestamp()
    WHERE id = :id AND token = :token AND state = 'running' RETURNING run_id)
UPDATE task_runs r SET progress_completed = progress_completed + 1
FROM item WHERE r.id = item.run_id;
SQL
close $file;
chmod 0644, $script;

my (@worker, @bare);

for (1 .. $rounds) {
    $tf->sql('TRUNCATE task_runs CASCADE; VACUUM ANALYZE');
    my $run = TaiFish::Queue::enqueue($tf, $jobs, { nothing => 1 });
    my $start = time;
    my $worker = $tf->start_worker;
    $tf->wait_run($run, 300);
    push @worker, $jobs / $tf->value("SELECT extract(epoch FROM
        completed_at - started_at) FROM task_runs WHERE run_id = '$run'");
    $tf->stop_worker;

    $tf->sql('TRUNCATE task_runs CASCADE; VACUUM ANALYZE');
    TaiFish::Queue::enqueue($tf, $jobs, { nothing => 1 });
    my ($code, $out) = TaiFish::Server::run_to_end("$tf->{pg}{bin}/pgbench",
        ['-n', '-M', 'prepared', '-f', $script, '-c', 4, '-j', 2, '-t',
         $jobs / 4, @db, 'taifish'], {});
    $code == 0 or die "pgbench: $out";
    push @bare, $out =~ /tps = ([0-9.]+)/ or die $out;

    printf "worker %.0f/s, bare SQL %.0f/s: %.2f\n", $worker[-1], $bare[-1],
        $worker[-1] / $bare[-1];
}

sub median { (sort { $a <=> $b } @_)[@_ / 2] }

printf "jobs that do nothing: worker %.0f/s, bare SQL %.0f/s, ratio %.2f\n",
    median(@worker), median(@bare), median(@worker) / median(@bare);
