# TLS of the edge, with the files that are shipped: protocols and ciphers, the
# way from port 80, a new certificate, and the headers of every answer.

use lib 't/lib';
use TaiFish;
use TaiFish::Edge;
use TaiFish::Load;

use IO::Socket::SSL ();
use Time::HiRes qw(sleep time);

my $tf = TaiFish->new;
my $edge = TaiFish::Edge->new($tf, apps => 1);
my $tls = $edge->{tls_port};


# --- protocols and ciphers -------------------------------------------------

sub s_client {
    my (@how) = @_;
    my (undef, $said) = TaiFish::Server::run_to_end('openssl', ['s_client',
        '-connect', "127.0.0.1:$tls", '-servername', 'localhost', @how], {},
        "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return $said;
}

# The cipher of a connection; nothing when there is none.

sub cipher {
    my ($said) = @_;
    return $said =~ /^New, TLS\S+, Cipher is ([\w-]+)$/m ? $1
        : $said =~ /Cipher is \(NONE\)|alert|error/ ? '' : "? $said";
}

my $weak = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0';
my @good = qw(ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384
              ECDHE-RSA-CHACHA20-POLY1305);

is cipher(s_client('-tls1', '-cipher', $weak)), '', 'no TLS 1.0';
is cipher(s_client('-tls1_1', '-cipher', $weak)), '', 'no TLS 1.1';

for my $cipher (@good) {
    is cipher(s_client('-tls1_2', '-cipher', $cipher)), $cipher,
        "TLS 1.2 with $cipher";
}

for my $cipher (qw(TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384
                   TLS_CHACHA20_POLY1305_SHA256))
{
    is cipher(s_client('-tls1_3', '-ciphersuites', $cipher)), $cipher,
        "TLS 1.3 with $cipher";
}

# everything else this openssl knows

my (undef, $known) = TaiFish::Server::run_to_end('openssl',
    ['ciphers', '-s', '-tls1_2', $weak], {});
chomp $known;
my @others = grep { my $c = $_; !grep { $_ eq $c } @good } split /:/, $known;
cmp_ok scalar @others, '>', 20, 'there are others';
is_deeply [grep { cipher(s_client('-tls1_2', '-cipher',
                                  "$_:\@SECLEVEL=0")) ne '' } @others],
    [], 'all other ciphers are refused';

for my $group (qw(X25519 P-256 P-384)) {
    like s_client('-tls1_3', '-groups', $group), qr/Cipher is TLS_AES/,
        "group $group";
}
is cipher(s_client('-tls1_3', '-groups', 'P-521')), '', 'P-521 is refused';
unlike s_client('-tls1_2'), qr/TLS session ticket:/, 'no tickets';
like s_client('-tls1_3', '-alpn', 'h2,http/1.1'), qr/ALPN protocol: h2/,
    'HTTP/2 is offered';


# --- the headers, once each ------------------------------------------------

my %must = (
    'strict-transport-security' => qr/^max-age=63072000; includeSubDomains$/,
    'content-security-policy' => qr/^default-src 'none'; script-src 'self';/,
    'x-content-type-options' => qr/^nosniff$/,
    'x-frame-options' => qr/^DENY$/,
    'referrer-policy' => qr/^no-referrer$/,
    'cross-origin-opener-policy' => qr/^same-origin$/,
    'cross-origin-resource-policy' => qr/^same-origin$/,
    'permissions-policy' => qr/camera=\(\)/,
    'cache-control' => qr/^no-store$/,
    'x-request-id' => qr/^req_\w{32}$/,
    server => qr/^nginx$/,
    date => qr/GMT$/,
);

# Bytes as they are, by TLS or to a port without: (status, headers, body).

sub raw {
    my ($bytes, $port) = @_;
    my $s = $port
        ? IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
        : IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => $tls,
                               SSL_verify_mode => 0);
    $s or die "connect: $!";
    print $s $bytes;
    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 20;
    my $answer = '';
    1 while sysread $s, $answer, 65536, length $answer;
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

my $end = "Host: x\r\nConnection: close\r\n\r\n";

# check(what, status, request, message code, other headers it must have)

sub check {
    my ($name, $want, $bytes, $code, %more) = @_;
    my $port = delete $more{port};
    my ($status, $headers, $body) = raw($bytes, $port);
    my %all = (%must, %more);

    is $status, $want, "$name: $want" or diag explain $headers, $body;
    my @wrong = map { "$_: " . join ' | ', @{ $headers->{$_} || [] } } grep {
        defined $all{$_}
            ? @{ $headers->{$_} || [] } != 1 || $headers->{$_}[0] !~ $all{$_}
            : $headers->{$_}
    } sort keys %all;
    is_deeply \@wrong, [], "$name: each header once";

    if (defined $code) {
        my $json = eval { JSON::PP::decode_json($body) } || {};
        is $json->{message_code}, $code, "$name: $code" or diag $body;
        is_deeply [grep { !exists $json->{$_} }
            qw(success error error_id category severity message timestamp
               recoverable suggestions context)], [], "$name: the envelope";
    }
}

sub get {
    my ($path, @headers) = @_;
    return join '', "GET $path HTTP/1.1\r\n", map({ "$_\r\n" } @headers), $end;
}

my %cookie = map {
    my $c = $edge->as($_);
    $_ => 'Cookie: __Host-taifish_session='
        . $c->cookie('__Host-taifish_session');
} qw(admin viewer);
my $csrf = 'X-CSRFToken: ' . do {
    my (undef, undef, $body) = raw(get('/api/v1/auth/csrf-token',
                                       $cookie{viewer}));
    JSON::PP::decode_json($body)->{data}{csrf_token};
};

my $asset = '/assets/index-0a1b2c3d.js';
my (undef, $had) = raw(get($asset));

check('the API', 200, get('/api/v1/tags', $cookie{viewer}));
check('an app lives', 200, get('/health/live'));
check('the console', 200, get('/'), undef, 'cache-control' => qr/^no-cache$/);
check('a file of it', 200, get($asset), undef,
    'cache-control' => qr/^public, max-age=31536000, immutable$/);
check('the same, compressed', 200, get($asset, 'Accept-Encoding: gzip'),
    undef, 'cache-control' => qr/^public, max-age=31536000, immutable$/,
    'content-encoding' => qr/^gzip$/, vary => qr/^Accept-Encoding$/,
    'content-length' => qr/^\d+$/);
check('the same again', 304, get($asset,
    "If-None-Match: $had->{etag}[0]"), undef,
    'cache-control' => qr/^public, max-age=31536000, immutable$/);
check('an app refuses a value', 400, get('/api/v1/tags?limit=x',
    $cookie{viewer}), 'VALIDATION_ERROR');
check('the edge refuses a header', 400, get('/api/v1/tags', 'X: ' . 'x' x 9000),
    'INVALID_REQUEST');
check('HTTP on the port of TLS', 400, get('/api/v1/tags'), 'INVALID_REQUEST',
    port => $tls, 'strict-transport-security' => undef);
check('nobody', 401, get('/api/v1/tags'), 'AUTHENTICATION_REQUIRED');
check('a viewer writes', 403, "POST /api/v1/tags HTTP/1.1\r\n$cookie{viewer}"
    . "\r\n$csrf\r\nContent-Length: 2\r\n$end\{}", 'PERMISSION_REQUIRED');
check('a secret without TLS', 403, get('/api/v1/tags'), 'FORBIDDEN',
    port => $edge->{port}, 'strict-transport-security' => undef);
check('the app knows no such route', 404, get('/api/v1/nope'),
    'RESOURCE_NOT_FOUND');
check('no such file', 404, get('/nope'), 'RESOURCE_NOT_FOUND');
check('no such file that would never change', 404,
    get('/assets/nope-0a1b2c3d.js'), 'RESOURCE_NOT_FOUND');
check('metrics are not for everybody', 404, get('/metrics'),
    'RESOURCE_NOT_FOUND');
check('no metrics around a corner', 404, get($_), 'RESOURCE_NOT_FOUND')
    for '/api/../metrics', '/api/%2e%2e/metrics', '//metrics', '/metrics/';
check('errors are not to be asked for', 404, get('/.edge/error'),
    'RESOURCE_NOT_FOUND');
check('another method', 405, "PATCH /api/v1/tags HTTP/1.1\r\n$cookie{admin}"
    . "\r\n$end", 'METHOD_NOT_ALLOWED', allow => qr/GET/);
check('TRACE', 405, "TRACE / HTTP/1.1\r\n$end", 'METHOD_NOT_ALLOWED',
    allow => qr/^GET, HEAD$/);
check('a change of a file', 405, "POST / HTTP/1.1\r\nContent-Length: 0\r\n$end",
    'METHOD_NOT_ALLOWED', allow => qr/^GET, HEAD$/);
check('a large body', 413, "POST /api/v1/tags HTTP/1.1\r\nContent-Length: "
    . (1024 * 1024 + 1) . "\r\n$end", 'BODY_TOO_LARGE');
check('a long address', 414, get('/api/v1/tags?x=' . 'x' x 9000),
    'INVALID_REQUEST');

# requests that two servers could read in two ways

check('two lengths', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length: 3\r\nContent-Length: 4\r\n${end}abcd");
check('a length and chunks', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n");
check('chunks and a length', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n${end}0\r\n\r\n");
check('chunks twice', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n$end");
check('a space before the colon', 400, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length : 3\r\n${end}abc");
check('a folded header', 400, "GET /health/live HTTP/1.1\r\n"
    . "X: y\r\n Z: z\r\n$end");
check('two hosts', 400, "GET /health/live HTTP/1.1\r\nHost: y\r\n$end");
check('another coding', 501, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Transfer-Encoding: gzip\r\n$end", 'INVALID_REQUEST');

# a body behind a request that has none is no second request

my ($status, undef, $body) = raw("POST /api/v1/auth/login HTTP/1.1\r\n"
    . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    . "Host: x\r\n\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\n$end");
is $status, 403, 'the first of two is answered' or diag $body;
like $body, qr{\{"status":"live"\}},
    'the second of two is answered as one of its own';

# an address that a client claims is not used

my $addr = sub {
    sleep 1.2;
    my ($line) = grep { /"route":"\/tags"/ } reverse split /\n/,
        $edge->app(1)->access_log;
    return JSON::PP::decode_json($line);
};
raw(get('/api/v1/tags', 'X-Forwarded-For: 192.0.2.1', 'X-Real-IP: 192.0.2.2',
        'Forwarded: for=192.0.2.3', 'X-Request-ID: of-the-client.1'));
my $entry = $addr->();
is $entry->{addr}, '127.0.0.1', 'the address is that of the connection';
is $entry->{request_id}, 'of-the-client.1', 'the id of a request goes through';


# --- port 80 ---------------------------------------------------------------

my ($moved, $there) = raw(get('/tags?x=1&y=2'), $edge->{port});
is $moved, 301, 'people are sent on';
is $there->{location}[0], 'https://x/tags?x=1&y=2',
    'people are sent on to the same address by TLS';
is $there->{'strict-transport-security'}, undef,
    'the answer of port 80 has no HSTS';
is scalar @{ $there->{'x-frame-options'} || [] }, 1,
    'the answer of port 80 has the other headers';
mkdir "$edge->{dir}/ssl/acme" or die $!;
mkdir "$edge->{dir}/ssl/acme/.well-known" or die $!;
mkdir "$edge->{dir}/ssl/acme/.well-known/acme-challenge" or die $!;
TaiFish::spew("$edge->{dir}/ssl/acme/.well-known/acme-challenge/t", 'proof');
is +(raw(get('/.well-known/acme-challenge/t'), $edge->{port}))[2], 'proof',
    'an authority of certificates is answered';
is +(raw(get('/.well-known/acme-challenge/../../../privkey.pem'),
         $edge->{port}))[0], 400,
         'an authority of certificates gets nothing else';
is +(raw(get('/.edge/health'), $edge->{port}))[0], 200, 'health of the edge';


# --- a new certificate -----------------------------------------------------

sub answers_with {
    my ($pem) = s_client('-tls1_3')
        =~ /(-----BEGIN CERT.*?END CERTIFICATE-----\n)/s or return '';
    TaiFish::spew($tf->dir . '/seen.pem', $pem);
    return TaiFish::Edge::serial('x509', '-in', $tf->dir . '/seen.pem');
}

{
    my $load = TaiFish::Load->start($edge, client => $edge->as('viewer'),
        path => '/tags', seconds => 60, connections => 64, delay => 25,
        preload => TaiFish::Load::from_many($tf));
    my $old = answers_with();
    sleep 0.5;
    for my $how (qw(nginx edge-watch)) {
        my $new = $edge->certificate($how eq 'nginx' ? () : ('ec', '-pkeyopt',
            'ec_paramgen_curve:P-256'));
        isnt $new, $old, 'a new certificate';

        # "nginx -s reload", and HUP of the container's first process

        if ($how eq 'nginx') {
            my ($code, $out) = TaiFish::Server::run_to_end($TaiFish::NGINX,
                ['-c', "$edge->{dir}/edge.conf", '-e', 'stderr', '-s',
                 'reload'], {});
            is $code, 0, 'nginx -s reload' or diag $out;
        } else {
            ok $edge->watch->signal('HUP'), 'HUP of edge-watch.sh';
        }

        ok TaiFish::Server::until_true(10, sub { answers_with() eq $new }),
            'the new certificate is in use';
    }
    sleep 2;
    my $seen = $load->finish;
    is_deeply $seen->{errors}, {}, 'no connection broke';
    is_deeply [keys %{ $seen->{status} }], [200],
        "every answer of $seen->{requests} is 200" or diag explain $seen;
}

# the last one is of another kind

for my $cipher (map { s/RSA/ECDSA/r } @good) {
    is cipher(s_client('-tls1_2', '-cipher', $cipher)), $cipher,
        "TLS 1.2 with $cipher";
}
is cipher(s_client('-tls1_2', '-cipher', $_)), '', "TLS 1.2 does not take $_"
    for qw(ECDHE-ECDSA-AES128-SHA256 ECDHE-ECDSA-AES256-CCM), $good[0];


# --- 429, 500, 502, 503, 504 -----------------------------------------------

sub flood {
    my ($bytes, $n) = @_;
    my %seen;
    $seen{ (raw($bytes))[0] }++ for 1 .. $n;
    return \%seen;
}

my $seen = flood("POST /api/v1/auth/login HTTP/1.1\r\nContent-Length: 2\r\n"
    . "Content-Type: application/json\r\n$end\{}", 8);
ok $seen->{429}, 'sign-ins from one address' or diag explain $seen;
check('a sign-in too many', 429, "POST //api/v1/auth//login HTTP/1.1\r\n"
    . "Content-Length: 2\r\n$end\{}", 'RATE_LIMIT_EXCEEDED');

# PostgreSQL away: 503 of an app, with its own Retry-After, is passed on

$tf->pg->stop;
check('an app without PostgreSQL', 503, get('/api/v1/tags', $cookie{admin}),
    'SERVICE_UNAVAILABLE', 'retry-after' => qr/^1$/);
check('is not ready', 503, get('/health/ready'), undef,
    'retry-after' => qr/^1$/);
$tf->pg->start;

# a body that the edge has to put aside, and cannot

my $tmp = "$edge->{dir}/run/tmp";
chmod 0500, $tmp or die $!;
check('no place for a body', 500, "POST /api/v1/tags HTTP/1.1\r\n"
    . "Content-Length: 100000\r\n$end" . 'x' x 100_000, 'INTERNAL_ERROR');
chmod 0700, $tmp or die $!;

$edge->app(1)->stop;
check('no app', 502, get('/api/v1/tags'), 'SERVICE_UNAVAILABLE',
    'retry-after' => qr/^1$/);

# an app that says nothing: its address takes connections and that is all

my $deaf = IO::Socket::INET->new(Listen => 16, ReuseAddr => 1,
    LocalAddr => '127.0.0.1',
    LocalPort => $edge->{app_port}) or die "listen: $!";
my $conf = TaiFish::slurp("$edge->{dir}/edge-app.conf");
TaiFish::spew("$edge->{dir}/edge-app.conf",
    $conf =~ s/proxy_read_timeout 35s/proxy_read_timeout 1s/r);
$edge->watch->signal('HUP');
sleep 1.5;
check('an app that says nothing', 504, get('/api/v1/tags'),
    'SERVICE_UNAVAILABLE', 'retry-after' => qr/^1$/);

$tf->allow(qr/mkdir|open\(\) "\S+run\/tmp/);

done_testing;
