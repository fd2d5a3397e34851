# Backups: made, verified and restored into an empty cluster, in which TaiFish
# then works; what is damaged is refused.

use lib 't/lib';
use TaiFish;
use TaiFish::Backup;
use TaiFish::Sync;

use Time::HiRes 'sleep';

my $tf = TaiFish->new->start;
my $admin = $tf->as('admin');
my $home = $tf->dir;
my $pg = $tf->pg;
my $backup = TaiFish::Backup->new($tf);
my $dir = $backup->{dir};

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

my ($code, $said, $out) = $backup->run(['now'], SLOW => 0.3);
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
is $backup->leftovers, '', 'and so is everything else';
is system("cd $dir && sha256sum -c --status *.sha256"), 0,
    'sha256sum agrees';

my $manifest = JSON::PP::decode_json(TaiFish::slurp(
    $said->{file} =~ s/dump$/json/r));
is $manifest->{tables}{'public.users'}, 5, 'the manifest counts';
my $throttled = $manifest->{tables}{'public.login_throttle'};
cmp_ok $growing, '>', $throttled, 'rows came while it was made';
cmp_ok $throttled, '>', 0, 'and before';
is_deeply $manifest->{roles}, [qw(taifish_api taifish_worker)],
    'it names the roles';
my $first = $said->{file};


SKIP: {
    my $busybox = $backup->busybox or skip 'no busybox', 2;
    sleep 1;
    ($code, $said, $out) = $backup->run(['now'], program => $busybox);
    is $code, 0, 'busybox makes a backup' or diag $out;
    ($code, $said, $out) = $backup->run(['verify', $first],
        program => $busybox);
    is $code, 0, 'and verifies the other one' or diag $out;
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

    my ($code, $said, $text) = $backup->run(['verify', $bad]);
    is $code, 3, "$name: refused" or diag $text;
    like $said->{error} // '', $like, "$name: why";

    ($code) = TaiFish::Server::run_to_end("$home/restore.sh",
        [$bad, '--into', 'never'], $backup->{env});
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
damaged('a wrong checksum', sub { $_[0] }, qr/checksum is wrong/,
    wrong_sum => 1);
damaged('a changed manifest', sub { $_[0] }, qr/x\.json.*checksum is wrong/,
    manifest_sum => 1, manifest => sub {
        $_[0] =~ s/("public.users":) 5/$1 6/r });
damaged('other rows', sub { $_[0] }, qr/does not hold the rows/,
    manifest => sub { $_[0] =~ s/("public.users":) 5/$1 6/r });
is scratch(), 0, 'no scratch database is left behind';

($code, $said) = $backup->run(['verify', "$dir/none.dump"]);
is "$code $said->{error}", "3 $dir/none.dump is missing", 'no such file';
is(($backup->run(['verify', $first]))[0], 0, 'the whole one is well');


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

unlink $backup->{seen};
($code, $out) = $backup->restore([$first], $url);
is $code, 0, 'restored into an empty cluster' or diag $out;
like $out, qr/TAIFISH_KEYS.*backup-verify/s, 'it says what comes next';
like $out, qr/passwords: taifish_api taifish_worker/, 'and which roles it made';
my $log = do {
    open my $in, '<:raw', $backup->{seen} or die $!;
    local $/;
    <$in>;
};
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

($code, $out) = $backup->restore([$first], $url);
is $code, 1, 'once more into the same one: refused';
like $out, qr/not empty.*--into/, 'with what to do';
($code, $out) = $backup->restore([$first, '--into', 'beside'], $words);
is $code, 0, 'into a new database, URL as words' or diag $out;
is $second->value('SELECT count(*) FROM users', 'beside'), 5, 'there it is';
($code, $out) = $backup->restore([$first, '--into', 'beside'], $words);
is $code, 1, 'but not into an existing one';
is $second->value('SELECT count(*) FROM users', 'beside'), 5, 'which stays';
($code, $out) = $backup->restore([$first, '--into', 'x'],
    $words =~ s/'p/'q/r);
is $code, 1, 'a wrong password';
like $out, qr/authentication failed/, 'PostgreSQL refuses it';
unlike $out, qr/\Q$password\E|\Q$escaped\E/, 'and not repeated';
is(($backup->restore([$first], 'postgresql://%zz@/x'))[0], 2, 'a wrong URL');


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

done_testing;
