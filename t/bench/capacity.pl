#!/usr/bin/perl

# The last part of make bench: how capacity grows with the fleet.  500 instances
# with 1, 5 and 50 databases each that were read for 400 days: 0.2, 1 and 10
# million sizes.  How long periods take to be calculated, and lists of them by
# one client and by 16.
# BENCH_DATABASES names other numbers of databases an instance, BENCH_SECONDS is
# the length of one measurement (2).  The trend of one instance is to answer
# within 50 ms with 10 million sizes, 99 of 100 times.

use FindBin;
use lib "$FindBin::Bin/../lib";
use TaiFish;
use TaiFish::Load;

use Time::HiRes qw(time);

my $seconds = $ENV{BENCH_SECONDS} || 2;
my @sizes = split /,/, $ENV{BENCH_DATABASES} || '1,5,50';
my $days = 400;

my @asked = (
    ['trend, one instance', '/capacity/instances?period_type=daily'
        . '&instance_id=100&time_range=60&limit=60', 50],
    ['trend, one database', '/capacity/databases?period_type=daily'
        . '&database_id=100&time_range=60&limit=60', 50],
    ['instances, page 1', '/capacity/instances?period_type=daily', 50],
    ['databases, page 1', '/capacity/databases?period_type=daily', 50],
    ['databases, no filter', '/capacity/databases', 50],
    ['databases of one', '/capacity/databases?period_type=weekly'
        . '&instance_id=100&limit=50', 50],
    ['instances, all', '/capacity/instances?period_type=monthly&get_all=true',
     500],
    ['databases, all', '/capacity/databases?period_type=weekly&get_all=true'
        . '&time_range=60', 500],
    ['forecasts', '/capacity/instances/forecasts', 50],
    ['sum of instances', '/capacity/instances/summary', 500],
    ['sum of databases', '/capacity/databases/summary', 500],
    ['partitions', '/partitions/status', 500],
);

$| = 1;
my %p99;

for my $databases (@sizes) {
    my $tf = TaiFish->new(workers => 2, pg => { shared_buffers => '1GB',
        random_page_cost => 1.1, effective_cache_size => '4GB',
        max_wal_size => '4GB' });

    # What jobs would have left.  Sizes go up and down a little; one reading of
    # twenty is not complete.

    $tf->sql('UPDATE schedules SET is_enabled = false');
    $tf->sql("
        SELECT tf_partition_make(table_name, m::date)
        FROM partitioned_tables,
             generate_series(date_trunc('month', now() - interval '14 months'),
                             now(), interval '1 month') m;
        SET session_replication_role = replica;
        INSERT INTO instances (name, db_type, host, port, capacity_limit_bytes)
        SELECT 'db' || n, 'mysql', 'h' || n, 3306, n * 10000000000
        FROM generate_series(1, 500) n;
        INSERT INTO databases (instance_id, name, first_seen_at)
        SELECT i, 'app' || n, now() - interval '2 years'
        FROM generate_series(1, 500) i, generate_series(1, $databases) n;
        INSERT INTO database_sizes (database_id, instance_id, day, size_bytes,
                                    data_bytes)
        SELECT d.id, d.instance_id, capacity_day() - n,
               d.id * 1000000 + ($days - n) * 100000
               + hashint4((d.id * n)::int) % 1000000, 5000000
        FROM generate_series(1, $days) n, databases d
        WHERE (d.id * 7 + d.id / 500 + n * 13) % 20 > 0;
        INSERT INTO instance_sizes (instance_id, day, size_bytes,
                                    database_count, unread_count, is_complete)
        SELECT instance_id, day, sum(size_bytes), $databases,
               $databases - count(*), count(*) = $databases
        FROM database_sizes
        GROUP BY instance_id, day;
        INSERT INTO capacity_periods (period_type, period_start, period_end,
                                      is_closed)
        SELECT 'daily', capacity_day() - n, capacity_day() - n, true
        FROM generate_series(61, $days) n");
    $tf->sql('VACUUM ANALYZE');

    my $points = $tf->value('SELECT count(*) FROM database_sizes');
    my $worker = $tf->start_worker;
    my $run = $tf->wait_run($tf->value("SELECT run_id FROM
        tf_enqueue('calculate_database', 'manual')"), 1800);
    my $took = $tf->value("SELECT extract(epoch FROM completed_at - started_at)
        FROM task_runs WHERE run_id = '$run->{run_id}'");
    my $again = $tf->wait_run($tf->value("SELECT run_id FROM
        tf_enqueue('calculate_database', 'manual')"), 1800);
    print `uptime` =~ /(load.*)/, "\n";
    printf "%d sizes: %d periods in %.1f s, %d rows; the newest four again"
        . " in %.1f s\n", $points, $run->{items}[0]{metrics}{periods_executed},
        $took, $run->{items}[0]{metrics}{records_database},
        $tf->value("SELECT extract(epoch FROM completed_at - started_at)
            FROM task_runs WHERE run_id = '$again->{run_id}'");
    $tf->stop_worker;
    $tf->sql('VACUUM ANALYZE');
    $tf->start_nginx;
    my $admin = $tf->as('viewer');

    for my $a (@asked) {
        my ($name, $path, $limit) = @$a;
        $admin->get($path);
        printf '%-24s', $name;
        for my $clients (1, 16) {
            my $seen = TaiFish::Load->start($tf, client => $admin,
                path => $path, connections => $clients,
                seconds => $seconds)->wait;
            my $bad = join ' ', map { "$_: $seen->{status}{$_}" }
                grep { $_ != 200 } keys %{ $seen->{status} };
            printf '  %2d: p50 %7.1f p99 %7.1f ms%s', $clients, $seen->{p50},
                $seen->{p99}, $bad && " ($bad)";
            push @{ $p99{$name} }, $seen->{p99} if $clients == 1;
        }
        print "\n";
    }
    print "\n";
}

my @slow = grep { $p99{ $_->[0] }[-1] > $_->[2] } @asked;
print @slow ? 'over their limit: ' . join(', ', map { $_->[0] } @slow) . "\n"
    : "all within their limits\n";
