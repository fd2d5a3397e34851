# Tables in partitions by month: months ahead, a month that is made late, one
# that is made while rows are written, retention, and who may do what.  Every
# function has the day as its argument.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new(redis => 0);

$tf->sql(q{
    CREATE TABLE p_days (
        id bigint GENERATED ALWAYS AS IDENTITY,
        place integer NOT NULL REFERENCES tags,
        day date NOT NULL,
        n integer NOT NULL DEFAULT 7 CHECK (n >= 0),
        twice integer GENERATED ALWAYS AS (n * 2) STORED,
        PRIMARY KEY (id, day)
    ) PARTITION BY RANGE (day);
    CREATE INDEX p_days_place_idx ON p_days (place, day);
    CREATE TABLE p_times (
        at timestamptz NOT NULL,
        body text NOT NULL DEFAULT repeat('x', 100)
    ) PARTITION BY RANGE (at);
    GRANT SELECT, INSERT ON p_days, p_times TO taifish_api;
    INSERT INTO tags (name, display_name, category) VALUES ('a', 'A', 'env');

    SELECT tf_partitions_register('p_days', 'days', '天', 'Days', 12);
    SELECT tf_partitions_register('p_times', 'times', '时刻', 'Times', NULL);
});

sub bounds {
    my ($table, $today) = @_;
    return map { "$_->{partition_name} $_->{starts} $_->{ends} $_->{state}" }
        $tf->rows("SELECT * FROM tf_partitions('$today')
                   WHERE table_name = '$table' AND starts IS NOT NULL
                   ORDER BY starts");
}

# As the worker does it, which is not the owner, and wherever it is.

sub worker {
    my ($sql) = @_;
    my ($code, $out) = $tf->pg->psql("SET SESSION AUTHORIZATION taifish_worker;
        SET timezone = 'Asia/Shanghai'; $sql");
    return $code ? "failed: $out" : $out =~ s/\n\z//r;
}

sub ahead {
    my ($table, $today, $months) = @_;
    return worker("SELECT coalesce(string_agg(partition_name || ' ' || moved,
        ', ' ORDER BY partition_name), '')
        FROM tf_partitions_ahead('$table', '$today', $months)");
}


# --- at the first migration ------------------------------------------------

my $now = $tf->value(
    "SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date");
is scalar(() = bounds('p_days', $now)), 4, 'this month and three ahead';
is_deeply [map { (split)[3] } bounds('p_days', $now)],
    [qw(current future future future)],
    'months say whether they are past, current or to come';
is $tf->value("SELECT count(*) FROM tf_partitions('$now')
               WHERE state = 'default'
                     AND table_name IN ('p_days', 'p_times')"), 2,
    'each table has a partition for the rest';
is +($tf->command('migrate'))[0], 0, 'migrate again';
is scalar(() = bounds('p_days', $now)), 4, 'makes no more';


# --- every month of some years ---------------------------------------------

$tf->sql('DROP TABLE p_days_' . tr/-/_/r =~ s/_01\z//r)
    for map { (split)[1] } bounds('p_days', $now);

is ahead('p_days', '2027-12-31', 2), 'p_days_2027_12 0, p_days_2028_01 0, '
    . 'p_days_2028_02 0', 'over the end of a year';
is ahead('p_days', '2027-12-31', 2), '', 'what is there is not made again';
is ahead('p_days', '2028-01-31', 3), 'p_days_2028_03 0, p_days_2028_04 0',
    'the months ahead of the last day of a long month';
is_deeply [bounds('p_days', '2028-02-29')],
    ['p_days_2027_12 2027-12-01 2028-01-01 past',
     'p_days_2028_01 2028-01-01 2028-02-01 past',
     'p_days_2028_02 2028-02-01 2028-03-01 current',
     'p_days_2028_03 2028-03-01 2028-04-01 future',
     'p_days_2028_04 2028-04-01 2028-05-01 future'], 'February of a leap year';

# at the limits of a month, in each time zone of whoever looks

ahead('p_times', '2028-02-10', 0);
$tf->sql(q{
    INSERT INTO p_times (at) VALUES ('2028-02-01 00:00:00+00'),
        ('2028-02-29 23:59:59.999999+00'), ('2028-01-31 23:59:59.999999+00'),
        ('2028-03-01 00:00:00+00')
});
is $tf->value('SELECT count(*) FROM p_times_2028_02'), 2, 'a month is of UTC';
is $tf->value("SET timezone = 'Asia/Shanghai';
    SELECT starts || ' ' || ends FROM tf_partitions('2028-02-10')
    WHERE partition_name = 'p_times_2028_02'"), '2028-02-01 2028-03-01',
    'wherever one looks from';


# --- a month that was not made ---------------------------------------------

$tf->sql(q{
    INSERT INTO p_days (place, day, n)
    SELECT 1, d, extract(day FROM d)
    FROM generate_series('2028-05-01'::date, '2028-07-31', '1 day') d;
    INSERT INTO p_days (place, day) VALUES (1, '9999-12-31'), (1, 'infinity')
});
is $tf->value('SELECT count(*) FROM p_days_default'), 94,
    'rows of months that are not there are taken';
my $digest = "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM p_days t";
my $before = $tf->value($digest);

is_deeply [map { $_->{partition_name} }
    $tf->rows("SELECT * FROM tf_partitions_missing('2028-05-15')
               WHERE table_name = 'p_days' ORDER BY month")],
    [qw(p_days_2028_05 p_days_2028_06)],
    'months that are not there are said to be missing';

is ahead('p_days', '2028-06-15', 0), 'p_days_2028_05 31, p_days_2028_06 30',
    'their rows move in when they are made';
is $tf->value($digest), $before, 'rows that moved in are what they were';
is $tf->value('SELECT count(*) FROM p_days_2028_05'), 31,
    'rows that moved in are in their own month';
is $tf->value('SELECT count(*) FROM p_days_default'), 33,
    'what lies ahead stays';
is worker("SELECT tf_partition_make('p_days', '2028-07-04')"), 31,
    'a single month';
is worker("SELECT tf_partition_make('p_days', '2028-07-31')"), '',
    'a single month that is there already';
is $tf->value("SELECT count(*) FROM tf_partitions_missing('2028-06-15')
               WHERE table_name = 'p_days'"), 0, 'none is missing';
is ahead('p_days', '2028-06-15', 0), '',
    'a wrong clock far ahead makes no partitions';
$tf->sql("INSERT INTO p_days (place, day) VALUES (1, '2028-05-31')");
is $tf->value("SELECT count(*) FROM pg_indexes
               WHERE tablename = 'p_days_2028_05'"), 2, 'a month has indexes';
my (undef, $refused) = $tf->pg->psql("INSERT INTO p_days (place, day)
    VALUES (99, '2028-05-31')");
like $refused, qr/foreign key/, 'foreign keys';
(undef, $refused) = $tf->pg->psql("INSERT INTO p_days (place, day, n)
    VALUES (1, '2028-05-31', -1)");
like $refused, qr/check constraint/, 'a month has check constraints';
is $tf->value("SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables
               WHERE tablename LIKE 'p\\_days\\_%'"), 'taifish',
    'all are of one owner';


# --- while others write ----------------------------------------------------

my @writers = map {
    my $pid = fork() // die;
    if (!$pid) {
        my $one = "INSERT INTO p_times (at) VALUES ('2028-06-03 10:00+00');\n";
        my ($code) = $tf->pg->psql($one x 800);
        POSIX::_exit($code ? 1 : 0);
    }
    $pid;
} 1 .. 3;
TaiFish::Server::until_true(20, sub {
    $tf->value('SELECT count(*) > 100 FROM p_times_default') eq 't' })
    or die 'nobody writes';
my $moved = worker("SELECT tf_partition_make('p_times', '2028-06-01')");
cmp_ok $moved, '>', 100, "$moved rows moved while others came";
my $bad = 0;
for (@writers) {
    waitpid $_, 0;
    $bad += $? != 0;
}
is $bad, 0, 'no insert failed';
is +(grep { /_06 / } bounds('p_times', '2028-06-01'))[0],
    'p_times_2028_06 2028-06-01 2028-07-01 current',
    'a month is of UTC, wherever the worker is';
is $tf->value('SELECT count(*) FROM p_times_2028_06'), 2400, 'no row is lost';
is $tf->value("SELECT count(*) FROM p_times_default
               WHERE at >= '2028-06-01+00' AND at < '2028-07-01+00'"), 0,
    'none was left behind';

# who comes while the rows move

$tf->sql("INSERT INTO p_times (at) VALUES ('2028-07-03 10:00+00')");
my $maker = $tf->transaction(
    "SELECT tf_partition_make('p_times', '2028-07-01')", 'p_times_default',
    'AccessExclusiveLock');
my ($code, $out) = $tf->pg->psql(
    "INSERT INTO p_times (at) VALUES ('2028-07-04 10:00+00')");
is $code, 0, 'waits and does not fail' or diag $out;
waitpid $maker, 0;
is $?, 0, 'the month is made';
is $tf->value('SELECT count(*) FROM p_times_2028_07'), 2,
    'a month has the row of who came while it was made';


# --- while others hold it --------------------------------------------------

my $holder = fork() // die;
if (!$holder) {
    eval { $tf->sql("BEGIN; INSERT INTO p_days (place, day)
        VALUES (1, '2028-05-31'); SELECT pg_sleep(60); END") };
    POSIX::_exit(0);
}
TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) FROM pg_locks WHERE granted
        AND relation = 'p_days'::regclass AND mode = 'RowExclusiveLock'") })
    or die 'no lock';
like ahead('p_days', '2028-08-15', 0), qr/lock timeout/,
    'making a month does not wait for who writes for long';
is $tf->value("SELECT to_regclass('p_days_2028_08')"), '', 'nothing is made';
like worker("SELECT * FROM tf_partitions_drop('p_days', '2029-06-15', 1)"),
    qr/lock timeout/, 'dropping months does not wait for who writes for long';
is $tf->value("SELECT count(*) FROM p_days WHERE day = '2028-05-31'"), 2,
    'others read while somebody writes for long';
$tf->sql("SELECT pg_terminate_backend(pid) FROM pg_locks
          WHERE relation = 'p_days'::regclass AND mode = 'RowExclusiveLock'");
waitpid $holder, 0;
is ahead('p_days', '2028-08-15', 0), 'p_days_2028_08 0',
    'a month is made when the long write is over';


# --- retention -------------------------------------------------------------

sub dropped {
    my ($table, $today, $months) = @_;
    return worker("SELECT coalesce(string_agg(partition_name, ', '
        ORDER BY partition_name), '')
        FROM tf_partitions_drop('$table', '$today', $months)");
}

is dropped('p_days', '2028-11-30', 'NULL'), '', 'eleven months are not twelve';
is dropped('p_days', '2028-12-31', 'NULL'), '', 'twelve full months stay';
is dropped('p_days', '2029-01-01', 'NULL'), 'p_days_2027_12',
    'a month that ended twelve full months ago goes';
is $tf->value("SELECT to_regclass('p_days_2027_12')"), '',
    'a month that goes is gone for good';
is dropped('p_days', '2028-06-15', 3), 'p_days_2028_01, p_days_2028_02',
    'as many months stay as somebody says';
is dropped('p_days', '2028-06-15', 0), '',
    'zero months to keep removes nothing';
is dropped('p_times', '2999-01-01', 'NULL'), '',
    'a table without retention keeps all';
$tf->sql("INSERT INTO p_days (place, day) VALUES (1, '2028-01-05'),
    (1, '2028-02-29'), (1, '-infinity')");
my $left = $tf->value("SELECT count(*) FROM p_days WHERE day >= '2028-03-01'");
is dropped('p_days', '2028-06-15', 3), 'p_days_default',
    'old rows outside of a month go too';
is $tf->value('SELECT count(*) FROM p_days'), $left,
    'no newer row goes with old ones outside of a month';


# --- who may ---------------------------------------------------------------

for my $call ("tf_partition_make('p_days', '2028-10-01')",
    "tf_partitions_ahead('p_days', '2028-10-01', 1)",
    "tf_partitions_drop('p_days', '2028-10-01', 1)",
    "tf_partitions_register('p_days', 'x', 'x', 'x', 1)")
{
    my (undef, $out) = $tf->pg->psql("SET SESSION AUTHORIZATION taifish_api;
        SELECT $call");
    like $out, qr/permission denied for function/, "the API may not $call";
}
like worker("SELECT tf_partition_make('tags', '2028-10-01')"),
    qr/no partitioned table is called tags/,
    'the worker makes no partitions of other tables';
like worker("SELECT * FROM tf_partitions_drop('p_days; DROP TABLE tags',
    '2028-10-01', 1)"), qr/no partitioned table/,
    'the worker drops no partitions by a name that is no table';
like worker("DROP TABLE p_days_2028_05"), qr/must be owner/,
    'the worker cannot drop a partition by itself';
is worker("SELECT count(*) > 0 FROM tf_partitions('2028-10-01')"), 't',
    'the worker sees what partitions there are';

done_testing;
