# Clients that leave in the middle of a request leave nothing behind: no
# connection to PostgreSQL, no memory, no crash.  With a build of nginx and
# the module for AddressSanitizer ("make asan") the same shows more.

use lib 't/lib';
use TaiFish;

use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

my $tf = TaiFish->new;
$tf->start_nginx;

my $api = $tf->as('admin');
my $run = $tf->value("INSERT INTO task_runs (task_key, task_category,
    trigger_source, status, error_message) VALUES ('sync_accounts', 'account',
    'manual', 'running', repeat('x', 300000)) RETURNING run_id");
my $cookie = 'Cookie: taifish_session=' . $api->cookie('taifish_session');
my $csrf = 'X-CSRFToken: ' . $api->csrf;

my @requests = map { "$_\r\nHost: x\r\n$cookie\r\n$csrf\r\n" }
    'GET /api/v1/auth/me HTTP/1.1', 'GET /api/v1/tags HTTP/1.1',
    "GET /api/v1/task-runs/$run HTTP/1.1",
    "GET /api/v1/task-runs/$run/events HTTP/1.1",
    "GET /api/v1/openapi.json HTTP/1.1",
    "POST /api/v1/tags HTTP/1.1\r\nContent-Type: application/json\r\n"
        . 'Content-Length: 300';


sub abort_many {
    my ($n) = @_;

    for my $i (1 .. $n) {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $tf->port) or die "connect: $!";
        my $request = $requests[$i % @requests] . "\r\n";

        # whole, twice at once, or cut somewhere; then away, by FIN or RST,
        # at once or when the answer has begun

        $request x= 2 if $i % 5 == 0;
        substr($request, int(length($request) / 2)) = '' if $i % 7 == 0;
        syswrite $s, $request;
        sleep 0.002 if $i % 3 == 0;
        sysread $s, my $answer, 100 if $i % @requests == 2 && $i % 7;
        setsockopt $s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) if $i % 2;
        close $s;
    }
}

sub settled {
    return TaiFish::Server::until_true(10, sub {
        $tf->value("SELECT count(*) FROM pg_stat_activity
                    WHERE application_name = 'taifish-nginx'
                    AND state <> 'idle'") == 0;
    });
}

my ($pid) = $tf->nginx_workers;

abort_many(1_000);
ok settled(), 'PostgreSQL is idle after 1,000 aborted requests';
my $rss = TaiFish::rss($pid);

abort_many($ENV{TAIFISH_PROOF} ? 5_000 : 1_000);
ok settled(), 'PostgreSQL is idle after more aborted requests';
my $grown = TaiFish::rss($pid) - $rss;

cmp_ok $grown, '<', 4_096, "the process grew by $grown KiB"
    unless $TaiFish::BUILD =~ /asan/;      # which keeps freed memory
is_deeply [$tf->nginx_workers], [$pid], 'nginx has the same process as before';
cmp_ok $tf->value("SELECT count(*) FROM pg_stat_activity
                   WHERE application_name = 'taifish-nginx'"), '<=', 2,
    'nginx has its own connections to PostgreSQL only';
ok TaiFish::Server::until_true(10, sub {
    $tf->redis->command('PUBSUB', 'NUMSUB', "taifish:run:$run") =~ /\b0\s*\z/;
}), 'no subscription is left in Redis';
is $api->get('/auth/me')->status, 200, 'nginx serves after aborted requests';

done_testing;
