
# A sync reads while a lock holds it up; meanwhile the instance is changed, or
# another sync writes, or the run is cancelled.  What was read is not written.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;
use TaiFish::Sync;

use Time::HiRes qw(time);

my $tf = TaiFish->new(http => 'taifish_run_wait 300ms')->start;
my $api = $tf->as('admin');
my $db = $tf->postgres;
$db->sql('CREATE ROLE before');
my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
my $id = $s->id;

sub item { $tf->row('SELECT * FROM task_items ORDER BY id DESC LIMIT 1') }

sub accounts {
    return $tf->value("SELECT string_agg(principal, ' ' ORDER BY principal)
        FROM accounts WHERE instance_id = $id AND dropped_at IS NULL
             AND principal IN ('before', 'after')");
}

# Starts a sync that waits for a lock on a catalog; code runs then, and
# the lock goes.

sub while_reading {
    my ($code) = @_;
    my $lock = fork // die;
    if (!$lock) {
        eval { $db->sql('BEGIN; LOCK TABLE pg_default_acl IN ACCESS EXCLUSIVE
                         MODE; SELECT pg_sleep(120)', 'postgres') };
        POSIX::_exit(0);
    }
    TaiFish::Server::until_true(20, sub {
        $db->value("SELECT count(*) FROM pg_stat_activity
                    WHERE query LIKE '%pg_sleep(120)%'
                          AND wait_event = 'PgSleep'") }) or die 'no lock';
    my $run = $api->post("/instances/$id/actions/sync-accounts")->data
        ->{run_id};
    TaiFish::Server::until_true(20, sub {
        $db->value("SELECT count(*) FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock'") }) or die 'no wait';
    $code->($run);
    $db->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE wait_event = 'PgSleep'");
    waitpid $lock, 0;
    return $run;
}

$tf->wait_run($api->post("/instances/$id/actions/sync-accounts")->data
    ->{run_id});
is accounts(), 'before', 'what is known';
$db->sql('CREATE ROLE after');

for my $case (
    ['its host', "host = '127.0.0.2'", "host = '127.0.0.1'"],
    ['its credential', 'credential_id = NULL',
     "credential_id = $s->{credential}"],
    ['a sync that was faster', 'last_sync_at = now()', 'last_sync_at = now()'],
    ['that it is deleted', 'deleted_at = now()', 'deleted_at = NULL'],
) {
    my ($name, $change, $back) = @$case;
    my $run = while_reading(sub {
        $tf->sql("UPDATE instances SET $change WHERE id = $id;
                  UPDATE task_items SET max_attempts = 1
                  WHERE state = 'running'");
    });
    my $row = $tf->wait_run($run);
    is $row->{status}, 'failed', "changed while it was read: $name";
    is $row->{items}[0]{error_code}, 'ALREADY_RUNNING', 'the code says so';
    is accounts(), 'before', 'nothing is written';
    $tf->sql("UPDATE instances SET $back WHERE id = $id");
}

# A cancelled run: the query on the managed server ends with it.

my $start;
my $run = while_reading(sub {
    my ($which) = @_;
    $start = time;
    is $api->post("/task-runs/$which/actions/cancel")->status, 200, 'cancel';
    ok TaiFish::Server::until_true(20, sub {
        item()->{state} eq 'cancelled' }), 'the item ends';
    cmp_ok time - $start, '<', 5, sprintf 'soon (%.1f s)', time - $start;
});
is $tf->wait_run($run)->{status}, 'cancelled', 'its run is cancelled';
is accounts(), 'before', 'nothing is written';

$tf->wait_run($api->post("/instances/$id/actions/sync-accounts")->data
    ->{run_id});
is accounts(), 'after before', 'the next one writes';

done_testing;
