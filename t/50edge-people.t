# Ten people behind one address, as an office has it, through the edge with the
# limits that are shipped: each has three tabs, each tab follows a run that goes
# on, and asks for what the console asks for.  Nobody is refused; one who floods
# still is.

use lib 't/lib';
use TaiFish;
use TaiFish::Edge;

use IO::Socket::SSL ();
use Time::HiRes qw(sleep time);

my $tf = TaiFish->new;
my $edge = TaiFish::Edge->new($tf, apps => 2);
my @people = map { $edge->as($_) }
    qw(admin operator user viewer auditor) x 2;

# No worker takes it: it goes on as long as the test does.

my $run = $people[0]->post('/scheduler/jobs/housekeeping/actions/run');
is $run->status, 200, 'a run that goes on' or diag $run->as_string;
my $path = '/api/v1/task-runs/' . $run->data->{run_id} . '/events';

# A stream of events: the connection, and the status of its answer.

sub follow {
    my ($who) = @_;
    my $s = IO::Socket::SSL->new(PeerAddr => $edge->base =~ s{https://}{}r,
                                 SSL_verify_mode => 0) or die 'connect';
    my $cookies = $who->{cookies};
    print $s "GET $path HTTP/1.1\r\nHost: localhost\r\nCookie: "
        . join('; ', map { "$_=$cookies->{$_}" } keys %$cookies) . "\r\n\r\n";
    my $head = '';
    local $SIG{ALRM} = sub { die "no stream: $head\n" };
    alarm 30;
    1 while $head !~ /\r\n\r\n/ && sysread $s, $head, 4096, length $head;
    alarm 0;
    return ($s, $head =~ m{^HTTP/1\.1 (\d+)});
}

my (@open, %status);
for my $who (map { ($_) x 3 } @people) {
    my ($s, $status) = follow($who);
    push @open, $s;
    $status{$status}++;
}
is_deeply \%status, { 200 => 30 }, 'thirty tabs follow the run';

# What the dashboard asks for when it is opened, in every tab, one person after
# the other; a person takes about a second for it.

my @asked = qw(/auth/session /dashboard/overview /dashboard/charts
    /dashboard/status /instances/statistics
    /accounts/statistics/classifications /task-runs?status=running&limit=5
    /task-runs?status=pending&limit=5
    /account-change-logs?hours=168&limit=10);
my (%seen, %refused);

for my $who (@people) {
    my $start = time;
    for my $url (@asked, @asked, @asked) {
        my $status = $who->get($url)->status;
        $seen{$status}++;
        $refused{$url} = $status if $status != 200;
    }
    my $rest = 1 - (time - $start);
    sleep $rest if $rest > 0;
}
is_deeply \%seen, { 200 => 270 }, 'nobody is refused while others wait for runs'
    or diag explain \%refused;

# They all press a button whose answer waits for its run: ten more that are
# open at the same time, and twenty-five of one who opens many tabs.

for (1 .. 35) {
    my ($s, $status) = follow($people[0]);
    push @open, $s;
    $status{$status}++;
    sleep 0.03;
}
is_deeply \%status, { 200 => 65 }, 'sixty-five are open at once';

# One who floods: more connections than people have, all at once.

my %flood;
for (1 .. 160) {
    my ($s, $status) = follow($people[0]);
    push @open, $s;
    $flood{$status}++;
}
ok $flood{429}, 'one who floods is refused' or diag explain \%flood;
is_deeply [sort keys %flood], [200, 429], 'who floods is refused with 429';

$_->close for @open;
sleep 3;
is $people[1]->get('/auth/session')->status, 200, 'others go on';

done_testing;
