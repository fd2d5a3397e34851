# Partitions through the API: what there is, what is missing, a month that an
# administrator makes, and the cleanup.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;

$tf->sql('UPDATE schedules SET is_enabled = false');
$tf->start;

my $admin = $tf->as('admin');
my $viewer = $tf->as('viewer');
my $en = { 'accept-language' => 'en' };

sub got {
    my ($path) = @_;
    return data_of($viewer->get($path, $en), 200, $path);
}

sub month {
    my ($n) = @_;
    return $tf->value("SELECT (date_trunc('month', now() AT TIME ZONE 'UTC')
        + interval '$n months')::date");
}

sub name { "database_sizes_" . substr(month($_[0]), 0, 7) =~ tr/-/_/r }


# --- what there is ---------------------------------------------------------

my $status = got('/partitions/status');
is_deeply [$status->{data}{status}, $status->{data}{missing_partitions}],
    ['healthy', []], 'nothing is missing';
ok $status->{timestamp}, 'by a time';

my $list = got('/partitions?table_type=stats&limit=3');
is_deeply [$list->{total}, scalar @{ $list->{items} }], [5, 3], 'a page';
my ($now) = grep { $_->{name} eq name(0) } @{ $list->{items} };
is_deeply { map { $_ => $now->{$_} } grep { !/^size/ } keys %$now },
    { name => name(0), table => 'database_sizes', table_type => 'stats',
      display_name => 'Sizes of databases ' . substr(month(0), 0, 7),
      record_count => 0, date => month(0) =~ tr{-}{/}r, status => 'current',
      date_from => month(0), date_to => month(1) }, 'a partition';
is_deeply [map { $_->{status} } @{ got('/partitions?search=' . name(1))
    ->{items} }], ['future'], 'the next month is found by its name';
is_deeply [map { [@$_{qw(name date)}] }
    @{ got('/partitions?table_type=stats&status=default')->{items} }],
    [['database_sizes_default', undef]], 'the DEFAULT one';
is_deeply [map { $_->{table_type} } @{ got('/partitions?sort=table_type'
    . '&order=desc&limit=1')->{items} }], ['stats'], 'by a key';
refused $viewer->get('/partitions?sort=x'), 400, 'VALIDATION_ERROR', 'sort',
    'that there is';

my $info = got('/partitions/info')->{data};
my $tables = $tf->value('SELECT count(*) FROM partitioned_tables');
is $info->{total_partitions}, 5 * $tables, 'four months and DEFAULT of each';
is scalar @{ $info->{partitions} }, $info->{total_partitions}, 'all are there';
is scalar @{ $info->{tables} }, $tables, 'and the kinds of tables';
cmp_ok $info->{total_size_bytes}, '>', 8192, 'with their size';
is got('/partitions/statistics')->{data}{total_partitions},
    $info->{total_partitions}, 'statistics say the same';


# --- what is missing -------------------------------------------------------

$tf->sql("DROP TABLE " . name(1));
my $instance = data_of($admin->post('/instances', { name => 'one',
    db_type => 'mysql', host => 'h', port => 3306 }), 201, 'instance')
    ->{instance}{id};
$tf->sql("INSERT INTO databases (instance_id, name) VALUES ($instance, 'a');
    INSERT INTO database_sizes (database_id, instance_id, day, size_bytes)
    SELECT d.id, $instance, '@{[ month(1) ]}'::date + n, 7
    FROM databases d, generate_series(0, 9) n");
$tf->sql('ANALYZE database_sizes_default');
$status = got('/partitions/status')->{data};
is_deeply [@$status{qw(status missing_partitions default_records)}],
    ['warning', [name(1)], 10], 'a missing month and its rows are seen';

my $made = data_of($admin->post('/partitions', { date => month(1) }, $en), 200,
    'an administrator makes it');
is_deeply [@{ $made->{result} }{qw(success partition_start partition_end)}],
    [JSON::PP::true, month(1), month(2)], 'that month';
my %made = map { $_->{partition_name} => $_->{status} }
    @{ $made->{result}{created_partitions} };
is scalar keys %made, $tables, 'in all tables';
is_deeply [@made{name(1), 'instance_sizes' . substr name(1), 14}],
    ['created', 'exists'], 'made, or there already';
is got('/partitions?search=' . name(1))->{items}[0]{size_bytes} > 0, 1,
    'it is there';
$tf->sql('ANALYZE');
$status = got('/partitions/status')->{data};
is_deeply [@$status{qw(status default_records)}], ['healthy', 0],
    'and has its rows';
is $tf->value('SELECT count(*) FROM ' . name(1)), 10, 'all of them';

refused $admin->post('/partitions', { date => $tf->value(
    "SELECT '@{[ month(0) ]}'::date - 1") }), 400, 'VALIDATION_ERROR', 'date',
    'no month that is over';
refused $admin->post('/partitions', { date => '2999-01-01' }), 400,
    'VALIDATION_ERROR', 'date', 'none of the far future';
refused $admin->post('/partitions', {}), 400, 'VALIDATION_ERROR', 'date',
    'none without a date';
refused $viewer->post('/partitions', { date => month(1) }), 403,
    'ADMIN_PERMISSION_REQUIRED', undef, 'nobody else does';


# --- cleanup ---------------------------------------------------------------

# a year and a half ago

$tf->sql("SELECT tf_partition_make(table_name, '@{[ month(-18) ]}')
          FROM partitioned_tables");
is got('/partitions?search=' . name(-18))->{items}[0]{status}, 'past',
    'an old month';
my $clean = data_of($admin->post('/partitions/actions/cleanup', {}, $en), 200,
    'each table by its own retention')->{result};
is_deeply [grep { /_sizes_/ } map { $_->{partition_name} }
    @{ $clean->{dropped_partitions} }],
    [name(-18), 'instance_sizes' . substr name(-18), 14], 'sizes go';
ok $tf->value("SELECT to_regclass('instance_size_aggregations"
    . substr(name(-18), 14) . "')"), 'what is kept for longer stays';
$clean = data_of($admin->post('/partitions/actions/cleanup',
    { retention_months => 12 }, $en), 200, 'or twelve months of all')->{result};
is_deeply [sort grep { /_size_agg/ } map { $_->{partition_name} }
    @{ $clean->{dropped_partitions} }],
    [map { $_ . substr name(-18), 14 }
         qw(database_size_aggregations instance_size_aggregations)],
    'of capacity';
refused $admin->post('/partitions/actions/cleanup',
    { retention_months => 0 }), 400, 'VALIDATION_ERROR', 'retention_months',
    'none is not allowed';
is $tf->value('SELECT count(*) FROM database_sizes'), 10, 'no row of now went';


# --- the chart -------------------------------------------------------------

$tf->sql("INSERT INTO instance_sizes (instance_id, day, size_bytes,
        database_count, unread_count, is_complete)
    SELECT $instance, capacity_day() - n, 1, 5, 2, false
    FROM generate_series(0, 2) n");
$tf->wait_run($tf->value("SELECT run_id FROM tf_enqueue('calculate_database',
                                                        'manual')"));
my $chart = got('/partitions/core-metrics?days=5');
is_deeply [@$chart{qw(dataPointCount periodType yAxisLabel)},
    scalar @{ $chart->{labels} }], [5, 'daily', 'Number', 5], 'five days';
is_deeply [map { $_->{data} } @{ $chart->{datasets} }],
    [[0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 0, 3, 3, 3], [0, 0, 0, 0, 0]],
    'what was read and what was calculated';
is $chart->{timeRange}, "$chart->{labels}[0] - $chart->{labels}[4]",
    'from and to';
is $viewer->get('/partitions/core-metrics')->data->{datasets}[0]{label},
    '实例数总量', 'in Chinese';
is scalar @{ got("/partitions/core-metrics?period_type=$_&days=3")->{labels} },
    3, $_ for qw(weekly monthly quarterly);
refused $viewer->get('/partitions/core-metrics?period_type=yearly'), 400,
    'VALIDATION_ERROR', 'period_type', 'a period that is none';

done_testing;
