# Apps behind the edge, all with the files that are shipped: an app is killed,
# stopped, started; one comes and one goes.  No request that may be repeated
# fails, and none that may not is done twice.  TAIFISH_PROOF=1: longer.

use lib 't/lib';
use TaiFish;
use TaiFish::Edge;
use TaiFish::Load;

use IO::Socket::SSL ();
use Time::HiRes qw(sleep time);

my $rounds = $ENV{TAIFISH_PROOF} ? 6 : 1;

my $tf = TaiFish->new;
$tf->start_worker for 1, 2;
my $edge = TaiFish::Edge->new($tf, apps => 2);
my $api = $edge->as('admin');
my $many = TaiFish::Load::from_many($tf);

my $r = $api->post('/tags', { name => 'a', display_name => 'A',
                              category => 'x' });
is $r->status, 201, 'a change through the edge' or diag $r->as_string;
my $tag = $r->data->{tag}{id};

sub load {
    my (%opt) = @_;
    return TaiFish::Load->start($edge, client => $api, preload => $many,
        connections => 128, delay => 25, %opt);
}

# Waits until the edge answers what a load asks, however slow the machine is.

sub flows {
    my $log = "$edge->{dir}/logs/access.log";
    my $size = -s $log;
    TaiFish::Server::until_true(60, sub { -s $log > $size + 20_000 })
        or die 'no load';
}

# Load of GETs while something happens.

sub under_load {
    my ($name, $happens) = @_;
    my $load = load(path => "/tags/$tag", seconds => 300);

    flows();
    $happens->();
    sleep 0.5;
    my $seen = $load->finish;

    is_deeply $seen->{errors}, {}, "$name: no connection broke";
    is_deeply [keys %{ $seen->{status} }], [200],
        "$name: every answer of $seen->{requests} is 200"
        or diag explain $seen, substr $edge->error_log, -4000;
    diag sprintf '%s: %d requests, slowest %.0f ms', $name,
        $seen->{requests}, $seen->{max} if $ENV{TAIFISH_PROOF};
}

# An app dies or stops, and is back after a while.  The edge leaves an app that
# did not answer alone for up to 2 s; the next one has to wait for that.

sub turn {
    my ($n, $how) = @_;
    $edge->app($n)->$how;
    sleep 0.5;
    $edge->app($n)->start;
    sleep 2.2;
}

sub served {
    my ($n) = @_;
    return scalar(() = $edge->app($n)->access_log =~ m{/api/v1/tags/$tag"}g);
}


# --- both serve ------------------------------------------------------------

under_load('quiet', sub {
    ok TaiFish::Server::until_true(60, sub {
        served(1) > 100 && served(2) > 100;
    }), 'both apps have their share' or diag served(1), ' ', served(2);
});

my ($line) = grep { m{/tags/} } reverse split /\n/, $edge->app(1)->access_log;
like JSON::PP::decode_json($line)->{addr}, qr/^127\.1\./,
    'an app knows the address of who asks';


# --- each in turn ----------------------------------------------------------

for my $how (qw(kill stop)) {
    under_load("$how of two", sub {
        turn($_, $how) for (1, 2) x $rounds;
    });
}

under_load('one comes', sub {
    $edge->app(3)->start;
    $edge->names(1, 2, 3);
    ok $edge->wait_list(1, 2, 3), 'a third one is found';
    ok TaiFish::Server::until_true(60, sub { served(3) > 20 }),
        'the third one has its share' or diag served(3);
});

under_load('of three', sub {
    turn($_->[0], $_->[1])
        for ([1, 'kill'], [2, 'stop'], [3, 'kill'],
             [1, 'stop'], [2, 'kill'], [3, 'stop'])[0 .. ($rounds > 1 ? 5 : 2)];
});

under_load('one goes', sub {
    $edge->names(1, 3);
    ok $edge->wait_list(1, 3), 'one is not there any more';
    sleep 1;
    $edge->app(2)->stop;
    sleep 0.5;
});


# All at once, as "docker compose up -d" replaces them: requests wait.

sub all_at_once {
    my @of = @_;
    $edge->app($_)->stop for @of;
    sleep 2;
    $edge->app($_)->start for @of;
    sleep 2;
}

under_load('all at once', sub { all_at_once(1, 3) });
{
    my $load = load(path => "/tags/$tag", method => 'PUT', seconds => 300,
        body => '{"name":"a","display_name":"{n}","category":"x"}',
        connections => 16);
    my $posts = load(path => '/tags', method => 'POST', seconds => 300,
        body => '{"name":"once{n}","display_name":"x","category":"once"}',
        connections => 16);

    flows();
    all_at_once(1, 3);
    flows();
    my ($put, $post) = map { $_->finish } $load, $posts;
    is_deeply [keys %{ $put->{status} }], [200], 'PUT: all at once'
        or diag explain $put;
    is_deeply [grep { !/^(?:201|502)$/ } keys %{ $post->{status} }], [],
        'POST, all at once: done once' or diag explain $post;
    cmp_ok $post->{status}{502} || 0, '<=', 2 * 2,
        'POST, all at once: few were on their way';
}


# --- what changes something ------------------------------------------------

# A change that an app took with it into its grave is for the client to look
# after: 502.  It is never done twice, and none that was answered is missing.
# Stopped in the ordinary way, an app ends what it has begun.

for my $how (qw(kill stop)) {
    my $load = load(path => '/tags', method => 'POST', seconds => 300,
        body => '{"name":"' . $how
            . '{n}","display_name":"x","category":"' . $how . '"}');
    flows();
    turn($_, $how) for (1, 3) x $rounds;
    flows();
    my $seen = $load->finish;
    my $made = $seen->{status}{201} || 0;
    my $lost = $seen->{status}{502} || 0;
    my $rows = $tf->value("SELECT count(*) FROM tags
                           WHERE category = '$how'");

    # a second try of a change would be refused: its name is taken

    is_deeply [grep { !/^(?:201|502)$/ } keys %{ $seen->{status} }], [],
        "POST, $how: done once, or 502" or diag explain $seen;
    is_deeply $seen->{errors}, {}, 'no connection broke';
    cmp_ok $made, '>', 200, 'most are done';
    cmp_ok $lost, '<=', ($how eq 'kill' ? 128 : 2) * 2 * $rounds,
        'those without an answer were on their way';
    cmp_ok $rows, '>=', $made, 'every 201 is a row';
    cmp_ok $rows, '<=', $made + $lost + 128,
        'there are no more rows than were on their way';
    diag "POST, $how: $made done, $lost without an answer, $rows rows"
        if $ENV{TAIFISH_PROOF};
}


# --- a stream of events ----------------------------------------------------

{
    my $run = $tf->value("INSERT INTO task_runs (task_key, task_category,
        trigger_source, status) VALUES ('x', 'x', 'api', 'running')
        RETURNING run_id");
    my $s = IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
        PeerPort => $edge->{tls_port}, SSL_verify_mode => 0) or die $!;
    my $text = '';

    print $s "GET /api/v1/task-runs/$run/events HTTP/1.1\r\nHost: x\r\n"
        . 'Cookie: __Host-taifish_session='
        . $api->cookie('__Host-taifish_session') . "\r\n\r\n";
    local $SIG{ALRM} = sub { die "no event\n" };
    alarm 10;
    eval {
        1 while $text !~ /event: run\n/
            && sysread $s, $text, 65536, length $text;
    };
    alarm 0;
    like $text, qr/event: run\ndata: .*"status":"running"/,
        'an event is passed on while its stream is open';
}


# --- when there is no app --------------------------------------------------

my $anyone = $edge->client;

$edge->again('1200r');
$edge->names();
sleep 2.5;
ok $edge->wait_list(1, 3), 'a name without an answer changes nothing';
is $anyone->get('/health/live')->status, 200,
    'a name without an answer changes nothing for clients';

$edge->app($_)->stop for 1, 3;
for my $language ('zh-CN', 'en') {
    my $r = $anyone->get('/tags?x=1',
        { 'accept-language' => $language, 'x-request-id' => 'mine:1' });

    is $r->status, 502, 'no app';
    is $r->code, 'SERVICE_UNAVAILABLE',
        'no app: the answer has the form of the API';
    is $r->header('retry-after'), 1,
        'no app: the answer has a time to try again';
    is $r->header('content-type'), 'application/json; charset=utf-8', 'type';
    my $api = eval { JSON::PP::decode_json($r->body) } || {};
    is_deeply $api->{context}, { url => '/api/v1/tags', method => 'GET',
        request_id => 'mine:1' }, 'no app: the answer names the request';
    is $r->message, $language eq 'en'
        ? 'The service is unavailable for a moment, try again later'
        : '服务暂时不可用，请稍后重试', "no app: the message is in $language";
    is_deeply [grep { !exists $api->{$_} } qw(success error error_id category
        severity message timestamp recoverable suggestions)], [],
        'nothing of it is missing';
}
is $anyone->get('/health/live')->header('x-request-id') =~ /^req_\w{32}$/, 1,
    'a request without an id gets one';

my $start = time;
$edge->app(1)->start;
ok TaiFish::Server::until_true(10, sub {
    $anyone->get('/health/live')->status == 200;
}), 'an app is back';
cmp_ok time - $start, '<', 6, 'an app that is back is found at once';


# The module in the edge keeps clients and does nothing else.

unlike $edge->error_log, qr/taifish: /, 'the edge wants no store';


# --- edge-watch.sh ---------------------------------------------------------

# A list that nginx refuses is taken back.

TaiFish::spew("$edge->{dir}/names", "999.0.0.1 STREAM app\n");
ok TaiFish::Server::until_true(10, sub {
    $edge->watch->output =~ /goes on with the old one/;
}), 'nginx refuses an address that is none';
ok $edge->wait_list(1, 3), 'the list is as it was before the wrong one';
is $anyone->get('/health/live')->status, 200, 'nobody notices';
$tf->allow(qr/host not found in upstream "999\.0\.0\.1/);

# It begins without a name, and ends as nginx does.

$edge->names();
is $edge->watch->stop('TERM', 10), 0, 'TERM ends it, and nginx';
ok !TaiFish::Server::answers($edge->{tls_port}), 'really';
unlink "$edge->{dir}/run/upstream.conf" or die $!;
$edge->start;
$edge->again('1200r');
is $anyone->get('/health/live')->status, 502, 'a start without an app';
$edge->names(1);
ok TaiFish::Server::until_true(10, sub {
    $anyone->get('/health/live')->status == 200;
}), 'the first app is found after a start without one';

kill 'KILL', $edge->pid;
ok TaiFish::Server::until_true(10, sub { !$edge->watch->alive }),
    'edge-watch.sh ends when nginx dies';
is $edge->watch->{status}, 137 << 8,
    'edge-watch.sh ends with the code of nginx';

# workers of a killed master stay, and listen

for my $pid (orphans()) {
    kill 'QUIT', $pid;
}
ok TaiFish::Server::until_true(10, sub { !orphans() }), 'nothing is left';

sub orphans {
    my $group = $edge->watch->pid;
    return grep {
        my $stat = TaiFish::slurp_if("/proc/$_/stat") =~ s/\(.*\)/x/r;
        ((split ' ', $stat)[4] // 0) == $group
            && TaiFish::cmdline($_) =~ /^nginx/;
    } map { m{(\d+)$} } glob '/proc/[0-9]*';
}

done_testing;
