# Servers that lie, and the worker: whatever answers, the job ends by its own
# code within its deadline, nothing leaves, the child stays small, and the next
# job is done.

use lib 't/lib';
use TaiFish;
use TaiFish::Rogue;
use TaiFish::Sync;
use TaiFish::Tds;

use Time::HiRes ();

my $tf = TaiFish->new->start;
my $admin = $tf->as('admin');
my $secret = 'Pa55-that-must-not-leave';
my $file = TaiFish::Server::private_dir() . '/secret-file';
{
    open my $f, '>', $file or die $!;
    print $f 'content-that-must-not-leave';
    close $f;
    chmod 0644, $file;
}

my %credential = map { ($_ => $admin->post('/credentials', { name => $_,
    credential_type => 'database', db_type => $_, username => 'mon',
    password => $secret })->data->{credential}{id}) }
    qw(postgresql mysql sqlserver);
my $n = 0;

# The largest child of the worker while the run goes on, in KiB.

sub largest {
    my $peak = 0;
    my $parent = $tf->{worker}->pid;
    for my $status (glob '/proc/[0-9]*/status') {
        open my $in, '<', $status or next;
        my $text = do { local $/; <$in> } // next;
        next unless $text =~ /^PPid:\s+$parent$/m;
        my ($kib) = $text =~ /^VmHWM:\s+(\d+)/m or next;
        $peak = $kib if $kib > $peak;
    }
    return $peak;
}

# The check of the account, which signs in and reads, against a port.

sub against {
    my ($type, $port, $tls) = @_;
    my $id = $admin->post('/instances', { name => 'rogue ' . ++$n,
        db_type => $type, host => '127.0.0.1', port => $port,
        tls_mode => $tls || 'disable', credential_id => $credential{$type} })
        ->data->{instance}{id};
    my $start = Time::HiRes::time();
    my $run = $tf->value("SELECT run_id FROM tf_enqueue('check_collector',
        'manual', NULL, instance_ids => ARRAY[$id]::bigint[])");
    my ($state, $peak) = ('', 0);

    TaiFish::Server::until_true(40, sub {
        my $now = largest();
        $peak = $now if $now > $peak;
        $state = $tf->value("SELECT i.state FROM task_items i JOIN task_runs r
            ON r.id = i.run_id WHERE r.run_id = '$run'");
        return $state !~ /^(?:scheduled|ready|running|retry)$/;
    });

    return { state => $state, took => Time::HiRes::time() - $start,
        peak => $peak,
        code => $tf->value("SELECT coalesce(i.error_code,
            i.details ->> 'error_code', '') FROM task_items i JOIN task_runs r
            ON r.id = i.run_id WHERE r.run_id = '$run'") };
}

sub survives {
    my ($name, $r, $code, $heard) = @_;
    is $r->{code}, $code, "$name: $r->{code}"
        or diag $tf->{worker}->output;
    cmp_ok $r->{took}, '<', 27, sprintf '%s: within its deadline: %.1f s',
        $name, $r->{took};
    cmp_ok $r->{peak}, '<', 128 * 1024, "$name: memory, $r->{peak} KiB";
    cmp_ok $r->{peak}, '>', 0, 'and it was measured';
    return unless defined $heard;
    ok index($heard, $secret) < 0, "$name: no password";
    ok index($heard, 'content-that') < 0, "$name: no file";
}

sub rogue {
    my ($name, $type, $play, $code, $tls) = @_;
    my ($port, $log, $pid) = serve($play);
    my $r = against($type, $port, $tls);
    kill 'KILL', $pid;
    waitpid $pid, 0;
    my $heard = do { open my $f, '<:raw', $log or die $!; local $/; <$f> };
    survives("$type, $name", $r, $code, $heard // '');
}

my %banner = ("an HTTP banner" => "HTTP/1.1 400 Bad Request\r\n\r\n",
    'an SSH banner' => "SSH-2.0-OpenSSH_9.2\r\n",
    'random bytes' => join('', map { chr(($_ * 7919 + 13) % 256) } 1 .. 4000));

for my $type (qw(postgresql mysql)) {
    rogue('silence', $type, sub { sleep 30 }, 'TARGET_TIMEOUT');
    rogue('one byte per 4 s', $type, sub {
        for my $b (split //, 'R' . pack('N', 60) . "\0" x 60) {
            print { $_[0] } $b;
            sleep 4;
        }
    }, 'TARGET_TIMEOUT');
    for my $name (sort keys %banner) {
        rogue($name, $type, sub { my ($s, $hear) = @_; $hear->(0.3);
            print $s $banner{$name}; $hear->(1) }, 'TARGET_PROTOCOL');
    }
}

rogue('asks for a clear text password', 'postgresql', sub {
    my ($s, $hear) = @_;
    $hear->();
    print $s pg_auth(3);
    $hear->(2);
}, 'TARGET_AUTH');

rogue('asks for a clear text password', 'mysql', sub {
    my ($s, $hear) = @_;
    print $s my_hello('mysql_native_password', $my_plain);
    $hear->(2);
    print $s my_msg(2, "\xfemysql_clear_password\0");
    $hear->(2);
}, 'TARGET_AUTH');

for my $good (0, 2, 5) {
    rogue("asks for a file in place of answer $good", 'mysql',
        my_session($good, sub {
            my ($s, $hear) = @_;
            print $s my_msg(1, "\xfb$file");
            $hear->(1);
            print $s my_msg(3, $my_ok);
            $hear->(1);
        }), 'TARGET_PROTOCOL');
}

# To libpq a negative length is NULL, and both libraries hang up on a row that
# is too large for them: what is seen is a session that ends, which is tried
# again.

for my $case (
    ['endless rows of one column', 'RESULT_TOO_LARGE'],
    ['endless rows', 'TARGET_PROTOCOL'], ['a huge row', 'TARGET_REFUSED'],
    ['negative field', 'TARGET_REFUSED'], ['half a row', 'TARGET_TIMEOUT'],
    ['endless notices', 'TARGET_TIMEOUT'])
{
    my ($name, $code) = @$case;
    rogue($name, 'postgresql', pg_session($pg_play{$name}), $code);
}
for my $case (
    ['endless rows of one column', 'RESULT_TOO_LARGE'],
    ['endless rows', 'TARGET_PROTOCOL'], ['a huge row', 'TARGET_REFUSED'],
    ['length past the end', 'TARGET_PROTOCOL'],
    ['half a row', 'TARGET_TIMEOUT'],
    ['columns without number', 'TARGET_TIMEOUT'])
{
    my ($name, $code) = @$case;
    rogue($name, 'mysql', my_session(5, $my_play{$name}), $code);
}

# TDS, by the true driver.  Without TLS a server does get the password, which
# is why require is the least that hides it: here none comes so far.

for my $case (
    ['silence', 'TARGET_TIMEOUT'],
    ['silence after prelogin', 'TARGET_TIMEOUT'],
    ['slow', 'TARGET_TIMEOUT'],
    ['silence after login', 'TARGET_TIMEOUT'],
    ['half a row', 'TARGET_TIMEOUT'],
    ['endless', 'TARGET_PROTOCOL'],
    map({ ["raw:$banner{$_}", 'TARGET_PROTOCOL'] } sort keys %banner),
    ['route 127.0.0.2 1433', 'TARGET_NOT_ALLOWED'])
{
    my ($say, $code) = @$case;
    my $t = TaiFish::Tds->new(say => $say);
    my $r = against('sqlserver', $t->port, 'disable');
    (my $name = $say) =~ s/[^ -~]+/?/g;
    survives('sqlserver, ' . substr($name, 0, 30), $r, $code);
    $t->close;
}
for my $say ('silence after login', 'endless') {
    my $t = TaiFish::Tds->new(say => $say);
    my $r = against('sqlserver', $t->port, 'require');
    survives("sqlserver, $say, without TLS", $r, 'TARGET_TLS',
        join '', map { JSON::PP::encode_json($_) } $t->logins);
    is_deeply [grep { $_->{user} } $t->logins], [], 'nobody signed in';
    $t->close;
}

# the worker is still there

my $db = $tf->postgres;
my $s = TaiFish::Sync->new($tf, $admin, 'postgresql', $db, name => 'good');
ok !$s->sync->{partial}, 'and a good server is read';

# a listener ends with its test

my $gone = fork() // die $!;
if (!$gone) {
    my $t = TaiFish::Tds->new(say => 'silence');
    open my $out, '>', "$tf->{dir}/listener" or POSIX::_exit(1);
    print $out $t->{pid};
    close $out;
    kill 'KILL', $$;
}
waitpid $gone, 0;
my $pid = TaiFish::slurp("$tf->{dir}/listener");
ok TaiFish::Server::until_true(10, sub { !-e "/proc/$pid" }),
    'no listener is left of a test that was killed';

done_testing;
