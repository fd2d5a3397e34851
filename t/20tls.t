# TLS without an edge: conf/direct-tls.conf as it is.  Ciphers and the like are
# in t/50edge-tls.t.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new(redis => 0);
my $dir = $tf->dir;
my $tls = TaiFish::Server::free_port();
my $port = TaiFish::Server::free_port();

mkdir "$dir/ssl" or die $!;
TaiFish::Server::give("$dir/ssl");
my ($code, $out) = TaiFish::Server::run_to_end('openssl', [qw(req -x509
    -newkey rsa:2048 -nodes -days 2 -subj /CN=x -keyout),
    "$dir/ssl/privkey.pem", '-out', "$dir/ssl/fullchain.pem"], {});
$code == 0 or die "openssl: $out";

for my $name (qw(direct-tls redirect errors error-words tls)) {
    my $text = TaiFish::conf("$name.conf");
    $text =~ s/^( *listen) 443/$1 127.0.0.1:$tls/m;
    $text =~ s/^( *listen) 80/$1 127.0.0.1:$port/m;
    TaiFish::spew("$dir/$name.conf", $text);
}

$tf->{opt}{direct_tls} = 1;
$tf->start_nginx;
# an ordinary user's shell may open fewer files than nginx has connections
unlike $tf->error_log,
    qr/\[warn\](?!.* exceed open file resource limit)|deprecated/,
    'nothing old in it';

# What other versions of nginx would get

sub as_for {
    my ($version, $file) = @_;
    TaiFish::spew("$dir/nginx-$version",
        "#!/bin/sh\necho nginx version: nginx/$version >&2\n");
    chmod 0755, "$dir/nginx-$version";
    local $TaiFish::NGINX = "$dir/nginx-$version";
    return TaiFish::conf($file);
}

for my $file (qw(direct-tls.conf edge.conf)) {
    like as_for('1.22.1', $file), qr/listen 443 ssl http2 backlog=4096;/,
        "$file: HTTP/2 of old";
    like as_for('1.26.3', $file),
        qr/^( +)listen 443 ssl backlog=4096;\n\1http2 on;$/m,
        "$file: HTTP/2 of new";
}
like as_for('1.26.3', 'http.conf'), qr/^#keepalive_min_timeout/m,
    'kept connections: our own way';
like as_for('1.30.0', 'http.conf'), qr/^keepalive_min_timeout 5s;/m,
    "kept connections: nginx's way";

# the protocol and cipher of a connection, or nothing

sub talk {
    my (@how) = @_;
    my (undef, $said) = TaiFish::Server::run_to_end('openssl', ['s_client',
        '-connect', "127.0.0.1:$tls", @how], {},
        "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return $said;
}

my @weak = ('-cipher', 'ALL:@SECLEVEL=0');

like talk('-tls1_3', '-quiet'), qr/200 OK/, 'TLS 1.3';
like talk('-tls1_2', '-quiet'), qr/200 OK/, 'TLS 1.2';
like talk('-tls1_2', '-quiet'),
    qr/^Strict-Transport-Security: max-age=63072000; includeSubDomains\r$/m,
    'HSTS';
unlike talk('-tls1_1', @weak), qr/Cipher is \w+-/, 'no TLS 1.1';
unlike talk('-tls1', @weak), qr/Cipher is \w+-/, 'no TLS 1.0';
like talk('-tls1_2', @weak), qr/Cipher is ECDHE-/, 'forward secrecy';
unlike talk('-tls1_2', '-cipher', $_), qr/Cipher is \w+-/,
    "TLS 1.2 does not take $_"
    for qw(AES128-SHA AES256-GCM-SHA384 ECDHE-RSA-AES128-SHA256);

# port 80

my $plain = HTTP::Tiny->new(max_redirect => 0);
my $r = $plain->get("http://127.0.0.1:$port/tags");
is $r->{status}, 301, 'people are sent on';
is $r->{headers}{location}, 'https://127.0.0.1/tags',
    'people are sent on to TLS';
$r = $plain->get("http://127.0.0.1:$port/api/v1/tags",
    { headers => { 'accept-language' => 'en' } });
is $r->{status}, 403, 'a program is refused';
like $r->{content}, qr/"message_code":"FORBIDDEN".*"This action is forbidden"/,
    'the answer says so';
is $r->{headers}{'cache-control'}, 'no-store',
    'the refusal of a program has our headers';

# what is said to the TLS port without TLS, and the other way round

$r = $plain->get("http://127.0.0.1:$tls/api/v1/tags");
is $r->{status}, 400, 'no TLS on the port with TLS';
like $r->{content}, qr/"message_code":"INVALID_REQUEST"/,
    'the answer has a code';
is $r->{headers}{'cache-control'}, 'no-store',
    'the answer without TLS has our headers';
is $tf->client->get('/health/live')->header('strict-transport-security'),
    undef, 'no HSTS without TLS';

done_testing;
