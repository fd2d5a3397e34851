#!/usr/bin/perl

# /metrics: its form, that it counts exactly over workers, reloads and kills,
# and what it says without PostgreSQL.  The alert rules by promtool.
#
# TAIFISH_PROOF=1: a real Prometheus scrapes a running system, and every query
# of the dashboard and of the alert rules finds something.

use strict;
use warnings;
use lib 't/lib';

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes qw(sleep time);

use TaiFish;
use TaiFish::Sync;

my $tf = TaiFish->new(workers => 2,
    server => '        set_real_ip_from 127.0.0.1;
        real_ip_header X-Forwarded-For;
');
$tf->start_nginx;

my $admin = $tf->as('admin');
my $scraper = $tf->client;
$scraper->{http} = HTTP::Tiny->new(keep_alive => 0, timeout => 10);


# A page as { series => value }; what is not as the format has it is a defect
# and named in $wrong.

my @wrong;

sub parse {
    my ($text) = @_;
    my (%value, %type, %ended, $family);

    push @wrong, 'no newline at the end' if $text !~ /\n\z/;

    for my $line (split /\n/, $text) {
        if ($line =~ /^# HELP ([a-z_]+) \S.*$/) {
            push @wrong, "$1 stands twice" if $ended{$1}++;
            $family = $1;
        } elsif ($line =~ /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/) {
            my ($name, $type) = ($1, $2);
            push @wrong, "TYPE of $name without HELP" if $name ne $family;
            push @wrong, "$name is a $type"
                if ($type eq 'counter') != ($name =~ /_total$/);
            $type{$name} = $type;
        } elsif ($line =~ /^([a-z_]+)((?:\{(?:[a-z_]+="[^"\\]*",?)+\})?)
                           [ ](-?\d+(?:\.\d+)?)$/x) {
            my ($name, $labels, $n) = ($1, $2, $3);
            my $base = $type{$family} eq 'histogram'
                ? $name =~ s/_(?:bucket|sum|count)$//r : $name;
            push @wrong, "$name stands below $family" if $base ne $family;
            push @wrong, "$name$labels stands twice"
                if defined $value{"$name$labels"};
            $value{"$name$labels"} = $n;
        } else {
            push @wrong, "what is '$line'";
        }
    }

    my %last;
    for my $line (grep { /_bucket/ } split /\n/, $text) {
        my ($labels, $le, $n) = $line =~ /\{(.*),le="(.*)"\} (\d+)/;
        push @wrong, "$labels falls at $le" if $n < ($last{$labels} // 0);
        $last{$labels} = $n;
        push @wrong, "$labels has another count" if $le eq '+Inf' && $n !=
            $value{"taifish_http_request_duration_seconds_count{$labels}"};
    }
    return \%value;
}

sub scrape {
    my $r = $scraper->get('/metrics');
    is $r->status, 200, 'a page' if $r->status != 200;
    return parse($r->body);
}

sub series {
    my ($method, $route, $code) = @_;
    return qq(taifish_http_requests_total{route="$route",method="$method",)
        . qq(code="$code"});
}

# How much the requests of a route have become more.

sub more {
    my ($from, $to, @series) = @_;
    return join ' ', map { ($to->{$_} // 0) - ($from->{$_} // 0) } @series;
}

sub until_page {
    my ($seconds, $ok) = @_;
    my $page;
    TaiFish::Server::until_true($seconds, sub { $ok->($page = scrape()) });
    return $page;
}

# A client has its answer a moment before the request ends and is counted.

sub settled {
    return until_page(10, sub { $_[0]{taifish_http_requests_in_flight} == 1 });
}

# Reloads until only new workers are left, and they are connected.

sub reload {
    my %old = map { $_ => 1 } TaiFish::children($tf->nginx->pid);
    $tf->reload;
    TaiFish::Server::until_true(20, sub {
        my @now = TaiFish::children($tf->nginx->pid);
        @now == 2 && !grep { $old{$_} } @now;
    }) or die 'old workers stay';
    return until_page(15, sub {
        $_[0]{taifish_nginx_workers} == 2
            && $_[0]{taifish_postgres_pool_connected_workers} == 2;
    });
}

# A connection to nginx with this written on it.

sub raw {
    my ($text, %opt) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port, %opt) or die $!;
    print $s $text;
    return $s;
}

sub cookie { 'Cookie: taifish_session=' . $admin->cookie('taifish_session') }

sub with_input {
    my ($program, $input, @args) = @_;
    my ($code, $out) = TaiFish::Server::run_to_end($program, \@args, {},
                                                   $input);
    return $code ? $out : '';
}

my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};


subtest 'form' => sub {
    $admin->get('/tags');
    my $r = $scraper->get('/metrics');
    is $r->status, 200, 'a page';
    is $r->header('content-type'),
        'text/plain; version=0.0.4; charset=utf-8', 'its type';
    parse($r->body);
    is_deeply \@wrong, [], 'as the format has it';
    is $scraper->head('/metrics')->status, 200, 'HEAD';
    is $scraper->post('/metrics', undef, { 'x-csrftoken' => 'x' })->status,
        405, 'POST';

    my $page = scrape();
    is $page->{taifish_postgres_up}, 1, 'PostgreSQL is up';
    is $page->{taifish_redis_up}, 1, 'Redis is up';
    is $page->{taifish_nginx_workers}, 2, 'nginx workers';
    is $page->{taifish_config_loads_total}, 1, 'one configuration';
    cmp_ok abs($page->{taifish_config_last_load_timestamp_seconds} - time),
        '<', 60, 'since when';
    is $page->{taifish_schema_version}, $page->{taifish_schema_version_needed},
        'the schema';
    ok grep({ /^taifish_build_info\{version="\d+\.\d+\.\d+",nginx="\d/ }
            keys %$page), 'the release';
    is $page->{'taifish_schedules{enabled="true"}'}, $tf->value(
        'SELECT count(*) FROM schedules WHERE is_enabled'), 'schedules';

    SKIP: {
        skip 'promtool is not installed', 1 if !$promtool;
        is with_input($promtool, $r->body, 'check', 'metrics'), '',
            'promtool check metrics';
    }
};


subtest 'N requests are N more, whichever worker has them' => sub {
    my @series = (series(GET => '/api/v1/tags', 200),
        series(GET => '/api/v1/tags/{id}', 404),
        series(GET => '/api/v1/tags', 401), series(GET => 'unknown', 404),
        series(DELETE => 'unknown', 405), series(GET => 'refused', 403),
        series(POST => '/api/v1/tags', 413));
    my $sum = 'taifish_http_request_duration_seconds_count'
        . '{route="/api/v1/tags",method="GET"}';
    my @workers = $tf->nginx_workers;
    my $before = settled();
    is @workers, 2, 'two workers';

    # one of them stands still while the other answers

    for my $still (@workers) {
        kill 'STOP', $still;
        my $c = $tf->as('admin');
        $c->get('/tags') for 1 .. 20;
        $c->head('/tags') for 1 .. 3;
        $c->get('/tags/99999999') for 1 .. 5;
        $scraper->get('/tags') for 1 .. 4;
        $scraper->get('/no/such/path') for 1 .. 2;
        $scraper->delete('/auth/me', undef, { 'x-csrftoken' => 'x' });
        raw("GET /metrics HTTP/1.0\r\n\r\n", LocalAddr => '127.0.0.2')->getline
            for 1 .. 2;

        # nginx itself refuses a body that the op has begun to read
        my $csrf = $c->csrf;
        my $s = raw("POST /api/v1/tags HTTP/1.1\r\nHost: x\r\n"
            . "Transfer-Encoding: chunked\r\nX-CSRFToken: $csrf\r\nCookie: "
            . "taifish_session=" . $c->cookie('taifish_session')
            . "\r\nConnection: close\r\n\r\n200000\r\nx");
        like $s->getline // '', qr/ 413 /, 'too large';
        kill 'CONT', $still;
    }

    my $after = settled();
    is more($before, $after, @series), '46 10 8 4 2 4 2', 'every one, once';
    is more($before, $after, $sum), 54, 'and its duration';
    is $after->{taifish_http_requests_in_flight}, 1, 'only this one is left';
};


subtest 'load from many connections' => sub {
    my $before = scrape();
    my $series = series(GET => '/api/v1/auth/me', 200);
    my @kids = map {
        my $pid = fork() // die $!;
        if (!$pid) {
            my $c = $tf->client;
            $c->cookie(taifish_session => $admin->cookie('taifish_session'));
            my $bad = grep { $c->get('/auth/me')->status != 200 } 1 .. 250;
            POSIX::_exit($bad ? 1 : 0);
        }
        $pid;
    } 1 .. 4;
    my $failed = grep { waitpid $_, 0; $? } @kids;
    is $failed, 0, 'all were answered';
    is more($before, settled(), $series), 1000, 'a thousand are a thousand';
};


# Streams and a request that is on its way, for each worker.

my $run = $tf->row("INSERT INTO task_runs (task_key, task_category,
    trigger_source, status) VALUES ('sync_accounts', 'account', 'manual',
    'running') RETURNING run_id")->{run_id};

sub open_streams {
    my ($n) = @_;
    return map {
        my $s = raw("GET /api/v1/task-runs/$run/events HTTP/1.1\r\nHost: x\r\n"
            . cookie() . "\r\n\r\n");
        like $s->getline // '', qr/ 200 /, 'a stream';
        $s;
    } 1 .. $n;
}

sub half_a_request {
    my $csrf = $admin->csrf;
    return raw("POST /api/v1/tags HTTP/1.1\r\nHost: x\r\nX-CSRFToken: $csrf"
        . "\r\n" . cookie() . "\r\nContent-Length: 10\r\n\r\n");
}

subtest 'reload' => sub {
    my $before = settled();
    my ($stream) = open_streams(1);
    my $series = series(GET => '/api/v1/tags', 200);
    is until_page(5, sub { $_[0]{taifish_http_event_streams} == 1 })
        ->{taifish_http_event_streams}, 1, 'it is open';

    $tf->reload;
    my $after = until_page(15, sub {
        $_[0]{taifish_config_loads_total} == 2
            && $_[0]{taifish_nginx_workers} == 2
            && $_[0]{taifish_nginx_workers_leaving} == 0
            && $_[0]{taifish_http_event_streams} == 0;
    });
    is $after->{taifish_config_loads_total}, 2, 'the reload is counted';
    is $after->{taifish_nginx_workers}, 2, 'the old workers are gone';
    is $after->{taifish_http_event_streams}, 0, 'and the stream';
    is more($before, $after, $series), 0, 'what was counted stays';
    is more($before, $after,
        series(GET => '/api/v1/task-runs/{run_id}/events', 200)), 1,
        'the stream is counted';
    ok !defined $after->{'taifish_http_request_duration_seconds_count'
        . '{route="/api/v1/task-runs/{run_id}/events",method="GET"}'},
        'its duration is not';
};


subtest 'kill -9' => sub {
    $tf->allow(qr/exited on signal 9/);
    my @held = (open_streams(4), map { half_a_request() } 1 .. 3);
    my $before = until_page(5, sub {
        $_[0]{taifish_http_requests_in_flight} == 4
            && $_[0]{taifish_http_event_streams} == 4;
    });
    is "$before->{taifish_http_event_streams} "
        . $before->{taifish_http_requests_in_flight}, '4 4', 'under way';

    my @old = $tf->nginx_workers;
    kill 'KILL', @old;
    ok TaiFish::Server::until_true(5, sub {
        my %old = map { $_ => 1 } @old;
        2 == grep { !$old{$_} } $tf->nginx_workers;
    }), 'new workers';

    my $after = scrape();
    is "$after->{taifish_http_event_streams} "
        . $after->{taifish_http_requests_in_flight}, '0 1', 'and no others';
    is $after->{taifish_nginx_workers}, 2, 'two of them';
    my @series = grep { /_requests_total/ } keys %$before;
    is_deeply [grep { $after->{$_} < $before->{$_} } @series], [],
        'no counter went back';

    # one that nobody takes the place of: it was leaving

    @held = open_streams(2);
    @old = $tf->nginx_workers;
    kill 'STOP', @old;
    $tf->reload;
    TaiFish::Server::until_true(5, sub { $tf->nginx_workers > 2 });
    sleep 0.5;
    kill 'KILL', @old;
    kill 'CONT', @old;
    my $start = time;
    $after = until_page(15, sub {
        !$_[0]{taifish_http_event_streams} && $_[0]{taifish_nginx_workers} == 2;
    });
    is "$after->{taifish_http_event_streams} $after->{taifish_nginx_workers}",
        '0 2', 'a leaving one is forgotten too';
    cmp_ok time - $start, '<', 12, 'soon';
};


subtest 'nothing of a person, a secret or a name' => sub {
    my $c = $tf->as('admin');
    $c->post('/credentials', { name => 'canary1', credential_type => 'database',
        db_type => 'mysql', username => 'canary2', password => 'canary3' });
    $c->post('/instances', { name => 'canary4', db_type => 'mysql',
        host => 'canary5.example', port => 3306, description => 'canary6',
        credential_id => 1 });
    $c->post('/users', { username => 'canary7', role => 'viewer',
                         password => 'Canary-88-pass' });
    $c->post('/tags', { name => 'canary9', display_name => 'canary9',
                        category => 'canary9' });
    $c->get('/canary10?canary11');
    $c->get("/users?search=canary12");
    $c->request('CANARY13', '/tags');
    my $body = $scraper->get('/metrics')->body;
    unlike $body, qr/canary/i, 'in a label';
    unlike $body, qr/\b(?:admin|viewer|auditor)\b/, 'nor a user';
    my $page = parse($body);
    is $page->{'taifish_instances{engine="mysql",last_sync="never"}'}, 1,
        'but counted';
    is $page->{'taifish_instances_by_sync_age{age="never"}'}, 1, 'by age';

    my %names = map { /^(\w+)\{/ ? map { $_ => 1 } /(\w+)="/g : () }
        keys %$page;
    is_deeply [sort keys %names], [qw(age code enabled engine lane last_sync le
        method nginx route state status task version)], 'these labels only';
};


subtest 'what PostgreSQL knows' => sub {
    $tf->sql(q{
        INSERT INTO workers (id, host, pid, version, state, last_seen_at)
        SELECT gen_random_uuid(), 'h', 1, '0', s, now() - a
        FROM (VALUES ('running', '1 s'::interval), ('running', '31 s'),
                     ('draining', '2 s'), ('stopped', '1 h')) AS v (s, a);
        UPDATE instances SET last_sync_at = now() - interval '3 days',
            last_sync_status = 'failed', account_count = 7;
        INSERT INTO task_items (run_id, kind, lane, max_attempts, deadline,
            item_type, item_key, state, lease_until, ready_at)
        SELECT r.id, 'x', l, 1, '1 minute', 'x', s || l, s,
            CASE s WHEN 'running' THEN now() - interval '5 s' END,
            now() - interval '100 s'
        FROM task_runs r, (VALUES ('ready', 'short'), ('retry', 'normal'),
                                  ('running', 'normal')) AS v (s, l);
        UPDATE schedules SET next_due_at = now() - interval '2 minutes'
        WHERE job_id = 'housekeeping'
    });
    my $page = scrape();
    my %want = (
        'taifish_workers{state="running"}' => 1,
        'taifish_workers{state="draining"}' => 1,
        'taifish_workers{state="stopped"}' => 1,
        'taifish_workers{state="lost"}' => 1,
        'taifish_instances{engine="mysql",last_sync="failed"}' => 1,
        'taifish_instances{engine="mysql",last_sync="never"}' => 0,
        'taifish_instances_by_sync_age{age="7d"}' => 1,
        'taifish_instances_by_sync_age{age="2d"}' => 0,
        'taifish_instances_inactive' => 0,
        'taifish_accounts{engine="mysql"}' => 7,
        'taifish_queue_items{lane="short",state="ready"}' => 1,
        'taifish_queue_items{lane="normal",state="retry"}' => 1,
        'taifish_queue_items{lane="normal",state="running"}' => 1,
        'taifish_queue_items{lane="normal",state="ready"}' => 0,
        'taifish_queue_expired_leases' => 1,
        'taifish_schedules_overdue' => 1,
        'taifish_task_runs_last_day{task="sync_accounts",status="running"}'
            => 1,
    );
    is $page->{$_}, $want{$_}, $_ for sort keys %want;
    my %near = (
        'taifish_worker_last_seen_age_seconds' => 1,
        'taifish_queue_oldest_ready_age_seconds{lane="short"}' => 100,
        'taifish_queue_oldest_ready_age_seconds{lane="normal"}' => 100,
        'taifish_sync_oldest_age_seconds{last_sync="failed"}' => 259200,
    );
    cmp_ok abs($page->{$_} - $near{$_}), '<', 30, $_ for sort keys %near;

    $tf->sql("UPDATE instances SET is_active = false; DELETE FROM workers;
              UPDATE schedules SET next_due_at = NULL");
    $page = scrape();
    is $page->{taifish_instances_inactive}, 1, 'switched off';
    is $page->{'taifish_instances{engine="mysql",last_sync="failed"}'}, 0,
        'and asked no more';
    is $page->{taifish_schedules_overdue}, 0, 'a new schedule is not late';
    ok !defined $page->{taifish_worker_last_seen_age_seconds},
        'no worker was seen';
};


subtest 'who may read it' => sub {
    my $from = sub {
        my ($addr, @for) = @_;
        my $s = raw("GET /metrics HTTP/1.0\r\n"
            . join('', map { "X-Forwarded-For: $_\r\n" } @for) . "\r\n",
            LocalAddr => $addr);
        return ($s->getline // '') =~ / (\d+) / ? $1 : 'nothing';
    };
    is $from->('127.0.0.1'), 200, 'this host';
    is $from->('127.0.0.2'), 403, 'another address';
    is $from->('127.0.0.1', '172.20.0.5'), 200, 'the network of containers';
    is $from->('127.0.0.1', $_), 403, $_
        for '172.19.255.255', '172.21.0.1', '203.0.113.9';
};


subtest 'without PostgreSQL' => sub {
    my $series = series(GET => '/api/v1/tags', 200);
    my $before = settled();

    # it does not answer: the page waits two seconds for it and no more

    my @backends = split /\n/, $tf->value("SELECT pid FROM pg_stat_activity
        WHERE application_name LIKE 'taifish-nginx%'");
    kill 'STOP', @backends;
    my $start = time;
    my $page = scrape();
    my $took = time - $start;
    is $page->{taifish_postgres_up}, 0, 'silent';
    cmp_ok $took, '<', 3, sprintf 'the page took %.1f s', $took;
    kill 'CONT', @backends;
    is until_page(10, sub { $_[0]{taifish_postgres_up} })
        ->{taifish_postgres_up}, 1, 'back';

    # it is gone

    $tf->pg->stop;
    $page = until_page(10, sub { !$_[0]{taifish_postgres_up} });
    is $page->{taifish_postgres_up}, 0, 'down';
    is_deeply [grep { /^taifish_(?:queue|instances|workers|schema_version$)/ }
               keys %$page], [], 'what it knows is missing';
    is more($before, $page, $series), 0, 'what nginx counted is there';
    is $page->{taifish_nginx_workers}, 2, 'so are its workers';
    $admin->get('/tags');
    is more($page, settled(), series(GET => '/api/v1/tags', 503)), 1,
        'a failure is counted';
    is until_page(5, sub { !$_[0]{taifish_postgres_pool_connected_workers} })
        ->{taifish_postgres_pool_connected_workers}, 0, 'nobody is connected';
    $tf->pg->start;
    $page = until_page(20, sub {
        $_[0]{taifish_postgres_up}
            && $_[0]{taifish_postgres_pool_connected_workers} == 2;
    });
    is "$page->{taifish_postgres_up} "
        . $page->{taifish_postgres_pool_connected_workers}, '1 2', 'again';
    cmp_ok $page->{taifish_postgres_pool_reconnects_total}, '>',
        $before->{taifish_postgres_pool_reconnects_total}, 'reconnects';
};


subtest 'refusals of the pool add up over workers' => sub {
    $tf->{opt}{http} = 'taifish_pg_queue 1';
    $tf->write_nginx_conf;

    # both are connected: one that is not answers 503 without a refusal

    is reload()->{taifish_postgres_pool_connected_workers}, 2, 'connected';

    my $refused = 'taifish_postgres_pool_rejected_total';
    my $before = scrape();
    my @backends = split /\n/, $tf->value("SELECT pid FROM pg_stat_activity
        WHERE application_name LIKE 'taifish-nginx%'");
    kill 'STOP', @backends;
    my @asked = map { raw("GET /health/ready HTTP/1.0\r\n\r\n") } 1 .. 8;

    # each worker keeps one and refuses the rest

    my $s = IO::Select->new(@asked);
    my $got = 0;
    while (my @can = $s->can_read(1)) {
        for my $c (@can) {
            $got++ if ($c->getline // '') =~ / 503 /;
            $s->remove($c);
        }
    }
    ok $got, "$got of 8 were refused";

    # a page that is asked for before the others have gone is refused too

    kill 'CONT', @backends;
    $_->getline for $s->handles;
    my $page = until_page(5, sub { more($before, $_[0], $refused) >= $got });
    is more($before, $page, $refused), $got, 'and counted';
    is more($before, reload(), $refused), $got, 'also when they are gone';

    delete $tf->{opt}{http};
    $tf->write_nginx_conf;
    reload();
};


is_deeply \@wrong, [], 'every page was as the format has it';

subtest 'rules' => sub {
    plan skip_all => 'promtool is not installed' if !$promtool;
    my $root = $TaiFish::ROOT;
    is_deeply [grep { system("$promtool $_ >/dev/null 2>&1") }
        "check config $root/conf/prometheus.yml",
        "check rules $root/conf/prometheus-rules.yml",
        "test rules $root/t/data/metrics-rules.yml"], [],
        'promtool accepts the metrics';

    my $text = TaiFish::slurp("$root/conf/prometheus-rules.yml");
    my $tests = TaiFish::slurp("$root/t/data/metrics-rules.yml");
    my $docs = TaiFish::slurp("$root/docs/metrics.md");
    for my $alert ($text =~ /- alert: (\w+)/g) {
        like $tests, qr/\b$alert\b/, "$alert is tested";
        like $docs, qr/`$alert`/, "$alert is explained";
    }
};

# Every metric and nothing else is in the manual.

subtest 'manual' => sub {
    my %said = map { $_ => 1 }
        TaiFish::slurp("$TaiFish::ROOT/docs/metrics.md")
            =~ /^\| `(taifish_\w+)/mg;
    my $code = join '', map { TaiFish::slurp($_) }
        glob "$TaiFish::ROOT/src/feature/metrics/*.c";
    my %made = map { $_ => 1 } $code =~ /"(taifish_\w+)",/g;
    is_deeply [sort keys %said], [sort keys %made], 'says what there is';
};

proof() if $ENV{TAIFISH_PROOF};

done_testing;


# --- the proof -------------------------------------------------------------

sub proof {
    my $dir = $tf->dir . '/prometheus';
    my $port = TaiFish::Server::free_port();
    my $root = $TaiFish::ROOT;

    $tf->start_worker;
    my $sync = TaiFish::Sync->new($tf, $tf->as('admin'), 'postgresql',
                                  $tf->postgres);

    mkdir $dir or die $!;
    TaiFish::Server::give($dir);
    TaiFish::spew("$dir/rules.yml",
        TaiFish::slurp("$root/conf/prometheus-rules.yml"));
    TaiFish::spew("$dir/prometheus.yml", <<"END");
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: taifish
    static_configs: [ { targets: ['127.0.0.1:@{[$tf->port]}'] } ]
END
    my $prometheus = TaiFish::Server::spawn('prometheus', $dir,
        ['prometheus', "--config.file=$dir/prometheus.yml",
         "--storage.tsdb.path=$dir/data",
         "--web.listen-address=127.0.0.1:$port",
         '--log.level=warn'], {});
    my $http = HTTP::Tiny->new(timeout => 20);
    my $ask = sub {
        my ($query) = @_;
        my $r = $http->post_form("http://127.0.0.1:$port/api/v1/query",
                                 { query => $query });
        my $json = eval { JSON::PP::decode_json($r->{content}) } || {};
        return ($json->{status} // '') eq 'success'
            ? $json->{data}{result} : "$r->{content}";
    };

    TaiFish::Server::until_true(30, sub {
        ref $ask->('up') && @{ $ask->('up{job="taifish"} == 1') };
    }) or die 'prometheus: ' . $prometheus->output;

    # a day in short

    $sync->sync;
    my $c = $tf->as('admin');
    for (1 .. 12) {
        $c->get('/tags'), $c->get('/instances') for 1 .. 20;
        $c->get('/no/such');
        raw("GET /metrics HTTP/1.0\r\n\r\n", LocalAddr => '127.0.0.2')->getline;
        sleep 1;
    }

    subtest 'the dashboard' => sub {
        my $board = JSON::PP::decode_json(TaiFish::slurp(
            "$root/conf/grafana-dashboard.json"));
        my $n = 0;
        my %ids;
        for my $panel (@{ $board->{panels} }) {
            ok !$ids{ $panel->{id} }++, "panel $panel->{id}";
            for my $t (@{ $panel->{targets} || [] }) {
                $n++;
                has_data($ask, "$panel->{title} $t->{refId}", $t->{expr});
            }
        }
        cmp_ok $n, '>', 40, "$n queries";
        has_data($ask, 'annotations', $_->{expr} =~ s/ > 0$//r)
            for @{ $board->{annotations}{list} };
    };

    subtest 'the alerts' => sub {
        my $r = JSON::PP::decode_json($http->get(
            "http://127.0.0.1:$port/api/v1/rules")->{content});
        my @rules = map { @{ $_->{rules} } } @{ $r->{data}{groups} };
        is scalar @rules, 14, 'rules';

        # the numbers they compare, whether or not they are too high

        for my $rule (@rules) {
            is $rule->{health}, 'ok', "$rule->{name} is evaluated";
            has_data($ask, $rule->{name},
                $rule->{query} =~ s/ (==|<|>) (?=[\dt])/ $1 bool /gr);
        }
    };

    $prometheus->stop('TERM', 20);
}

sub has_data {
    my ($ask, $name, $query) = @_;
    $query =~ s/\$__rate_interval/30s/g;
    $query =~ s/\$job/taifish/g;
    $query =~ s/\$instance/.*/g;
    my $got = $ask->($query);
    ok ref $got && @$got, $name or diag $query, "\n", ref $got ? 'none' : $got;
    my @nan = ref $got ? grep { $_->{value}[1] =~ /NaN/i } @$got : ();
    ok !ref $got || @nan < @$got, "$name: numbers" or diag $query;
}
