# Schedules: fired once by several workers, missed times, changes of clocks.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use Time::HiRes qw(sleep time);
use POSIX ();

my $tf = TaiFish::Queue::server(env => { TAIFISH_WORKERS => 1 });

my @workers = map { $tf->start_worker } 1 .. 3;

sub schedule {
    my ($job, $cron, %opt) = @_;
    my %c = (job_id => $job, task_key => 'test_effect',
             cron_expression => $cron, %opt);
    my $names = join ', ', sort keys %c;
    my $values = join ', ', map { defined $c{$_} ? "'$c{$_}'" : 'NULL' }
        sort keys %c;
    return $tf->value("WITH s AS (INSERT INTO schedules ($names)
        VALUES ($values) RETURNING id) SELECT id FROM s");
}

sub fires {
    my ($id) = @_;
    return map { $_->{due} } $tf->rows("SELECT extract(epoch FROM due_at)
        ::bigint AS due FROM schedule_fires WHERE schedule_id = $id
        ORDER BY due_at");
}

# Every second for eight seconds, by three workers of which one is killed.

my $every = schedule('every_second', '* * * * * *');
sleep 3;
(shift @workers)->stop('KILL');
sleep 5;
$tf->sql("UPDATE schedules SET is_enabled = false");
sleep 0.5;
my @fires = fires($every);
cmp_ok scalar @fires, '>=', 6, 'a schedule of every second fires every second';
is $fires[-1] - $fires[0], $#fires, 'a schedule of every second has no gap';
is $tf->value("SELECT count(*) FROM task_runs
               WHERE task_key = 'test_effect'"), scalar @fires,
    'one run for each time';
is $tf->value("SELECT count(*) FROM schedule_fires WHERE run_id IS NULL"), 0,
    'every fire names its run';
ok TaiFish::Server::until_true(10, sub {
    $tf->value('SELECT count(*) FROM tfw_test_effects') == @fires }),
    'each had its effect once';

# Missed times

my %missed = map {
    ($_ => schedule("missed_$_", '*/10 * * * *', misfire => $_,
        next_due_at => '2026-01-01T00:00:00Z'))
} qw(skip once);
$missed{fill} = schedule('missed_fill', '*/10 * * * *', misfire => 'fill',
    next_due_at => POSIX::strftime('%Y-%m-%dT%H:%M:00Z',
        gmtime(600 * int(time / 600) - 3000)));

TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) FROM schedules
                WHERE is_enabled AND next_due_at < now()") == 0 });
is scalar(fires($missed{skip})), 0, 'skip: nothing';
is scalar(fires($missed{once})), 1, 'once: one run for all';
cmp_ok abs(scalar(fires($missed{fill})) - 6), '<=', 1, 'fill: each of them';

# An edit is computed again; what can not be computed stops nothing.

my $bad = schedule('bad', 'not a cron');
my $zone = schedule('zone', '0 0 * * *', timezone => 'Moon/Tycho');
my $good = schedule('good', '0 3 * * *', timezone => 'Asia/Shanghai');
ok TaiFish::Server::until_true(5, sub {
    $tf->value("SELECT next_due_at FROM schedules WHERE id = $good") }),
    'a schedule beside wrong ones';
is $tf->value("SELECT to_char(next_due_at AT TIME ZONE 'UTC', 'HH24:MI')
               FROM schedules WHERE id = $good"), '19:00',
               'a schedule is due in its own zone';
$tf->sql("UPDATE schedules SET cron_expression = '15 4 * * *',
          next_due_at = NULL WHERE id = $good");
ok TaiFish::Server::until_true(5, sub {
    $tf->value("SELECT to_char(next_due_at AT TIME ZONE 'UTC', 'HH24:MI')
                FROM schedules WHERE id = $good") eq '20:15' }),
    'an edit counts from then on';
$tf->sql('UPDATE schedules SET is_enabled = false');

# Changes of clocks, in New York: 2026-03-08 02:00 EST becomes 03:00 EDT,
# 2026-11-01 02:00 EDT becomes 01:00 EST.

sub next_times {
    my ($cron, $zone_name, $after, $n) = @_;
    my $run = TaiFish::Queue::enqueue($tf, 1, {
        expression => $cron, zone => $zone_name,
        after => 0 + $tf->value("SELECT extract(epoch FROM
            timestamptz '$after')::bigint"), n => $n },
        kind => 'test_schedule');
    my $row = $tf->wait_run($run);
    return join ' ', map {
        POSIX::strftime('%d-%H:%M', gmtime $_)
    } @{ $row->{items}[0]{details} || [] };
}

my @table = (
    # expression, zone, after (UTC), expected (day-hour:minute in UTC), what
    ['30 * * * *', 'America/New_York', '2026-03-08 05:45Z',
     '08-06:30 08-07:30 08-08:30', 'every hour through the gap'],
    ['30 2 * * *', 'America/New_York', '2026-03-07 12:00Z',
     '08-07:30 09-06:30', 'a time that does not exist: at the gap\'s end'],
    ['30 * * * *', 'America/New_York', '2026-11-01 04:45Z',
     '01-05:30 01-06:30 01-07:30', 'every hour through the repeated one'],
    ['*/20 * * * *', 'America/New_York', '2026-11-01 05:30Z',
     '01-05:40 01-06:00 01-06:20 01-06:40 01-07:00',
     'every 20 minutes through the repeated one'],
    ['30 1 * * *', 'America/New_York', '2026-10-31 12:00Z',
     '01-06:30 02-06:30', 'a time that exists twice: once'],
    ['0 */2 * * *', 'America/New_York', '2026-11-01 04:30Z',
     '01-07:00 01-09:00', 'every second hour'],
    ['0 * 1 * *', 'America/New_York', '2026-03-02 12:00Z',
     '01-04:00 01-05:00', 'across a change that is long past'],
    ['*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04 14:40Z',
     '04-14:45 04-15:00 04-15:15 04-15:30', 'a change of half an hour'],
    ['0 1 * * *', 'Asia/Shanghai', '2026-01-01 00:00Z',
     '01-17:00 02-17:00', 'a zone without changes'],
);

for my $t (@table) {
    my ($cron, $zone_name, $after, $expected, $what) = @$t;
    my $n = () = $expected =~ /:/g;
    is next_times($cron, $zone_name, $after, $n), $expected,
        "$cron: $what";
}

done_testing;
