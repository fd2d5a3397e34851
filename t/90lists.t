# People who read the worst lists and leave do not slow others down: 100,000
# accounts, and a million with TAIFISH_PROOF=1.

use lib 't/lib';
use TaiFish;
use TaiFish::Load;
use TaiFish::Seed;

use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my $proof = $ENV{TAIFISH_PROOF};
my $tf = TaiFish->new(workers => 2, pg => { shared_buffers => '256MB' });

TaiFish::Seed::fleet($tf, accounts => $proof ? 1_000_000 : 100_000);
$tf->start;
my $admin = $tf->as('admin');

# Deep pages, searches of short and of unknown words, statistics.

my @worst = (
    '/accounts/ledgers?page=4000&limit=20',
    '/accounts/ledgers?search=z&page=100',
    '/accounts/ledgers?search=xyzzyx',
    '/accounts/ledgers?sort=plugin&order=desc&include_roles=true&page=3000',
    '/account-change-logs?search=qq&page=50',
    '/account-change-logs?sort=instance_name&page=4000',
    '/account-change-logs/statistics',
);

# 50 clients, each of which asks, waits a little, leaves and asks again.

sub crowd {
    my ($seconds) = @_;
    my $pid = fork() // die;
    return $pid if $pid;

    my $cookie = join '; ', map { "$_=$admin->{cookies}{$_}" }
        sort keys %{ $admin->{cookies} };
    my $end = time + $seconds;
    my (@clients, $n);

    while (time < $end) {
        close shift @clients if @clients == 50;
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $tf->port);
        if ($s) {
            print $s "GET /api/v1$worst[$n++ % @worst] HTTP/1.1\r\n"
                . "Host: x\r\nCookie: $cookie\r\n\r\n";
            push @clients, $s;
        }
        sleep 0.01;
    }
    POSIX::_exit(0);
}

sub point {
    my ($seconds) = @_;
    return TaiFish::Load->start($tf, client => $admin, connections => 4,
        path => '/instances/100', seconds => $seconds)->wait;
}

for my $path (@worst) {
    my $r = $admin->get($path);
    is $r->status, 200, "GET $path";
}

# In turn, so that what else the machine does is the same for both; the best of
# the rounds is the one with the least of that.

my @rounds;
point(1);
for (1 .. ($proof ? 5 : 3)) {
    my $alone = point(3);
    my $pid = crowd(4);
    sleep 0.5;
    my $crowded = point(3);
    waitpid $pid, 0;
    is_deeply [keys %{ $crowded->{status} }], [200], 'every read is answered';
    push @rounds, $crowded->{p99} / $alone->{p99};
    note sprintf 'p99 of a point read %.2f ms, with the crowd %.2f ms',
        $alone->{p99}, $crowded->{p99};
}
my ($best) = sort { $a <=> $b } @rounds;
cmp_ok $best, '<=', 3, sprintf 'p99 at most three times: %s',
    join ', ', map { sprintf '%.1f', $_ } @rounds;

ok TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) = 0 FROM pg_stat_activity
                WHERE application_name = 'taifish-nginx'
                      AND state = 'active'") eq 't';
}), 'nothing goes on for clients that left';
is $admin->get($worst[2])->status, 200, 'lists are served as before';

done_testing;
