# The API viewer in a browser: it shows every operation of this server's
# document and calls them, with no report of the content security policy and
# nothing asked of another host.  web/test/docs.mjs drives it and prints TAP.

use lib 't/lib';
use TaiFish;

my ($chromium) = grep { -x } '/usr/bin/chromium', '/usr/bin/chromium-browser';
plan skip_all => 'the console is not built: make console'
    unless -e "$TaiFish::ROOT/web/dist/docs.html";
plan skip_all => 'no chromium' unless $chromium;

my $tf = TaiFish->new;
$tf->start_nginx;

my $client = $tf->client;
my $docs = $client->get('/')->data->{docs_url};
is $docs, '/api/v1/docs', 'the API says where it is';

my $r = $client->get($docs);
is $r->status . ' ' . $r->header('content-type'),
    '200 text/html', 'a page';
is $r->header('cache-control'), 'no-cache', 'that is asked for again';
like $r->header('content-security-policy'), qr/script-src 'self';/,
    'with the policy of all pages';

local @ENV{qw(BASE CHROMIUM PASSWORD)} =
    ($tf->base, $chromium, $TaiFish::PASSWORD);
open my $out, '-|', 'node', "$TaiFish::ROOT/web/test/docs.mjs"
    or die "node: $!";
binmode $out, ':encoding(UTF-8)';

while (my $line = <$out>) {
    chomp $line;
    if ($line =~ /^(not )?ok - (.*)/) {
        ok !$1, $2;
    } else {
        diag $line;
    }
}

close $out;
is $?, 0, 'the viewer came to its end';

done_testing;
