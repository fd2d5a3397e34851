# The files nginx serves: the simple page that stands in for a console that
# was not built, and the rules for a built one.  The console itself is walked
# through in 35console.t.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new(web => 'plain');
$tf->start_nginx;

my $c = $tf->client;
my $dir = $tf->dir . '/web';

# A client whose paths are those of the site.

sub get {
    my ($path, %headers) = @_;
    return TaiFish::Response->new(HTTP::Tiny->new->get($tf->base . $path,
        { headers => \%headers }));
}

my $page = get('/');
is $page->status, 200, 'there is a page';
like $page->header('content-type'), qr{^text/html}, 'of HTML';
is $page->header('cache-control'), 'no-cache', 'asked for again';
like $page->body, qr/TaiFish/, 'of this product';
like $page->body, qr{href="/api/v1/openapi\.json"}, 'with the API document';
is get('/index.html')->body, $page->body, 'by its name too';

# What the policy in the headers would not run must not be there.

like $page->header('content-security-policy'),
    qr/default-src 'none'; script-src 'self'; style-src 'self'/, 'the policy';
unlike $page->body, qr/<style|\sstyle=|\son\w+=|javascript:/i,
    'no inline style or handler';
unlike $page->body, qr/<script(?![^>]*\ssrc=)/i, 'no inline script';
unlike $page->body, qr{(?:src|href)="(?:https?:)?//}, 'nothing from outside';

for my $path ($page->body =~ /<(?:script|link|img)[^>]*(?:src|href)="([^"]+)/g)
{
    my $r = get($path);
    is $r->status, 200, "$path is there";
    like $r->header('content-type'),
        $path =~ /\.css$/ ? qr{^text/css} : $path =~ /\.js$/
            ? qr{^text/javascript} : qr{^image/svg}, 'as what it is';
    is $r->header('cache-control'), 'no-cache', 'asked for again';
    is get($path, 'if-none-match' => $r->header('etag'))->status, 304,
        'and not sent again';
    is $r->header('x-content-type-options'), 'nosniff', 'with the headers';
}

# Two languages: every text of one has its twin.

my %texts;
$texts{$_}++ for $page->body =~ /class="(zh|en)"/g;
is $texts{zh} - ($page->body =~ /<noscript>.*class="zh"/ ? 1 : 0), $texts{en},
    'zh-CN and en';
my ($zh, $en) = map { join ' ', sort /(\w+): '/g }
    get('/page.js')->body =~ /\b(?:zh|en): \{(.*?)\}/gs;
ok $zh && $zh eq $en, 'also in the script';

# What it shows comes from these.

my $health = $c->get('/health')->data;
is_deeply [@$health{qw(status database redis)}],
    [qw(healthy connected connected)], 'health';
ok $c->get('/api/v1/health/basic')->data->{version}, 'version';

# A build's files: hashed names for ever, compressed beforehand.

mkdir "$dir/assets" or die $!;
TaiFish::spew("$dir/assets/index-Ab3_x-9Z.js", 'the file');
TaiFish::spew("$dir/assets/index-Ab3_x-9Z.js.gz", 'the compressed');
TaiFish::spew("$dir/assets/plain.js", 'a name that may stay');

my $hashed = get('/assets/index-Ab3_x-9Z.js');
is $hashed->header('cache-control'), 'public, max-age=31536000, immutable',
    'a hashed name is kept for a year';
is $hashed->body, 'the file', 'plain';
my $gz = get('/assets/index-Ab3_x-9Z.js', 'accept-encoding' => 'gzip');
is $gz->header('content-encoding'), 'gzip', 'compressed';
is $gz->body, 'the compressed', 'beforehand';
is get('/assets/plain.js')->header('cache-control'), 'no-cache',
    'another name is not';
is $c->get('/tags')->header('cache-control'), 'no-store',
    'nor is an answer of the API';

# And nothing else.

for my $path ('/nothing.js', '/assets/', '/assets/gone-Ab3_x-9Z.js',
              '/../nginx.conf', '/%2e%2e/nginx.conf', '/.git/config')
{
    my $r = get($path);
    like $r->status, qr/^40[034]$/, "$path is not";
    unlike $r->body, qr/worker_processes/, 'shown';
}
is get('/nothing.js')->code, 'RESOURCE_NOT_FOUND', 'as the API says it';
is get('/api/v1/nothing')->code, 'RESOURCE_NOT_FOUND', 'nor a path of the API';

# A page of the console has an address, and all are one file.

for my $path (qw(/instances /accounts/12 /some/where/else)) {
    my $r = get($path);
    is $r->status, 200, "$path is a page";
    is $r->body, $page->body, 'which is index.html';
    is $r->header('cache-control'), 'no-cache', 'asked for again';
}
my $post = TaiFish::Response->new(HTTP::Tiny->new->post($tf->base . '/'));
is $post->status, 405, 'nothing is written here';

done_testing;
