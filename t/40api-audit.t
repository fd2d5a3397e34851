# The audit log: who did what, with what was changed, in the same transaction;
# no secret in it; a chain that two nginx hosts write without a fork or a gap.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use POSIX ();

my $tf = TaiFish->new(workers => 2, http => 'taifish_run_wait 100ms');
$tf->start_nginx;

my $admin = $tf->as('admin');
my $auditor = $tf->as('auditor');

# The rows of one request.

sub rows_of {
    my ($id) = @_;
    return @{ $auditor->get("/audit?request_id=$id&sort=id&order=asc")
                  ->data->{items} };
}

my $serial = 0;

# Sends it; its one row.

sub row_of {
    my ($client, $method, $path, $body, $status, $what) = @_;
    my $id = 'audited-' . ++$serial;
    my $r = $client->request($method, $path, $body, { 'x-request-id' => $id });

    is $r->status, $status, $what or diag $r->as_string;
    my @rows = rows_of($id);
    is scalar(@rows), 1, "$what: one row";
    return ($rows[0] || {}, $r);
}

sub nothing {
    my ($client, $method, $path, $body, $status, $what) = @_;
    my $id = 'audited-' . ++$serial;
    my $r = $client->request($method, $path, $body, { 'x-request-id' => $id });

    is $r->status, $status, $what or diag $r->as_string;
    is scalar(rows_of($id)), 0, "$what: no row";
}


# --- what a row says ---------------------------------------------------------

my ($row, $r) = row_of($admin, POST => '/tags', { name => 'prod',
    display_name => '生产', category => 'env' }, 201, 'a tag is created');
is_deeply [@$row{qw(action object_type object_id object_name outcome
    actor_name address)}], ['tag.create', 'tag', $r->data->{tag}{id}, 'prod',
    'success', 'admin', '127.0.0.1'], 'who, what, from where';
is $row->{actor_id}, $tf->value("SELECT id FROM users
    WHERE username = 'admin'"), 'the id of who did it';
is_deeply $row->{details}{changes}[0]{fields}{display_name}, [undef, '生产'],
    'its values';
is $row->{action_label}, '创建标签', 'in words';

my $tag = $r->data->{tag}{id};
($row) = row_of($admin, PUT => "/tags/$tag", { name => 'prod',
    display_name => 'P', category => 'env' }, 200, 'a tag is changed');
is_deeply $row->{details}{changes}[0]{fields},
    { display_name => ['生产', 'P'] }, 'before and after, of what changed';

nothing($admin, PUT => '/tags/999999', { name => 'x', display_name => 'x',
    category => 'x' }, 404, 'no such tag');
nothing($admin, POST => '/tags', { name => 'prod', display_name => 'P',
    category => 'env' }, 400, 'a name that is used');
nothing($admin, GET => '/tags', undef, 200, 'a list');

($row, $r) = row_of($admin, POST => '/credentials', { name => 'monitor',
    credential_type => 'database', db_type => 'postgresql',
    username => 'monitor', password => 'Top-Secret-77' }, 201, 'a credential');
my $credential = $r->data->{credential}{id};
is $row->{details}{changes}[0]{fields}{sealed}, 'changed',
    'that it has a password, and not which';

($row, $r) = row_of($admin, POST => '/instances', { name => 'db1',
    db_type => 'postgresql', host => 'db1.example', port => 5432,
    credential_id => $credential, tag_names => ['prod'] }, 201,
    'an instance');
is $row->{object_name}, 'db1', 'its name' or diag explain $row;
my $instance = $r->data->{instance}{id};
is_deeply [map { @$_{qw(type change)} } @{ $row->{details}{changes} }],
    ['instance', 'create', 'instance_tag', 'create'], 'and its tags';

($row) = row_of($admin, PUT => "/instances/$instance", { name => 'db1',
    db_type => 'postgresql', host => 'db1.example', port => 5432,
    credential_id => $credential, tls_ca =>
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" }, 200,
    'another authority is trusted');
is_deeply $row->{details}{changes}[0]{fields}, { tls_ca => 'changed' },
    'that another authority is trusted, and not its text';

nothing($admin, POST => '/tags/bulk/instance-tags',
    { instance_ids => [$instance] }, 200, 'a question by POST');

($row) = row_of($admin, DELETE => "/instances/$instance", undef, 200,
    'it is hidden');
is_deeply [@$row{qw(action object_id object_name)}],
    ['instance.delete', $instance, 'db1'], 'which';
($row) = row_of($admin, POST => "/instances/$instance/actions/restore", undef,
    200, 'it comes back');
is $row->{action}, 'instance.restore',
    'a restored instance has an action of its own';

($row, $r) = row_of($admin, POST => '/instances/actions/sync-accounts', undef,
    200, 'a run is started');
is $row->{action}, 'account.sync', 'what it does';
is $row->{details}{changes}[0]{id}, $tf->value('SELECT run_id FROM task_runs
    ORDER BY id DESC LIMIT 1'), 'which run';

my @many = map { made("m$_") } 1 .. 30;

sub made {
    my ($name) = @_;
    return $admin->post('/tags', { name => $name, display_name => $name,
        category => 'many' })->data->{tag}{id};
}

($row) = row_of($admin, POST => '/tags/batch-delete', { tag_ids => \@many },
    200, 'thirty tags go');
is $row->{details}{changed}, 30, 'all are counted';
is scalar(@{ $row->{details}{changes} }), 20, 'twenty of them are listed';

($row) = row_of($admin, GET => '/instances/exports?format=jsonl&search=db',
    undef, 200, 'an export');
is_deeply [$row->{action}, $row->{details}{input}{format}],
    ['instance.export', 'jsonl'], 'is in it, though it changes nothing';

($row, $r) = row_of($admin, POST => '/auth/tokens', { name => 'ci' }, 201,
    'a token');
my $token = $r->data->{token};
is $row->{object_name}, 'ci', 'its name';

($row) = row_of($admin, POST => '/cache/actions/clear-classification', {},
    200, 'a cache');
is $row->{action}, 'cache.clear', 'what PostgreSQL knows nothing of';


# --- people ------------------------------------------------------------------

($row) = row_of($tf->client, POST => '/auth/login', { username => 'VIEWER',
    password => $TaiFish::PASSWORD }, 200, 'a sign-in');
is_deeply [@$row{qw(action actor_name outcome)}],
    ['session.create', 'viewer', 'success'], 'who signed in';
($row) = row_of($tf->client, POST => '/auth/login', { username => 'viewer',
    password => 'Wrong-Horse-1' }, 401, 'a wrong password');
is_deeply [@$row{qw(action actor_name outcome)}, $row->{details}{code}],
    ['session.create', 'viewer', 'refused', 'INVALID_CREDENTIALS'],
    'whose name was used';
($row) = row_of($tf->client, POST => '/auth/login', {
    username => 'MyPassword77', password => 'Wrong-Horse-1' }, 401,
    'a password where the name goes');
is $row->{actor_name}, undef, 'is kept nowhere';
ok $row->{details}{unknown_user}, '... but that nobody is called so';

my $viewer = $tf->login('viewer');
($row) = row_of($viewer, DELETE => "/tags/$tag", undef, 403, 'a refusal');
is_deeply [@$row{qw(action actor_name outcome object_id)}],
    ['tag.delete', 'viewer', 'refused', $tag], 'who tried what';
nothing($tf->client, DELETE => "/tags/$tag", undef, 401, 'nobody');

($row) = row_of($viewer, POST => '/auth/change-password', {
    old_password => $TaiFish::PASSWORD, new_password => 'Other-Cow-88',
    confirm_password => 'Other-Cow-88' }, 200, 'another password');
is_deeply [@$row{qw(action actor_name)},
    $row->{details}{changes}[0]{fields}{password_hash}],
    ['user.password', 'viewer', 'changed'], 'is no more than that';
($row) = row_of($viewer, POST => '/auth/logout', undef, 200, 'a sign-out');
is $row->{action}, 'session.delete', 'is in it';

($row) = row_of($admin, POST => '/users', { username => 'newone',
    role => 'viewer', password => 'Good-Horse-77' }, 201, 'a user');
is_deeply $row->{details}{changes}[0]{fields}{role}, [undef, 'viewer'],
    'of which role';
($row) = row_of($admin, PUT => '/users/' . $row->{object_id}, {
    username => 'newone', role => 'admin' }, 200, 'who becomes more');
is_deeply $row->{details}{changes}[0]{fields}{role}, ['viewer', 'admin'],
    'is seen';


# --- one unit ----------------------------------------------------------------

# Without its row nothing is done.

$tf->sql('ALTER TABLE audit_head RENAME TO audit_gone');
$tf->allow(qr/audit_append|statement .* failed/);
is $admin->post('/tags', { name => 'unseen', display_name => 'U',
    category => 'x' })->status, 500, 'a change that cannot be written down';
is $admin->get('/instances/exports')->status, 500, 'an export too';
$tf->sql('ALTER TABLE audit_gone RENAME TO audit_head');
is $tf->value("SELECT count(*) FROM tags WHERE name = 'unseen'"), 0,
    'was not made';


# --- reading it --------------------------------------------------------------

my $page = data_of($auditor->get('/audit?limit=3'), 200, 'the list');
is_deeply [sort keys %{ $page->{items}[0] }], [qw(action action_label actor_id
    actor_name address details hash id object_id object_name object_type
    outcome prev_hash request_id seq timestamp timestamp_display)],
    'its fields';
is $page->{total}, $tf->value('SELECT count(*) FROM audit_log'), 'how many';
ok $page->{items}[0]{seq} > $page->{items}[1]{seq}, 'the newest first';
is $page->{items}[0]{prev_hash}, $page->{items}[1]{hash}, 'each has the hash'
    . ' of the one before';
my $next = data_of($auditor->get("/audit?limit=3&after=$page->{next}"), 200,
    'the next page');
is $next->{items}[0]{seq}, $page->{items}[2]{seq} - 1, 'goes on';

for (['action=tag.create', 'action', 'tag.create'],
     ['object_type=credential', 'object_type', 'credential'],
     ["object_type=tag&object_id=$tag", 'object_id', $tag],
     ['outcome=refused', 'outcome', 'refused'],
     ['search=newone', 'object_name', 'newone'])
{
    my ($query, $field, $value) = @$_;
    my @items = @{ $auditor->get("/audit?$query")->data->{items} };
    ok @items && !grep({ $_->{$field} ne $value } @items), $query;
}
is $auditor->get('/audit?end_time=2001-01-01T00:00:00Z')->data->{total}, 0,
    'by time';
refused $auditor->get('/audit?outcome=maybe'), 400, 'VALIDATION_ERROR',
    'outcome', 'no such outcome';
is data_of($auditor->get('/audit/1', { 'accept-language' => 'en' }), 200,
    'one row')->{audit}{action_label}, 'migrate the schema',
    'the first is that of the schema itself';
is $auditor->get('/audit/999999')->status, 404, 'no such row';
is $tf->as($_)->get('/audit')->status, 403, "not $_"
    for qw(operator user viewer);
is $admin->get('/audit')->status, 200, 'an administrator';

my @done = @{ data_of($admin->get('/dashboard/activities'), 200,
    'activities') };
is scalar(@done), 20, 'twenty';
is $done[0]{type} . $done[0]{id}, 'audit' . $tf->value('SELECT seq
    FROM audit_head'), 'the newest';
my @runs = @{ $tf->as('user')->get('/dashboard/activities')->data };
is_deeply [map { $_->{type} } @runs], [('run') x @runs],
    'who may not read the audit log sees runs only';
ok scalar(@runs), 'and sees those';


# --- as a file ---------------------------------------------------------------

($row) = row_of($auditor, GET => '/audit/exports?format=jsonl&action=tag.create'
    . '&outcome=success', undef, 200, 'the audit log as a file');
is_deeply [@$row{qw(action actor_name)}, @{ $row->{details}{input} }
    {qw(format action)}], ['audit.export', 'auditor', 'jsonl', 'tag.create'],
    'who took what of it';

for my $filter ('action=tag.create', 'object_type=tag', 'outcome=refused',
    'actor_id=' . $tf->value("SELECT id FROM users WHERE username = 'admin'"),
    'search=m7', 'hours=1', 'request_id=audited-1', 'object_id=1',
    'start_time=2026-01-01T00:00:00Z', 'end_time=2026-01-01T00:00:00Z')
{
    my $upto = $tf->value('SELECT seq FROM audit_head');
    my (@want, $after);
    do {
        my $d = $auditor->get("/audit?sort=id&order=asc&limit=200&$filter"
            . ($after ? "&after=$after" : ''))->data;
        push @want, @{ $d->{items} };
        $after = $d->{next};
    } while ($after);
    my @got = grep { $_->{seq} <= $upto }
        map { JSON::PP->new->utf8->decode($_) } split /\n/,
        $auditor->get("/audit/exports?format=jsonl&$filter")->body;
    delete @$_{qw(id timestamp_display)} for @want;
    is_deeply \@got, \@want, "$filter: as in the list, " . @want;
}

my $text = $auditor->get('/audit/exports?action=tag.create',
    { 'accept-language' => 'en' })->body;
like $text, qr/^\x{ef}\x{bb}\x{bf}Number,Time,Who,Address,Action,Code,/,
    'its titles';
like $text, qr/,create a tag,tag\.create,tag,\d+,prod,success,/, 'its words';
like $auditor->get('/audit/exports?format=xlsx')->body, qr/^PK/,
    'as a spreadsheet';


# --- no secret ---------------------------------------------------------------

my ($hash) = $tf->value("SELECT password_hash FROM users
                         WHERE username = 'viewer'");
my $all = join "\n", map { join '|', map { $_ // '' } @$_{qw(a)} }
    $tf->rows('SELECT to_json(a)::text AS a FROM audit_log a UNION ALL
               SELECT to_json(l)::text FROM app_logs l');
for my $secret ('Top-Secret-77', 'Wrong-Horse-1', 'Other-Cow-88',
    'Good-Horse-77', 'MyPassword77', $TaiFish::PASSWORD, $token,
    $hash, $tf->value('SELECT encode(sealed, $$hex$$) FROM credentials'),
    $tf->value('SELECT encode(hash, $$hex$$) FROM api_tokens'),
    values %{ $admin->{cookies} })
{
    is index($all, $secret), -1, 'not in any log: ' . substr $secret, 0, 8;
}


# --- the rights --------------------------------------------------------------

for my $role (qw(taifish_api taifish_worker taifish)) {
    for my $sql ("UPDATE audit_log SET actor_name = 'eve'",
        'DELETE FROM audit_log', 'TRUNCATE audit_log')
    {
        my ($code, $out) = $tf->pg->psql("SET SESSION AUTHORIZATION $role;
            BEGIN; $sql; ROLLBACK");
        like $out, qr/permission denied|are only added/, "$role: $sql";
    }
}


# --- two hosts ---------------------------------------------------------------

my $seq = $tf->value('SELECT seq FROM audit_head');
my $other = another_nginx();
my @writers;

# An nginx with the same stores, as on another host.

sub another_nginx {
    my $dir = $tf->dir . '/two';
    my $port = TaiFish::Server::free_port();
    my $conf = TaiFish::slurp($tf->dir . '/nginx.conf')
        =~ s/127\.0\.0\.1:@{[ $tf->port ]}/127.0.0.1:$port/gr;

    for my $sub ('', '/logs', '/tmp') {
        mkdir "$dir$sub" or die $!;
        TaiFish::Server::give("$dir$sub");
    }
    TaiFish::spew("$dir/nginx.conf", $conf);
    TaiFish::spew("$dir/taifish.conf",
                  TaiFish::slurp($tf->dir . '/taifish.conf'));
    our $nginx = TaiFish::Server::spawn('nginx', $dir, [$TaiFish::NGINX,
        '-p', "$dir/", '-c', 'nginx.conf', '-e', 'logs/error.log', '-g',
        'daemon off;'], {});
    TaiFish::Server::until_true(20, sub { TaiFish::Server::answers($port) })
        or die TaiFish::slurp("$dir/logs/error.log");
    return $port;
}

for my $port ($tf->port, $other) {
    for my $n (1 .. 2) {
        my $pid = fork // die;
        if (!$pid) {
            my $client = $tf->as('admin');
            $client->{base} = "http://127.0.0.1:$port";
            my $bad = 0;
            for my $i (1 .. 50) {
                my $r = $client->post('/tags', { display_name => 'x',
                    name => "w$port-$n-$i", category => 'writers' });
                $bad += $r->status != 201;
            }
            POSIX::_exit($bad);
        }
        push @writers, $pid;
    }
}
is((map { waitpid($_, 0); $? } $_)[0], 0, 'a writer') for @writers;
is $tf->value('SELECT seq FROM audit_head') - $seq, 200, 'two hundred rows';
is $tf->value("SELECT count(*) FROM (SELECT seq, prev_hash,
        lag(hash) OVER (ORDER BY seq) AS before, lag(seq) OVER (ORDER BY seq)
        AS n FROM audit_log) a WHERE n IS NOT NULL AND (n <> seq - 1
        OR before <> prev_hash)"), 0, 'no gap and no fork';
is((($tf->command('audit-verify'))[0]), 0, 'and the log is whole');

done_testing;
