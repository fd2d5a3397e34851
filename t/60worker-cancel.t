# Cancelling a run stops what it runs on the managed database, not only here: a
# sync that waits for a lock is gone from that server's own list of statements
# within two seconds, long before a timeout of its own.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

use POSIX ();
use Time::HiRes ();

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');

# For each: the lock of somebody that a sync needs, who waits and who holds it,
# as the server tells it, and how the holder ends.

my %engine = (
    postgresql => {
        server => $tf->postgres,
        lock => ['BEGIN; LOCK TABLE pg_default_acl IN ACCESS EXCLUSIVE MODE;
                  SELECT pg_sleep(120)', 'postgres'],
        waiting => "FROM pg_stat_activity WHERE usename = 'collector'
                    AND wait_event_type = 'Lock'",
        locked => "FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
        free => 'SELECT pg_terminate_backend(pid)',
    },
    mysql => {
        server => $tf->mariadb,
        lock => ['LOCK TABLES mysql.global_priv WRITE; SELECT SLEEP(120)'],
        waiting => "FROM information_schema.PROCESSLIST
                    WHERE user = 'collector' AND state LIKE 'Waiting%'",
        locked => "FROM information_schema.PROCESSLIST
                   WHERE info LIKE 'SELECT SLEEP%'",
        free => "SELECT concat('KILL ', id, ';')",
        kills => "SELECT variable_value FROM information_schema.GLOBAL_STATUS
                  WHERE variable_name = 'Com_kill'",
    },
);

for my $name (qw(postgresql mysql)) {
    my $of = $engine{$name};
    my $db = $of->{server};
    my $s = TaiFish::Sync->new($tf, $api, $name, $db);

    $s->sync;

    my $holder = fork // die;
    if (!$holder) {
        eval { $db->sql(@{ $of->{lock} }) };
        POSIX::_exit(0);
    }
    ok TaiFish::Server::until_true(20, sub {
        $db->value("SELECT count(*) $of->{locked}") }),
        "$name: somebody holds a lock";

    my $run = $api->post('/instances/actions/sync-accounts')->data->{run_id};
    ok TaiFish::Server::until_true(20, sub {
        $db->value("SELECT count(*) $of->{waiting}") }),
        "$name: a sync waits for it";

    my $kills = $of->{kills} && $db->value($of->{kills});
    my $started = Time::HiRes::time();
    my $r = $api->post("/task-runs/$run/actions/cancel");
    is $r->status, 200, "$name: it is cancelled" or diag $r->as_string;
    ok TaiFish::Server::until_true(20, sub {
        !$db->value("SELECT count(*) $of->{waiting}") }),
        "$name: and gone from the server";
    my $took = Time::HiRes::time() - $started;
    cmp_ok $took, '<', 2, sprintf '%s: within 2 s: %.2f', $name, $took;
    is $tf->wait_run($run)->{status}, 'cancelled', "$name: the run says so";
    is $db->value($of->{kills}), $kills + 1, "$name: it did not wait for the"
        . ' server to notice' if $of->{kills};
    is $tf->value("SELECT last_sync_status FROM instances WHERE id = $s->{id}"),
        'completed', "$name: no failure of its instance";

    my $freed = $db->value("$of->{free} $of->{locked}");
    $db->sql($freed) if $freed =~ /^KILL/;
    waitpid $holder, 0;
    ok eval { $s->sync; 1 }, "$name: the next one is as any other" or diag $@;
}

done_testing;
