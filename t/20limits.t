# What nginx itself refuses, and how: limits per address, sizes, times, and the
# headers that every answer carries, nginx's own errors included.

use lib 't/lib';
use TaiFish;
use IO::Socket::INET;

my $tf = TaiFish->new(limits => 1);
$tf->start_nginx;

my %must = (
    'content-security-policy' => qr/^default-src 'none'; script-src 'self';/,
    'x-content-type-options' => qr/^nosniff$/,
    'x-frame-options' => qr/^DENY$/,
    'referrer-policy' => qr/^no-referrer$/,
    'cross-origin-opener-policy' => qr/^same-origin$/,
    'cross-origin-resource-policy' => qr/^same-origin$/,
    'permissions-policy' => qr/camera=\(\)/,
    'cache-control' => qr/^no-store$/,
    server => qr/^nginx$/,
);

sub open_socket {
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port, Timeout => 5) || die "connect: $!";
}

# Sends bytes as they are: (status, headers, body) of the answer.

sub raw {
    my ($bytes) = @_;
    my $s = open_socket();
    print $s $bytes;
    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 20;
    my $answer = do { local $/; <$s> } // '';
    alarm 0;
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
    my %headers;
    for ((split /\r\n/, $head // '')[1 .. 99]) {
        next unless defined && /^([^:]+): *(.*)/;
        push @{ $headers{lc $1} }, $2;
    }
    return ($status // 0, \%headers, $body // '');
}

sub check {
    my ($name, $want, $bytes, $code) = @_;
    my ($status, $headers, $body) = raw($bytes);

    is $status, $want, "$name: $want";
    my @wrong = grep {
        @{ $headers->{$_} || [] } != 1 || $headers->{$_}[0] !~ $must{$_}
    } sort keys %must;
    is_deeply \@wrong, [], "$name: the headers";

    if (defined $code) {
        my $json = eval { JSON::PP::decode_json($body) } || {};
        is $json->{message_code}, $code, "$name: $code";
        is_deeply [grep { !exists $json->{$_} }
            qw(success error error_id category severity message timestamp
               recoverable suggestions context)], [], "$name: the envelope";
    }
}

my $end = "Host: x\r\nConnection: close\r\n\r\n";
my $long = 'x' x 9000;

check('alive', 200, "GET /health/live HTTP/1.1\r\n$end");
check('not signed in', 401, "GET /api/v1/tags HTTP/1.1\r\n$end",
    'AUTHENTICATION_REQUIRED');
check('no such route', 404, "GET /api/v1/nope HTTP/1.1\r\n$end",
    'RESOURCE_NOT_FOUND');
check('outside of the API', 404, "GET /assets/nope HTTP/1.1\r\n$end",
    'RESOURCE_NOT_FOUND');
check('another method', 405, "PATCH /api/v1/tags HTTP/1.1\r\n$end",
    'METHOD_NOT_ALLOWED');
check('TRACE', 405, "TRACE /api/v1/tags HTTP/1.1\r\n$end",
    'METHOD_NOT_ALLOWED');
check('a long address', 414, "GET /api/v1/tags?x=$long HTTP/1.1\r\n$end",
    'INVALID_REQUEST');
check('a long header', 400, "GET /api/v1/tags HTTP/1.1\r\nX: $long\r\n$end",
    'INVALID_REQUEST');
check('a large body', 413, "POST /api/v1/tags HTTP/1.1\r\n"
    . 'Content-Length: ' . (1024 * 1024 + 1) . "\r\n$end",
    'BODY_TOO_LARGE');
check('the next connection', 200, "GET /health/live HTTP/1.1\r\n$end");

# requests that two servers could read in two ways

check('not HTTP', 400, "GET /\x01 HTTP/1.1\r\n$end");
check('two lengths', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length: 3\r\nContent-Length: 4\r\n${end}abcd");
check('a length and chunks', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n");
check('a wrong length', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length: 3x\r\n${end}abc");
check('no host', 400, "GET /health/live HTTP/1.1\r\n\r\n");
check('two hosts', 400, "GET /health/live HTTP/1.1\r\nHost: y\r\n$end");
check('chunks twice', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n$end");
check('a folded header', 400, "GET /health/live HTTP/1.1\r\n"
    . "X: y\r\n Z: z\r\n$end");
check('a space before the colon', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length : 3\r\n${end}abc");
check('a NUL', 400, "GET /health/live HTTP/1.1\r\nX: y\0z\r\n$end");
check('another coding', 501, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Transfer-Encoding: gzip\r\n$end", 'INVALID_REQUEST');
check('HTTP/3.0 in words', 505, "GET /health/live HTTP/3.0\r\n$end",
    'INVALID_REQUEST');
check('no way out', 400, "GET /../../etc/passwd HTTP/1.1\r\n$end");
check('not from outside', 404, "GET /.taifish/error HTTP/1.1\r\n$end");

# the language of nginx's own errors

my (undef, undef, $zh) = raw("GET /assets/nope HTTP/1.1\r\n$end");
my (undef, undef, $en) = raw("GET /assets/nope HTTP/1.1\r\n"
    . "Accept-Language: en-GB,en;q=0.9\r\n$end");
like $zh, qr/\xe8\xb5\x84\xe6\xba\x90/, 'Chinese unless asked otherwise';
like $en, qr/does not exist/, 'English when asked';

# a head that never ends is cut after 10 s, and others do not wait for it

my $slow = open_socket();
my $since = Time::HiRes::time();
print $slow "GET /health/live HTTP/1.1\r\n";

# sign-ins from one address

{
    my $client = $tf->client;
    my %seen;
    $seen{ $client->post('/auth/login', { username => "nobody$_",
        password => 'Wrong-pass-1' })->status }++ for 1 .. 9;
    ok $seen{401} && $seen{401} >= 5 && $seen{401} <= 7,
        'some sign-ins are tried';
    ok $seen{429}, 'an address that goes on has to wait';

    my $r = $client->post('/auth/login', { username => 'admin',
        password => $TaiFish::PASSWORD });
    is $r->status, 429,
        'an address that waits is refused with the right password too';
    is $r->code, 'RATE_LIMIT_EXCEEDED', 'the answer says why';
    is $client->post('/auth/login', { username => 'admin',
        password => $TaiFish::PASSWORD }, { 'x-forwarded-for' => '192.0.2.1',
        'x-real-ip' => '192.0.2.2', forwarded => 'for=192.0.2.3' })->status,
        429, 'under a forged address too';
    for my $path ('/auth/login/', '//auth///login', '/auth/%6cogin/') {
        is $client->post($path, { username => 'admin',
            password => $TaiFish::PASSWORD })->status, 429,
            "$path is no way around";
    }
    is $client->get('/health/live')->status, 200, 'other routes do not';
}

# requests from one address

{
    my $client = $tf->client;
    my %seen;
    $seen{ $client->get('/api/v1/tags')->status }++ for 1 .. 400;
    ok $seen{401} >= 100, 'a burst of 100 is served';
    ok $seen{429}, 'a longer one is cut';
    is_deeply [sort keys %seen], [401, 429], 'nothing else happens';
}

# connections from one address

{
    my @open = map {
        my $s = open_socket();
        print $s "GET /health/live HTTP/1.1\r\nX: y\r\n";
        $s;
    } 1 .. 10;
    my $r = $tf->client->get('/health/live');
    is $r->status, 200, 'unfinished requests of others cost nothing';
}

$slow->read(my $rest, 1000);
my $took = Time::HiRes::time() - $since;
ok $took > 8 && $took < 14, 'a head without an end is cut after 10 s'
    or diag $took;

my ($line) = grep { /"route":"\/tags"/ } split /\n/, do {
    sleep 2;
    $tf->access_log;
};
my $entry = eval { JSON::PP::decode_json($line) } || {};
is $entry->{route}, '/tags', 'the log has the route, not its values';
like $entry->{request_id}, qr/^req_\w+$/, 'the log has the id of the request';
is $entry->{status}, 401, 'the log has the status';

done_testing;
