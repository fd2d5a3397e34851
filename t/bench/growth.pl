#!/usr/bin/perl

# The second part of make bench: how lists grow with the fleet.  The same
# requests with 10,000, 100,000 and 1,000,000 accounts in 500 instances, by one
# client and by 16.  BENCH_SIZES names other numbers of accounts, BENCH_SECONDS
# is the length of one measurement (2).  A list or a search is to answer within
# 50 ms at a million accounts, a deep page within 500 ms, both 99 of 100 times.
# The first request of each is shown too: it counts the list, which the next
# ones need not if the total is an estimate (src/ngx/request/ngx_tf_total.h).

use FindBin;
use lib "$FindBin::Bin/../lib";
use TaiFish;
use TaiFish::Load;
use TaiFish::Seed;

my $seconds = $ENV{BENCH_SECONDS} || 2;
my @sizes = split /,/, $ENV{BENCH_SIZES} || '10000,100000,1000000';

# What is asked, and how many milliseconds it may take with a million accounts;
# {n} is another number for each request.

my @asked = (
    ['an instance', '/instances/100', 50],
    ['instances', '/instances?limit=20', 50],
    ['ledger, page 1', '/accounts/ledgers', 50],
    ['ledger, last change', '/accounts/ledgers?sort=last_change_time'
        . '&order=desc', 50],
    ['ledger, by instance', '/accounts/ledgers?sort=instance_name', 50],
    ['ledger, superusers', '/accounts/ledgers?is_superuser=true', 50],
    ['ledger, one instance', '/accounts/ledgers?instance_id=100', 50],
    ['ledger, one engine', '/accounts/ledgers?db_type=mysql', 50],
    ['ledger, a tag', '/accounts/ledgers?tags=seed-3', 50],
    ['search, rare', '/accounts/ledgers?search=gateway_prod_777', 50],
    ['search, common', '/accounts/ledgers?search=orders', 50],
    ['search, none', '/accounts/ledgers?search=xyzzyx', 50],
    ['search, two letters', '/accounts/ledgers?search=zq', 500],
    ['deep page', '/accounts/ledgers?page={deep}', 500],
    ['deep page, filtered', '/accounts/ledgers?db_type=mysql&page={half}',
     500],
    ['changes, page 1', '/account-change-logs', 50],
    ['changes, a day', '/account-change-logs?hours=24', 50],
    ['changes, search', '/account-change-logs?search=gateway_prod_777', 50],
    ['changes, search none', '/account-change-logs?search=xyzzyx', 50],
    ['changes, deep page', '/account-change-logs?page={deep}', 500],
    ['changes, statistics', '/account-change-logs/statistics', 500],
);

$| = 1;
my (%seen, %first);
my $missed = 0;

for my $size (@sizes) {
    my $tf = TaiFish->new(workers => 2, pg => { shared_buffers => '1GB',
        random_page_cost => 1.1, effective_cache_size => '4GB',
        max_wal_size => '4GB' });
    my $start = Time::HiRes::time();

    TaiFish::Seed::fleet($tf, accounts => $size);
    printf "%d accounts, seeded in %.0f s; %s\n", $size,
        Time::HiRes::time() - $start, `uptime` =~ /(load.*)/;
    $tf->start_nginx;
    my $viewer = $tf->as('viewer');

    for my $ask (@asked) {
        my ($what, $path, $limit) = @$ask;
        my %page = (deep => int($size * 0.9 / 20), half => int($size / 50));
        $path =~ s/\{(\w+)\}/$page{$1}/g;
        my $asked = Time::HiRes::time();
        $viewer->get($path);
        $first{$what}{$size} = 1000 * (Time::HiRes::time() - $asked);

        for my $clients (1, 16) {
            my $load = TaiFish::Load->start($tf, client => $viewer,
                path => $path, connections => $clients, seconds => $seconds)
                ->wait;
            my @bad = grep { $_ != 200 } keys %{ $load->{status} };
            $seen{$what}{$size}{$clients} = [$load->{p50}, $load->{p99},
                                             @bad ? "@bad" : ''];
            $missed++ if @bad || $clients == 1 && $load->{p99} > $limit;
        }
        printf "  %-22s  0: %8.2f   %s\n", $what, $first{$what}{$size},
            join '   ', map {
            my ($p50, $p99, $bad) = @{ $seen{$what}{$size}{$_} };
            sprintf '%2d: %8.2f %8.2f%s', $_, $p50, $p99, $bad && " ($bad)";
        } 1, 16;
    }
}

printf "\n%-22s %-9s", 'first, p50 and p99, ms', 'clients';
printf "%22s", $_ for @sizes;
print "\n";
for my $ask (@asked) {
    printf "%-22s %-9s", $ask->[0], 'first';
    printf "%22.2f", $first{ $ask->[0] }{$_} for @sizes;
    print "\n";

    for my $clients (1, 16) {
        printf "%-22s %-9d", '', $clients;
        printf "%22s", sprintf '%.2f %.2f%s',
            @{ $seen{ $ask->[0] }{$_}{$clients} } for @sizes;
        print "\n";
    }
}

print "\n", $missed ? "$missed above their bound or not answered\n"
    : "all within their bounds\n";
exit($missed ? 1 : 0);
