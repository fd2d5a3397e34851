# migrate, keygen, check-config, status, admin and enqueue.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;

my $tf = TaiFish->new;
my $keys = $tf->dir . '/keys';

sub try_it {
    my ($name, $code, $like, @args) = @_;
    my ($got, $out) = $tf->command(@args);
    is $got, $code, "$name: exit code" or diag $out;
    like $out, $like, "$name: what it says";
    return $out;
}

sub with_env {
    my ($env, $what) = @_;
    local $tf->{opt}{env} = { %{ $tf->{opt}{env} || {} }, %$env };
    $what->();
}

# migrate

try_it('again', 0, qr/up to date, 0 migrations/, 'migrate');

my @rows = $tf->rows('SELECT * FROM schema_migrations ORDER BY version');
is $rows[0]{name}, 'foundation', 'the first migration';
like $rows[0]{checksum}, qr/^[0-9a-f]{64}$/, 'its checksum';

for my $role (qw(taifish_api taifish_worker)) {
    is $tf->value("SELECT has_table_privilege('$role', 'schema_migrations',
                   'SELECT')"), 't', "$role reads schema_migrations";
}

{
    $tf->sql('CREATE DATABASE other', 'postgres');
    local $tf->{pg}{database} = 'other';
    my $url = $tf->database_url('taifish') =~ s/taifish\?/other?/r;
    my @kids = map {
        my $pid = fork() // die;
        if (!$pid) {
            my ($code, $out);
            with_env({ DATABASE_URL => $url },
                sub { ($code, $out) = $tf->command('migrate') });
            print STDERR $out if $code;
            POSIX::_exit($code);
        }
        $pid;
    } 1 .. 4;
    my $failed = grep { waitpid $_, 0; $? } @kids;
    is $failed, 0, 'four at once all succeed';
    my @files = glob "'$TaiFish::ROOT/sql/'*.sql";
    is $tf->{pg}->value('SELECT count(*) FROM schema_migrations'),
        scalar @files, 'and each migration ran once';
}

$tf->sql("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1");
try_it('a changed migration', 1,
    qr/migration 1 \(foundation\) was changed after it was applied/,
    'migrate');
try_it('and for check-config', 1, qr/schema: .*was changed/, 'check-config');
$tf->sql("UPDATE schema_migrations SET checksum = '$rows[0]{checksum}'
          WHERE version = 1");

# check-config

try_it('good settings', 0, qr/everything is well/, 'check-config');

with_env({ DATABASE_URL => 'nonsense://x', REDIS_URL => 'http://x',
           TAIFISH_KEYS => '/nowhere', TAIFISH_WORKERS => '0',
           TAIFISH_DRAIN_SECONDS => '1x', TAIFISH_TARGET_ALLOW => '10.0.0',
           TAIFISH_TARGET_PORTS => 'x' }, sub {
    my $out = try_it('all wrong at once', 1, qr/problems/, 'check-config');
    like $out, qr/^taifish-worker: $_: /m, "$_ is named"
        for qw(DATABASE_URL REDIS_URL TAIFISH_KEYS TAIFISH_WORKERS
               TAIFISH_DRAIN_SECONDS TAIFISH_TARGET_ALLOW
               TAIFISH_TARGET_PORTS);
});

with_env({ DATABASE_URL => '' },
    sub { try_it('no URL', 1, qr/DATABASE_URL: is not set/, 'check-config') });
with_env({ DATABASE_URL => 'postgresql:///x?host=/nowhere' }, sub {
    try_it('no server', 1, qr/DATABASE_URL: .*nowhere/, 'check-config') });
with_env({ DATABASE_URL => $tf->database_url('taifish_api') }, sub {
    try_it('the wrong role', 1, qr/role taifish_api may not do the worker/,
        'check-config') });
$tf->sql('CREATE DATABASE empty', 'postgres');
with_env({ DATABASE_URL => $tf->database_url('taifish_worker')
               =~ s/taifish\?/empty?/r }, sub {
    my $out = try_it('no schema', 1,
        qr/schema: database empty has no schema .*run "taifish-worker migrate"/,
        'check-config');
    unlike $out, qr/SQLSTATE|LINE 1/, 'without SQL';
});
{
    my $next = 1 + $tf->value('SELECT max(version) FROM schema_migrations');
    $tf->sql("INSERT INTO schema_migrations (version, name, checksum)
              VALUES ($next, 'future', 'x')");
    try_it('a newer schema', 1, qr/schema: is newer \($next\) than this/,
        'check-config');
    $tf->start_worker;
    $tf->stop_worker;
    like $tf->{workers}[-1]->output, qr/"warning".*schema is newer \($next\)/,
        'and run says so';
    $tf->sql("DELETE FROM schema_migrations WHERE version = $next");
    $tf->sql('DELETE FROM workers');
}

# run with what is wrong

my $socket = $tf->redis->{socket};
system('redis-cli', '-s', $socket, qw(CONFIG SET requirepass right)) == 0
    or die;
$tf->start_worker(REDIS_URL => "redis+unix://:wrong\@$socket");
ok TaiFish::Server::until_true(10, sub {
    $tf->worker->output =~ /"warning".*Redis: .*(?:WRONGPASS|invalid)/ }),
    'a wrong password of Redis is said' or diag $tf->worker->output;
unlike $tf->worker->output, qr/:wrong/, 'not the password';
$tf->stop_worker;
system('redis-cli', '-s', $socket, qw(--no-auth-warning -a right CONFIG SET
    requirepass), '') == 0 or die;
$tf->sql('DELETE FROM workers');

{
    my $worker = TaiFish::Server::spawn('worker', $tf->dir,
        [$tf->program, 'run'],
        { $tf->env, DATABASE_URL => $tf->database_url('taifish_api') });
    ok TaiFish::Server::until_true(20, sub {
        $worker->output =~ /role taifish_api may not do the worker/ }),
        "nginx's role is refused" or diag $worker->output;
    $worker->stop('TERM', 20);
}

with_env({ REDIS_URL => 'unix:///nowhere' }, sub {
    try_it('no Redis', 1, qr/REDIS_URL: cannot connect/, 'check-config') });
with_env({ DATABASE_URL_FILE => '/etc/hostname' }, sub {
    try_it('given twice', 1, qr/DATABASE_URL: is set, and so is its _FILE/,
        'check-config') });

TaiFish::spew($tf->dir . '/url', $tf->database_url('taifish_worker') . "\n");
with_env({ DATABASE_URL => undef, DATABASE_URL_FILE => $tf->dir . '/url' },
    sub { try_it('from a file', 0, qr/well/, 'check-config') });

chmod 0640, "$keys/seal.key";
try_it('a key others may read', 1, qr/seal\.key: others may read this key/,
    'check-config');
chmod 0400, "$keys/seal.key";

# Without a key nothing starts, and nothing makes one up (S18).

rename "$keys/seal.key", "$keys/gone";
try_it('a missing key', 1, qr/seal\.key: No such file/, 'run');
ok !-e "$keys/seal.key", 'none is made up';
rename "$keys/gone", "$keys/seal.key";

# status: what a container's health check asks

try_it('no worker here', 1, qr/no worker of host \S+ was seen/, 'status');
$tf->sql("INSERT INTO workers (id, host, pid, version)
          VALUES (gen_random_uuid(), 'elsewhere', 1, '1.0.0')");
try_it('one elsewhere', 1, qr/no worker of host/, 'status');
$tf->start_worker;
try_it('one here', 0, qr/^running \d\S*, seen \d+ s ago$/, 'status');
kill 'STOP', $tf->worker->pid;
$tf->sql("UPDATE workers SET last_seen_at = now() - interval '31 s'
          WHERE host <> 'elsewhere'");
try_it('one that hangs', 1, qr/no worker of host/, 'status');
kill 'CONT', $tf->worker->pid;
$tf->stop_worker;
try_it('one that was stopped', 1, qr/no worker of host/, 'status');
with_env({ DATABASE_URL => 'postgresql:///x?host=/nowhere' }, sub {
    try_it('and no server', 1, qr/SERVICE_UNAVAILABLE/, 'status') });
$tf->sql('DELETE FROM workers');

# keygen

sub digest { Digest::SHA->new(256)->addfile($_[0])->hexdigest }

my $before = digest("$keys/csrf.key");
try_it('keys exist', 1, qr/has keys already/, 'keygen');
is digest("$keys/csrf.key"), $before, 'they are not touched';

my ($first) = map { s{.*/}{}r } glob "$keys/ring/*";
my $out = try_it('rotation', 0, qr/ring key [0-9a-f]{16} added/, 'keygen',
    '--rotate');
my ($second) = $out =~ /ring key (\w+)/;
ok $second gt $first, 'a later key sorts later';

for my $file ('seal.key', "ring/$first", "ring/$second", 'csrf.key') {
    is sprintf('%04o', (stat "$keys/$file")[2] & 07777), '0400',
        "$file is its owner's";
    is -s "$keys/$file", 32, "$file has 32 bytes";
}

# admin

$out = try_it('a new administrator', 0, qr/^created user chief$/m, 'admin',
    'create', '--username', 'chief');
my ($password) = $out =~ /^password: (\S{20})$/m;
ok $password, 'its password is printed';
is $tf->value("SELECT role FROM users WHERE username = 'chief'"), 'admin',
    'its role';
like $tf->value("SELECT password_hash FROM users WHERE username = 'chief'"),
    qr/^\$argon2id\$v=19\$m=65536,t=2,p=1\$/, 'its hash';

try_it('twice', 1, qr/exists already/, 'admin', 'create', '--username',
    'CHIEF');
try_it('a wrong role', 2, qr/"god" is none of admin, .*\bviewer\b/, 'admin',
    'create', '--username', 'other', '--role', 'god');
is $tf->value("SELECT count(*) FROM users WHERE username = 'other'"), 0,
    'makes nobody';

my $old = $tf->value("SELECT password_hash FROM users
                      WHERE username = 'chief'");
$tf->sql("INSERT INTO sessions (id, user_id, expires_at)
          SELECT sha256('x'), id, now() + interval '1 hour' FROM users
          WHERE username = 'chief'");
TaiFish::spew($tf->dir . '/pw', "Long-and-9-odd\n");
$out = try_it('a new password', 0, qr/^changed user chief$/m, 'admin',
    'reset-password', '--username', 'chief', '--password-file',
    $tf->dir . '/pw');
unlike $out, qr/password:|odd/, 'one that was given is not printed';
isnt $tf->value("SELECT password_hash FROM users WHERE username = 'chief'"),
    $old, 'it is stored';
is $tf->value('SELECT count(*) FROM sessions'), 0, 'and signs out';

TaiFish::spew($tf->dir . '/pw', "short\n");
try_it('a weak password', 1, qr/PASSWORD_INVALID/, 'admin', 'reset-password',
    '--username', 'chief', '--password-file', $tf->dir . '/pw');
try_it('nobody', 1, qr/there is no user ghost/, 'admin', 'reset-password',
    '--username', 'ghost');

# enqueue and wrong arguments

try_it('no such task', 2, qr/housekeeping/, 'enqueue', 'nothing');
try_it('no such command', 2, qr/usage/, 'dance');
my $help = try_it('help', 0, qr/check-config/, '--help');
for my $command ($help =~ /^  ([a-z-]+) {2,}[a-z]/mg) {
    my $says = qr/^usage: taifish-worker \Q$command\E\b.*^Exit codes/ms;
    try_it($command, 0, $says, $command, '--help');
    try_it("help of $command", 0, $says, 'help', $command);
}

$tf->sql(q{
    WITH c AS (INSERT INTO credentials (name, credential_type, username,
                                        envelope)
               VALUES ('c', 'database', 'u', 'x') RETURNING id)
    INSERT INTO instances (name, db_type, host, port, credential_id,
                           is_active, deleted_at)
    SELECT v.name, 'mysql', 'h', 3306, CASE WHEN v.login THEN c.id END,
           v.active, CASE WHEN v.deleted THEN now() END
    FROM c, (VALUES ('well', true, true, false), ('no login', false, true,
             false), ('inactive', true, false, false), ('deleted', true, true,
             true), ('also well', true, true, false))
            v (name, login, active, deleted)});
try_it('the fleet', 0, qr/^run [0-9a-f-]{36}: 2 items$/m, 'enqueue',
    'sync_accounts');
is join(',', map { $_->{item_name} } $tf->rows(
    'SELECT item_name FROM task_items ORDER BY id')), 'well,also well',
    'those that can be reached';
try_it('again', 0, qr/: 0 items\n.*queued already/, 'enqueue',
    'sync_accounts');
is $tf->value('SELECT status FROM task_runs ORDER BY id DESC LIMIT 1'),
    'completed', 'a run of nothing is over';
my $open = $tf->value('SELECT run_id FROM task_runs ORDER BY id LIMIT 1');
try_it('one of them, which is queued', 0, qr/^run $open: 2 items/, 'enqueue',
    'sync_accounts', '--instance', '1');
try_it('a strange instance', 2, qr/takes the instance's number/, 'enqueue',
    'sync_accounts', '--instance', 'x; DROP');

# An instance that is deleted for good takes its item with it, not the run.

$tf->sql(q{DELETE FROM instances;
    UPDATE task_runs SET created_at = now() - interval '2 minutes'});
$tf->start_worker;
ok TaiFish::Server::until_true(10, sub {
    $tf->value("SELECT count(*) FROM task_runs
                WHERE status IN ('pending', 'running')") == 0 }),
    'a run without its items ends';
try_it('a task', 0, qr/^completed: 1 done/m, 'enqueue', 'housekeeping',
    '--wait');

done_testing;
