# Kinds of jobs: the table that "migrate" writes, tf_enqueue(), what jobs report
# and how it is shown, items that are done in part, and when a run ends.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use TaiFish::Check;
use TaiFish::Sync;

my $tf = TaiFish::Queue::server(redis => 1)->start;
my $api = $tf->as('admin');


# --- the table -------------------------------------------------------------

my $kinds = 'SELECT kind, category, scope, lane, attempts, exclusive::text,
                    extract(epoch FROM deadline)::int AS deadline
             FROM job_kinds ORDER BY kind';
my @kinds = $tf->rows($kinds);
my %kind = map { $_->{kind} => $_ } @kinds;
is scalar(grep { $kind{$_} } qw(housekeeping sync_accounts test_connection
    test_effect)), 4, 'the kinds are written';
is_deeply $kind{sync_accounts}, { kind => 'sync_accounts',
    category => 'account', scope => 'fleet', lane => 'normal',
    attempts => 3, exclusive => 'true', deadline => 900 },
    'a kind of job is written as its row says';

$tf->sql("UPDATE job_kinds SET attempts = 9, lane = 'short', metrics = '[]'");
is +($tf->command('migrate'))[0], 0, 'migrate, with nothing to migrate';
is_deeply [$tf->rows($kinds)], \@kinds, 'migrate writes the kinds again';

$tf->sql("DELETE FROM job_kinds WHERE kind = 'housekeeping'");
my ($code, $out) = $tf->command('check-config');
isnt $code, 0, 'a kind that is not in the table';
like $out, qr/lacks housekeeping: run "taifish-worker migrate"/,
    'a kind that is missing is named before a worker starts';
$tf->command('migrate');


# --- tf_enqueue ------------------------------------------------------------

sub enqueue {
    my ($args) = @_;
    return $tf->row("SELECT * FROM tf_enqueue($args)");
}

sub items {
    my ($run) = @_;
    return $tf->rows("SELECT * FROM task_items WHERE run_id = $run->{id}
                      ORDER BY id");
}

sub run_of {
    my ($run) = @_;
    return $tf->row("SELECT * FROM task_runs WHERE id = $run->{id}");
}

$tf->stop_worker;

eval { enqueue("'no_such_kind', 'manual'") };
like $@, qr/no kind of job is called no_such_kind/, 'an unknown kind';

my $run = enqueue(q{'housekeeping', 'scheduled', payload => '{"a": 1}'});
my ($item) = items($run);
is_deeply [@$item{qw(kind lane max_attempts deadline state item_type
    item_key)}, !!$item->{exclusive}, $item->{payload}{a}],
    ['housekeeping', 'normal', 3, '00:10:00', 'ready', 'step', 'housekeeping',
     '', 1], 'one item, as the kind says';
is_deeply [@{ run_of($run) }{qw(task_key task_category trigger_source status
    progress_total)}], ['housekeeping', 'other', 'scheduled', 'pending', 1],
    'the run is as the kind says';

$tf->sql(q{
    WITH c AS (INSERT INTO credentials (name, credential_type, username,
                                        envelope)
               VALUES ('c', 'database', 'u', 'x') RETURNING id)
    INSERT INTO instances (name, db_type, host, port, credential_id,
                           is_active, deleted_at)
    SELECT v.name, 'mysql', 'h', 3306, CASE WHEN v.login THEN c.id END,
           v.active, CASE WHEN v.deleted THEN now() END
    FROM c, (VALUES ('a', true, true, false), ('no login', false, true,
             false), ('inactive', true, false, false), ('deleted', true, true,
             true), ('b', true, true, false))
            v (name, login, active, deleted)});
my %id = map { $_->{name} => $_->{id} }
    $tf->rows('SELECT name, id FROM instances');

my $one = enqueue("'sync_accounts', 'manual', NULL, ARRAY[$id{a}]");
is $one->{items}, 1, 'one instance';
is enqueue("'sync_accounts', 'manual', NULL, ARRAY[$id{a}]")->{run_id},
    $one->{run_id}, 'an instance that is queued gets the same run';
is enqueue("'test_connection', 'manual', NULL, ARRAY[$id{a}]")->{items}, 1,
    'another kind of work is another run';

$run = enqueue("'sync_accounts', 'manual'");
is_deeply [map $_->{item_name}, items($run)], ['b'],
    'the fleet: what can be reached and is not queued';
$run = enqueue("'sync_accounts', 'manual'");
is_deeply [$run->{items}, run_of($run)->{status}], [0, 'completed'],
    'the run of a fleet without instances is over';
ok run_of($run)->{completed_at},
    'the run of a fleet without instances has an end';

$run = enqueue("'sync_accounts', 'manual', NULL,
                ARRAY[$id{a}, $id{inactive}, $id{deleted}, 999]");
is_deeply [map [@$_{qw(item_key state error_code)}], items($run)],
    [[$id{a}, 'dead', 'ALREADY_RUNNING'], [$id{inactive}, 'ready', undef],
     [$id{deleted}, 'dead', 'RESOURCE_NOT_FOUND'],
     [999, 'dead', 'RESOURCE_NOT_FOUND']], 'named instances';
is_deeply [@{ run_of($run) }{qw(status progress_total progress_failed)}],
    ['pending', 4, 3], 'what failed at once is counted';
$run = enqueue("'test_connections', 'manual', NULL, ARRAY[998, 999]");
is_deeply [run_of($run)->{status}, !!run_of($run)->{completed_at}],
    ['failed', !!1], 'nothing of it can be done';

# Ten at once for the same instance: one item.

$tf->sql('DELETE FROM task_runs');
my @pids = map {
    my $pid = fork // die;
    if (!$pid) {
        my (undef, $said) = $tf->pg->psql("SELECT run_id
            FROM tf_enqueue('sync_accounts', 'manual', NULL, ARRAY[$id{a}])");
        POSIX::_exit($said =~ /^[0-9a-f-]{36}$/m ? 0 : 1);
    }
    $pid;
} 1 .. 10;
my $failed = grep { waitpid($_, 0); $? } @pids;
is $failed, 0, 'ten at once for the same instance';
is $tf->value('SELECT count(*) FROM task_items'), 1, 'share one item';
is $tf->value('SELECT count(*) FROM task_runs'), 1, 'ten at once share one run';

eval { $tf->sql("INSERT INTO task_items (run_id, kind, item_type, item_key,
    instance_id) SELECT id, 'sync_accounts', 'x', 'x', $id{a}
    FROM task_runs") };
like $@, qr/task_items_exclusive_key/, 'no statement gets around it';
$tf->sql('DELETE FROM task_runs; DELETE FROM instances');


# --- what a job reports ----------------------------------------------------

$tf->start_worker;

my $db = $tf->postgres;
$db->sql('CREATE ROLE one; CREATE ROLE two; CREATE ROLE three');
my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
$s->sync;
my $all = $tf->value("SELECT count(*) FROM accounts
                      WHERE instance_id = " . $s->id);

$db->sql('CREATE ROLE four; ALTER ROLE one CREATEDB;
          DROP ROLE two; DROP ROLE three');
$s->sync;

sub session {
    my $r = $api->get('/sync-sessions?limit=1');
    my $id = data_of($r, 200, 'sessions')->{items}[0]{session_id};
    return data_of($api->get("/sync-sessions/$id"), 200, 'the newest')
        ->{session};
}

my $session = session();
is_deeply [@{ $session->{instance_records}[0] }{qw(status items_synced
    items_created items_updated items_deleted)}],
    ['completed', $all - 1, 1, 1, 2], 'a sync session counts what was done'
    or diag explain $session;
is_deeply [@$session{qw(status total_instances successful_instances
    partial_instances failed_instances)}], ['completed', 1, 1, 0, 0],
    'a sync session counts its instances';


# --- done in part ----------------------------------------------------------

$db->sql('CREATE DATABASE shut; ALTER DATABASE shut ALLOW_CONNECTIONS false');
ok $s->sync->{partial}, 'a database that cannot be read';

$session = session();
is_deeply [@$session{qw(status total_instances successful_instances
    partial_instances failed_instances progress_percentage)}],
    ['completed_with_errors', 1, 0, 1, 0, 100], 'a session that was partial';
is $session->{instance_records}[0]{status}, 'completed_with_errors',
    'the record says so too';

my $d = data_of($api->get("/task-runs/$session->{session_id}"), 200, 'a run');
is_deeply [@{ $d->{run} }{qw(status progress_completed progress_partial
    progress_failed)}, $d->{items}[0]{status}],
    ['completed_with_errors', 1, 1, 0, 'completed_with_errors'],
    'a run that was partial, and its item';
is $api->get('/task-runs?status=completed_with_errors')->data->{total}, 1,
    'the filter finds it';
is $api->get('/sync-sessions?status=completed_with_errors')->data->{total}, 1,
    'among sessions too';


# --- when a run ends -------------------------------------------------------

# The item's transaction begins with the job's writes and is held back; the
# run's end is not before that of its last item, and both are seen together.

$tf->sql(q{
    CREATE FUNCTION slow_effect() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON tfw_test_effects
        FOR EACH ROW EXECUTE FUNCTION slow_effect()});
my $uuid = $tf->value(q{SELECT run_id FROM tf_enqueue('test_effect',
                                                      'manual')});
my $row = $tf->wait_run($uuid);
is $row->{status}, 'completed', 'a job that writes slowly';
is $row->{completed_at}, $row->{items}[0]{completed_at},
    'its run ends when it ends';
is $tf->value("SELECT r.completed_at > e.at + interval '0.25 s'
               FROM task_runs r, tfw_test_effects e
               WHERE r.run_id = '$uuid'"), 't',
               'the run ends after what its item wrote';
is $row->{items}[0]{metrics}{effects}, 1, 'the job reports its effects';

done_testing;
