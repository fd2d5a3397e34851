# Instances that do not answer delay nobody: syncs and connection tests of
# silent hosts before those of one that answers; what a user may queue; and the
# deadline for connecting.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use IO::Socket::INET;
use IO::Socket::SSL ();
use POSIX ();
use Time::HiRes qw(time sleep);

my $tf = TaiFish->new(http => 'taifish_run_wait 500ms',
                      env => { TAIFISH_WORKERS => 4 })->start;
my %as = map { $_ => $tf->as($_) } qw(admin user viewer);
my $api = $as{admin};

# Accepts and says nothing.

my $silent = IO::Socket::INET->new(Listen => 512, LocalAddr => '127.0.0.1')
    or die $!;

my $db = $tf->postgres;
$db->sql("CREATE ROLE monitor LOGIN PASSWORD 'Pa55-word-1'");

my $credential = data_of($api->post('/credentials', {
    name => 'c', credential_type => 'database', db_type => 'postgresql',
    username => 'monitor', password => 'Pa55-word-1' }), 201, 'a credential')
    ->{credential}{id};

sub instance {
    my ($name, $port, $tls) = @_;
    my $r = $api->post('/instances', {
        name => $name, db_type => 'postgresql', host => '127.0.0.1',
        port => $port, credential_id => $credential,
        tls_mode => $tls || 'disable' });
    return $r->data->{instance}{id} // die $r->as_string;
}

# The silent ones come first, by their number too.

my $n = $ENV{TAIFISH_PROOF} ? 50 : 24;
my @dead = map instance("silent-$_", $silent->sockport), 1 .. $n;
my $live = instance('answers', $db->port);

sub state_of {
    my ($kind, $id) = @_;
    return $tf->value("SELECT state FROM task_items
        WHERE kind = '$kind' AND instance_id = $id ORDER BY id DESC LIMIT 1");
}

sub seconds_until {
    my ($kind, $id, $begin) = @_;
    my $start = time;
    $begin->() if $begin;
    TaiFish::Server::until_true(60,
        sub { state_of($kind, $id) =~ /^(?:done|dead)$/ });
    is state_of($kind, $id), 'done', "$kind of the one that answers";
    return time - $start;
}

sub cpu_seconds {
    my ($pid) = @_;
    my @f = split ' ', TaiFish::slurp_if("/proc/$pid/stat") =~ s/.*\) //sr;
    return (($f[11] // 0) + ($f[12] // 0)) / POSIX::sysconf(
        POSIX::_SC_CLK_TCK());
}

sub open_items {
    return $tf->value("SELECT count(*) FROM task_items
        WHERE state IN ('scheduled', 'ready', 'running', 'retry')");
}

sub cancel_all {
    for my $run ($tf->rows("SELECT run_id FROM task_runs
                            WHERE completed_at IS NULL"))
    {
        $api->post("/task-runs/$run->{run_id}/actions/cancel");
    }
    TaiFish::Server::until_true(30, sub { open_items() == 0 })
        or die 'runs cannot be cancelled';
}


# --- a fleet that nobody knows yet -----------------------------------------

$api->post('/instances/actions/sync-accounts');
my $took = seconds_until('sync_accounts', $live);
cmp_ok $took, '<', 25, "behind $n silent instances, none tried before ($took)";
my @extra = TaiFish::children($tf->worker->pid);
cmp_ok scalar @extra, '>', 5, 'children that wait have others instead';
cmp_ok scalar @extra, '<=', 21, 'not without end';
TaiFish::Server::until_true(60, sub {
    $tf->value('SELECT count(*) FROM instance_answers') == $n + 1 });
cancel_all();
is $tf->value('SELECT count(*) FROM instance_answers WHERE answered'), 1,
    'one answered';
is $tf->value("SELECT count(*) FROM instance_answers
               WHERE NOT answered"), $n, 'the others did not';
ok TaiFish::Server::until_true(20, sub {
    TaiFish::children($tf->worker->pid) == 5 }),
    'the additional children leave';


# --- a fleet that is known -------------------------------------------------

$api->post('/instances/actions/sync-accounts');
$took = seconds_until('sync_accounts', $live);
cmp_ok $took, '<', 20, "the one that answers goes first ($took)";
is $tf->value("SELECT count(*) FROM task_items t
               JOIN task_runs r ON r.id = t.run_id
               WHERE r.completed_at IS NULL AND t.state = 'done'"), 1,
    'before all others';

# It also passes those that wait since long, and so does a test of it.

TaiFish::Server::until_true(20, sub {
    $tf->value("SELECT count(*) FROM task_items WHERE state = 'running'") > 3
});
$api->post("/instances/$live/actions/sync-accounts");
$took = seconds_until('sync_accounts', $live);
cmp_ok $took, '<', 20, "nor does it wait for what was queued before ($took)";
$as{viewer}->post('/instances/actions/test-connection',
                  { instance_id => $live });
$took = seconds_until('test_connection', $live);
cmp_ok $took, '<', 20, "nor does a test ($took)";

# One that answers again is one of the others.

my $back = $dead[-1];
$tf->sql("UPDATE instances SET port = " . $db->port . " WHERE id = $back");
$api->post("/instances/$back/actions/sync-accounts");
ok TaiFish::Server::until_true(60, sub {
    state_of('sync_accounts', $back) eq 'done' }), 'one that answers again';
is $tf->value("SELECT answered FROM instance_answers
               WHERE instance_id = $back"), 't', 'is known to';
cancel_all();
pop @dead;


# --- what a user may queue -------------------------------------------------

refused $as{viewer}->post('/instances/actions/batch-test-connections',
    { instance_ids => \@dead }), 403, 'PERMISSION_REQUIRED', undef,
    'a viewer tests one instance, no fleet';

for my $i (0 .. 3) {
    is $as{viewer}->post('/instances/actions/test-connection',
        { instance_id => $dead[$i] })->status, 202, "test $i of a silent one";
}
refused $as{viewer}->post('/instances/actions/test-connection',
    { instance_id => $dead[4] }), 429, 'RATE_LIMIT_EXCEEDED', undef,
    'four at a time';
is $as{viewer}->post('/instances/actions/test-connection',
    { instance_id => $dead[0] })->status, 202,
    'one that is queued already costs nothing';
is open_items(), 4, 'and queues nothing';
is $as{user}->post('/instances/actions/batch-test-connections',
    { instance_ids => \@dead })->status, 202, 'a user tests many';
$as{user}->post('/instances/actions/batch-test-connections',
                { instance_ids => \@dead });
is $tf->value("SELECT count(*) FROM task_items
               WHERE error_code = 'ALREADY_RUNNING'"), scalar @dead,
    'again: none of them is tested twice at a time';

$api->post("/instances/$live/actions/sync-accounts");
$took = seconds_until('sync_accounts', $live);
cmp_ok $took, '<', 20, "a sync does not wait for tests ($took)";
$as{user}->post('/instances/actions/test-connection',
                { instance_id => $live });
$took = seconds_until('test_connection', $live);
cmp_ok $took, '<', 20, "nor does a test of one that answers ($took)";
cancel_all();


# --- the deadline for connecting -------------------------------------------

# A server that announces 2,000,000,000 rounds of SCRAM.  Under TLS nobody but
# libpq reads that, which then hashes for many minutes without a look at the
# clock: the supervisor ends the child at the deadline for connecting.

$tf->sql('DELETE FROM instance_answers');
my $pem = $tf->dir . '/scram';
system('openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x'
    . " -keyout $pem.key -out $pem.crt 2>/dev/null") == 0 or die 'openssl';
my $hasher = IO::Socket::INET->new(Listen => 8, LocalAddr => '127.0.0.1')
    or die $!;
my $server = fork() // die $!;

if (!$server) {
    while (my $s = $hasher->accept) {
        sysread $s, my $hello, 8 or next;               # SSLRequest
        syswrite $s, 'S';
        IO::Socket::SSL->start_SSL($s, SSL_server => 1,
            SSL_cert_file => "$pem.crt", SSL_key_file => "$pem.key") or next;
        sysread $s, my $startup, 65536 or next;
        print $s pg_auth(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
        sysread $s, my $first, 65536 or next;
        my ($nonce) = $first =~ /r=([^,\0]+)/ or next;
        print $s pg_auth(11, "r=${nonce}x,s=c2FsdA==,i=2000000000");
        sysread $s, my $proof, 65536;
    }
    POSIX::_exit(0);
}

sub pg_auth {
    my ($code, $body) = @_;
    return 'R' . pack('NN', 8 + length $body, $code) . $body;
}

my $slow = instance('hasher', $hasher->sockport, 'require');
my @before = TaiFish::children($tf->worker->pid);
my $began = time;
$as{viewer}->post('/instances/actions/test-connection',
                  { instance_id => $slow });
ok TaiFish::Server::until_true(30, sub {
    grep { cpu_seconds($_) > 3 } TaiFish::children($tf->worker->pid) }),
    'a child hashes';
$took = seconds_until('test_connection', $live,
    sub { $api->post('/instances/actions/test-connection',
                     { instance_id => $live }) });
cmp_ok $took, '<', 15, "the worker goes on meanwhile ($took)";
TaiFish::Server::until_true(40, sub {
    state_of('test_connection', $slow) eq 'dead' });
is $tf->value("SELECT error_code FROM task_items WHERE instance_id = $slow"),
    'TARGET_TIMEOUT', 'the hashing ends at the deadline for connecting';
cmp_ok time - $began, '<', 40, 'which is 18 s (' . (time - $began) . ')';
ok TaiFish::Server::until_true(10, sub {
    !grep { cpu_seconds($_) > 3 } TaiFish::children($tf->worker->pid) }),
    'with the child';
isnt join(' ', TaiFish::children($tf->worker->pid)), "@before",
    'another one has its place';
$api->post("/instances/$live/actions/sync-accounts");
seconds_until('sync_accounts', $live);
kill KILL => $server;
waitpid $server, 0;

# A library that does not even take time: the child itself is stopped.

$tf->sql('DELETE FROM instance_answers');
$api->post("/instances/$dead[0]/actions/sync-accounts");
TaiFish::Server::until_true(10, sub {
    state_of('sync_accounts', $dead[0]) eq 'running' });
kill STOP => TaiFish::children($tf->worker->pid);
ok TaiFish::Server::until_true(50, sub {
    ($tf->value("SELECT error_code FROM task_items
        WHERE kind = 'sync_accounts' AND instance_id = $dead[0]
        ORDER BY id DESC LIMIT 1") // '') eq 'TARGET_TIMEOUT' }),
    'a child that does not come back from connecting is killed';
like $tf->worker->output, qr/did not answer in time/, 'and the log says so';
is $tf->value("SELECT answered FROM instance_answers
               WHERE instance_id = $dead[0]"), 'f', 'which is noted';
kill CONT => TaiFish::children($tf->worker->pid);
$tf->stop_worker;

done_testing;
