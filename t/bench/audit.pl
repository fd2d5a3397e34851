#!/usr/bin/perl

# What the audit log costs: requests that change something and requests that
# read, with it and with audit_append() and the triggers taken out, in turn, on
# a PostgreSQL that writes to its disk.  BENCH_REQUESTS a round (400),
# BENCH_ROUNDS (5); the medians of the rounds count.

use FindBin;
use lib "$FindBin::Bin/../lib";
use TaiFish;

use POSIX ();
use Time::HiRes qw(time);

my $requests = $ENV{BENCH_REQUESTS} || 400;
my $rounds = $ENV{BENCH_ROUNDS} || 5;

$| = 1;

my $tf = TaiFish->new(redis => 0, workers => 2,
    pg => { fsync => 'on', synchronous_commit => 'on' });
$tf->start_nginx;

my $admin = $tf->as('admin');
my $serial = 0;
my $real = $tf->value("SELECT pg_get_functiondef('audit_append'::regproc)");
my ($head) = $real =~ /\A(.*?)^AS/ms;

sub audited {
    my ($on) = @_;
    $tf->sql($on ? $real : "${head}AS \$f\$ BEGIN RETURN 0; END \$f\$");
    $tf->sql('ALTER TABLE tags ' . ($on ? 'ENABLE' : 'DISABLE')
             . ' TRIGGER tags_audit');
}

sub median { my @s = sort { $a <=> $b } @_; return $s[@s / 2] }
sub p99    { my @s = sort { $a <=> $b } @_; return $s[@s * 0.99] }

sub change {
    my ($client, $name) = @_;
    $client->post('/tags', { name => $name, display_name => 'x',
        category => 'x' })->status == 201 or die;
}

sub took {
    my ($n, $code) = @_;
    return map { my $t = time; $code->(); 1000 * (time - $t) } 1 .. $n;
}

# Changes of eight clients at once, a second.

sub crowd {
    my $start = time;
    my @pids = map {
        my $n = $_;
        my $pid = fork // die;
        if (!$pid) {
            my $client = $tf->as('admin');
            change($client, "c$$-$_") for 1 .. $requests / 4;
            POSIX::_exit(0);
        }
        $pid;
    } 1 .. 8;
    waitpid $_, 0 for @pids;
    return 2 * $requests / (time - $start);
}

change($admin, 'first');
my %got;

for my $round (1 .. $rounds) {
    for my $on ($round % 2 ? (0, 1) : (1, 0)) {
        audited($on);
        my @write = took($requests, sub { change($admin, 't' . ++$serial) });
        my @read = took($requests, sub { $admin->get('/tags/1') });
        push @{ $got{"write p50 $on"} }, median(@write);
        push @{ $got{"write p99 $on"} }, p99(@write);
        push @{ $got{"read p50 $on"} }, median(@read);
        push @{ $got{"read p99 $on"} }, p99(@read);
        push @{ $got{"crowd $on"} }, crowd();
    }
}

print scalar `uptime`;
printf "%-32s %10s %10s\n", '', 'without', 'with';
for (['POST /tags, p50 ms', 'write p50'], ['POST /tags, p99 ms', 'write p99'],
     ['GET /tags/1, p50 ms', 'read p50'], ['GET /tags/1, p99 ms', 'read p99'],
     ['POST /tags of 8 clients, 1/s', 'crowd'])
{
    printf "%-32s %10.2f %10.2f\n", $_->[0],
        map { median(@$_) } @got{"$_->[1] 0", "$_->[1] 1"};
}
