# TLS in front, with the very lines of docs/security.md.

use lib 't/lib';
use TaiFish;

my ($lines) = TaiFish::slurp("$TaiFish::ROOT/docs/security.md")
    =~ /```nginx\n(.*?)```/s or die 'no lines';

my $tf = TaiFish->new(redis => 0);
my $tls = TaiFish::Server::free_port();
my $cert = $tf->dir . '/tls';

my ($code, $out) = TaiFish::Server::run_to_end('openssl', [qw(req -x509
    -newkey rsa:2048 -nodes -days 2 -subj /CN=x -keyout), "$cert.key", '-out',
    "$cert.crt"], {});
$code == 0 or die "openssl: $out";

$lines =~ s{/etc/taifish/tls}{$cert}g;
$lines =~ s{listen 443}{listen 127.0.0.1:$tls};
$tf->{opt}{server} = $lines;
$tf->start_nginx;

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
unlike talk('-tls1_2', '-cipher', $_), qr/Cipher is \w+-/, "not $_"
    for qw(AES128-SHA AES256-GCM-SHA384 ECDHE-RSA-AES128-SHA256);

# what is said to the TLS port without TLS, and the other way round

my $r = HTTP::Tiny->new->get("http://127.0.0.1:$tls/api/v1/tags");
is $r->{status}, 400, 'no TLS on the port with TLS';
like $r->{content}, qr/"message_code":"INVALID_REQUEST"/, 'is told so';
is $r->{headers}{'cache-control'}, 'no-store', 'with our headers';
is $tf->client->get('/health/live')->header('strict-transport-security'),
    undef, 'no HSTS without TLS';

done_testing;
