# Backups day by day: at the given time, one at a time, ended at any moment,
# tried again, and which of them are kept.

use lib 't/lib';
use TaiFish;
use TaiFish::Backup;

use POSIX 'strftime';
use Time::HiRes qw(sleep time);

my $tf = TaiFish->new;
my $pg = $tf->pg;
my $backup = TaiFish::Backup->new($tf);
my $dir = $backup->{dir};
my ($code, $said, $out, $since);

sub wait_for {
    my ($what) = @_;
    return TaiFish::Server::until_true(20, $what);
}

sub dumps { return scalar(() = glob "$dir/*.dump") }


# Two at once, and the end of a run at any moment

my $slow = $backup->spawn(['now'], SLOW => 3);
ok wait_for(sub { $backup->leftovers =~ /backup\./ }), 'a slow one works';
sleep 0.5;
($code, $said) = $backup->run(['now']);
is $code, 75, 'another one does not';
like $said->{error}, qr/another run is at work/, 'and says why';
wait_for(sub { !$slow->alive });
is $slow->{status}, 0, 'the slow one ends well' or diag $slow->output;

my $before = dumps();
$slow = $backup->spawn(['now'], SLOW => 60);
wait_for(sub { $backup->leftovers =~ /backup\./ });
sleep 0.5;
$since = time;
$slow->stop('TERM');
cmp_ok time - $since, '<', 2, 'TERM ends a run';
like $slow->output, qr/"ok":false.*ended by a signal/, 'which says so';
is $backup->leftovers, '', 'and cleans up';
is dumps(), $before, 'no dump came of it';


# TERM at any moment of a run: nothing is left, in no place.

my %ended;
for (1 .. ($ENV{TAIFISH_PROOF} ? 100 : 6)) {
    my $run = $backup->spawn(['now']);
    sleep rand 1.2;
    $since = time;
    $run->stop('TERM');
    $ended{late}++ if time - $since > 3;
    $ended{leftovers}++ if $backup->leftovers;
    $ended{scratch}++ if $pg->value("SELECT count(*) FROM pg_database
        WHERE datname LIKE 'taifish_verify%'");
    my @manifests = glob "$dir/*.json";
    $ended{half}++ if @manifests != dumps();
}
is_deeply \%ended, {}, 'TERM at any moment leaves nothing behind';
$before = dumps();


# What fails says why, and keeps what there is.

($code, $said) = $backup->run(['now'], DATABASE_URL =>
    "host=$pg->{socket} dbname=postgres user=taifish");
is $code, 1, 'a database without TaiFish';
like $said->{error}, qr/schema_migrations/, 'is no backup';
($code, $said) = $backup->run(['now'], BACKUP_VERIFY_URL =>
    "host=$pg->{socket} dbname=postgres user=taifish_api");
is $code, 1, 'a role that may not make a scratch database';
like $said->{error}, qr/no scratch database:.*permission denied/,
    'the error names the missing right';
($code, $said) = $backup->run(['now'], DATABASE_URL => 'host=/nowhere user=x');
is $code, 1, 'no server';
like $said->{error}, qr/nowhere/, 'the error names the server';
is(($backup->run(['now'], DATABASE_URL => ''))[0], 2, 'no URL');
is(($backup->run(['now'], BACKUP_DIR => '/nowhere'))[0], 2, 'no directory');
is(($backup->run(['now'], BACKUP_KEEP_DAILY => 'x'))[0], 2, 'a wrong number');
is(($backup->run(['daily', '25:00']))[0], 2, 'a wrong time');
is(($backup->run(['dance']))[0], 2, 'a wrong command');
is $backup->leftovers, '', 'nothing is left';
is dumps(), $before, 'the others are there';


# daily, by the local clock

{
    local $ENV{TZ} = 'Asia/Shanghai';
    POSIX::tzset();
    my $at = strftime('%H:%M:%S', localtime time + 3);
    my $daily = $backup->spawn(['daily', $at],
        TZ => 'Asia/Shanghai');
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
    is $backup->leftovers, '', 'with nothing left';

    # what fails is tried again

    $at = strftime('%H:%M:%S', localtime time + 2);
    $daily = $backup->spawn(['daily', $at], TZ => 'Asia/Shanghai',
        DATABASE_URL => 'host=/nowhere', BACKUP_RETRY => 1);
    ok wait_for(sub { 2 <= ($daily->output =~ tr/\n//) }),
        'a failed run is tried again';
    unlike $daily->output, qr/"ok":true/, 'and again';
    $daily->stop('TERM');

    # what was missed is made up for

    my ($newest) = reverse sort glob "$dir/*.dump";
    my $old = time - 90000;
    utime $old, $old, $newest;
    $daily = $backup->spawn(['daily',
        strftime('%H:%M', localtime time + 7200)]);
    ok wait_for(sub { $daily->output =~ /"ok":true/ }),
        'a missed one is made at once' or diag $daily->output;
    $daily->stop('TERM');
}
POSIX::tzset();

# Alpine's shell and tools

SKIP: {
    my $busybox = $backup->busybox or skip 'no busybox', 3;
    my $at = strftime('%H:%M:%S', localtime time + 3);
    my $daily = $backup->spawn(['daily', $at], program => $busybox);
    ok wait_for(sub { $daily->output =~ /\n/ }), 'daily in busybox';
    like $daily->output, qr/"ok":true/, 'well' or diag $daily->output;
    is $daily->stop('TERM'), 0, 'and ends';
}


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

($code, $said) = $backup->run(['prune']);
is $code, 0, 'prune';
is_deeply [kept()], [sort keys %keep], 'keeps what it should';
is $said->{kept}, scalar(keys %keep), 'says how many';
is $said->{removed}, @all - keys %keep, 'and how many went';
is scalar(() = glob "$dir/*"), 3 * keys %keep, 'with all their files';
is scalar(grep { /202408/ } kept()), 1, 'months reach further than weeks';
is(($backup->run(['prune']))[1]{removed}, 0, 'again: nothing');
is(($backup->run(['prune'], BACKUP_KEEP_DAILY => 0, BACKUP_KEEP_WEEKLY => 0,
    BACKUP_KEEP_MONTHLY => 0))[1]{kept}, 2, 'the last day stays in any case');

# not the newest whole one, when younger ones are damaged

unlink glob "$dir/*";
my ($old, $good, $bad) = map { fake(1735866000 + $_ * 108000) } 0 .. 2;
TaiFish::spew("$dir/$bad.dump", 'short');
($code, $said) = $backup->run(['prune'], BACKUP_KEEP_DAILY => 1,
    BACKUP_KEEP_WEEKLY => 1, BACKUP_KEEP_MONTHLY => 1);
is_deeply [kept()], [$good, $bad], 'the newest whole one stays';
is "$said->{damaged} $said->{kept} $said->{removed}", '1 1 1',
    'the counts are reported';
TaiFish::spew("$dir/$good.dump", 'short');
($code, $said) = $backup->run(['prune']);
is $code, 3, 'none is whole';
is_deeply [kept()], [$good, $bad], 'none goes';

done_testing;
