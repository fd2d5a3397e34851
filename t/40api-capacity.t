# Capacity through the API: rows by period with every filter, the hundred
# largest, sums, and when an instance is full.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;

$tf->sql('UPDATE schedules SET is_enabled = false');
$tf->start;

my $admin = $tf->as('admin');
my $viewer = $tf->as('viewer');
my $mb = 1024 ** 2;
my $today = $tf->value('SELECT capacity_day()');

sub day { $tf->value("SELECT '$today'::date - $_[0]") }

sub instance {
    my ($name, %more) = @_;
    return data_of($admin->post('/instances', { name => $name,
        db_type => 'mysql', host => 'h', port => 3306, %more }), 201,
        "instance $name")->{instance};
}

# Forty days up to yesterday: of the first instance a database that grows by 5
# MB a day from 1000 MB and one of 100 MB; of the second one of 50 MB.

my $one = instance('one', capacity_limit_bytes => 2000 * $mb);
my $two = instance('two', db_type => 'postgresql', port => 5432);
is $one->{capacity_limit_bytes}, 2000 * $mb, 'an instance has a limit';
is $two->{capacity_limit_bytes}, undef, 'or none';

$tf->sql("
    INSERT INTO databases (instance_id, name, native_id)
    VALUES ($one->{id}, 'grows', 1), ($one->{id}, 'quiet', 2),
           ($two->{id}, 'quiet', 1);
    INSERT INTO database_sizes (database_id, instance_id, day, size_bytes,
                                data_bytes, log_bytes)
    SELECT d.id, d.instance_id, '$today'::date - n,
           CASE WHEN d.name = 'grows' THEN 1000 + 5 * (40 - n)
                WHEN d.instance_id = $one->{id} THEN 100 ELSE 50 END * $mb,
           40 * $mb, CASE WHEN d.name = 'grows' THEN 10 * $mb END
    FROM databases d, generate_series(1, 40) n;
    INSERT INTO instance_sizes (instance_id, day, size_bytes, database_count,
                                is_complete)
    SELECT instance_id, day, sum(size_bytes), count(*), true
    FROM database_sizes
    GROUP BY instance_id, day");
my %db = map { ("$_->{instance_id} $_->{name}" => $_->{id}) }
    $tf->rows('SELECT * FROM databases');

sub calculate {
    my $run = $tf->wait_run($tf->value("SELECT run_id FROM
        tf_enqueue('calculate_database', 'manual')"));
    is $run->{status}, 'completed', 'calculated' or diag explain $run;
}
calculate();

sub got {
    my ($path) = @_;
    return data_of($viewer->get($path), 200, $path);
}

sub items { @{ got($_[0])->{items} } }


# --- instances -------------------------------------------------------------

my $page = got('/capacity/instances?period_type=daily&limit=30');
is_deeply [@$page{qw(total page pages limit has_prev has_next)}],
    [80, 1, 3, 30, JSON::PP::false, JSON::PP::true], 'a page';
is $page->{items}[0]{period_start}, day(1), 'the newest first';
my $deep = got('/capacity/instances?period_type=daily&limit=30&page=3');
is_deeply [scalar @{ $deep->{items} }, @$deep{qw(has_prev has_next)}],
    [20, JSON::PP::true, JSON::PP::false], 'the last page';
my $next = got('/capacity/instances?period_type=daily&limit=30&after='
    . $page->{next});
is_deeply [map { $_->{id} } @{ $next->{items} }],
    [map { $_->{id} } items('/capacity/instances?period_type=daily&limit=30'
        . '&page=2')], 'or read on from a row';

my ($row) = items("/capacity/instances?period_type=daily&limit=1"
    . "&instance_id=$one->{id}");
is_deeply { map { $_ => $row->{$_} } grep { !/_at$|^id$/ } keys %$row }, {
    instance_id => $one->{id}, period_type => 'daily',
    period_start => day(1), period_end => day(1), total_size_mb => 1295,
    avg_size_mb => 1295, max_size_mb => 1295, min_size_mb => 1295,
    data_count => 1, database_count => 2, avg_database_count => 2,
    max_database_count => 2, min_database_count => 2,
    total_size_change_mb => 5, total_size_change_percent => 0.39,
    database_count_change => 0, database_count_change_percent => 0,
    growth_rate => 0.39, trend_direction => 'stable',
    avg_size_bytes => 1295 * $mb, max_size_bytes => 1295 * $mb,
    min_size_bytes => 1295 * $mb, total_size_change_bytes => 5 * $mb,
    is_complete => JSON::PP::true,
    instance => { id => $one->{id}, name => 'one', db_type => 'mysql' },
}, 'a row';
my ($first) = items("/capacity/instances?period_type=daily&limit=1&order=asc"
    . "&instance_id=$one->{id}");
is_deeply [@$first{qw(period_start total_size_change_mb growth_rate
                      trend_direction)}], [day(40), undef, undef, undef],
    'the first one says no change';

sub count { got($_[0])->{total} }

is count("/capacity/instances?period_type=daily&instance_id=$one->{id}"), 40,
    'of an instance';
is count("/capacity/instances?period_type=daily&instance_id=$one->{id}"
    . "&instance_id=$two->{id}"), 80, 'of several';
is count('/capacity/instances?period_type=daily&db_type=postgresql'), 40,
    'of an engine';
is count('/capacity/instances?period_type=daily&db_type=oracle'), 0,
    'that nobody has';
is count('/capacity/instances?period_type=daily&start_date=' . day(10)
    . '&end_date=' . day(6)), 10, 'between days';
is count('/capacity/instances?period_type=daily&time_range=10'), 20,
    'of the last days';
is count('/capacity/instances?period_type=weekly'),
    2 * $tf->value("SELECT count(DISTINCT w) FROM generate_series(1, 40) n,
        LATERAL (SELECT date_trunc('week', ('$today'::date - n)::timestamp)
                 AS w) x WHERE w < date_trunc('week', '$today'::timestamp)"),
    'weeks';
refused $viewer->get('/capacity/instances?start_date=2027-02-30'), 400,
    'VALIDATION_ERROR', 'start_date', 'a day that is none';
refused $viewer->get('/capacity/instances?period_type=yearly'), 400,
    'VALIDATION_ERROR', 'period_type', 'a period that is none';
is_deeply [map { $_->{total_size_mb} } items('/capacity/instances'
    . '?period_type=daily&sort=total_size_mb&limit=2&instance_id='
    . $one->{id})], [1295, 1290], 'by size';

is_deeply got('/capacity/instances/summary')->{summary},
    { total_instances => 2, total_size_mb => 1345, avg_size_mb => 672.5,
      max_size_mb => 1295, period_type => 'all', source => 'instance_sizes',
      total_size_bytes => 1345 * $mb }, 'the sum of the newest sizes';
is_deeply [@{ got('/capacity/instances/summary?db_type=mysql&end_date='
    . day(20))->{summary} }{qw(total_instances total_size_mb)}], [1, 1200],
    'of an engine, some days ago';


# --- databases -------------------------------------------------------------

($row) = items("/capacity/databases?period_type=daily&limit=1&database_id="
    . $db{"$one->{id} grows"});
is_deeply { map { $_ => $row->{$_} } grep { !/_at$|^id$/ } keys %$row }, {
    instance_id => $one->{id}, database_name => 'grows',
    database_id => $db{"$one->{id} grows"}, period_type => 'daily',
    period_start => day(1), period_end => day(1), avg_size_mb => 1195,
    max_size_mb => 1195, min_size_mb => 1195, data_count => 1,
    avg_data_size_mb => 40, max_data_size_mb => 40, min_data_size_mb => 40,
    avg_log_size_mb => 10, max_log_size_mb => 10, min_log_size_mb => 10,
    size_change_mb => 5, size_change_percent => 0.42,
    data_size_change_mb => 0, data_size_change_percent => 0,
    log_size_change_mb => 0, log_size_change_percent => 0,
    growth_rate => 0.42, trend_direction => 'stable',
    avg_size_bytes => 1195 * $mb, max_size_bytes => 1195 * $mb,
    min_size_bytes => 1195 * $mb, size_change_bytes => 5 * $mb,
    instance => { id => $one->{id}, name => 'one', db_type => 'mysql' },
}, 'a row of a database';
is count('/capacity/databases?period_type=daily&database_name=quiet'), 80,
    'of a name';
is count('/capacity/databases?period_type=daily&database_name=quiet'
    . "&instance_id=$two->{id}"), 40, 'of an instance';
($row) = items('/capacity/databases?period_type=daily&limit=1&order=asc'
    . '&database_id=' . $db{"$two->{id} quiet"});
is_deeply [@$row{qw(size_change_mb size_change_bytes trend_direction
                    max_log_size_mb)}], [0, undef, undef, undef],
    'the first day has no change, a log that nobody reads no size';

is_deeply got('/capacity/databases/summary')->{summary},
    { total_databases => 3, total_instances => 2, total_size_mb => 1345,
      avg_size_mb => 448.33, max_size_mb => 1195, growth_rate => 12.08,
      total_size_bytes => 1345 * $mb, period_type => 'all' },
    'sum and growth of the last thirty days';
is got('/capacity/databases/summary?start_date=' . day(11) . '&end_date='
    . day(1) . '&database_name=grows')->{summary}{growth_rate}, 4.37,
    'growth between days';

$tf->sql('UPDATE databases SET dropped_at = now() WHERE id = '
    . $db{"$one->{id} quiet"});
is count('/capacity/databases?period_type=daily&database_name=quiet'), 40,
    'a dropped database is left out';
is got('/capacity/databases/summary')->{summary}{total_databases}, 2,
    'of the sum, too';


# --- the hundred largest ---------------------------------------------------

$tf->sql("
    INSERT INTO instances (name, db_type, host, port)
    SELECT 'many' || n, 'mysql', 'h', 3306 FROM generate_series(1, 120) n;
    INSERT INTO instance_sizes (instance_id, day, size_bytes, database_count,
                                is_complete)
    SELECT id, '$today'::date - 1, substr(name, 5)::int * $mb, 1, true
    FROM instances
    WHERE name LIKE 'many%'");
calculate();
my $all = got('/capacity/instances?period_type=daily&get_all=true&start_date='
    . day(3) . '&page=2&limit=5');
is_deeply [@$all{qw(total page pages has_next)}],
    [3 + 3 + 98, 1, 1, JSON::PP::false], 'all rows of a hundred instances';
my %shown = map { $_->{instance}{name} => 1 } @{ $all->{items} };
is scalar(keys %shown), 100, 'a hundred of 122';
ok $shown{one} && $shown{two} && $shown{many120} && $shown{many23}
    && !$shown{many22} && !$shown{many1}, 'those are the largest';
is count('/capacity/instances?period_type=daily&get_all=true'
    . '&db_type=postgresql'), 40, 'with filters';
is count('/capacity/databases?period_type=daily&get_all=true&start_date='
    . day(3)), 6, 'of databases the same';


# --- when is it full -------------------------------------------------------

sub forecast {
    my ($id) = @_;
    return (items("/capacity/instances/forecasts?instance_id=$id"))[0];
}

my $f = forecast($one->{id});
is_deeply { map { $_ => $f->{$_} } grep { $_ ne 'calculated_at' } keys %$f }, {
    id => $one->{id}, name => 'one', db_type => 'mysql', sized_on => day(1),
    size_bytes => 1295 * $mb, capacity_limit_bytes => 2000 * $mb,
    used_percent => 64.75, bytes_per_day => 5 * $mb, points => 40,
    span_days => 39, days_until_full => 141, days_until_full_reason => undef,
    full_on => $tf->value("SELECT '$today'::date - 1 + 141"),
}, 'an instance with a limit';
is_deeply [@{ forecast($two->{id}) }{qw(days_until_full full_on
    days_until_full_reason)}], [undef, undef, 'unknown_limit'], 'without one';
is [items('/capacity/instances/forecasts')]->[0]{id}, $one->{id},
    'what is full first is first';

my %same = (name => 'two', db_type => 'postgresql', host => 'h', port => 5432);
is data_of($admin->put("/instances/$two->{id}", { %same,
    capacity_limit_bytes => 500 * $mb }), 200, 'a limit is set')
    ->{instance}{capacity_limit_bytes}, 500 * $mb, 'on the instance';
is forecast($two->{id})->{days_until_full_reason}, 'flat',
    'which does not grow';
is data_of($admin->put("/instances/$two->{id}", { %same }), 200,
    'a change of something else')->{instance}{capacity_limit_bytes},
    500 * $mb, 'leaves it';
is data_of($admin->put("/instances/$two->{id}", { %same,
    capacity_limit_bytes => undef }), 200, 'null')
    ->{instance}{capacity_limit_bytes}, undef, 'takes it away';
refused $admin->put("/instances/$two->{id}", { %same,
    capacity_limit_bytes => 0 }), 400, 'VALIDATION_ERROR',
    'capacity_limit_bytes', 'no limit is 0';


# --- the period in progress ------------------------------------------------

$tf->sql("INSERT INTO instance_sizes (instance_id, day, size_bytes,
        database_count, is_complete)
    VALUES ($two->{id}, '$today', 77 * $mb, 1, true);
    INSERT INTO database_sizes (database_id, instance_id, day, size_bytes)
    VALUES (" . $db{"$two->{id} quiet"} . ", $two->{id}, '$today', 77 * $mb)");
my $run = data_of($admin->post('/capacity/aggregations/current', {}), 200,
    'the period in progress')->{run_id};
my $done = $tf->wait_run($run);
is_deeply [@{ $done->{items}[0]{details} }{qw(status scope
    requested_period_type effective_period_type period_start period_end)}],
    ['completed', 'all', 'daily', 'daily', $today, $today], 'is today';
is_deeply [map { $_->{total_size_mb} } items('/capacity/instances'
    . "?period_type=daily&limit=1&instance_id=$two->{id}")], [77],
    'and is shown';
refused $viewer->post('/capacity/aggregations/current', {}), 403,
    'ADMIN_PERMISSION_REQUIRED', undef, 'an administrator starts it';
refused $admin->post('/capacity/aggregations/current', { scope => 'x' }), 400,
    'VALIDATION_ERROR', 'scope', 'of a scope that there is';

done_testing;
