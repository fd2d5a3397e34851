#!/usr/bin/perl

# What health answers say, with PostgreSQL and Redis there and away.

use strict;
use warnings;
use lib 't/lib';

use Time::HiRes qw(time);

use TaiFish;

my $tf = TaiFish->new;
$tf->start_nginx;

my $c = $tf->client;
my $viewer = $tf->as('viewer');

sub status_of { my $r = $c->get($_[0]); $r->status }

subtest 'well' => sub {
    is $c->get('/health/live')->data->{status}, 'live', 'live';
    is $c->get('/health/ready')->data->{status}, 'ready', 'ready';
    is $c->get('/api/v1/health/ping')->data->{status}, 'ok', 'ping';

    my $basic = $c->get('/api/v1/health/basic')->data;
    is $basic->{status}, 'healthy', 'basic';
    like $basic->{version}, qr/^\d+\.\d+\.\d+/, 'version';
    like $basic->{timestamp}, qr/^\d{4}-\d\d-\d\dT/, 'timestamp';

    for my $path ('/health', '/api/v1/health') {
        my $d = $c->get($path)->data;
        is "@$d{qw(status database redis)}", 'healthy connected connected',
            $path;
        like $d->{uptime}, qr/^\d+$/, 'uptime';
    }

    is $c->get('/api/v1/health/cache')->status, 401, 'cache needs a login';
    my $cache = $viewer->get('/api/v1/health/cache')->data;
    ok $cache->{healthy}, 'cache';
    is $cache->{status}, 'connected', 'its status';

    my $all = $c->get('/api/v1/health/detailed')->data->{components};
    is_deeply [sort keys %$all], [qw(cache database system workers)],
        'components';
    is $all->{database}{status}, 'healthy', 'database';
    like $all->{system}{"${_}_percent"}, qr/^(?:\d\d?|100)$/, $_
        for qw(cpu memory disk);
    is $all->{workers}{status}, 'unhealthy', 'no worker runs';

    is $c->head('/health/live')->status, 200, 'HEAD';
    is $c->post('/health/live', undef, { 'x-csrftoken' => 'x' })->status,
        405, 'POST';
};

subtest 'a worker' => sub {
    my $id = '00000000-0000-4000-8000-000000000001';
    $tf->sql("INSERT INTO workers (id, host, pid, version)
              VALUES ('$id', 'here', 1, '0')");
    my $w = $c->get('/api/v1/health/detailed')->data->{components}{workers};
    is "$w->{status} $w->{alive}", 'healthy 1', 'seen';
    $tf->sql("UPDATE workers SET last_seen_at = now() - interval '31 s'");
    $w = $c->get('/api/v1/health/detailed')->data->{components}{workers};
    is "$w->{status} $w->{alive}", 'unhealthy 0', 'silent for 31 s';
};

subtest 'an old schema' => sub {
    $tf->sql('CREATE TABLE kept AS SELECT * FROM schema_migrations;
              DELETE FROM schema_migrations');
    my $r = $c->get('/health/ready');
    is $r->status . ' ' . $r->code, '503 SERVICE_UNAVAILABLE', 'not ready';
    like $r->header('retry-after'), qr/^\d+$/, 'Retry-After';
    is status_of('/health/live'), 200, 'live';
    $tf->sql('INSERT INTO schema_migrations SELECT * FROM kept;
              DROP TABLE kept');
    is status_of('/health/ready'), 200, 'ready again';
};

subtest 'without Redis' => sub {
    $tf->redis->stop('KILL');
    ok TaiFish::Server::until_true(10, sub {
        $c->get('/health')->data->{redis} eq 'disconnected';
    }), 'noticed';
    is $c->get('/health')->data->{status}, 'healthy', 'no harm';
    is status_of('/health/ready'), 200, 'ready';
    ok !$viewer->get('/api/v1/health/cache')->data->{healthy}, 'cache';
    $tf->redis->start;
    ok TaiFish::Server::until_true(20, sub {
        $c->get('/health')->data->{redis} eq 'connected';
    }), 'back';
};

subtest 'without PostgreSQL' => sub {
    $tf->pg->stop;
    ok TaiFish::Server::until_true(10, sub {
        $c->get('/health')->data->{database} eq 'disconnected';
    }), 'noticed';
    is $c->get('/health')->data->{status}, 'unhealthy', 'unhealthy';

    for my $path ('/health/live', '/api/v1/health/ping',
                  '/api/v1/health/basic', '/api/v1/health/detailed') {
        my $start = time;
        is status_of($path), 200, $path;
        cmp_ok time - $start, '<', 0.5, 'at once';
    }

    my $all = $c->get('/api/v1/health/detailed')->data->{components};
    is $all->{database}{status}, 'unhealthy', 'database';
    is $all->{workers}{status}, 'unknown', 'unknown is not none';

    my $start = time;
    my $r = $c->get('/health/ready');
    is $r->status . ' ' . $r->code, '503 SERVICE_UNAVAILABLE', 'not ready';
    cmp_ok time - $start, '<', 3, 'an answer within 3 s';

    $tf->pg->start;
    ok TaiFish::Server::until_true(20, sub {
        status_of('/health/ready') == 200;
    }), 'ready when it is back';
    is $viewer->get('/auth/me')->status, 200, 'nobody is signed out';
};

done_testing;
