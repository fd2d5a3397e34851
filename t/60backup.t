# Backups: made, verified, kept and restored into an empty cluster, in which
# TaiFish then works; what is damaged is refused; daily.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

use POSIX qw(mktime strftime);
use Time::HiRes qw(sleep time);

my $tf = TaiFish->new->start;
my $admin = $tf->as('admin');
my $home = $tf->dir;
my $pg = $tf->pg;
my $dir = "$home/backups";

# where the user that runs the servers may read them
for my $script (qw(backup.sh restore.sh)) {
    system('install', '-m', '755', "$TaiFish::ROOT/docker/$script", $home)
        == 0 or die;
}
for my $new ($dir, "$home/shim", "$home/tmp") {
    mkdir $new or -d $new or die $!;
    TaiFish::Server::give($new);
}

# The programs of PostgreSQL, each of which leaves its arguments and its
# environment in a file; pg_dump takes its time when it is told so.

my $seen = "$home/tmp/seen";
for my $name (qw(psql pg_dump pg_restore)) {
    my $slow = $name eq 'pg_dump' ? 'sleep "${SLOW:-0}"' : ':';
    TaiFish::spew("$home/shim/$name", <<SHIM);
#!/bin/sh
{ echo "$name \$*"; env; } >> $seen
$slow
exec $pg->{bin}/$name "\$\@"
SHIM
    chmod 0755, "$home/shim/$name";
}

$pg->sql("CREATE ROLE taifish_verify LOGIN CREATEDB");

my %env = (PATH => "$home/shim:$ENV{PATH}", BACKUP_DIR => $dir,
    TMPDIR => "$home/tmp", DATABASE_URL => $tf->database_url('taifish'),
    BACKUP_VERIFY_URL =>
        "host=$pg->{socket} dbname=postgres user='taifish_verify'");

sub backup {
    my ($args, %more) = @_;
    my $program = delete $more{program} || "$home/backup.sh";
    my ($code, $out) = TaiFish::Server::run_to_end($program, $args,
        { %env, %more });
    my $json = eval { JSON::PP::decode_json($out) };
    return ($code, $json // {}, $out);
}

sub scratch {
    return $pg->value("SELECT count(*) FROM pg_database
                       WHERE datname LIKE 'taifish_verify%'");
}

sub counts {
    my ($server) = @_;
    return $server->sql(q{
        SELECT format('SELECT %L, count(*) FROM %I', relname, relname)
        FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        ORDER BY relname
        \gexec
    });
}


# A system in use: users, a credential, accounts and their history.

my $managed = $tf->postgres;
my $sync = TaiFish::Sync->new($tf, $admin, 'postgresql', $managed);
$sync->sync;
$managed->sql('CREATE ROLE late LOGIN SUPERUSER');
$sync->sync;
is $tf->value("SELECT key_id IS NOT NULL FROM credentials"), 't',
    'a credential under a key of the ring';
cmp_ok $tf->value('SELECT count(*) FROM account_changes'), '>', 5,
    'and a history';


# now, while others write: the counts are those of the dump's snapshot

my $writer = fork // die;
if (!$writer) {
    $pg->psql(q{
        DO $$ BEGIN
            FOR i IN 1 .. 20000 LOOP
                INSERT INTO login_throttle (username) VALUES ('w' || i);
                COMMIT;
                PERFORM pg_sleep(0.0005);
            END LOOP;
        END $$;
    });
    POSIX::_exit(0);
}
TaiFish::Server::until_true(10, sub {
    $tf->value('SELECT count(*) FROM login_throttle') });

my ($code, $said, $out) = backup(['now'], SLOW => 0.3);
my $growing = $tf->value('SELECT count(*) FROM login_throttle');
$pg->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE query LIKE '%login_throttle%' AND pid <> pg_backend_pid()");
waitpid $writer, 0;

is $code, 0, 'a backup while others write' or diag $out;
is $said->{ok}, 1, 'says so';
is +($out =~ tr/\n//), 1, 'on one line';
is_deeply [sort map { s{.*/}{}r } glob "$dir/*"], [map { my $n =
    $said->{file} =~ s{.*/}{}r; ($n, "$n.sha256", $n =~ s/dump$/json/r) } 1],
    'three files' or diag join ' ', glob "$dir/*";
like $said->{file}, qr{/taifish-\d{8}T\d{6}Z\.dump$}, 'the name';
is join(' ', map { sprintf '%o', (stat)[2] & 0777 } glob "$dir/*"),
    '600 600 600', 'for nobody else';
is $said->{rights_verified}, 1, 'rights were restored too';
is scratch(), 0, 'the scratch database is gone';
is_deeply [glob("$home/tmp/taifish-backup.*"), glob "$dir/.taifish*"], [],
    'and so is everything else';
is system("cd $dir && sha256sum -c --status *.sha256"), 0,
    'sha256sum agrees';

my $manifest = JSON::PP::decode_json(TaiFish::slurp(
    $said->{file} =~ s/dump$/json/r));
is $manifest->{tables}{'public.users'}, 4, 'the manifest counts';
my $throttled = $manifest->{tables}{'public.login_throttle'};
cmp_ok $growing, '>', $throttled, 'rows came while it was made';
cmp_ok $throttled, '>', 0, 'and before';
is_deeply $manifest->{roles}, [qw(taifish_api taifish_worker)],
    'it names the roles';
my $first = $said->{file};


# In the shell and with the tools of Alpine

SKIP: {
    my ($busybox) = grep { -x } qw(/bin/busybox /usr/bin/busybox);
    skip 'no busybox', 5 unless $busybox;
    mkdir "$home/busybox" or die $!;
    system($busybox, '--install', '-s', "$home/busybox") == 0 or die;
    # Alpine's has it, Debian's has not
    -e "$home/busybox/flock"
        or symlink '/usr/bin/flock', "$home/busybox/flock" or die $!;
    my $script = "$home/backup-busybox.sh";
    TaiFish::spew($script, "#!/bin/sh\n"
        . "PATH=$home/shim:$home/busybox exec $busybox sh $home/backup.sh "
        . "\"\$@\"\n");
    chmod 0755, $script;
    sleep 1;
    ($code, $said, $out) = backup(['now'], program => $script);
    is $code, 0, 'busybox makes a backup' or diag $out;
    ($code, $said, $out) = backup(['verify', $first], program => $script);
    is $code, 0, 'and verifies the other one' or diag $out;
    my $at = strftime('%H:%M:%S', localtime time + 2);
    my $daily = TaiFish::Server::spawn('busybox', $home,
        [$script, 'daily', $at], \%env);
    ok TaiFish::Server::until_true(10, sub { $daily->output =~ /\n/ }),
        'daily too';
    like $daily->output, qr/"ok":true/, 'well' or diag $daily->output;
    is $daily->stop('TERM'), 0, 'and ends';
}


# What is wrong is refused.

my $whole = do { open my $in, '<:raw', $first or die $!; local $/; <$in> };

sub damaged {
    my ($name, $change, $like, %opt) = @_;
    my $bytes = $change->($whole);
    my $json = TaiFish::slurp($first =~ s/dump$/json/r);
    my $bad = "$dir/x.dump";
    my $sum = Digest::SHA::sha256_hex($bytes);
    my $size = length $bytes;

    if ($opt{forged}) {
        $json =~ s/("sha256": ")\w+/$1$sum/;
        $json =~ s/("size": )\d+/$1$size/;
    }
    $json = $opt{manifest}->($json) if $opt{manifest};
    open my $out, '>:raw', $bad or die $!;
    print $out $bytes;
    CORE::close $out;
    TaiFish::spew("$dir/x.json", $json);
    my $sums = TaiFish::slurp("$first.sha256");
    $sums =~ s/\S+\.(dump|json)$/x.$1/mg;
    $sums =~ s/^\w+(?=  x\.dump)/$sum/m if $opt{forged};
    $sums =~ s/^\w+(?=  x\.json)/Digest::SHA::sha256_hex($json)/me
        unless $opt{manifest_sum};
    $sums =~ s/^\w+(?=  x\.dump)/'0' x 64/me if $opt{wrong_sum};
    TaiFish::spew("$dir/x.dump.sha256", $sums);
    TaiFish::Server::give(glob "$dir/x.*");

    my ($code, $said, $text) = backup(['verify', $bad]);
    is $code, 3, "$name: refused" or diag $text;
    like $said->{error} // '', $like, "$name: why";

    ($code) = TaiFish::Server::run_to_end("$home/restore.sh",
        [$bad, '--into', 'never'], \%env);
    isnt $code, 0, "$name: not restored";
    is $pg->value("SELECT count(*) FROM pg_database
                   WHERE datname = 'never'"), 0, "$name: no trace"
        or $pg->sql('DROP DATABASE never');
    unlink glob "$dir/x.*";
}

my $half = int length($whole) / 2;

sub flipped {
    my ($bytes) = @_;
    substr($bytes, $half, 1) ^= "\x10";
    return $bytes;
}

damaged('truncated', sub { substr $_[0], 0, $half },
    qr/has \d+ bytes instead of \d+/);
damaged('truncated, and nobody knows', sub { substr $_[0], 0, $half },
    qr/does not restore/, forged => 1);
damaged('one bit', \&flipped, qr/checksum is wrong/);
damaged('one bit, and nobody knows', \&flipped,
    qr/does not restore|does not hold/, forged => 1);
damaged('a wrong checksum', sub { $_[0] }, qr/checksum is wrong/,
    wrong_sum => 1);
damaged('a changed manifest', sub { $_[0] }, qr/x\.json.*checksum is wrong/,
    manifest_sum => 1, manifest => sub {
        $_[0] =~ s/("public.users":) 4/$1 5/r });
damaged('other rows', sub { $_[0] }, qr/does not hold the rows/,
    manifest => sub { $_[0] =~ s/("public.users":) 4/$1 5/r });
is scratch(), 0, 'no scratch database is left behind';

($code, $said) = backup(['verify', "$dir/none.dump"]);
is "$code $said->{error}", "3 $dir/none.dump is missing", 'no such file';
is((backup(['verify', $first]))[0], 0, 'the whole one is well');


# Restored into an empty cluster, by a role that is no superuser and has a
# password of the worse kind, as a URL and as a keyword string.

my $second = $tf->{targets}{second} = TaiFish::Server::pg("$home/second");
my $password = "p:a\\b@/?#%'& =\xc2\xb5";
(my $quoted = $password) =~ s/'/''/g;
(my $encoded = $password) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
(my $escaped = $password) =~ s/(['\\])/\\$1/g;
$second->sql("CREATE ROLE owner LOGIN CREATEDB CREATEROLE
              PASSWORD '" . do { my $q = $quoted; utf8::decode($q); $q } . "';
              ALTER DATABASE taifish OWNER TO owner");
my $hba = "$home/second/data/pg_hba.conf";
TaiFish::spew($hba, "local all owner scram-sha-256\n" . TaiFish::slurp($hba));
$second->sql('SELECT pg_reload_conf()');

my $socket = $second->{socket};
my $url = 'postgresql://owner:' . $encoded . '@/taifish?host='
    . ($socket =~ s{/}{%2F}gr) . '&application_name=restore';
my $words = "host = $socket user=owner password='$escaped' dbname=taifish";

sub restore {
    my ($args, $url) = @_;
    open my $out, '>:raw', "$home/tmp/url" or die $!;
    print $out "$url\n";
    CORE::close $out;
    TaiFish::Server::give("$home/tmp/url");
    return TaiFish::Server::run_to_end("$home/restore.sh", $args,
        { %env, DATABASE_URL => '', DATABASE_URL_FILE => "$home/tmp/url" });
}

unlink $seen;
($code, $out) = restore([$first], $url);
is $code, 0, 'restored into an empty cluster' or diag $out;
like $out, qr/TAIFISH_KEYS.*backup-verify/s, 'it says what comes next';
like $out, qr/passwords: taifish_api taifish_worker/, 'and which roles it made';
my $log = do { open my $in, '<:raw', $seen or die $!; local $/; <$in> };
like $log, qr/^pg_restore .*service=live/m, 'what it called was seen';
unlike $log, qr/\Q$password\E|\Q$encoded\E|\Q$escaped\E/,
    'no password among arguments or in the environment';

my %was = %{ $manifest->{tables} };
my %is = map { my ($n, $c) = split /\|/; ("public.$n" => $c) }
    split /\n/, counts($second);
cmp_ok $was{'public.sessions'}, '>', 0, 'there were sessions';
is $is{'public.sessions'}, 0, 'which ended';
$was{'public.sessions'} = 0;
is_deeply \%is, \%was, 'every other table has its rows';

($code, $out) = restore([$first], $url);
is $code, 1, 'once more into the same one: refused';
like $out, qr/not empty.*--into/, 'with what to do';
($code, $out) = restore([$first, '--into', 'beside'], $words);
is $code, 0, 'into a new database, URL as words' or diag $out;
is $second->value('SELECT count(*) FROM users', 'beside'), 4, 'there it is';
($code, $out) = restore([$first, '--into', 'beside'], $words);
is $code, 1, 'but not into an existing one';
is $second->value('SELECT count(*) FROM users', 'beside'), 4, 'which stays';
($code, $out) = restore([$first, '--into', 'x'], $words =~ s/'p/'q/r);
is $code, 1, 'a wrong password';
like $out, qr/authentication failed/, 'is told';
unlike $out, qr/\Q$password\E|\Q$escaped\E/, 'and not repeated';
is((restore([$first], 'postgresql://%zz@/x'))[0], 2, 'a wrong URL');


# TaiFish on what was restored, with the same keys.

$tf->stop_nginx;
$tf->stop_worker;
$tf->{targets}{first} = $pg;
$tf->{pg} = $second;
$tf->start;

my $viewer = $tf->login('viewer');
my $r = $viewer->get('/account-change-logs?instance_id=' . $sync->id);
cmp_ok $r->data->{total}, '>', 5, 'sign-in works, the history is there'
    or diag $r->as_string;
$r = $tf->as('admin')->post('/instances/actions/test-connection',
    { instance_id => $sync->id });
is $r->status, 200, 'the stored password opens and connects'
    or diag $r->as_string;

($code, $out) = $tf->command('backup-verify');
is $code, 0, 'backup-verify: the keys fit' or diag $out;
like $out, qr/^the keys open all 1 stored credentials$/m, 'and how many';
$tf->sql('UPDATE credentials SET is_active = false');
like(($tf->command('backup-verify'))[1], qr/all 1 /, 'disabled ones too');

{
    local $tf->{opt}{env} = { TAIFISH_KEYS => "$home/other" };
    is((TaiFish::Server::run_to_end($tf->program, ['keygen'],
        { $tf->env }))[0], 0, 'another key directory');
    ($code, $out) = $tf->command('backup-verify');
    is $code, 1, 'is refused';
    like $out, qr/credential \d+ \(postgresql collector\): .*not in the ring/,
        'by the name of what it does not open';
}

# one that nginx sealed and the worker has not taken in

$tf->stop_worker;
$r = $tf->as('admin')->post('/credentials', { name => 'fresh',
    credential_type => 'database', db_type => 'mysql', username => 'u',
    password => 'Not-yet-1-opened' });
is $r->status, 201, 'a sealed credential' or diag $r->as_string;
like(($tf->command('backup-verify'))[1], qr/all 2 /, 'opens too');
is $tf->value("SELECT sealed IS NOT NULL FROM credentials
               WHERE name = 'fresh'"), 't', 'and is not written to';
$tf->sql("UPDATE credentials SET sealed = sealed || 'x' WHERE name = 'fresh'");
($code, $out) = $tf->command('backup-verify');
is $code, 1, 'a damaged one';
like $out, qr/1 of 2 credentials/, 'is counted';


# Two at once, and the end of a run at any moment

sub wait_for {
    my ($what) = @_;
    return TaiFish::Server::until_true(10, $what);
}

sub leftovers {
    return join ' ', glob("$home/tmp/taifish-backup.*"), glob("$dir/.taifish*");
}

sleep 1.1;
my $slow = TaiFish::Server::spawn('slow', $home, ["$home/backup.sh", 'now'],
    { %env, SLOW => 3 });
ok wait_for(sub { leftovers() =~ /backup\./ }), 'a slow one works';
sleep 0.5;
($code, $said) = backup(['now']);
is $code, 75, 'another one does not';
like $said->{error}, qr/another run is at work/, 'and says why';
wait_for(sub { !$slow->alive });
is $slow->{status}, 0, 'the slow one ends well' or diag $slow->output;

my $before = () = glob "$dir/*.dump";
$slow = TaiFish::Server::spawn('slow', $home, ["$home/backup.sh", 'now'],
    { %env, SLOW => 60 });
wait_for(sub { leftovers() =~ /backup\./ });
sleep 0.5;
my $since = time;
$slow->stop('TERM');
cmp_ok time - $since, '<', 2, 'TERM ends a run';
like $slow->output, qr/"ok":false.*ended by a signal/, 'which says so';
is leftovers(), '', 'and cleans up';
is scalar(() = glob "$dir/*.dump"), $before, 'no dump came of it';


# What fails says why, and keeps what there is.

($code, $said) = backup(['now'], DATABASE_URL =>
    $tf->{targets}{first}{socket} =~ s/^/host=/r . ' dbname=postgres'
        . ' user=taifish');
is $code, 1, 'a database without TaiFish';
like $said->{error}, qr/schema_migrations/, 'is no backup';
($code, $said) = backup(['now'], BACKUP_VERIFY_URL =>
    "host=$pg->{socket} dbname=postgres user=taifish_api");
is $code, 1, 'a role that may not make a scratch database';
like $said->{error}, qr/no scratch database:.*permission denied/, 'is told';
($code, $said) = backup(['now'], DATABASE_URL => 'host=/nowhere user=x');
is $code, 1, 'no server';
like $said->{error}, qr/nowhere/, 'is told';
is((backup(['now'], DATABASE_URL => ''))[0], 2, 'no URL');
is((backup(['now'], BACKUP_DIR => '/nowhere'))[0], 2, 'no directory');
is((backup(['now'], BACKUP_KEEP_DAILY => 'x'))[0], 2, 'a wrong number');
is((backup(['daily', '25:00']))[0], 2, 'a wrong time');
is((backup(['dance']))[0], 2, 'a wrong command');
is leftovers(), '', 'nothing is left';
is scalar(() = glob "$dir/*.dump"), $before, 'the others are there';


# daily, by the local clock

{
    local $ENV{TZ} = 'Asia/Shanghai';
    POSIX::tzset();
    my $at = strftime('%H:%M:%S', localtime time + 3);
    my $daily = TaiFish::Server::spawn('daily', $home,
        ["$home/backup.sh", 'daily', $at], { %env, TZ => 'Asia/Shanghai' });
    sleep 1.5;
    is $daily->output, '', 'daily waits';
    ok wait_for(sub { $daily->output =~ /\n/ }), 'until its time has come';
    like $daily->output, qr/^\{"time":.*"event":"backup","ok":true/, 'well'
        or diag $daily->output;
    my $now = strftime('%H:%M:%S', localtime);
    sleep 1.5;
    is +($daily->output =~ tr/\n//), 1, 'once';
    ok $daily->alive, 'and waits for the next day';
    $since = time;
    is $daily->stop('TERM'), 0, 'TERM ends it well';
    cmp_ok time - $since, '<', 1, 'at once';
    is leftovers(), '', 'with nothing left';

    # what fails is tried again

    $at = strftime('%H:%M:%S', localtime time + 2);
    $daily = TaiFish::Server::spawn('daily', $home,
        ["$home/backup.sh", 'daily', $at], { %env, TZ => 'Asia/Shanghai',
            DATABASE_URL => 'host=/nowhere', BACKUP_RETRY => 1 });
    ok wait_for(sub { 2 <= ($daily->output =~ tr/\n//) }),
        'a failed run is tried again';
    unlike $daily->output, qr/"ok":true/, 'and again';
    $daily->stop('TERM');

    # what was missed is made up for

    my ($newest) = reverse sort glob "$dir/*.dump";
    my $old = time - 90000;
    utime $old, $old, $newest;
    $daily = TaiFish::Server::spawn('daily', $home, ["$home/backup.sh",
        'daily', strftime('%H:%M', localtime time + 7200)], \%env);
    ok wait_for(sub { $daily->output =~ /"ok":true/ }),
        'a missed one is made at once' or diag $daily->output;
    $daily->stop('TERM');
}
POSIX::tzset();


# Retention.  A year of nights, some with two, by names alone.

unlink glob "$dir/*";

sub fake {
    my ($time) = @_;
    my $name = strftime('taifish-%Y%m%dT%H%M%SZ', gmtime $time);
    my $sum = Digest::SHA::sha256_hex($name);
    my $json = qq({\n  "format": 1,\n  "size": @{[length $name]},\n)
        . qq(  "sha256": "$sum",\n  "tables": {\n    "public.x": 1\n  }\n}\n);
    TaiFish::spew("$dir/$name.dump", $name);
    TaiFish::spew("$dir/$name.json", $json);
    TaiFish::spew("$dir/$name.dump.sha256", "$sum  $name.dump\n"
        . Digest::SHA::sha256_hex($json) . "  $name.json\n");
    TaiFish::Server::give(glob "$dir/$name.*");
    return $name;
}

sub kept { return map { m{/([^/]+)\.dump$} } sort glob "$dir/*.dump" }

my @all = map { my $day = 1735866000 - $_ * 86400;     # 2025-01-03 01:00 UTC
    (fake($day), $_ % 5 ? () : fake($day + 3600)) } 0 .. 400;

# the rule said in another way

my ($newest, %keep, %count) = (sort @all)[-1];
for my $name (sort { $b cmp $a } @all) {
    $keep{$name} = 1
        if $name =~ s/\D//gr > $newest =~ s/\D//gr - 1_00_00_00;
    my @t = $name =~ /-(\d{4})(\d\d)(\d\d)T/;
    my ($y, $m, $d) = @t;
    my %key = (daily => "$y$m$d", monthly => "$y$m",
        weekly => strftime('%G%V', 0, 0, 12, $d, $m - 1, $y - 1900));
    my %most = (daily => 7, weekly => 4, monthly => 6);
    for my $rule (keys %most) {
        my $had = $count{$rule} ||= {};
        next if $had->{ $key{$rule} } || keys %$had >= $most{$rule};
        $had->{ $key{$rule} } = $keep{$name} = 1;
    }
}

($code, $said) = backup(['prune']);
is $code, 0, 'prune';
is_deeply [kept()], [sort keys %keep], 'keeps what it should';
is $said->{kept}, scalar(keys %keep), 'says how many';
is $said->{removed}, @all - keys %keep, 'and how many went';
is scalar(() = glob "$dir/*"), 3 * keys %keep, 'with all their files';
is scalar(grep { /202408/ } kept()), 1, 'months reach further than weeks';
is((backup(['prune']))[1]{removed}, 0, 'again: nothing');
is((backup(['prune'], BACKUP_KEEP_DAILY => 0, BACKUP_KEEP_WEEKLY => 0,
    BACKUP_KEEP_MONTHLY => 0))[1]{kept}, 2, 'the last day stays in any case');

# not the newest whole one, when younger ones are damaged

unlink glob "$dir/*";
my ($old, $good, $bad) = map { fake(1735866000 + $_ * 108000) } 0 .. 2;
TaiFish::spew("$dir/$bad.dump", 'short');
($code, $said) = backup(['prune'], BACKUP_KEEP_DAILY => 1,
    BACKUP_KEEP_WEEKLY => 1, BACKUP_KEEP_MONTHLY => 1);
is_deeply [kept()], [$good, $bad], 'the newest whole one stays';
is "$said->{damaged} $said->{kept} $said->{removed}", '1 1 1', 'and is told';
TaiFish::spew("$dir/$good.dump", 'short');
($code, $said) = backup(['prune']);
is $code, 3, 'none is whole';
is_deeply [kept()], [$good, $bad], 'none goes';

done_testing;
