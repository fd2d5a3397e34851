# Waiting for a run and watching it: a job that a silent server holds up, its
# events, the 202 of a request that waited long enough, and a cancel.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use IO::Socket::INET;
use Time::HiRes qw(time sleep);

my $tf = TaiFish->new(http => 'taifish_run_wait 500ms')->start;
my $admin = $tf->as('admin');

# Accepts and says nothing.

my $silent = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1')
    or die $!;

my $credential = data_of($admin->post('/credentials', {
    name => 'c', credential_type => 'database', db_type => 'postgresql',
    username => 'u', password => 'Pa55-word-1' }), 201, 'a credential')
    ->{credential}{id};

my $instance = data_of($admin->post('/instances', {
    name => 'silent', db_type => 'postgresql', host => '127.0.0.1',
    port => $silent->sockport, credential_id => $credential,
    tls_mode => 'disable' }), 201, 'an instance that never answers')
    ->{instance}{id};

# The events of a stream until it ends or a pattern is seen.

sub stream {
    my ($run) = @_;
    my $s = IO::Socket::INET->new("127.0.0.1:" . $tf->port) or die $!;
    print $s "GET /api/v1/task-runs/$run/events HTTP/1.1\r\nHost: x\r\n"
        . "Cookie: taifish_session=" . $admin->cookie('taifish_session')
        . "\r\n\r\n";
    return $s;
}

sub until_seen {
    my ($s, $pattern, $seconds) = @_;
    my ($text, $end) = ('', time + $seconds);

    while ($text !~ $pattern && (my $left = $end - time) > 0) {
        my $in = '';
        vec($in, fileno $s, 1) = 1;
        next if select($in, undef, undef, $left) <= 0;
        last if !sysread $s, $text, 65536, length $text;
    }
    return $text;
}


# --- 202, events, cancel ---------------------------------------------------

my $start = time;
my $r = $admin->post("/instances/$instance/actions/sync-accounts");
is $r->status, 202, 'the request does not wait for ever' or diag $r->as_string;
cmp_ok time - $start, '<', 5, 'the wait ends at taifish_run_wait';
my $run = $r->data->{run_id};

my $again = $admin->post("/instances/$instance/actions/sync-accounts");
is $again->data->{run_id}, $run, 'asking again joins the same run';

my $s = stream($run);
my $text = until_seen($s, qr/event: run\ndata: .*\n\n/, 10);
like $text, qr{^HTTP/1.1 200 }, 'a stream';
like $text, qr{^Content-Type: text/event-stream\r$}m, 'of events';
like $text, qr{event: run\ndata: \{"run_id":"$run".*"status":"running"},
    'the run as it is';

$start = time;
is $admin->post("/task-runs/$run/actions/cancel")->status, 200, 'cancelled';
$text = until_seen($s, qr/event: end\n/, 10);
cmp_ok time - $start, '<', 4, 'and over within seconds';
like $text, qr/event: run\ndata: .*"status":"cancelled"/, 'says so';
like $text, qr/event: end\n/, 'and ends';
like $text . until_seen($s, qr/\r\n0\r\n\r\n/, 3), qr/\r\n0\r\n\r\n$/,
    'with the last chunk';

is $tf->wait_run($run)->{status}, 'cancelled', 'in the database too';
is $admin->get("/task-runs/$run/events")->status, 200,
    'a run that is over has a stream that ends at once';
is $admin->get('/task-runs/00000000-0000-0000-0000-000000000000/events')
    ->status, 404, 'no such run';
is $tf->client->get("/task-runs/$run/events")->status, 401, 'for nobody';


# --- a wait that is longer than other requests may take -----------------------

$tf->stop_nginx;
$tf->{opt}{http} = 'taifish_request_timeout 3s; taifish_run_wait 4s';
$tf->write_nginx_conf;
$tf->start_nginx;
$r = $admin->post("/instances/$instance/actions/sync-accounts");
is $r->status, 202, 'taifish_request_timeout does not cut taifish_run_wait'
    or diag $r->as_string;
$admin->post("/task-runs/$_/actions/cancel") for $r->json->{data}{run_id} || ();


# --- the language of an answer ---------------------------------------------

for (['zh-CN', qr/\p{Han}/], ['en', qr/^[ -~]+$/]) {
    my ($lang, $like) = @$_;
    my $m = $admin->get('/tags', { 'accept-language' => $lang })->message;
    like $m, $like, "a message in $lang";
}

done_testing;
