#!/usr/bin/perl

# 50 people sign in at once: other requests do not wait for their passwords,
# and those the pool has no room for are told to come again, not counted as
# having guessed.

use strict;
use warnings;
use lib 't/lib';

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes qw(time);

use TaiFish;

my $people = 50;
my $tf = TaiFish->new;
$tf->start_nginx;

$tf->sql("INSERT INTO users (username, password_hash)
          SELECT 'person' || n, '$TaiFish::HASH'
          FROM generate_series(1, $people) n");

my ($worker) = $tf->nginx_workers;
my $c = $tf->client;
my $csrf = $c->csrf;
my $idle = TaiFish::rss($worker);

sub login {
    my ($n) = @_;
    my $json = JSON::PP::encode_json({ username => "person$n",
                                       password => $TaiFish::PASSWORD });
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port) or die "connect: $!";

    syswrite $s, "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
        . "Connection: close\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($json) . "\r\nX-CSRFToken: $csrf\r\n"
        . 'Cookie: taifish_anon=' . $c->cookie('taifish_anon')
        . "\r\n\r\n$json";
    return $s;
}

sub latencies {
    my ($until) = @_;
    my @times;

    while (!$until->()) {
        my $start = time;
        $c->get('/health/live')->status == 200 or die 'not live';
        push @times, 1000 * (time - $start);
    }
    @times = sort { $a <=> $b } @times;
    return @times;
}

sub p99 { $_[ int(@_ * 0.99) ] }

my $end = time + 0.5;
my @calm = latencies(sub { time > $end });

my $waiting = IO::Select->new(map { login($_) } 1 .. $people);
my ($peak, %status) = (0);
my $start = time;

my @busy = latencies(sub {
    for my $s ($waiting->can_read(0)) {
        local $/;
        my $answer = <$s> // '';
        $status{ $answer =~ m{^HTTP/1.1 (\d+)} ? $1 : 'none' }++;
        ok 0, "no Retry-After: $answer"
            if $answer =~ m{ 429 } && $answer !~ /^retry-after: \d/mi;
        $waiting->remove($s);
    }
    my $rss = TaiFish::rss($worker);
    $peak = $rss if $rss > $peak;
    return !$waiting->count || time - $start > 60;
});

my $seconds = time - $start;

is $waiting->count, 0, 'everybody has an answer';
is(($status{200} || 0) + ($status{429} || 0), $people,
   "$people answers: " . join ', ', map { "$status{$_} x $_" }
       sort keys %status);
cmp_ok $status{200} || 0, '>=', 32, 'as many as fit are signed in';

ok TaiFish::Server::until_true(5, sub {
    $tf->value('SELECT coalesce(sum(failures), 0) FROM login_throttle') == 0;
}), 'nobody is counted as having guessed';

cmp_ok $peak - $idle, '<', 300 * 1024,
    sprintf 'at most %d MiB more', ($peak - $idle) / 1024;
cmp_ok p99(@busy), '<', $ENV{TAIFISH_PROOF} ? 20 : 100,
    sprintf 'others: p50 %.1f ms, p99 %.1f ms while %.1f s of hashing'
        . ' (p99 %.1f ms before)', $busy[@busy / 2], p99(@busy), $seconds,
        p99(@calm);

done_testing;
