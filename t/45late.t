# An answer about a session that is on its way from PostgreSQL while the session
# or its user's rights end by another nginx process: it must not bring the
# session back.

use lib 't/lib';
use TaiFish;

use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

my $tf = TaiFish->new(workers => 2);
$tf->start_nginx;

# The next look at a session's user waits for a lock, once.

$tf->sql("
    CREATE SEQUENCE looks;
    GRANT ALL ON SEQUENCE looks TO taifish_api;
    SELECT nextval('looks');
    CREATE FUNCTION look() RETURNS boolean LANGUAGE plpgsql AS \$\$
    BEGIN
        IF session_user = 'taifish_api' AND nextval('looks') = 1 THEN
            PERFORM pg_advisory_xact_lock_shared(1);
        END IF;
        RETURN true;
    END \$\$;
    ALTER TABLE users ENABLE ROW LEVEL SECURITY;
    CREATE POLICY looked ON users USING (look())");

sub waits {
    my ($how, $many) = @_;
    return $tf->value("SELECT count(*) FROM pg_locks WHERE granted = $how
        AND locktype = 'advisory'") == $many;
}

# Code whose connection to nginx is accepted by this process: others stand
# still.

sub only {
    my ($pid, $code) = @_;
    my @others = grep { $_ != $pid } $tf->nginx_workers;
    kill STOP => @others;
    TaiFish::Server::until_true(10, sub {
        !grep { TaiFish::slurp("/proc/$_/stat") !~ /\) T / } @others })
        or die 'it goes on';
    my $got = eval { $code->() };
    my $error = $@;
    kill CONT => @others;
    die $error if $error;
    return $got;
}

my ($one, $two) = $tf->nginx_workers;
my $admin = $tf->as('admin', timeout => 10);
only($two, sub { $admin->csrf }) or die 'not answered';

# Ends a session by the second process while the first one has asked for it.
# Returns the status of a request with it after that, and the seconds since it
# was asked for; a minute when a time limit was in the way.

sub round {
    my ($end) = @_;
    $tf->sql("UPDATE users SET is_active = true WHERE username = 'viewer'");
    my $leaving = $tf->as('viewer', timeout => 10);
    my $after = $tf->client(timeout => 10);
    only($two, sub { $after->get('/tags/options'); $leaving->csrf })
        or die 'not answered';
    my $token = $leaving->cookie('taifish_session');
    $after->cookie(taifish_session => $token);

    my $holder = fork // die;
    if (!$holder) {
        eval { $tf->pg->sql('BEGIN; SELECT pg_advisory_xact_lock(1);
                             SELECT pg_sleep(60)') };
        POSIX::_exit(0);
    }
    TaiFish::Server::until_true(20, sub { waits('true', 1) }) or die 'no lock';

    # until what is remembered of the session is too old

    my $asking = only($one, sub {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $tf->port) or die "connect: $!";
        print $s "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
        IO::Select->new($s)->can_read(10) or die 'not answered';
        sysread $s, my $answer, 65536 or die 'no answer';
        return $s;
    });
    $tf->sql('ALTER SEQUENCE looks RESTART');
    my ($asked, $sent, $answer);
    my $held = TaiFish::Server::until_true(20, sub {
        if (!$sent) {
            $asked = time;
            $sent = print $asking "GET /api/v1/tags/options HTTP/1.1\r\n"
                . "Host: x\r\nCookie: taifish_session=$token\r\n\r\n";
        }
        if (IO::Select->new($asking)->can_read(0.05)) {
            sysread $asking, $answer, 65536 or die 'no answer';
            $sent = 0;
        }
        return $sent && waits('false', 1);
    });

    my $ended = $held && $end->($leaving)->status;
    $tf->sql("SELECT pg_terminate_backend(pid) FROM pg_locks
              WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'");
    waitpid $holder, 0;
    return (401, 60) if !$held || $ended != 200;
    sysread $asking, $answer, 65536 or die 'no late answer';
    return (401, 60) if $answer !~ m{^HTTP/1.1 200 };
    my $status = $after->get('/tags/options')->status;
    return ($status, time - $asked);
}

my $viewer = $tf->value("SELECT id FROM users WHERE username = 'viewer'");

for my $case (
    ['has signed out', sub { $_[0]->post('/auth/logout') }],
    ['was disabled', sub {
        $admin->put("/users/$viewer", { username => 'viewer', role => 'viewer',
                                        is_active => JSON::PP::false }) }],
) {
    my ($name, $end) = @$case;
    my ($status, $took);

    # a round that took longer than an answer is remembered shows nothing

    for (1 .. 20) {
        ($status, $took) = round($end);
        last if $status != 401 || $took < 1.9;
    }
    is $status, 401, "who $name is nobody, whatever answer comes late";
    cmp_ok $took, '<', 1.9, sprintf 'while it could be remembered (%.2f s)',
        $took;
}


# --- asked while the change is on its way -----------------------------------

# Another transaction holds the user's row, so that the change waits in
# PostgreSQL: who asks meanwhile is told what was before.

sub while_changing {
    $tf->sql("UPDATE users SET is_active = true WHERE username = 'viewer'");
    my $leaving = $tf->as('viewer', timeout => 10);

    my $holder = fork // die;
    if (!$holder) {
        eval { $tf->pg->sql("BEGIN; SELECT FROM users
            WHERE username = 'viewer' FOR UPDATE; SELECT pg_sleep(61)") };
        POSIX::_exit(0);
    }
    my $held = "FROM pg_stat_activity WHERE state = 'active'
        AND query ~ 'pg_sleep.61' AND pid <> pg_backend_pid()";
    TaiFish::Server::until_true(20, sub {
        $tf->value("SELECT count(*) $held") }) or die 'no lock';

    my $changer = only($two, sub {
        my $pid = fork // die;
        if (!$pid) {
            my $r = eval { $tf->as('admin', timeout => 30)->put(
                "/users/$viewer", { username => 'viewer', role => 'viewer',
                                    is_active => JSON::PP::false }) };
            POSIX::_exit($r && $r->status == 200 ? 0 : 1);
        }
        TaiFish::Server::until_true(20, sub {
            $tf->value("SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'taifish-nginx'
                      AND wait_event_type = 'Lock'") }) or die 'not waiting';
        return $pid;
    });

    my $asked = time;
    my $before = only($one, sub { $leaving->get('/tags/options')->status });
    $tf->sql("SELECT pg_terminate_backend(pid) $held");
    waitpid $holder, 0;
    waitpid $changer, 0;
    die 'not changed' if $? || $before != 200;
    return ($leaving->get('/tags/options')->status, time - $asked);
}

my ($status, $took);
for (1 .. 20) {
    ($status, $took) = while_changing();
    last if $status != 401 || $took < 1.9;
}
is $status, 401, 'who asked while the change was on its way is nobody after it';
cmp_ok $took, '<', 1.9, sprintf 'while it could be remembered (%.2f s)', $took;


# --- a password that is changed while somebody signs in with it --------------

# The change is committed when the sign-in waits for the user's row.

my $changer = $tf->transaction(
    "UPDATE users SET password_hash = password_hash || ' '
     WHERE username = 'user'", 'users', 'RowExclusiveLock');
my $late = $tf->client(timeout => 40)->post('/auth/login',
    { username => 'user', password => $TaiFish::PASSWORD });
waitpid $changer, 0;
is $?, 0, 'a password is changed while somebody signs in with it';
is $late->code, 'INVALID_CREDENTIALS',
    'the password of before does not sign in';

done_testing;
