# Every secret is a canary (S29): after a flow that uses them all, none is in a
# log, in Redis, in a table, in PostgreSQL's own log or in an answer.

use lib 't/lib';
use TaiFish;

my $n = 0;
sub canary { sprintf 'Canary%dx%s', ++$n, join '', map { chr 97 + int rand 26 }
             1 .. 20 }

# the password of the database's URL, and everything that PostgreSQL can log

my %secret = map { $_ => canary() } qw(api_url worker_url person next target
    renewed wrong refused);

# libpq takes a password that nobody asks for

{
    no warnings 'redefine';
    my $url = \&TaiFish::database_url;
    *TaiFish::database_url = sub {
        my $secret = $secret{$_[1] eq 'taifish_api' ? 'api_url' : 'worker_url'};
        return $url->(@_) . "&password=$secret";
    };
}

my $tf = TaiFish->new(
    pg => { log_statement => "'all'", log_min_duration_statement => 0,
            log_min_error_statement => "'info'",
            log_parameter_max_length_on_error => 65536 });
my $mariadb = $tf->mariadb;
my $postgres = $tf->postgres;
$tf->start;

my @answers;
sub said { push @answers, $_[0]->as_string; return $_[0] }


# a person: created, signed in, a password changed, a token used

my $admin = $tf->as('admin');
is said($admin->post('/users', { username => 'warbler', role => 'user',
    password => $secret{person} }))->status, 201, 'a person';

my $person = $tf->client;
is said($person->post('/auth/login', { username => 'warbler',
    password => $secret{wrong} }))->status, 401, 'a wrong password';
is said($person->post('/auth/login', { username => 'warbler',
    password => $secret{person} }))->status, 200, 'signs in';
is said($person->post('/auth/change-password', {
    old_password => $secret{person}, new_password => $secret{next},
    confirm_password => $secret{next} }))->status, 200, 'another password';
is said($person->post('/auth/change-password', {
    old_password => $secret{next}, new_password => "$secret{refused}warbler",
    confirm_password => "$secret{refused}warbler" }))->status, 400,
    'a password that is refused';

$secret{cookie} = $person->cookie('taifish_session');
$secret{csrf} = $person->csrf;
my $r = $person->post('/auth/tokens', { name => 'canary' });
is $r->status, 201, 'a token';
$secret{token} = $r->data->{token};
is said($tf->client->get('/instances',
    { authorization => "Bearer $secret{token}" }))->status, 200, 'is used';
is said($tf->client->get('/instances',
    { authorization => "Bearer $secret{token}x" }))->status, 401,
    'and misspelt';


# targets: passwords that work, that are wrong, that a server complains about

$mariadb->sql("CREATE USER mon\@'127.0.0.1' IDENTIFIED BY '$secret{target}';
    GRANT SELECT ON mysql.* TO mon\@'127.0.0.1'");
$postgres->sql("SET log_statement = none;
    CREATE ROLE mon LOGIN PASSWORD '$secret{target}'");

my %id;
for my $type (qw(mysql postgresql)) {
    my %c = (name => $type, credential_type => 'database', db_type => $type,
             username => 'mon');
    $r = said($admin->post('/credentials', { %c,
        password => $secret{target} }));
    is $r->status, 201, "$type: a credential";
    my $c = $r->data->{credential}{id};

    $r = said($admin->post('/instances', { name => $type, db_type => $type,
        host => '127.0.0.1', tls_mode => 'disable', credential_id => $c,
        port => ($type eq 'mysql' ? $mariadb : $postgres)->port }));
    $id{$type} = $r->data->{instance}{id};

    my $test = sub {
        return said($admin->post('/instances/actions/test-connection',
            { instance_id => $id{$type} }))->status == 200;
    };
    ok $test->(), "$type: connects";
    $r = said($admin->post("/instances/$id{$type}/actions/sync-accounts"));
    is $r->status, 200, "$type: syncs" or diag $r->as_string;

    said($admin->put("/credentials/$c", { %c,
        password => $secret{renewed} }));
    ok !$test->(), "$type: a password that is wrong";
    said($admin->post("/instances/$id{$type}/actions/sync-accounts"));

    # a body that is refused with a password in it
    is said($admin->post('/credentials', { %c,
        password => $secret{refused} }))->status, 400, "$type: twice";
    is said($admin->post('/credentials', "{\"password\":\"$secret{refused}\","))
        ->status, 400, "$type: no JSON";
    is said($admin->post('/credentials', { %c, name => "$type 2",
        password => { a => $secret{refused} } }))->status, 400,
        "$type: no text";
}

# settings that cannot be read are not quoted

for my $url ("host=x password=a $secret{worker_url}",
             "postgresql://u:$secret{worker_url}\@[x/y",
             "redis://:$secret{worker_url}\@[")
{
    my ($name) = $url =~ /^redis/ ? 'REDIS_URL' : 'DATABASE_URL';
    local $tf->{opt}{env} = { $name => $url };
    my ($code, $out) = $tf->command('check-config');
    isnt $code, 0, 'a bad setting is refused';
    push @answers, $out;
}


# nothing of that is anywhere

my %where = (
    'the error log' => sub { $tf->error_log },
    'the access log' => sub { sleep 2; $tf->access_log },
    'the worker\'s log' => sub { $tf->worker->output },
    'what nginx printed' => sub { $tf->nginx->output },
    'PostgreSQL\'s log' => sub { $tf->pg->output },
    'Redis' => sub { join "\n", map { "$_ " . join ' ',
        map { $tf->redis->command(@$_) } [GET => $_], [HGETALL => $_],
        [SMEMBERS => $_], [LRANGE => $_, 0, -1] }
        split /\n/, $tf->redis->command('KEYS', '*') },
    'the database' => sub {
        my $dir = $tf->pg->{socket};
        my (undef, $out) = TaiFish::Server::run_to_end(
            "$tf->{pg}{bin}/pg_dump", ['-h', $dir, '-U', 'taifish', '-a',
            '--inserts', 'taifish'], {});
        $out;
    },
    'an answer' => sub { join "\n", grep { !/"csrf_token"/ } @answers },
);

for my $name (sort keys %where) {
    my $text = $where{$name}->();
    ok length $text || $name =~ /printed|Redis/, "$name was read";
    my @found = grep { index($text, $secret{$_}) >= 0 } sort keys %secret;
    is_deeply \@found, [], "$name holds no secret";
}

like $tf->pg->output, qr/warbler/, 'what is no secret was found';

# nor does it get into a file otherwise

for my $pid ($tf->nginx_workers, $tf->worker->pid,
             TaiFish::children($tf->worker->pid))
{
    like TaiFish::slurp("/proc/$pid/limits"),
        qr/^Max core file size\s+0\s+0\b/m, 'no core file is written';
}

for my $file (glob($tf->dir . '/keys/*.key'), glob($tf->dir . '/keys/ring/*')) {
    is sprintf('%o', (stat $file)[2] & 077), '0', 'a key is its owner\'s';
}

done_testing;
