# The lanes of the PostgreSQL pool: a slow statement delays no fast one, is
# bounded, and goes with its client.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use IO::Socket::INET;

my $queue = 6;
my $tf = TaiFish->new(http => "taifish_pg_slow_queue $queue;"
                              . 'taifish_pg_queue 64;'
                              . 'taifish_pg_slow_connections 2')->start;
my $admin = $tf->as('admin');
my $viewer = $tf->as('viewer');
my $slow = '/account-change-logs/statistics';
my $fast = '/tags/options';

sub slow_ones {
    return $tf->value("SELECT count(*) FROM pg_stat_activity
                       WHERE application_name = 'taifish-nginx'
                             AND state = 'active'
                             AND query LIKE '%affected_accounts%'");
}

# Those that wait for a slot.

sub queued {
    return $tf->value("SELECT count(*) FROM pg_locks
                       WHERE locktype = 'advisory' AND classid = 7461
                             AND NOT granted");
}

# Holds a lock that the slow statement waits for, until it is told to end.

sub locked {
    my ($code) = @_;
    my $pid = fork() // die;

    if (!$pid) {
        eval { $tf->pg->sql('BEGIN; LOCK TABLE account_changes;
                             SELECT pg_sleep(60); END') };
        POSIX::_exit(0);
    }
    TaiFish::Server::until_true(20, sub {
        $tf->value("SELECT count(*) FROM pg_locks WHERE granted
                    AND mode = 'AccessExclusiveLock'
                    AND relation = 'account_changes'::regclass");
    }) or die 'no lock';
    $code->();
    $tf->sql("SELECT pg_terminate_backend(pid) FROM pg_locks
              WHERE relation = 'account_changes'::regclass
                    AND mode = 'AccessExclusiveLock'");
    waitpid $pid, 0;
}

# Preparing the statement locks the table, too: both connections have done it.

sub both_prepared {
    ok TaiFish::Server::until_true(20, sub {
        my @clients = map { ask($slow) } 1 .. $queue;
        sysread $_, my $all, 65536 for @clients;
        $tf->value("SELECT count(*) FROM pg_stat_activity
                    WHERE application_name = 'taifish-nginx'
                          AND query LIKE '%affected_accounts%'") == 2;
    }), 'two connections';
}

# A client that asks and does not wait.

sub ask {
    my ($path, $method, $body, $who) = @_;
    $who ||= $admin;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port) or die "connect: $!";
    $method ||= 'GET';
    my $cookies = join '; ', map { "$_=$who->{cookies}{$_}" }
        sort keys %{ $who->{cookies} };
    print $s "$method /api/v1$path HTTP/1.1\r\nHost: x\r\n"
        . "Cookie: $cookies\r\nX-CSRFToken: " . $who->csrf . "\r\n"
        . (defined $body ? "Content-Type: application/json\r\nContent-Length: "
            . length($body) . "\r\n" : '') . "\r\n" . ($body // '');
    return $s;
}

sub pool {
    my $said = $admin->get('/api/v1/health/detailed')->body;
    my ($waiting) = $said =~ /"waiting":(\d+)/;
    my ($in_flight) = $said =~ /"in_flight":(\d+)/;
    return ($waiting // -1) + ($in_flight // -1);
}

both_prepared();
is $admin->get($slow)->status, 200, 'a slow statement';
is $admin->get($fast)->status, 200, 'a fast one';


# --- it delays nobody, and goes with its client -----------------------------

locked(sub {
    my $client = ask($slow);
    ok TaiFish::Server::until_true(10, sub { slow_ones() == 1 }),
        'a slow statement waits';
    is $admin->get($fast)->status, 200, 'a fast one does not';

    close $client;
    ok TaiFish::Server::until_true(10, sub { slow_ones() == 0 }),
        'a slow statement ends when its client leaves';

    # the connection is as good as before

    $client = ask($slow);
    ok TaiFish::Server::until_true(10, sub { slow_ones() == 1 }),
        'the next one has its turn';
    my @others = map { ask($slow, 'GET', undef, $_ % 2 ? $viewer : $admin) }
        2 .. $queue;
    TaiFish::Server::until_true(10, sub { pool() >= $queue });

    my $r = $admin->get($slow);
    is $r->status, 503, 'past the bound of the lane: unavailable';
    ok $r->header('retry-after'), 'the refusal has Retry-After';
    is $admin->get($fast)->status, 200, 'the other lane is not bounded by it';
    close $_ for $client, @others;
    ok TaiFish::Server::until_true(10, sub { slow_ones() == 0 }),
        'those that wait go with their clients, too';
});

ok TaiFish::Server::until_true(10, sub { pool() == 0 }), 'nothing is left';
is $admin->get($slow)->status, 200, 'works as before';

# A client that leaves at any time: more often than the bounds have places.

for my $path ($slow, $fast) {
    for (1 .. 100) {
        my $client = ask($path);
        select undef, undef, undef, 0.001 * ($_ % 5);
        close $client;
    }
    ok TaiFish::Server::until_true(10, sub { pool() == 0 }),
        "$path, left 100 times: no place is lost";
    is $admin->get($path)->status, 200, "$path works after that";
}


# --- slow statements run in slots that connections share --------------------

locked(sub {
    my @clients = (ask($slow));
    TaiFish::Server::until_true(10, sub { slow_ones() == 1 });
    push @clients, ask($slow);
    ok TaiFish::Server::until_true(10, sub { queued() == 1 }),
        'one slot, two connections: the second statement waits for the first';
    is slow_ones(), 1, 'a statement without a slot does not run';

    close pop @clients;
    ok TaiFish::Server::until_true(10, sub { queued() == 0 }),
        'a statement that waits for a slot ends when its client leaves';

    push @clients, ask($slow);
    TaiFish::Server::until_true(10, sub { queued() == 1 });
    close shift @clients;
    ok TaiFish::Server::until_true(10, sub {
        queued() == 0 && slow_ones() == 1;
    }), 'a statement that waited for a slot runs when the first one ended';
    close $clients[0];
});

$tf->stop_nginx;
$tf->{opt}{http} = 'taifish_pg_slow_connections 2; taifish_pg_slow_slots 2;'
    . "taifish_pg_slow_queue $queue";
$tf->write_nginx_conf;
$tf->start_nginx;

both_prepared();

locked(sub {
    my @clients = map { ask($slow) } 1, 2;
    ok TaiFish::Server::until_true(10, sub { slow_ones() == 2 }),
        'two slots: both run';
    is queued(), 0, 'nothing waits for a slot';
    close $_ for @clients;
});

# One user has half of the queue, and waits for the others.

$tf->stop_nginx;
$tf->{opt}{http} = "taifish_pg_slow_connections 1;"
    . "taifish_pg_slow_queue $queue";
$tf->write_nginx_conf;
$tf->start_nginx;
is $admin->get($slow)->status, 200, 'one connection';

locked(sub {
    my @mine = ask($slow, 'GET', undef, $viewer);
    TaiFish::Server::until_true(10, sub { slow_ones() == 1 });
    push @mine, map { ask($slow, 'GET', undef, $viewer) } 1 .. $queue / 2;
    TaiFish::Server::until_true(10, sub { pool() == 1 + $queue / 2 });

    refused $viewer->get($slow), 429, 'RATE_LIMIT_EXCEEDED', undef,
        'more than half of the queue is for no one user';
    my $other = ask($slow);
    ok TaiFish::Server::until_true(10, sub { pool() == 2 + $queue / 2 }),
        'another one has a place';
    $tf->sql("SELECT pg_terminate_backend(pid) FROM pg_locks
              WHERE relation = 'account_changes'::regclass
                    AND mode = 'AccessExclusiveLock'");
    sysread $_, my $all, 65536 for @mine, $other;
});

my @turns;
ok TaiFish::Server::until_true(10, sub {
    @turns = $tf->access_log
        =~ /"user":"(\w+)".*"route":"[^"]*change-logs[^"]*".*"status":200/g;
    splice @turns, 0, -2 - $queue / 2;
    grep({ $_ eq 'viewer' } @turns) == 1 + $queue / 2;
}), 'all are answered';
is "@turns", 'viewer viewer admin' . ' viewer' x ($queue / 2 - 1),
    'the request of another user waits for the first of one user only';


# --- a write that a client left goes on -------------------------------------

my $tag = $admin->post('/tags', { name => 'kept', display_name => 'Kept',
                                  category => 'x' })->data->{tag}{id};
my $instance = $admin->post('/instances', { name => 'kept', port => 5432,
    db_type => 'postgresql', host => 'db.example' })->data->{instance}{id};
my $lock = $tf->pg;
my $pid = fork() // die;
if (!$pid) {
    eval { $lock->sql("BEGIN; SELECT * FROM instances WHERE id = $instance
                       FOR UPDATE; SELECT pg_sleep(2); END") };
    POSIX::_exit(0);
}
TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) FROM pg_stat_activity
                WHERE query LIKE '%pg_sleep(2)%' AND state = 'active'
                      AND pid <> pg_backend_pid()");
});
my $client = ask('/instances/actions/batch-delete', 'POST',
    "{\"instance_ids\":[$instance],\"deletion_mode\":\"soft\"}");
ok TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'taifish-nginx'
                      AND wait_event_type = 'Lock'");
}), 'a write waits';
close $client;
waitpid $pid, 0;
ok TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT deleted_at IS NOT NULL FROM instances
                WHERE id = $instance") eq 't';
}), 'a write is not cancelled when its client leaves';


# --- what a backend keeps ---------------------------------------------------

is $admin->get($_)->status, 200, "GET $_" for qw(/instances /tags /users
    /credentials /accounts/ledgers /account-change-logs /task-runs
    /sync-sessions /instances/statistics /openapi.json);

for my $row ($tf->rows("SELECT pid FROM pg_stat_activity
                        WHERE application_name = 'taifish-nginx'"))
{
    my $status = TaiFish::slurp("/proc/$row->{pid}/status");
    my %kib = $status =~ /^(RssAnon|RssFile):\s+(\d+)/mg;
    cmp_ok $kib{RssAnon} + $kib{RssFile}, '<', 20 * 1024,
        "a backend is small without the buffers that all share,"
            . " $kib{RssAnon} kB of it its own";
}

done_testing;
