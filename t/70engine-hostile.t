# Servers that lie: no password and no file leaves, nothing hangs, nothing
# grows without bound, whatever answers at the port.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use TaiFish::Rogue;

use Time::HiRes ();

my $secret = 'Pa55-that-must-not-leave';
my $file = TaiFish::Server::private_dir() . '/secret-file';
{
    open my $f, '>', $file or die $!;
    print $f 'content-that-must-not-leave';
}

sub attack {
    my ($type, $play, @options) = @_;
    my ($port, $log, $pid) = serve($play);
    my $start = Time::HiRes::time();
    my $d = TaiFish::Dump::read($type, '-q', port => $port, user => 'mon',
        password => $secret, connect => 2, timeout => 2, rows => 1000,
        bytes => 1 << 20, @options);
    $d->{took} = Time::HiRes::time() - $start;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    $d->{heard} = do { open my $f, '<:raw', $log or die $!; local $/; <$f> }
        // '';
    return $d;
}

sub survives {
    my ($name, $d, $code) = @_;
    is $d->{signal}, 0, "$name: no crash" or diag $d->{detail};
    ref $code ? like $d->{error}, $code, "$name: $d->{error}"
              : is $d->{error}, $code, "$name: code";
    cmp_ok $d->{took}, '<', 12, "$name: ends";
    cmp_ok $d->{rss} // 1 << 30, '<', 128 * 1024, "$name: memory";
    is $d->{verified} // 0, 0, "$name: nothing verified";
    ok index($d->{heard}, $secret) < 0, "$name: no password";
    ok index($d->{heard}, 'content-that') < 0, "$name: no file";
}

# --- any port --------------------------------------------------------------

for my $type (qw(postgresql mysql)) {
    my %any = (
        'HTTP' => ["HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>",
                   qr/^TARGET_(PROTOCOL|OTHER|TIMEOUT)$/],
        'SSH' => ["SSH-2.0-OpenSSH_9.2\r\n",
                  qr/^TARGET_(PROTOCOL|OTHER|TIMEOUT)$/],
        'zeroes' => ["\0" x 4096, qr/^TARGET_/],
        'ones' => ["\xff" x 4096, qr/^TARGET_/],
        'TLS alert' => ["\x15\x03\x01\0\2\2\x28", qr/^TARGET_/],
    );

    for my $name (sort keys %any) {
        my ($bytes, $code) = @{ $any{$name} };
        survives("$type, $name", attack($type, sub {
            my ($s, $hear) = @_;
            $hear->(0.2);
            print $s $bytes;
            $hear->(1);
        }), $code);
    }

    survives("$type, silence", attack($type, sub { sleep 20 }),
        'TARGET_TIMEOUT');
    survives("$type, closed", attack($type, sub { close $_[0] }),
        qr/^TARGET_(PROTOCOL|REFUSED|OTHER)$/);
    survives("$type, silence under TLS", attack($type, sub { sleep 20 },
        tls => 'verify-full'), 'TARGET_TIMEOUT');

    srand 7;
    for my $round (1 .. 20) {
        my $garbage = join '', map { chr int rand 256 } 1 .. 300;
        my $d = attack($type, sub {
            my ($s, $hear) = @_;
            $hear->(0.1);
            print $s $garbage;
        });
        is $d->{signal}, 0, "$type, random bytes $round" or diag $d->{detail};
        ok index($d->{heard}, $secret) < 0, 'no password';
    }
}

# --- PostgreSQL ------------------------------------------------------------

for my $case ([3, 'clear text'], [7, 'GSS'], [9, 'SSPI'], [2, 'Kerberos']) {
    survives("pg asks for $case->[1]", attack('postgresql', sub {
        my ($s, $hear) = @_;
        $hear->();
        print $s pg_auth($case->[0]);
        $hear->(2);
    }), 'TARGET_AUTH');
}

survives('pg asks for clear text after md5', attack('postgresql', sub {
    my ($s, $hear) = @_;
    $hear->();
    print $s pg_msg('R', pack('N', 5) . 'salt') . pg_auth(3);
    $hear->(2);
    $hear->(2);
}), 'TARGET_AUTH');

survives('pg asks in pieces', attack('postgresql', sub {
    my ($s, $hear) = @_;
    $hear->();
    for my $byte (split //, pg_auth(3)) {
        print $s $byte;
        Time::HiRes::sleep(0.05);
    }
    $hear->(2);
}), 'TARGET_AUTH');

# the TLS of a stranger: no password before it is verified
survives('pg refuses TLS, then asks', attack('postgresql', sub {
    my ($s, $hear) = @_;
    $hear->();
    print $s 'N';
    $hear->(2);
}, tls => 'require'), 'TARGET_TLS');

for my $name (sort keys %pg_play) {
    my $d = attack('postgresql', pg_session($pg_play{$name}));
    survives("pg, $name", $d,
        qr/^(TARGET_\w+|RESULT_TOO_LARGE|INTERNAL_ERROR)$/);
    is $d->{error}, 'RESULT_TOO_LARGE', 'stopped by the cap'
        if $name eq 'endless rows';
}

# the first answer of a session is its settings and the version

my %pg_version = (
    'no column' => pg_msg('T', pack('n', 0)) . pg_msg('D', pack('n', 0)),
    'no row' => $pg_columns,
    'NULL' => $pg_columns . pg_msg('D', pack('nN', 1, 0xffffffff)),
    'bytes that are not UTF-8' => $pg_columns
        . pg_msg('D', pack('nN', 1, 6) . "15\xff\xfe\0\1"),
    'nothing at all' => '',
);

for my $name (sort keys %pg_version) {
    my $d = attack('postgresql', sub {
        my ($s, $hear) = @_;
        $hear->();
        print $s $pg_ready;
        $hear->();
        print $s $pg_version{$name} . $pg_done;
    });
    survives("pg, version with $name", $d, qr/^TARGET_/);
}

# hashing takes no more time than the connection may

for my $rounds (2_000_000_000, '99999999999999999999999', 4097) {
    my $d = attack('postgresql', sub {
        my ($s, $hear) = @_;
        $hear->();
        print $s pg_msg('R', pack('N', 10) . "SCRAM-SHA-256\0\0");
        my ($nonce) = ($hear->() // '') =~ /r=([^,\0]+)/ or return;
        print $s pg_msg('R', pack('N', 11)
            . "r=${nonce}x,s=c2FsdA==,i=$rounds");
        $hear->(5);
    });
    survives("pg, $rounds rounds of SCRAM", $d, qr/^TARGET_/);
    $rounds == 4097 ? like $d->{heard}, qr/p=/, 'few rounds are answered'
                    : unlike $d->{heard}, qr/p=/, 'no proof was worked out';
}

# --- MySQL -----------------------------------------------------------------

my $my_infile = "\xfb$file";

for my $plugin (qw(mysql_clear_password dialog mysql_old_password
                   caching_sha2_password sha256_password ../../evil)) {
    my $code = $plugin eq 'caching_sha2_password'
        ? 'TARGET_TLS_REQUIRED' : qr/^TARGET_(AUTH|PROTOCOL|OTHER)$/;

    survives("mysql greets with $plugin", attack('mysql', sub {
        my ($s, $hear) = @_;
        print $s my_hello($plugin, $my_plain);
        $hear->(2);
        print $s my_msg(2, "\1\4");
        $hear->(1);
        print $s my_msg(4, $my_ok);
        $hear->(1);
    }), $code);

    survives("mysql switches to $plugin", attack('mysql', sub {
        my ($s, $hear) = @_;
        print $s my_hello('mysql_native_password', $my_plain);
        $hear->(2);
        print $s my_msg(2, "\xfe$plugin\0" . 'abcdefghijklmnopqrst' . "\0");
        $hear->(2);
        print $s my_msg(4, "\1\4");
        $hear->(1);
    }), $code);
}

my $d = attack('mysql', sub {
    my ($s, $hear) = @_;
    print $s my_hello('mysql_native_password', $my_plain);
    $hear->(2);
}, tls => 'require');
survives('mysql without TLS', $d, 'TARGET_TLS');
is $d->{heard}, '', 'it hears nothing at all';

survives('mysql asks for a file at sign-in', attack('mysql', sub {
    my ($s, $hear) = @_;
    print $s my_hello('mysql_native_password', $my_plain);
    $hear->(2);
    print $s my_msg(2, $my_infile);
    $hear->(1);
    $hear->(1);
}), qr/^TARGET_/);

for my $good (0 .. 6) {
    survives("mysql asks for a file in place of answer $good",
        attack('mysql', my_session($good, sub {
            my ($s, $hear) = @_;
            print $s my_msg(1, $my_infile);
            $hear->(1);
            print $s my_msg(3, $my_ok);
            $hear->(1);
        })), qr/^TARGET_/);
}

for my $name (sort keys %my_play) {
    my $d = attack('mysql', my_session(4, $my_play{$name}));
    survives("mysql, $name", $d,
        qr/^(TARGET_\w+|RESULT_TOO_LARGE|INTERNAL_ERROR)$/);
    is $d->{error}, 'RESULT_TOO_LARGE', 'stopped by the cap'
        if $name eq 'endless rows';
}

done_testing;
