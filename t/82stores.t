# conf/postgresql.conf, conf/pg_hba.conf and docker/initdb.sh; conf/redis.conf
# and docker/redis.sh: real servers take them, and TaiFish lives with them.

use lib 't/lib';
use TaiFish;

my $root = $TaiFish::ROOT;
my $dir = TaiFish::Server::private_dir();
my ($bin) = reverse sort { ($a =~ /(\d+)/)[0] <=> ($b =~ /(\d+)/)[0] }
    glob '/usr/lib/postgresql/*/bin';
my ($pg_port, $redis_port) = map { TaiFish::Server::free_port() } 1, 2;
my %password = map { $_ => unpack 'H*', TaiFish::random_bytes(16) }
    qw(postgres_password db_owner_password db_api_password db_worker_password
       redis_password);
my @processes;

END {
    my $code = $?;
    $_->stop('INT', 20) for @processes;
    $? = $code;
}

# A file the servers' user can read.

sub file {
    my ($name, $text) = @_;
    TaiFish::spew("$dir/$name", $text);
    chmod 0644, "$dir/$name";
    TaiFish::Server::give("$dir/$name");
    return "$dir/$name";
}

sub shipped { file($_[0] =~ s{.*/}{}r, TaiFish::slurp("$root/$_[0]")) }

for my $sub (qw(secrets data redis run)) {
    mkdir "$dir/$sub" or die $!;
    TaiFish::Server::give("$dir/$sub");
    chmod 0700, "$dir/$sub";
}
file("secrets/$_", "$password{$_}\n") for keys %password;

for my $script (qw(initdb.sh redis.sh)) {
    shipped("docker/$script");
    chmod 0755, "$dir/$script";
}


# PostgreSQL, as its image starts it: a socket only for initdb.sh, then TCP.

my ($code, $out) = TaiFish::Server::run_to_end("$bin/initdb", ['-D',
    "$dir/data", '-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8',
    '--locale=C.UTF-8', '--data-checksums',
    "--pwfile=$dir/secrets/postgres_password"], {});
is $code, 0, 'initdb' or diag $out;

my $conf = shipped('conf/postgresql.conf');
my $hba = shipped('conf/pg_hba.conf');

sub start_postgres {
    my ($listen) = @_;
    my $p = TaiFish::Server::spawn('postgres', $dir, ["$bin/postgres", '-D',
        "$dir/data", '-c', "config_file=$conf", '-c', "hba_file=$hba", '-c',
        "unix_socket_directories=$dir/run", '-c', "port=$pg_port", '-c',
        "listen_addresses=$listen"], {}, death => 'INT');
    push @processes, $p;
    TaiFish::Server::until_true(20, sub {
        !$p->alive || -e "$dir/run/.s.PGSQL.$pg_port"
            && (psql('postgres', 'SELECT 1'))[0] == 0;
    });
    return $p;
}

sub psql {
    my ($user, $sql, %opt) = @_;
    my %pass = (postgres => 'postgres_password', taifish =>
        'db_owner_password', taifish_api => 'db_api_password',
        taifish_worker => 'db_worker_password');
    return TaiFish::Server::run_to_end("$bin/psql", ['-XqAtw', '-v',
        'ON_ERROR_STOP=1', '-h', $opt{host} || "$dir/run", '-p', $pg_port,
        '-U', $user, '-d', $opt{db} || ($user eq 'postgres' ? 'postgres'
        : 'taifish'), '-c', $sql],
        { PGPASSWORD => $opt{password} // $password{$pass{$user}} });
}

my $first = start_postgres('');
ok $first->alive, 'PostgreSQL takes postgresql.conf and pg_hba.conf'
    or diag $first->output;

my %env = (SECRETS => "$dir/secrets", PGHOST => "$dir/run",
    PGPORT => $pg_port, PGPASSWORD => $password{postgres_password},
    PATH => "$bin:$ENV{PATH}");
rename "$dir/secrets/db_api_password", "$dir/secrets/away" or die $!;
($code, $out) = TaiFish::Server::run_to_end("$dir/initdb.sh", [], \%env);
is $code, 1, 'initdb.sh does nothing without a secret';
like $out, qr/db_api_password is missing/, 'and says which';
rename "$dir/secrets/away", "$dir/secrets/db_api_password" or die $!;
($code, $out) = TaiFish::Server::run_to_end("$dir/initdb.sh", [], \%env);
is $code, 0, 'initdb.sh' or diag $out;

$first->stop('INT', 20);
my $pg = start_postgres('127.0.0.1');
ok $pg->alive, 'it starts again' or diag $pg->output;

my %want = (shared_buffers => '256MB', work_mem => '4MB',
    maintenance_work_mem => '64MB', effective_cache_size => '1GB',
    max_connections => 200, password_encryption => 'scram-sha-256',
    idle_in_transaction_session_timeout => '1min', data_checksums => 'on',
    fsync => 'on', log_parameter_max_length => 0);
for my $name (sort keys %want) {
    is((psql('postgres', "SHOW $name"))[1], "$want{$name}\n", $name);
}
# besides those that this test gave by argument
is((psql('postgres', q{SELECT string_agg(name, ' ' ORDER BY name)
    FROM pg_file_settings WHERE error IS NOT NULL}))[1],
    "hba_file listen_addresses port unix_socket_directories\n",
    'no setting is wrong');
is((psql('postgres', q{SELECT string_agg(DISTINCT auth_method, ',')
    FROM pg_hba_file_rules WHERE error IS NULL}))[1],
    "reject,scram-sha-256\n", 'nobody comes in without a password');
is((psql('postgres', q{SELECT count(*) FROM pg_authid
    WHERE rolname ~ '^taifish' AND rolpassword LIKE 'SCRAM-SHA-256$%'
          AND NOT rolsuper AND NOT rolcreaterole AND NOT rolbypassrls}))[1],
    "3\n", 'three roles, none of them mighty');
is((psql($_, 'SELECT 1', host => '127.0.0.1'))[1], "1\n", "$_ signs in")
    for qw(taifish taifish_api taifish_worker);
like((psql('taifish_api', 'SELECT 1', host => '127.0.0.1',
    password => $password{db_worker_password}))[1],
    qr/password authentication failed/, 'not with the password of another');

my $log = join '', map { TaiFish::slurp($_) } glob "$dir/postgres*.out";
ok !grep({ $log =~ /\Q$_/ } values %password), 'no password is in its log';


# Redis.

my $redis_conf = TaiFish::slurp("$root/conf/redis.conf");
$redis_conf =~ s{/run/redis}{$dir/run}g;
$redis_conf =~ s{^dir /data$}{dir $dir/redis}m or die;
$redis_conf =~ s{^bind .*}{bind 127.0.0.1}m or die;
$redis_conf =~ s{^port .*}{port $redis_port}m or die;
file('redis.conf', $redis_conf);
my %redis_env = (REDIS_CONF => "$dir/redis.conf", REDIS_RUN => "$dir/run",
    REDIS_PASSWORD_FILE => "$dir/secrets/redis_password");

for my $bad (["$dir/nothing", 'a missing'], [file('short', "x\n"), 'a short'])
{
    is((TaiFish::Server::run_to_end("$dir/redis.sh", [], { %redis_env,
        REDIS_PASSWORD_FILE => $bad->[0] }))[0], 1,
        "Redis does not start with $bad->[1] password");
}
isnt((TaiFish::Server::run_to_end('redis-server', ["$dir/redis.conf"], {}))[0],
    0, 'nor without redis.sh');

my $redis = TaiFish::Server::spawn('redis', $dir, ["$dir/redis.sh"],
    \%redis_env);
push @processes, $redis;
ok TaiFish::Server::until_true(10, sub {
    TaiFish::Server::answers($redis_port) || !$redis->alive
}) && $redis->alive, 'Redis takes redis.conf' or diag $redis->output;

sub redis {
    my ($user, $password, @command) = @_;
    return (TaiFish::Server::run_to_end('redis-cli', ['-p', $redis_port,
        ($user ? ('--user', $user) : ()), @command],
        { REDISCLI_AUTH => $password }))[1] =~ s/\n+\z//r;
}

my $pass = $password{redis_password};
my @me = ('taifish', $pass);
is redis(@me, 'ping'), 'PONG', 'the user taifish';
like redis('', '', 'ping'), qr/NOAUTH/, 'nobody else';
like redis('', $pass, 'ping'), qr/WRONGPASS|NOAUTH/, 'nor the default user';
like redis('taifish', 'x' x 32, 'ping'), qr/WRONGPASS|NOAUTH/,
    'nor a wrong password';
is redis(@me, 'publish', 'taifish:run:1', 'x'), '0', 'its channels';
like redis(@me, 'publish', 'other', 'x'), qr/NOPERM/, 'not those of others';
is redis(@me, 'set', 'taifish:x', '1'), 'OK', 'its keys';
like redis(@me, 'set', 'other', '1'), qr/NOPERM/, 'not those of others';
like redis(@me, @$_), qr/NOPERM/, "not @$_"
    for [qw(config get requirepass)], [qw(config set dir /tmp)], ['flushall'],
        [qw(keys *)], [qw(acl list)], ['config', 'resetstat'],
        [qw(module list)], ['shutdown'], ['save'], ['monitor'],
        [qw(replicaof no one)], ['eval', 'return 1', '0'];
my $info = redis(@me, 'info');
like $info, qr/^maxmemory:268435456\r?$/m, 'maxmemory 256mb';
like $info, qr/^maxmemory_policy:allkeys-lru\r?$/m, 'allkeys-lru';
like $info, qr/^aof_enabled:1\r?$/m, 'appendonly';
ok !grep({ TaiFish::slurp($_) =~ /\Q$pass/ } "$dir/run/users.conf",
    "/proc/@{[$redis->pid]}/cmdline"), 'only a hash of the password is kept';


# TaiFish on both, each program as its own role.

my $tf = TaiFish->new(redis => 0);      # for its keys and its program
my $base = "\@127.0.0.1:$pg_port/taifish";
my %worker = (
    DATABASE_URL_FILE => file('secrets/database_url_worker',
        "postgresql://taifish_worker:$password{db_worker_password}$base\n"),
    REDIS_URL_FILE => file('secrets/redis_url',
        "redis://taifish:$pass\@127.0.0.1:$redis_port\n"),
    TAIFISH_KEYS => $tf->dir . '/keys',
);
my %owner = (DATABASE_URL_FILE => file('secrets/database_url_owner',
    "postgresql://taifish:$password{db_owner_password}$base\n"));

($code, $out) = TaiFish::Server::run_to_end($tf->program, ['migrate'],
    \%owner);
is $code, 0, 'the owner migrates' or diag $out;
($code, $out) = TaiFish::Server::run_to_end($tf->program, ['check-config'],
    \%worker);
is $code, 0, 'the worker has what it needs' or diag $out;
like((psql('taifish_api', 'SELECT sealed FROM credentials'))[1],
    qr/permission denied/, 'nginx reads no ciphertext');
like((psql('taifish_api', 'SELECT envelope FROM credentials'))[1],
    qr/permission denied/, 'in neither form');
is((psql('taifish', 'CREATE DATABASE taifish_verify_x'))[0], 0,
    'a backup has a database to be tried in');

$tf->{opt}{http} = "taifish_redis_url "
    . "redis://taifish:$pass\@127.0.0.1:$redis_port";
{
    no warnings 'redefine';
    local *TaiFish::database_url = sub {
        "postgresql://taifish_api:$password{db_api_password}$base"
    };
    $tf->start_nginx;
}
my $health = $tf->client->get('/health')->data;
is_deeply [@$health{qw(status database redis)}],
    [qw(healthy connected connected)], 'nginx too';

my $run = TaiFish::Server::spawn('worker', $dir, [$tf->program, 'run'],
    \%worker);
push @processes, $run;
ok TaiFish::Server::until_true(20, sub {
    (TaiFish::Server::run_to_end($tf->program, ['status'], \%worker))[0] == 0
}), 'the worker works' or diag $run->output;
is((TaiFish::Server::run_to_end($tf->program, ['enqueue', 'housekeeping',
    '--wait'], \%worker))[0], 0, 'and does a job');
unlike $run->output, qr/Redis:/, 'it may tell Redis of it';

$run->stop('TERM', 40);
$tf->stop_nginx;

done_testing;
