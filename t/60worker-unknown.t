# Writes whose outcome is unknown, and reads that never get an answer.  A commit
# is held back by a standby that does not exist; then its backend is ended: the
# transaction is committed and the client never hears of it.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish::Queue::server(redis => 1);
$tf->sql('ALTER ROLE taifish_worker SET synchronous_commit = on;
          ALTER ROLE taifish_api SET synchronous_commit = on');

sub standby {
    my ($name) = @_;
    $tf->sql("ALTER SYSTEM SET synchronous_standby_names = '$name'");
    $tf->sql('SELECT pg_reload_conf()');
    TaiFish::Server::until_true(10, sub {
        $tf->value('SHOW synchronous_standby_names') eq $name }) or die;
}

# Ends the backends whose commit waits, until it is over; how many there were.

sub cut_until {
    my ($over) = @_;
    my %cut;
    TaiFish::Server::until_true(30, sub {
        $cut{ $_->{pid} } = 1 for $tf->rows(
            "SELECT pid, pg_terminate_backend(pid)
             FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        return $over->();
    }) or die 'it does not end';
    return scalar keys %cut;
}

sub in_background {
    my ($code) = @_;
    my $pid = fork // die;
    POSIX::_exit($code->() ? 0 : 1) if !$pid;
    return $pid;
}

sub ended { waitpid($_[0], POSIX::WNOHANG()) == $_[0] }


# --- the worker's program --------------------------------------------------

standby('nobody');
my $out = $tf->dir . '/enqueue';
my $pid = in_background(sub {
    my ($code, $said) = $tf->command('enqueue', 'test_effect');
    open my $file, '>', $out or die;
    print $file $said;
    close $file;
    return $code == 1;
});
my $status;
my $cut = cut_until(sub { ended($pid) && defined($status = $?) });
is $cut, 1, 'the commit of enqueue is lost once';
is $status, 0, 'it fails';
like TaiFish::slurp($out), qr/not known whether/, 'and does not claim to know';
is $tf->value('SELECT count(*) FROM task_runs'), 1,
    'what may have happened is not sent again';
standby('');


# --- a job -----------------------------------------------------------------

# The item was committed as done: its effect is there once, and it stays done.

$tf->sql('DELETE FROM task_runs');
my $worker = $tf->start_worker;
my $run = TaiFish::Queue::enqueue($tf, 1, { ms => 2000 });
TaiFish::Server::until_true(20, sub {
    $tf->value('SELECT state FROM task_items') eq 'running' });
standby('nobody');
cut_until(sub { $worker->output =~ /outcome of COMMIT is unknown/ });
standby('');
is $tf->wait_run($run)->{status}, 'completed', 'a job whose commit is lost';
is_deeply TaiFish::Queue::effects($tf, $run), { 1 => 1 }, 'has one effect';
is $tf->wait_run(TaiFish::Queue::enqueue($tf, 1))->{status}, 'completed',
    'and the next one is done';


# --- nginx -----------------------------------------------------------------

$tf->start_nginx;
my $api = $tf->as('admin');
$api->get('/tags');
standby('nobody');
$pid = in_background(sub {
    my $r = $api->post('/tags', { name => 'once', display_name => 'O',
                                  category => 'env' });
    return $r->status == 503 && $r->code eq 'OUTCOME_UNKNOWN';
});
$cut = cut_until(sub { ended($pid) && defined($status = $?) });
standby('');
is $status, 0, 'a request whose commit is lost is answered 503';
is $cut, 1, 'its statement is not sent again';
is $tf->value("SELECT count(*) FROM tags WHERE name = 'once'"), 1,
    'though it had happened';

# A read that ends its backend whenever it is tried.

$tf->sql(q{
    CREATE SEQUENCE tried;
    CREATE FUNCTION dies() RETURNS boolean LANGUAGE plpgsql
        SECURITY DEFINER AS $$
    BEGIN
        PERFORM nextval('tried');
        RETURN pg_terminate_backend(pg_backend_pid());
    END $$;
    CREATE POLICY dies ON tags FOR SELECT TO taifish_api USING (dies());
    ALTER TABLE tags ENABLE ROW LEVEL SECURITY});
my $r = $api->get('/tags');
is $r->status, 503, 'a read that never gets an answer'
    or diag $r->as_string;
cmp_ok $tf->value('SELECT last_value FROM tried'), '<=', 2,
    'is tried twice at most';
$tf->sql('ALTER TABLE tags DISABLE ROW LEVEL SECURITY');
TaiFish::Server::until_true(10, sub { $api->get('/tags')->status == 200 });
is $api->get('/tags')->status, 200, 'and leaves nothing behind';

done_testing;
