package TaiFish::Rogue;

# Servers that lie, on 127.0.0.1: how PostgreSQL's and MySQL's protocols are
# spoken, and what a server may do instead.  Those of TDS are in TaiFish::Tds.
#
#     my ($port, $log, $pid) = TaiFish::Rogue::serve($play);
#
# $play gets the socket and a function that hears for so many seconds; all that
# the client sends ends in the file $log.

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes ();

our @EXPORT = qw(serve pg_msg pg_auth pg_session my_msg my_hello my_session
    %pg_play %my_play $pg_ready $pg_columns $pg_done $pg_settled $my_ok
    $my_plain);

sub serve {
    my ($play) = @_;
    my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1',
        LocalPort => 0, ReuseAddr => 1) or die $!;
    my $log = TaiFish::Server::private_dir() . '/heard';
    my $pid = fork() // die $!;

    if (!$pid) {
        $SIG{ALRM} = sub { POSIX::_exit(0) };
        $SIG{PIPE} = sub { POSIX::_exit(0) };
        alarm 60;
        open my $heard, '>:raw', $log or die $!;
        $heard->autoflush;
        my $s = $listen->accept;
        binmode $s;
        $s->autoflush;
        my $hear = sub {
            my ($seconds) = @_;
            my $got = '';
            return '' unless IO::Select->new($s)->can_read($seconds // 5);
            sysread $s, $got, 65536 or return;
            print $heard $got;
            return $got;
        };
        eval { $play->($s, $hear) };
        while (defined $hear->(1)) { last if !IO::Select->new($s)->can_read(1) }
        POSIX::_exit(0);
    }

    my $port = $listen->sockport;
    close $listen;
    return ($port, $log, $pid);
}

sub pg_msg {
    my ($type, $body) = @_;
    return $type . pack('N', 4 + length $body) . $body;
}

sub pg_auth { pg_msg('R', pack 'N', $_[0]) . ($_[1] // '') }

our $pg_ready = pg_auth(0) . pg_msg('S', "server_version\0" . "15.0\0")
    . pg_msg('Z', 'I');
our $pg_columns = pg_msg('T', pack('n', 1) . "x\0" . pack('NnNnNn', 0, 0, 25,
    -1, -1, 0));
our $pg_done = pg_msg('C', "SELECT 1\0") . pg_msg('Z', 'I');
our $pg_settled = $pg_columns . pg_msg('D', pack('nN', 1, 4) . '15.0')
    . $pg_done;

# A session that is signed in and has its settings, and what comes then.

sub pg_session {
    my ($play) = @_;
    return sub {
        my ($s, $hear) = @_;
        $hear->();
        print $s $pg_ready;
        $hear->();
        print $s $pg_settled;
        $play->($s);
    };
}

our %pg_play = (
    'endless rows' => sub { my $s = shift;
        print $s pg_msg('T', pack('n', 17)
            . ("x\0" . pack('NnNnNn', 0, 0, 25, -1, -1, 0)) x 17);
        my $row = pg_msg('D', pack('n', 17) . (pack('N', 1) . '1') x 17) x 200;
        1 while print $s $row },
    'endless rows of one column' => sub { my $s = shift;
        print $s $pg_columns;
        my $row = pg_msg('D', pack('nN', 1, 1) . '1') x 4000;
        1 while print $s $row },
    'a huge row' => sub { my $s = shift;
        print $s $pg_columns . 'D' . pack('N', 1 << 30);
        for (1 .. 100) { print $s 'x' x 65536 } sleep 20 },
    'negative field' => sub { my $s = shift;
        print $s $pg_columns . pg_msg('D', pack('nN', 1, 0xfffffff0)) },
    '65535 columns' => sub { my $s = shift;
        print $s pg_msg('T', pack('n', 65535)) },
    'endless notices' => sub { my $s = shift;
        my $n = pg_msg('N', "SNOTICE\0Mhello\0\0") x 500;
        1 while print $s $n },
    'endless parameters' => sub { my $s = shift;
        my $i = 0;
        1 while print $s pg_msg('S', 'p' . $i++ % 1000 . "\0v\0") x 100 },
    'COPY' => sub { my $s = shift;
        print $s pg_msg('G', pack('cnn', 0, 1, 0)) },
    'half a row' => sub { my $s = shift;
        print $s $pg_columns . 'D' . pack('N', 100) . 'xx'; sleep 20 },
    'wrong columns' => sub { my $s = shift;
        print $s $pg_columns . pg_msg('D', pack('nN', 1, 1) . 'x')
            . pg_msg('C', "SELECT 1\0") . pg_msg('Z', 'I') },
    'one byte a second' => sub { my $s = shift;
        for my $b (split //, $pg_columns x 10) { print $s $b; sleep 1 } },
);

sub my_msg { my ($n, $body) = @_;
    return substr(pack('V', length $body), 0, 3) . chr($n) . $body }

sub my_hello {
    my ($plugin, $caps) = @_;
    $caps //= 0xf7ff | 0x807f << 16;
    return my_msg(0, "\x0a" . "10.11.0-MariaDB\0" . pack('V', 1) . 'abcdefgh'
        . "\0" . pack('v', $caps & 0xffff) . "\x2d" . pack('v', 2)
        . pack('v', $caps >> 16) . chr(21) . "\0" x 10 . 'ijklmnopqrst' . "\0"
        . "$plugin\0");
}

our $my_ok = "\0\0\0" . pack('vv', 2, 0);
our $my_plain = 0xf7ff & ~0x0800 | 0x807f << 16;

# answers n statements as they should be, then plays

sub my_session {
    my ($good, $play) = @_;
    return sub {
        my ($s, $hear) = @_;
        print $s my_hello('mysql_native_password', $my_plain);
        $hear->(2);
        print $s my_msg(2, $my_ok);

        for my $i (1 .. 100) {
            my $q = $hear->(3) // return;
            my $column = "\3def\0\0\0\1x\0\x0c" . pack('vVCvC', 45, 400, 253,
                0, 0) . "\0\0";
            return $play->($s, $hear, $column) if $i > $good;

            if ($q =~ /SELECT|SHOW/) {
                print $s my_msg(1, "\1") . my_msg(2, $column)
                    . my_msg(3, "\xfe\0\0\2\0")
                    . my_msg(4, "\x0f10.11.0-MariaDB")
                    . my_msg(5, "\xfe\0\0\2\0");
            } else {
                print $s my_msg(1, $my_ok);
            }
        }
    };
}

our %my_play = (
    'endless rows' => sub { my ($s, $hear, $column) = @_;
        my $n = 24;
        print $s my_msg(1, "\x16") . join('', map { my_msg($_, $column) }
            2 .. 23) . my_msg($n++, "\xfe\0\0\2\0");
        for (;;) {
            my $rows = '';
            $rows .= my_msg($n++ & 255, "\0011" x 22) for 1 .. 256;
            print $s $rows or last;
        } },
    'endless rows of one column' => sub { my ($s, $hear, $column) = @_;
        print $s my_msg(1, "\1") . my_msg(2, $column)
            . my_msg(3, "\xfe\0\0\2\0");
        my $rows = join '', map { my_msg(($_ + 4) & 255, "\0011") } 0 .. 4095;
        1 while print $s $rows },
    'a huge row' => sub { my ($s, $hear, $column) = @_;
        print $s my_msg(1, "\1") . my_msg(2, $column)
            . my_msg(3, "\xfe\0\0\2\0");
        my $n = 4;
        for (1 .. 6) { print $s "\xff\xff\xff" . chr($n++);
            for (1 .. 255) { print $s 'x' x 65793 } } },
    'length past the end' => sub { my ($s, $hear, $column) = @_;
        print $s my_msg(1, "\1") . my_msg(2, $column)
            . my_msg(3, "\xfe\0\0\2\0")
            . my_msg(4, "\xfe" . "\xff" x 8 . 'xx') },
    'columns without number' => sub { my ($s) = @_;
        print $s my_msg(1, "\xfd\xff\xff\xff"); sleep 20 },
    'half a row' => sub { my ($s, $hear, $column) = @_;
        print $s my_msg(1, "\1") . my_msg(2, $column)
            . my_msg(3, "\xfe\0\0\2\0") . "\x64\0\0\4xx"; sleep 20 },
    'wrong sequence' => sub { my ($s) = @_; print $s my_msg(77, $my_ok) },
    'OK for a query' => sub { my ($s, $hear) = @_;
        print $s my_msg(1, $my_ok); $hear->(2) },
    'one byte a second' => sub { my ($s, $hear, $column) = @_;
        for my $b (split //, my_msg(1, "\1") . my_msg(2, $column)) {
            print $s $b; sleep 1 } },
);

1;
