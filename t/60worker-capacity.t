# Capacity by period: what the job calculates from readings of many days, over
# the ends of months and years, with days and databases that were not read,
# databases that were dropped and made again, and how fast instances grow.  The
# day is in the payload of each job.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;

$tf->sql("UPDATE schedules SET is_enabled = false");
$tf->start_worker;


# --- periods ---------------------------------------------------------------

# a day, its period, and where the one before begins

my @periods = map { [split] } split /\n/, <<'TABLE';
daily     2028-03-01 2028-03-01 2028-03-01 2028-02-29
daily     2027-03-01 2027-03-01 2027-03-01 2027-02-28
daily     2100-03-01 2100-03-01 2100-03-01 2100-02-28
daily     2027-01-01 2027-01-01 2027-01-01 2026-12-31
weekly    2023-01-01 2022-12-26 2023-01-01 2022-12-19
weekly    2024-12-30 2024-12-30 2025-01-05 2024-12-23
weekly    2026-12-31 2026-12-28 2027-01-03 2026-12-21
weekly    2027-01-03 2026-12-28 2027-01-03 2026-12-21
weekly    2027-01-04 2027-01-04 2027-01-10 2026-12-28
weekly    2028-02-29 2028-02-28 2028-03-05 2028-02-21
monthly   2028-02-01 2028-02-01 2028-02-29 2028-01-01
monthly   2027-02-28 2027-02-01 2027-02-28 2027-01-01
monthly   2100-02-10 2100-02-01 2100-02-28 2100-01-01
monthly   2000-02-29 2000-02-01 2000-02-29 2000-01-01
monthly   2028-03-31 2028-03-01 2028-03-31 2028-02-01
monthly   2027-01-31 2027-01-01 2027-01-31 2026-12-01
monthly   2027-12-31 2027-12-01 2027-12-31 2027-11-01
quarterly 2027-01-01 2027-01-01 2027-03-31 2026-10-01
quarterly 2027-03-31 2027-01-01 2027-03-31 2026-10-01
quarterly 2028-02-29 2028-01-01 2028-03-31 2027-10-01
quarterly 2028-04-01 2028-04-01 2028-06-30 2028-01-01
quarterly 2028-06-30 2028-04-01 2028-06-30 2028-01-01
quarterly 2028-07-15 2028-07-01 2028-09-30 2028-04-01
quarterly 2028-12-31 2028-10-01 2028-12-31 2028-07-01
quarterly 2029-01-01 2029-01-01 2029-03-31 2028-10-01
TABLE

for my $p (@periods) {
    my ($type, $day, $first, $last, $before) = @$p;
    is $tf->value("SELECT concat_ws(' ', p.first, p.last,
            (SELECT first FROM capacity_period('$type', p.first - 1)))
        FROM capacity_period('$type', '$day') p"), "$first $last $before",
        "$type $day";
}

for my $t ([105, 100, 'stable'], [105.01, 100, 'growing'],
    [95, 100, 'stable'], [94.99, 100, 'shrinking'], [100, 100, 'stable'],
    [7, 0, ''], [0, 7, 'shrinking'])
{
    my ($now, $before, $want) = @$t;
    is $tf->value("SELECT capacity_trend(capacity_percent($now - $before,
        $before))"), $want, "$before to $now: " . ($want || 'nobody knows');
}


# --- days until full -------------------------------------------------------

my $giga = 1024 ** 3;

for my $t (
    [undef, 100, 5, '', 'unknown_limit'],
    [undef, undef, undef, '', 'unknown_limit'],
    [1000, undef, undef, '', 'too_few_points'],
    [1000, 100, undef, '', 'too_few_points'],
    [1000, 100, 0, '', 'flat'],
    [1000, 100, 0.0002, '', 'flat'],
    [1000, 100, -0.0002, '', 'flat'],
    [1000, 0, 0.002, '', 'flat'],
    [1000, 100, -5, '', 'shrinking'],
    [1000, 100, 1, 900, ''],
    [1000, 100, 7, 129, ''],
    [1000, 999, 5, 1, ''],
    [1000, 1000, 5, 0, ''],
    [1000, 1500, 0, 0, ''],
    [1000, 1500, -5, 0, ''],
    [1000, 1500, undef, 0, ''],
    [9223372036854775807, 9 * $giga, 1, '', 'flat'],
    [9223372036854775807, 9 * $giga, 100 * $giga, '', 'flat'],
    [9223372036854775807, 9 * $giga, 1e5 * $giga, 85900, ''],
)
{
    my ($limit, $size, $slope, $days, $reason) = @$t;
    my ($l, $s, $g) = map { defined $_ ? sprintf '%s', $_ : 'NULL' }
        $limit, $size, $slope;
    is $tf->value("SELECT coalesce(days::text, '') || '|'
        || coalesce(reason, '') FROM capacity_days_until_full($l, $s, $g)"),
        "$days|$reason", "$s of $l, $g a day: " . ($reason || "$days days");
}


# --- readings --------------------------------------------------------------

$tf->sql(q{
    INSERT INTO instances (name, db_type, host, port)
    VALUES ('one', 'mysql', 'h1', 3306), ('two', 'mysql', 'h2', 3306),
           ('gone', 'mysql', 'h3', 3306), ('new', 'mysql', 'h4', 3306);
    UPDATE instances SET deleted_at = now() WHERE name = 'gone'
});

my $mb = 1024 ** 2;

sub database {
    my ($instance, $name, $native, $dropped) = @_;
    return $tf->value("INSERT INTO databases (instance_id, name, native_id,
        dropped_at) VALUES ($instance, '$name', "
        . ($native ? "'$native'" : 'NULL') . ", "
        . ($dropped ? "'$dropped'" : 'NULL') . ") RETURNING id");
}

# What a run leaves: sizes in MB by database, undef is one that was not read.

sub reading {
    my ($instance, $day, %mb) = @_;
    my ($sum, $unread) = (0, 0);
    my @rows;

    for my $id (sort keys %mb) {
        $unread++, next unless defined $mb{$id};
        $sum += $mb{$id};
        push @rows, sprintf("(%d, %d, '%s', %d, %d)", $id, $instance, $day,
            $mb{$id} * $mb, $mb{$id} * $mb * 0.75);
    }
    $tf->sql("INSERT INTO instance_sizes (instance_id, day, size_bytes,
        database_count, unread_count, is_complete) VALUES ($instance, '$day', "
        . $sum * $mb . ', ' . keys(%mb) . ", $unread, "
        . ($unread ? 'false' : 'true') . ');'
        . (@rows ? 'INSERT INTO database_sizes (database_id, instance_id, day,
            size_bytes, data_bytes) VALUES ' . join(', ', @rows) : ''));
}

sub days {
    my ($from, $to) = @_;
    return map { $_->{day} } $tf->rows("SELECT d::date AS day
        FROM generate_series('$from'::date, '$to', '1 day') d");
}

sub run {
    my ($kind, %payload) = @_;
    my $payload = JSON::PP->new->canonical->encode(\%payload);
    my $run = $tf->wait_run($tf->value("SELECT run_id FROM
        tf_enqueue('$kind', 'manual', payload => '$payload')"));
    is $run->{status}, 'completed', "$kind " . ($payload{today} // '')
        or diag explain $run->{items};
    return $run->{items}[0]{metrics};
}

sub of_instance {
    my ($instance, $type, $first) = @_;
    return $tf->row("SELECT period_start, period_end, data_count, is_complete,
        avg_bytes / $mb AS avg, max_bytes / $mb AS max, min_bytes / $mb AS min,
        database_count AS databases,
        (avg_bytes - before_bytes) / $mb AS change,
        capacity_percent(avg_bytes - before_bytes, before_bytes) AS percent
        FROM instance_size_aggregations
        WHERE instance_id = $instance AND period_type = '$type'
              AND period_start = '$first'");
}

sub of_database {
    my ($id, $type, $first) = @_;
    return $tf->row("SELECT period_start, period_end, data_count,
        avg_bytes / $mb AS avg, max_bytes / $mb AS max, min_bytes / $mb AS min,
        avg_data_bytes / $mb AS data, max_log_bytes AS log,
        (avg_bytes - before_bytes) / $mb AS change,
        capacity_percent(avg_bytes - before_bytes, before_bytes) AS percent
        FROM database_size_aggregations
        WHERE database_id = $id AND period_type = '$type'
              AND period_start = '$first'");
}

sub row {
    my ($row, @want) = @_;
    my $name = pop @want;
    my %want = @want;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply { map { $_ => ($row || {})->{$_} } keys %want }, \%want, $name
        or diag explain $row;
}

my $a = database(1, 'a', 1);
my $b = database(1, 'b', 2);
my $ghost = database(3, 'g', 1);

# the last quarter of 2027 at 100 and 300, the first of 2028 at 200 and 300;
# a grows within March

reading(1, $_, $a => 100, $b => 300) for days('2027-10-01', '2027-12-31');
reading(1, $_, $a => 200, $b => 300) for days('2028-01-01', '2028-02-29');
reading(3, '2028-02-01', $ghost => 5000);
my $n = 0;
reading(1, $_, $a => 200 + 10 * $n++, $b => 300)
    for days('2028-03-01', '2028-03-31');

my $m = run('calculate_database', today => '2028-04-01');
is $m->{periods_executed}, 183 + 26 + 6 + 2,
    'all that are over, from the start';
is $m->{instances_total}, 1, 'of what is not deleted';

row of_database($a, 'quarterly', '2027-10-01'), data_count => 92, avg => 100,
    max => 100, min => 100, data => 75, log => undef, change => undef,
    percent => undef, 'a quarter without one before says no change';
row of_database($a, 'monthly', '2028-02-01'), data_count => 29,
    period_end => '2028-02-29', avg => 200, change => 0, percent => 0,
    'February of a leap year';
row of_database($a, 'monthly', '2028-01-01'), data_count => 31, avg => 200,
    change => 100, percent => 100, 'January against December';
row of_database($a, 'monthly', '2028-03-01'), avg => 350, max => 500,
    min => 200, change => 150, percent => 75, 'a month that grows';
row of_database($a, 'quarterly', '2028-01-01'), data_count => 91,
    period_end => '2028-03-31', avg => 251, change => 151,
    'a quarter against the one of the year before';
row of_database($a, 'weekly', '2027-12-27'), data_count => 7, avg => 128,
    max => 200, min => 100, period_end => '2028-01-02',
    'a week over the end of the year';
row of_database($b, 'weekly', '2027-12-27'), avg => 300, change => 0,
    percent => 0, 'which was flat';
row of_database($a, 'daily', '2028-03-01'), data_count => 1, avg => 200,
    change => 0, 'a day against the 29th of February';
row of_instance(1, 'quarterly', '2028-01-01'), data_count => 91, avg => 551,
    max => 800, min => 500, databases => 2, is_complete => JSON::PP::true,
    change => 151, 'the instance';
is $tf->value('SELECT count(*) FROM instance_size_aggregations
               WHERE instance_id = 3'), 0, 'a deleted one has none';
is of_database($a, 'monthly', '2028-04-01'), undef, 'nor what is not over';

# again: the same, only what is newest is looked at

sub digest {
    return join ' ', map { $tf->value("SELECT count(*) || md5(string_agg((
            to_jsonb(t) - 'calculated_at')::text, '|'
            ORDER BY t.id)) FROM $_ t") }
        qw(instance_size_aggregations database_size_aggregations);
}

my $before = digest();
is run('calculate_database', today => '2028-04-01')->{periods_executed}, 4,
    'a second run looks at the last period of each kind';
is digest(), $before, 'and changes nothing';
is run('calculate_database', today => '2028-04-02')->{periods_executed}, 4,
    'a day later one more day is over';
is of_instance(1, 'daily', '2028-04-01'), undef, 'one without a reading';


# --- what was not read -----------------------------------------------------

# April: nothing on the 10th; b not read from the 12th to the 14th

for my $day (days('2028-04-01', '2028-04-30')) {
    next if $day eq '2028-04-10';
    reading(1, $day, $a => 500,
        $b => ($day ge '2028-04-12' && $day le '2028-04-14' ? undef : 300));
}
run('calculate_database', today => '2028-05-01');
is of_instance(1, 'daily', '2028-04-10'), undef,
    'a day without a reading has no row, and is not 0';
row of_instance(1, 'daily', '2028-04-11'), avg => 800, change => undef,
    'the day after it has none before';
row of_instance(1, 'daily', '2028-04-12'), avg => 800, min => 800, change => 0,
    percent => 0, is_complete => JSON::PP::false, databases => 2,
    'a database that was not read has the size it had';
is of_database($b, 'daily', '2028-04-13'), undef, 'and no row of its own';
row of_database($b, 'monthly', '2028-04-01'), data_count => 26, min => 300,
    avg => 300, change => 0, 'the month is made of the days that were read';
row of_instance(1, 'monthly', '2028-04-01'), data_count => 29, min => 800,
    max => 800, avg => 800, is_complete => JSON::PP::false,
    'the instance too, and says that it is not complete';
is $tf->value('SELECT count(*) FROM database_size_aggregations
               WHERE min_bytes = 0'), 0, 'no size is 0';


# --- dropped, and made again -----------------------------------------------

# a is dropped on the 11th of May and comes back empty on the 12th, as another

my $again = database(1, 'a', 9);
reading(1, $_, $a => 500, $b => 300) for days('2028-05-01', '2028-05-10');
reading(1, '2028-05-11', $b => 300);
reading(1, $_, $again => 1, $b => 300) for days('2028-05-12', '2028-05-31');
$tf->sql("UPDATE databases SET dropped_at = '2028-05-11 03:00+08'
          WHERE id = $a");
run('calculate_database', today => '2028-06-01');
row of_database($a, 'monthly', '2028-05-01'), data_count => 10, avg => 500,
    change => 0, 'what was dropped ends as it was';
row of_database($again, 'monthly', '2028-05-01'), data_count => 20, avg => 1,
    change => undef, percent => undef,
    'what was made again under its name begins anew';
row of_database($again, 'daily', '2028-05-13'), change => 0, percent => 0,
    'and goes on by itself';
row of_instance(1, 'daily', '2028-05-11'), avg => 300, change => -500,
    databases => 1, 'the instance did shrink';
is $tf->value("SELECT capacity_trend(capacity_percent(avg_bytes - before_bytes,
    before_bytes)) FROM instance_size_aggregations WHERE instance_id = 1
    AND period_type = 'daily' AND period_start = '2028-05-11'"), 'shrinking',
    'and says so';

# not read after the drop: what is gone counts no more

reading(1, '2028-06-01', $again => undef, $b => 300);
run('calculate_database', today => '2028-06-02');
row of_instance(1, 'daily', '2028-06-01'), avg => 301, change => 0,
    'a dropped one is not carried on';


# --- a month without a partition -------------------------------------------

for my $table (qw(database_sizes instance_sizes)) {
    is $tf->value("SELECT to_regclass('${table}_2028_06')"), '',
        "$table has no partition of June";
}
reading(1, $_, $again => 100, $b => 300) for days('2028-06-02', '2028-06-30');
run('calculate_database', today => '2028-07-01');
my $june = of_instance(1, 'monthly', '2028-06-01');
row $june, data_count => 30, max => 400, 'June is calculated all the same';
my $points = $tf->value("SELECT count(*) || ' ' || sum(size_bytes)
                         FROM database_sizes");
$before = digest();
$m = run('partitions_ahead', today => '2028-07-01');
cmp_ok $m->{partitions_created}, '>=', 16, 'partitions of July to October,'
    . ' and of all months that have rows';
cmp_ok $m->{rows_moved}, '>', 30, "$m->{rows_moved} rows move";
is $tf->value("SELECT count(*) || ' ' || sum(size_bytes) FROM database_sizes"),
    $points, 'and no point is lost';
is $tf->value("SELECT count(*) FROM database_sizes_2028_06"), 59,
    'June is there';
is $tf->value('SELECT count(*) FROM database_sizes_default'), 0,
    'nothing is left without a month';
is digest(), $before, 'nor did a calculated value change';
is run('partitions_ahead', today => '2028-07-01')->{partitions_created}, 0,
    'a second run makes none';
run('calculate_database', today => '2028-07-01');
is digest(), $before, 'calculated again, it is the same';


# --- the period in progress ------------------------------------------------

reading(1, '2028-07-01', $again => 150, $b => 350);
$m = run('capacity_aggregate_current', today => '2028-07-01',
    period_type => 'monthly', scope => 'all');
row of_instance(1, 'monthly', '2028-07-01'), data_count => 1, avg => 500,
    period_end => '2028-07-31', 'one day of July';
is $m->{records_database}, 2, 'of each database';
run('capacity_aggregate_current', today => '2028-07-01',
    period_type => 'weekly');
row of_database($again, 'weekly', '2028-06-26'), data_count => 6,
    'a week that is not over';
reading(1, '2028-07-02', $again => 250, $b => 450);
run('capacity_aggregate_current', today => '2028-07-02',
    period_type => 'monthly', scope => 'instance');
row of_instance(1, 'monthly', '2028-07-01'), data_count => 2, avg => 600,
    'two days, of the instance only';
row of_database($again, 'monthly', '2028-07-01'), data_count => 1,
    'when nothing else was asked for';
run('calculate_database', today => '2028-08-01');
row of_database($again, 'monthly', '2028-07-01'), data_count => 2, avg => 200,
    'when the month is over, it is calculated again';
row of_database($again, 'weekly', '2028-06-26'), data_count => 7,
    'the week too, however many were over since';


# --- growth ----------------------------------------------------------------

# 10 MB a day, with days that were not read, two that were read wrong, and a
# database that was not read

my $c = database(2, 'c', 1);
my $d = database(2, 'd', 2);
my @days = days('2028-08-01', '2028-09-10');
for my $i (0 .. $#days) {
    next if $i =~ /^(?:3|4|5|17)$/;
    reading(2, $days[$i], $d => ($i == 20 ? undef : 400),
        $c => 1000 + 10 * $i + ($i == 10 ? 90000 : $i == 11 ? -900 : 0));
}
my $few = database(4, 'e', 1);
reading(4, $_, $few => 100 + substr $_, -2)
    for days('2028-09-01', '2028-09-06');
run('calculate_database', today => '2028-09-11');
row $tf->row("SELECT day, size_bytes / $mb AS size, points, days,
              bytes_per_day / $mb AS growth FROM instance_growth
              WHERE instance_id = 2"),
    day => '2028-09-10', size => 1800, points => 37, days => 40, growth => 10,
    'the slope is that of most days';
is $tf->value("SELECT f.days || coalesce(reason, '')
    FROM instance_growth g, capacity_days_until_full(3000 * ${mb}::bigint,
        g.size_bytes, g.bytes_per_day) f
    WHERE g.instance_id = 2"), 120, 'and says when it is full';
is $tf->value("SELECT reason FROM instance_growth g,
    capacity_days_until_full(3000000 * ${mb}::bigint, g.size_bytes,
                             g.bytes_per_day)
    WHERE g.instance_id = 1"), 'flat', 'a step is no growth';
is $tf->value("SELECT bytes_per_day IS NULL FROM instance_growth
               WHERE instance_id = 4"), 't', 'six points say nothing';


# --- retention -------------------------------------------------------------

my $left = $tf->value("SELECT count(*) FROM database_sizes
                       WHERE day >= '2028-03-01'");
my $old = $tf->value("SELECT count(*) FROM instance_size_aggregations
                      WHERE period_start < '2028-03-01'");
run('cleanup_partitions', today => '2028-09-11');   # what migrate made

sub months {
    return $tf->value("SELECT count(*) FROM tf_partitions('2028-09-11')
        WHERE table_name IN ('database_sizes', 'instance_sizes')");
}

my $months = months();
run('cleanup_partitions', today => '2028-09-11');
is months(), $months, 'nothing is a year old';
$tf->sql("UPDATE partitioned_tables SET retention_months = 6
          WHERE table_name IN ('database_sizes', 'instance_sizes')");
$m = run('cleanup_partitions', today => '2028-09-11');
is months(), $months - 10, 'October to February of two tables go';
cmp_ok $m->{partitions_dropped}, '>=', 10, 'which the job says';
is $tf->value('SELECT count(*) FROM database_sizes'), $left,
    'and nothing else';
is $tf->value("SELECT count(*) FROM instance_size_aggregations
               WHERE period_start < '2028-03-01'"), $old,
    'what was calculated from them has its own retention';
run('calculate_database', today => '2028-09-11');
row of_database($b, 'quarterly', '2027-10-01'), data_count => 92, avg => 300,
    'and is not calculated again from nothing';
$m = run('cleanup_partitions', today => '2028-09-11', retention_months => 2);
is $tf->value('SELECT min(day) FROM database_sizes'), '2028-07-01',
    'or as long as somebody says';
is $tf->value('SELECT min(period_start) FROM instance_size_aggregations'),
    '2028-07-01', 'of calculated values too';


# --- a table that is busy --------------------------------------------------

my $holder = fork() // die;
if (!$holder) {
    eval { $tf->sql("BEGIN; INSERT INTO instance_sizes (instance_id, day,
        size_bytes, database_count, is_complete)
        VALUES (2, '2028-09-30', 1, 1, true); SELECT pg_sleep(60); ROLLBACK") };
    POSIX::_exit(0);
}
TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) FROM pg_locks WHERE granted
        AND relation = 'instance_sizes'::regclass
        AND mode = 'RowExclusiveLock'") }) or die 'no lock';
my $run = $tf->value("SELECT run_id FROM tf_enqueue('partitions_ahead',
    'manual', payload => '{\"month\": \"2029-01-01\"}')");
TaiFish::Server::until_true(30, sub {
    $tf->value("SELECT t.error_code FROM task_items t JOIN task_runs r
        ON r.id = t.run_id WHERE r.run_id = '$run' AND t.state = 'retry'") })
    or die 'the job is not tried again';
is $tf->value("SELECT to_regclass('database_sizes_2029_01')::text || ' '
    || coalesce(to_regclass('instance_sizes_2029_01')::text, 'none')"),
    'database_sizes_2029_01 none', 'a busy table holds up no other';
$tf->sql("SELECT pg_terminate_backend(pid) FROM pg_locks
          WHERE relation = 'instance_sizes'::regclass
                AND mode = 'RowExclusiveLock'");
waitpid $holder, 0;
is $tf->wait_run($run)->{status}, 'completed', 'and is taken up again';
is $tf->value("SELECT to_regclass('instance_sizes_2029_01')"),
    'instance_sizes_2029_01', 'when it is free';

done_testing;
