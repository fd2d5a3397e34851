# With "error_log ... debug" one request can be followed by its id, from the
# router to the answer, through its statements and Redis; and no secret is
# written.

use lib 't/lib';
use TaiFish;

plan skip_all => 'nginx is built without --with-debug'
    if qx{$TaiFish::NGINX -V 2>&1} !~ /--with-debug/;

my $tf = TaiFish->new(http => 'error_log logs/debug.log debug;'
                          . ' taifish_run_wait 300ms');
$tf->start_nginx;

sub lines_of {
    my ($id) = @_;
    return map { s/.*taifish \Q$id\E: //r =~ s/,? client: .*//r }
        grep { /\[debug\].* taifish \Q$id\E: / }
        split /\n/, TaiFish::slurp($tf->dir . '/logs/debug.log');
}

# Each pattern has to match a line after that of the one before.

sub in_order {
    my ($what, $lines, @patterns) = @_;
    my @rest = @$lines;

    for my $pattern (@patterns) {
        shift @rest while @rest && $rest[0] !~ $pattern;
        if (!@rest) {
            fail "$what: $pattern";
            diag join "\n", @$lines;
            return;
        }
        shift @rest;
    }
    pass $what;
}

my $admin = $tf->as('admin');

is $admin->get('/tags?page=1&limit=5', { 'x-request-id' => 'follow-1' })
    ->status, 200, 'a page';
is $admin->get('/nowhere', { 'x-request-id' => 'follow-2' })->status, 404,
    'no route';
is $admin->get('/tags/999999', { 'x-request-id' => 'follow-3' })->status, 404,
    'no row';

my @lines = lines_of('follow-1');
in_order('a request from router to answer', \@lines,
    qr{^GET is for route /tags$},
    qr{^admitted: user \d+, role "admin"},
    qr{^value limit, 1 bytes},
    qr{^input is valid, \d+ values},
    qr{^unit \d+: queued, \d+ statements, lane \w+},
    qr{^unit \d+: sends "tags_list\w*" on socket \d+},
    qr{^unit \d+: result of "tags_list\w*", \d+ rows},
    qr{^unit \d+: answered after \d+ ms, error ""},
    qr{^answers 200, \d+ bytes});

my %units = map { $_ => 1 } map { /^unit (\d+):/ ? $1 : () } @lines;
ok keys %units >= 1, 'units have numbers';
is grep({ /^unit (\d+):/ && $units{$1} }
    map { lines_of($_) } qw(follow-2 follow-3)), 0,
    'no two requests share a number of a unit';

in_order('a path that is none', [lines_of('follow-2')],
    qr{^no route of this path}, qr{^fails: RESOURCE_NOT_FOUND},
    qr{^answers 404});
in_order('a row that is none', [lines_of('follow-3')],
    qr{^GET is for route /tags/\{id\}$}, qr{rows}, qr{^fails: RESOURCE},
    qr{^answers 404});

# A password is in no line, its length is.

my $c = $tf->client;
$c->post('/auth/login', { username => 'nobody', password => 'Sesame-open-1' },
    { 'x-request-id' => 'follow-4' });
in_order('a request with a thread', [lines_of('follow-4')],
    qr{^value password, 13 bytes}, qr{^waits for a thread},
    qr{^the thread is done}, qr{^answers 401});
unlike TaiFish::slurp($tf->dir . '/logs/debug.log'), qr/taifish.*Sesame/,
    'no password';

# An endpoint that waits for its run listens to Redis, and reads the run again.

my $credential = $admin->post('/credentials', { name => 'c',
    credential_type => 'database', db_type => 'postgresql',
    username => 'u', password => 'Pa55-word-1' })->data->{credential}{id};
my $instance = $admin->post('/instances', { name => 'i',
    db_type => 'postgresql', host => '127.0.0.1', port => 9,
    credential_id => $credential, tls_mode => 'disable' })
    ->data->{instance}{id};

is $admin->post("/instances/$instance/actions/sync-accounts", undef,
    { 'x-request-id' => 'follow-5' })->status, 202, 'a run nobody works on';
in_order('a request that waits for a run', [lines_of('follow-5')],
    qr{^subscribes to Redis channel "taifish:run:},
    qr{^unit \d+: result of "task_run_outcome"},
    qr{^leaves its Redis channel}, qr{^answers 202});

done_testing;
