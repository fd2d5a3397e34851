# Cancelling a run stops what it runs on the managed database, not only here: a
# sync that waits for a lock on a PostgreSQL is gone from that server's own list
# of statements within two seconds, long before a timeout of its own.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

use POSIX ();
use Time::HiRes ();

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $db = $tf->postgres;
my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
my $waiting = "SELECT count(*) FROM pg_stat_activity
    WHERE usename = 'collector' AND wait_event_type = 'Lock'";
my $locked = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

$s->sync;

my $holder = fork // die;
if (!$holder) {
    eval { $db->sql('BEGIN; LOCK TABLE pg_default_acl IN ACCESS EXCLUSIVE MODE;
                     SELECT pg_sleep(120)', 'postgres') };
    POSIX::_exit(0);
}
ok TaiFish::Server::until_true(20, sub {
    $db->value("SELECT count(*) $locked") }), 'somebody holds a lock';

my $run = $api->post('/instances/actions/sync-accounts')->data->{run_id};
ok TaiFish::Server::until_true(20, sub { $db->value($waiting) }),
    'a sync waits for it';

my $started = Time::HiRes::time();
my $r = $api->post("/task-runs/$run/actions/cancel");
is $r->status, 200, 'it is cancelled' or diag $r->as_string;
ok TaiFish::Server::until_true(20, sub { !$db->value($waiting) }),
    'and gone from the server';
my $took = Time::HiRes::time() - $started;
cmp_ok $took, '<', 2, sprintf 'within 2 s: %.2f', $took;
is $tf->wait_run($run)->{status}, 'cancelled', 'the run says so';

$db->sql("SELECT pg_terminate_backend(pid) $locked");
waitpid $holder, 0;
ok eval { $s->sync; 1 }, 'the next one is as any other' or diag $@;

done_testing;
