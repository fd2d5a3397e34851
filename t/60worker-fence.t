# The statements of the queue, one by one: who may renew, end and take back an
# item, and what a claim leaves alone.

use lib 't/lib';
use TaiFish;
use TaiFish::Sql;

my $tf = TaiFish->new;
my ($me, $other) = map "00000000-0000-4000-8000-00000000000$_", 1, 2;

sub sql { TaiFish::Sql::run($tf, @_) }

# A run of one item; its id.

sub item {
    my (%column) = @_;
    my $run = $tf->row("SELECT * FROM tf_enqueue('housekeeping', 'manual')");
    my $id = $tf->value("SELECT id FROM task_items WHERE run_id = $run->{id}");
    set($id, %column);
    return $id;
}

sub set {
    my ($id, %column) = @_;
    my $set = join ', ', map "$_ = $column{$_}", sort keys %column;
    $tf->sql("UPDATE task_items SET $set WHERE id = $id") if $set;
}

sub running {
    return item(state => "'running'", token => 7, worker_id => "'$me'",
                attempt => 1, lease_until => "now() + interval '3 seconds'",
                @_);
}

sub now_of {
    my ($id) = @_;
    return $tf->row("SELECT *, lease_until - now() > interval '25 seconds'
        AND lease_until - now() <= interval '30 seconds' AS renewed,
        extract(epoch FROM ready_at - now()) AS wait
        FROM task_items WHERE id = $id");
}

sub clear { $tf->sql('DELETE FROM task_runs') }


# --- claim -----------------------------------------------------------------

my %claim = (worker => $me, lanes => '{short,normal}', doubts => '{0,0}',
             kinds => '{housekeeping}');
my $id = item();
my ($row) = sql('queue_claim', \%claim);
is $row->[0], $id, 'an item is claimed';
my $now = now_of($id);
is_deeply [@$now{qw(state token attempt worker_id)}, !!$now->{renewed}],
    ['running', 1, 1, $me, 1],
    'a claimed item has a token, an attempt and a lease';
is_deeply [sql('queue_claim', \%claim)], [], 'once';
is $tf->value("SELECT status FROM task_runs"), 'running', 'its run is running';

set($id, state => "'retry'", lease_until => 'NULL',
    ready_at => "now() + interval '1 minute'");
is_deeply [sql('queue_claim', \%claim)], [],
    'an item is not claimed before it is ready';
set($id, ready_at => 'now()');
is_deeply [sql('queue_claim', { %claim, kinds => '{other}' })], [],
    'an item is not claimed by a worker that does not know its kind';
is_deeply [sql('queue_claim', { %claim, lanes => '{short,short}' })], [],
    'an item is not claimed from another lane';
is_deeply [sql('queue_claim', { %claim, doubts => '{1,2}' })], [],
    'an item is not claimed from among others by doubt';
is +(sql('queue_claim', \%claim))[0][3], 2, 'the token rises each time';
clear();

# The order: by place first, by age within one.

my @ids = (item(doubt => 2), item(), item(doubt => 1, lane => "'short'"),
           item(lane => "'short'"), item());
set($ids[4], ready_at => "now() - interval '1 minute'");
my @order = map { (sql('queue_claim', { %claim,
    lanes => '{short,normal,short,normal,short,normal}',
    doubts => '{0,0,1,1,2,2}' }))[0][0] } @ids;
is_deeply \@order, [@ids[3, 4, 1, 2, 0]], 'places one after the other';
clear();


# --- renew -----------------------------------------------------------------

$id = running();
sql('queue_renew', { ids => "{$id}", tokens => '{6}' });
ok !now_of($id)->{renewed}, 'a lease is not renewed with another token';
is_deeply [sql('queue_renew', { ids => "{$id}", tokens => '{7}' })],
    [[$id, 7]], 'a lease is renewed with its own token';
ok now_of($id)->{renewed}, 'a lease is renewed for 30 s';
set($id, state => "'retry'", lease_until => 'NULL');
is_deeply [sql('queue_renew', { ids => "{$id}", tokens => '{7}' })], [],
    'a lease that is over is not renewed';
is_deeply [sql('queue_watch', { ids => "{$id}" })], [], 'the watch sees that';
clear();


# --- finish and fail -------------------------------------------------------

my %end = (worker => $me, token => 7, partial => 'f', metrics => '{"a": 1}');

$id = running();
for (['another token', token => 6], ['another worker', worker => $other]) {
    my ($name, @differs) = @$_;
    is_deeply [sql('queue_finish', { %end, id => $id, @differs })], [],
        "$name does not finish it";
    is_deeply [sql('queue_fail', { %end, id => $id, again => 't',
        give_back => 'f', @differs })], [], "$name does not fail it";
    is now_of($id)->{state}, 'running',
        "what $name does leaves the item running";
}
is scalar(sql('queue_finish', { %end, id => $id })), 1, 'its holder does';
is_deeply [@{ now_of($id) }{qw(state lease_until)}], ['done', undef], 'done';
is_deeply [sql('queue_finish', { %end, id => $id })], [], 'once';
is_deeply [sql('queue_fail', { %end, id => $id, again => 't',
    give_back => 'f' })], [], 'an item that is done does not fail any more';
is_deeply [@{ $tf->row('SELECT * FROM task_runs') }{qw(status
    progress_completed progress_failed)}], ['completed', 1, 0],
    'its run ended with it';
clear();

$id = running();
sql('queue_fail', { %end, id => $id, again => 't', give_back => 'f',
    error_code => 'X' });
$now = now_of($id);
is_deeply [@$now{qw(state attempt error_code)}], ['retry', 1, 'X'],
    'a failure that may pass';
cmp_ok $now->{wait}, '<=', 2, 'waits no longer than its backoff';
is_deeply $tf->row('SELECT status, progress_failed FROM task_runs'),
    { status => 'pending', progress_failed => 0 },
    'the run of an item that may pass is not over';

set($id, state => "'running'", attempt => 3,
    lease_until => "now() + interval '1 minute'");
sql('queue_fail', { %end, id => $id, again => 't', give_back => 'f' });
is now_of($id)->{state}, 'dead', 'an item is not tried more often than it may';
clear();

$id = running();
sql('queue_fail', { %end, id => $id, again => 'f', give_back => 't' });
is_deeply [@{ now_of($id) }{qw(state attempt)}], ['retry', 0],
    'what is given back costs no attempt';
clear();

$id = running(cancel => 'true');
sql('queue_fail', { %end, id => $id, again => 't', give_back => 'f' });
is_deeply [@{ now_of($id) }{qw(state error_code)}],
    ['cancelled', 'RUN_CANCELLED'], 'a cancelled item is not tried again';
clear();

my @waits;
$id = running(attempt => 30, max_attempts => 50);
for (1 .. 20) {
    sql('queue_fail', { %end, id => $id, again => 't', give_back => 'f' });
    push @waits, now_of($id)->{wait};
    set($id, state => "'running'",
        lease_until => "now() + interval '1 minute'");
}
cmp_ok +(sort { $b <=> $a } @waits)[0], '<=', 3600, 'backoff has an end';
cmp_ok +(sort { $b <=> $a } @waits)[0], '>', 300, 'backoff grows';
isnt $waits[0], $waits[1], 'backoff is different by chance';
clear();


# --- sweep -----------------------------------------------------------------

my $held = running(lease_until => "now() + interval '1 minute'");
my $lost = running(lease_until => "now() - interval '1 second'");
my $last = running(lease_until => "now() - interval '1 second'",
                   attempt => 3);
my $asked = running(lease_until => "now() - interval '1 second'",
                    cancel => 'true');
sql('queue_sweep', {});
is_deeply [map now_of($_)->{state}, $held, $lost, $last, $asked],
    [qw(running retry dead cancelled)], 'leases that ended';
is now_of($lost)->{token}, 7, 'their tokens are good for nothing';
is_deeply [sql('queue_finish', { %end, id => $lost })], [],
    'whoever was late is refused';
is_deeply [map $_->{status}, $tf->rows('SELECT status FROM task_runs
    ORDER BY id')], [qw(pending pending failed cancelled)],
    'runs end with them';
clear();


# --- a run whose items left with their instances ----------------------------

my @runs = map { $tf->value("SELECT run_id FROM task_items WHERE id = $_") }
    my @left = (item(), item(), item());
$tf->sql("UPDATE task_runs SET created_at = now() - interval '2 minutes'
          WHERE id IN ($runs[0], $runs[1]);
          DELETE FROM task_items WHERE id IN ($left[0], $left[2])");
sql('queue_close', {});
is_deeply [map $_->{status}, $tf->rows('SELECT status FROM task_runs
    ORDER BY id')], [qw(completed pending pending)],
    'ends; one with an item, and one that was made just now, go on';
clear();

for (['all of them were done', 'completed', 'completed'],
     ['one was done in part', 'completed_with_errors', 'completed', 'partial'],
     ['one failed', 'completed_with_errors', 'completed', 'failed'],
     ['none was done', 'failed', 'failed'],
     ['one was cancelled', 'cancelled', 'completed', 'cancelled'])
{
    my ($name, $status, @counts) = @$_;
    my $run = $tf->value('SELECT run_id FROM task_items WHERE id = ' . item());
    $tf->sql("UPDATE task_runs SET created_at = now() - interval '2 minutes',
              " . join(', ', map "progress_$_ = 1", @counts) . "
              WHERE id = $run;
              DELETE FROM task_items");
    sql('queue_close', {});
    is $tf->value("SELECT status FROM task_runs WHERE id = $run"), $status,
        "the rest of a run left, and $name: $status";
    clear();
}


# --- what is shown of an instance that answers, or does not ----------------

$tf->sql("INSERT INTO instances (name, db_type, host, port)
          VALUES ('i', 'mysql', 'h', 1)");

sub of_instance {
    my ($kind) = @_;
    my $run = $tf->value("SELECT id FROM tf_enqueue('$kind', 'manual', NULL,
                                                    ARRAY[1])");
    return $tf->value("SELECT id FROM task_items WHERE run_id = $run");
}

$id = of_instance('sync_accounts');
is now_of($id)->{doubt}, 1, 'an instance that was never tried';
for (['f', 2, 'did not answer'], ['t', 0, 'answered']) {
    my ($answered, $doubt, $name) = @$_;
    set($id, state => "'running'", token => 7, worker_id => "'$me'",
        attempt => 1, lease_until => "now() + interval '1 minute'");
    sql('queue_fail', { %end, id => $id, again => 't', give_back => 'f',
        answered => $answered });
    is now_of($id)->{doubt}, $doubt, "one that $name";
    is $tf->value('SELECT answered FROM instance_answers'), $answered, 'noted';
}
is now_of(of_instance('test_connection'))->{doubt}, 0,
    'what is known of an instance holds for other work too';


# --- what housekeeping removes, and what it leaves --------------------------

$tf->sql("
    INSERT INTO sessions (id, user_id, expires_at)
    SELECT sha256(v::bytea), 1, now() + v::interval
    FROM (VALUES ('-1 second'), ('1 minute')) AS x (v);
    INSERT INTO login_throttle (username, first_failure, blocked_until)
    VALUES ('old', now() - interval '8 days', '-infinity'),
           ('blocked', now() - interval '8 days', now() + interval '1 minute'),
           ('young', now() - interval '6 days', '-infinity');
    DELETE FROM task_runs;
    INSERT INTO task_runs (task_key, task_category, trigger_source, status,
                           created_at, completed_at)
    SELECT k, 'other', 'manual', s, now() - interval '100 days',
           now() - a::interval
    FROM (VALUES ('old', 'failed', '91 days'), ('young', 'failed', '89 days'),
                 ('running', 'running', NULL)) AS x (k, s, a);
    INSERT INTO schedule_fires (schedule_id, due_at, fired_at)
    SELECT (SELECT min(id) FROM schedules), t, t
    FROM (VALUES (now() - interval '91 days'), (now() - interval '89 days'))
         AS x (t);
    INSERT INTO workers (id, host, pid, version, last_seen_at)
    SELECT gen_random_uuid(), h, 1, 'x', now() - a::interval
    FROM (VALUES ('old', '25 hours'), ('young', '23 hours')) AS x (h, a)");

for (
    ['sessions', "expires_at > now()", 't'],
    ['throttle', 'username', 'blocked young', 'login_throttle'],
    ['runs', 'task_key', 'running young', 'task_runs'],
    ['fires', "now() - fired_at < interval '90 days'", 't', 'schedule_fires'],
    ['workers', 'host', 'young'],
) {
    my ($name, $what, $left, $table) = @$_;
    sql("housekeeping_$name", {});
    is $tf->value("SELECT string_agg(w, ' ' ORDER BY w)
                   FROM (SELECT ($what)::text AS w FROM " . ($table || $name)
                  . ') x'), $left =~ s/^t$/true/r,
        "of $name only what is old enough goes";
}

done_testing;
