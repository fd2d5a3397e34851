# PostgreSQL comes and goes under nginx: it starts late, restarts under load,
# loses backends, hangs and says no.  TAIFISH_PROOF=1: ten restarts.

use lib 't/lib';
use TaiFish;
use TaiFish::Load;

use Time::HiRes qw(sleep time);

my $proof = $ENV{TAIFISH_PROOF};
my $tf = TaiFish->new(http => 'taifish_pg_statement_timeout 1s',
                      pg => { synchronous_commit => 'on' });


sub backends {
    return map { $_->{pid} } $tf->rows(
        "SELECT pid FROM pg_stat_activity
         WHERE application_name = 'taifish-nginx' ORDER BY pid");
}

sub ready_within {
    my ($client, $seconds, $what) = @_;
    my $start = time;

    TaiFish::Server::until_true(30, sub {
        $client->get('/health/ready')->status == 200;
    });
    my $took = time - $start;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok $took, '<', $seconds, $what;
}


# --- nginx is first --------------------------------------------------------

$tf->pg->stop;
$tf->start_nginx(ready => 0);
my $anyone = $tf->client;

is $anyone->get('/health/live')->status, 200, 'nginx lives without PostgreSQL';
my ($nginx_worker) = $tf->nginx_workers;    # it has answered, so it is there
is $anyone->get('/health/ready')->status, 503,
    'nginx without PostgreSQL is not ready';

my $start = time;
my $r = $anyone->get('/auth/me',
    { cookie => 'taifish_session=' . 'A' x 43 });
is $r->status, 503, 'what needs PostgreSQL is refused';
ok $r->{headers}{'retry-after'}, 'the refusal has Retry-After';
cmp_ok time - $start, '<', 3, 'soon';

$tf->pg->start;
ready_within($anyone, 2, 'ready soon after PostgreSQL has started');


# --- it restarts under load ------------------------------------------------

my $admin = $tf->as('admin');
is $admin->get('/tags')->status, 200, 'signed in';

my $rounds = $proof ? 10 : 3;
my $load = TaiFish::Load->start($tf, client => $admin, path => '/tags/options',
                                seconds => $rounds * 2, connections => 32);
for (1 .. $rounds) {
    sleep 0.7;
    $tf->pg->restart($_ % 2 ? 'INT' : 'QUIT');
    sleep 0.3;
}
my $seen = $load->wait;

is_deeply [grep { !/^(?:200|503)$/ } keys %{ $seen->{status} }], [],
    'restarts under reads: 200, and 503 while it is away'
    or diag explain $seen;
is_deeply $seen->{errors}, {}, 'no connection broke';
cmp_ok $seen->{status}{200}, '>', 100 * $rounds, 'work was done';
ready_within($anyone, 2, 'ready again');
is_deeply [$tf->nginx_workers], [$nginx_worker], 'no crash';


# --- writes: each is done, or its client knows that nobody knows -----------

my $before = $tf->value('SELECT count(*) FROM tags');
$load = TaiFish::Load->start($tf, client => $admin, path => '/tags',
    method => 'POST', connections => 16, seconds => $proof ? 12 : 4,
    body => '{"name":"t{n}","display_name":"x","category":"load"}');

for (1 .. ($proof ? 8 : 2)) {
    sleep 1;
    if ($_ % 2) {
        kill 'KILL', (backends())[0];       # PostgreSQL ends every other too
    } else {
        $tf->pg->restart('INT');
    }
}
$seen = $load->wait;
ready_within($anyone, 2, 'ready after a killed backend');

my $rows = $tf->value('SELECT count(*) FROM tags') - $before;
my $unknown = $seen->{codes}{OUTCOME_UNKNOWN} || 0;

is_deeply [grep { !/^(?:201|503)$/ } keys %{ $seen->{status} }], [],
    'restarts under writes: 201 or 503' or diag explain $seen;

# wrk ends with requests on their way, which may be done as well

cmp_ok $rows, '>=', $seen->{status}{201}, 'every 201 is a row';
cmp_ok $rows, '<=', $seen->{status}{201} + $unknown + 16,
    'every other row is an unknown outcome' or diag explain $seen;

# a list of all of them is no short statement
$tf->sql("DELETE FROM tags WHERE category = 'load'");


# --- a terminated backend costs a reader nothing ---------------------------

$load = TaiFish::Load->start($tf, client => $admin, path => '/tags/options',
                             seconds => 2, connections => 16);
for (1 .. 3) {
    sleep 0.5;
    $tf->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'taifish-nginx'");
}
$seen = $load->wait;
is_deeply [keys %{ $seen->{status} }], [200],
    'readers do not notice a terminated backend'
    or diag explain $seen;


# --- it hangs --------------------------------------------------------------

my $backend;
TaiFish::Server::until_true(10, sub { ($backend) = backends() })
    or die 'no connection';
kill 'STOP', $backend;
$start = time;
$r = $admin->get('/tags/options');
kill 'CONT', $backend;
is $r->status, 200, 'a connection without answers is replaced';
cmp_ok time - $start, '<', 6,
    'a connection without answers is replaced in time';

my $lock = fork() // die;
if (!$lock) {
    eval { $tf->pg->sql('BEGIN; LOCK TABLE tags; SELECT pg_sleep(20); END') };
    POSIX::_exit(0);
}
TaiFish::Server::until_true(5, sub {
    $tf->value("SELECT count(*) FROM pg_locks WHERE granted
                AND mode = 'AccessExclusiveLock'
                AND relation = 'tags'::regclass");
}) or die 'no lock';
$r = $admin->get('/tags/options');
is $r->status, 504, 'a locked table is a timeout';
is $r->json->{message_code}, 'DATABASE_TIMEOUT',
    'a locked table: the answer says that it is a timeout';
is $admin->get('/users')->status, 200, 'others are served';
$tf->sql("SELECT pg_terminate_backend(pid) FROM pg_locks
          WHERE relation = 'tags'::regclass
          AND mode = 'AccessExclusiveLock'");
waitpid $lock, 0;
is $admin->get('/tags/options')->status, 200,
    'a table that is free again is read';


# --- it is gone for a while ------------------------------------------------

$tf->pg->stop;
$load = TaiFish::Load->start($tf, client => $admin, path => '/tags/options',
                             seconds => 3, connections => 16);
sleep 4;
is_deeply [keys %{ $load->wait->{status} }], [503], '503 while it is gone';
$tf->pg->start;
ready_within($anyone, 2, 'ready soon after a longer absence');
is_deeply [$tf->nginx_workers], [$nginx_worker],
    'no crash after a longer absence';


# --- the schema changes under prepared statements --------------------------

is $admin->get('/tags/options')->status, 200, 'works';
$tf->sql('ALTER TABLE tags ALTER display_name TYPE varchar(200)');
is $admin->get('/tags/options')->status, 200,
    'a statement works with a column of new type';

$tf->sql('ALTER TABLE tags RENAME category TO kind');
$tf->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'taifish-nginx'");
is $admin->get('/tags/options')->status, 503, 'an alien schema: unavailable';
ok scalar($tf->error_log =~ /refuses statement "\w+" [^\n]*42703/),
    'an alien schema: the log names a statement';
is $admin->post('/tags', { name => 'alien', display_name => 'Alien',
    category => 'x' })->status, 503, 'a write, too';
ok scalar($tf->error_log =~ /refuses statement "tags_create" [^\n]*42703/),
    'an alien schema: the log names the write';
$tf->sql('ALTER TABLE tags RENAME kind TO category');
ready_within($anyone, 8, 'ready with the right schema');


# --- a new nginx, and a PostgreSQL that is slow to let it in -----------------

# An edge sends requests to an app that has only just begun to listen.

$tf->stop_nginx;
my $postmaster = $tf->pg->pid;
kill 'STOP', $postmaster;
$tf->{opt}{http} = 'taifish_pg_connect_timeout 20s';
$tf->start_nginx(ready => 0);
$load = TaiFish::Load->start($tf, client => $admin, path => '/tags/options',
                             seconds => 2, connections => 4);
sleep 2;
kill 'CONT', $postmaster;
is_deeply [keys %{ $load->wait->{status} }], [200],
    'the first requests wait for the first connection';

done_testing;
