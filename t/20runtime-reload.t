# "nginx -s reload" again and again loses no request and leaves no process
# behind.  TAIFISH_PROOF=1: a hundred reloads in 25 seconds, twice.

use lib 't/lib';
use TaiFish;
use TaiFish::Load;

use Time::HiRes qw(sleep time);

my $reloads = $ENV{TAIFISH_PROOF} ? 100 : 16;
my $tf = TaiFish->new;
$tf->start_nginx;

my $api = $tf->as('admin');
my $tag = $api->post('/tags', { name => 'a', display_name => 'A',
                                category => 'x' })->data->{tag}{id};


sub reload_under {
    my (%load) = @_;
    my $load = TaiFish::Load->start($tf, client => $api, %load,
                                    seconds => $reloads / 4 + 2);
    sleep 0.5;
    for (1 .. $reloads) {
        $tf->reload;
        sleep 0.25;
    }

    my $seen = $load->wait;
    my $start = time;
    ok TaiFish::Server::until_true(10, sub {
        TaiFish::children($tf->nginx->pid) == 1;
    }), 'old processes are gone within 10 s'
        or diag join "\n", map { TaiFish::cmdline($_) }
                TaiFish::children($tf->nginx->pid);
    diag sprintf '%d requests, %d reloads, slowest %.0f ms, old processes'
        . ' gone after %.1f s', $seen->{requests}, $reloads, $seen->{max},
        time - $start if $ENV{TAIFISH_PROOF};
    return $seen;
}

my ($first) = $tf->nginx_workers;
my $seen = reload_under(path => "/tags/$tag");

isnt +($tf->nginx_workers)[0], $first, 'nginx was reloaded';
is_deeply $seen->{errors}, {}, 'GET: no connection broke';
is_deeply [keys %{ $seen->{status} }], [200], 'GET: every answer is 200'
    or diag explain $seen;

$seen = reload_under(path => '/tags', method => 'POST',
    body => '{"name":"t{n}","display_name":"x","category":"load"}');
my $rows = $tf->value("SELECT count(*) FROM tags WHERE category = 'load'");

is_deeply $seen->{errors}, {}, 'POST: no connection broke';
is_deeply [keys %{ $seen->{status} }], [201], 'POST: every answer is 201'
    or diag explain $seen;

# wrk ends with up to 64 requests on their way

cmp_ok $rows, '>=', $seen->{requests}, 'every 201 is a row';
cmp_ok $rows, '<=', $seen->{requests} + 64,
    'POST: there are no rows without an answer';
is $tf->value("SELECT count(*) FROM pg_stat_activity
               WHERE application_name = 'taifish-nginx'"), 1,
    'no connection to PostgreSQL is left over';


# --- clients that say nothing do not keep an old process -------------------

my @quiet = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                        PeerPort => $tf->port) } 1 .. 4;
for (@quiet[0, 1]) {
    print $_ "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    like scalar <$_>, qr/ 200 /, 'served and kept open';
}
my ($old) = $tf->nginx_workers;
$tf->reload;

my $start = time;
ok TaiFish::Server::until_true(10, sub {
    TaiFish::cmdline($old) !~ /^nginx/;
}), 'a process with idle clients leaves';
cmp_ok time - $start, '<', 5, 'soon';

done_testing;
