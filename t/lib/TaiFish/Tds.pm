package TaiFish::Tds;

# A server that speaks TDS 7.4, on 127.0.0.1, for the true driver:
#
#     my $t = TaiFish::Tds->new(sim => $sim);     # answers as a simulated
#                                                 # SQL Server does
#     my $t = TaiFish::Tds->new(cert => "$dir/s"); # s.pem, s.key: with TLS
#     my $t = TaiFish::Tds->new(say => 'silence'); # misbehaves
#     $t->port; $t->logins; $t->close;
#
# logins: what the clients sent in their sign-ins, and their statements.

use strict;
use warnings;
use utf8;

use Encode ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Time::HiRes ();

my $json = JSON::PP->new;

sub new {
    my ($class, %o) = @_;
    my $listen = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1',
        LocalPort => 0) or die $!;
    my $log = TaiFish::Server::private_dir() . '/tds';
    pipe my $test, my $alive or die $!;
    my $pid = fork() // die $!;

    if (!$pid) {
        CORE::close $alive;
        $SIG{PIPE} = 'IGNORE';
        $SIG{CHLD} = 'IGNORE';
        $SIG{TERM} = 'DEFAULT';
        while (1) {
            # a test that was killed says so by the end of the pipe
            my @ready = IO::Select->new($listen, $test)->can_read;
            POSIX::_exit(0) if grep { $_ == $test } @ready;
            my $client = $listen->accept or next;
            next if fork();
            alarm 60;
            $SIG{CHLD} = 'DEFAULT';
            my $self = bless { %o, client => $client, log => $log,
                in => '', server => 'sim' }, $class;
            eval { $self->serve; 1 } or $self->note({ died => "$@" });
            POSIX::_exit(0);
        }
    }
    CORE::close $test;
    return bless { pid => $pid, port => $listen->sockport, log => $log,
                   alive => $alive },
        $class;
}

sub port { $_[0]{port} }

sub close {
    my ($self) = @_;
    kill 'KILL', delete $self->{pid} if $self->{pid};
}

sub DESTROY { $_[0]->close if $_[0]{pid} && !$_[0]{client} }

sub logins {
    my ($self) = @_;
    open my $in, '<', $self->{log} or return;
    return map { $json->decode($_) } <$in>;
}

sub note {
    my ($self, $what) = @_;
    open my $out, '>>', $self->{log} or die $!;
    print $out $json->ascii->encode($what), "\n";
}

# --- packets -----------------------------------------------------------------

sub raw {
    my ($self) = @_;
    my $n = sysread $self->{client}, my $data, 65536;
    POSIX::_exit(0) unless $n;
    return $data;
}

sub more {
    my ($self) = @_;
    if (!$self->{ssl}) {
        $self->{in} .= $self->raw;
        return;
    }
    for (;;) {
        my $got = Net::SSLeay::read($self->{ssl});
        if (defined $got && length $got) {
            $self->{in} .= $got;
            return;
        }
        Net::SSLeay::BIO_write($self->{rbio}, $self->raw);
    }
}

sub packet {
    my ($self) = @_;
    my ($type, $all) = (0, '');
    for (;;) {
        $self->more while length $self->{in} < 8;
        my ($t, $status, $length) = unpack 'CCn', $self->{in};
        $self->more while length $self->{in} < $length;
        my $p = substr $self->{in}, 0, $length, '';
        $type = $t;
        $all .= substr $p, 8;
        return ($type, $all) if $status & 1;
    }
}

sub out {
    my ($self, $data) = @_;
    if ($self->{ssl}) {
        Net::SSLeay::write($self->{ssl}, $data);
        $data = Net::SSLeay::BIO_read($self->{wbio});
    }
    my $at = 0;
    while ($at < length $data) {
        my $n = syswrite $self->{client}, $data, 65536, $at;
        POSIX::_exit(0) unless $n;
        $at += $n;
    }
}

sub send {
    my ($self, $type, $data) = @_;
    my $id = 1;
    do {
        my $part = substr $data, 0, 4088, '';
        $self->out(pack('CCnnCC', $type, length $data ? 0 : 1,
            8 + length $part, 0, $id++ & 255, 0) . $part);
    } while length $data;
}

sub ucs { Encode::encode('UTF-16LE', $_[0]) }
sub short { my $u = ucs($_[0]); pack('C', length($u) / 2) . $u }
sub long  { my $u = ucs($_[0]); pack('v', length($u) / 2) . $u }
sub done  { pack 'CvvQ<', 0xfd, $_[0], 0, 0 }

sub error {
    my ($number, $text, $severity) = @_;
    my $b = pack('VCC', $number, 1, $severity // 14) . long($text)
        . short('sim') . short('') . pack('V', 1);
    return "\xaa" . pack('v', length $b) . $b;
}

# --- a session ---------------------------------------------------------------

sub serve {
    my ($self) = @_;
    my $say = $self->{say} || '';
    return sleep 60 if $say eq 'silence';
    if ($say =~ /^raw:(.*)/s) {
        $self->out($1);
        sleep 1;
        return;
    }
    my ($type) = $self->packet;
    die "no prelogin: $type" if $type != 0x12;
    return sleep 60 if $say eq 'silence after prelogin';
    if ($say eq 'slow') {
        for (1 .. 60) { $self->out("\x04"); sleep 1 }
        return;
    }

    my $encryption = $self->{cert} ? 1 : 2;
    $self->send(4, pack('CnnCnnC', 0, 11, 6, 1, 17, 1, 255)
        . "\x0f\x00\x10\xce\x00\x00" . chr $encryption);
    $self->tls if $self->{cert};

    ($type, my $login) = $self->packet;
    die "no login: $type" if $type != 0x10;
    my $l = login($login);
    $l->{tls} = $self->{ssl} ? 1 : 0;
    $self->note($l);

    if ($say =~ /^error (\d+)/) {
        $self->send(4, error($1, 'no entry') . done(2));
        sleep 1;
        return;
    }
    if ($say =~ /^route (\S+) (\d+)/) {
        my $h = ucs($1);
        my $v = pack('CvvA*', 0, $2, length($h) / 2, '') . $h;
        my $e = pack('C v', 20, length $v) . $v . pack('v', 0);
        my $ack = pack('CN', 1, 0x74000004) . short('Microsoft SQL Server')
            . "\x0f\x00\x10\xce";
        $self->send(4, "\xad" . pack('v', length $ack) . $ack
            . "\xe3" . pack('v', length $e) . $e . done(0));
        sleep 3;
        return;
    }
    $self->{login} = $l;
    if ($self->{sim}) {
        my ($code, $out) = $self->ask('SELECT 1');
        return $self->send(4, error(18456, "Login failed for user '$l->{user}'")
            . done(2)) if $code && $out =~ /password|role/;
        return $self->send(4, error(4060, "Cannot open database "
            . "\"$l->{database}\" requested by the login.", 11)
            . error(18456, "Login failed for user '$l->{user}'") . done(2))
            if $code;
    }
    return sleep 60 if $say eq 'silence after login';

    my $db = $l->{database} || 'master';
    my $e = pack('C', 1) . short($db) . short('master');
    my $ack = pack('CN', 1, 0x74000004) . short('Microsoft SQL Server')
        . "\x0f\x00\x10\xce";
    my $size = pack('C', 4) . short('4096') . short('4096');
    my $sort = pack('CC', 7, 5) . "\x09\x04\xd0\x00\x34\x00";
    $self->send(4, "\xe3" . pack('v', length $e) . $e
        . "\xe3" . pack('v', length $sort) . $sort
        . "\xad" . pack('v', length $ack) . $ack
        . "\xe3" . pack('v', length $size) . $size . done(0));

    for (;;) {
        ($type, my $data) = $self->packet;
        if ($type == 6) {
            $self->send(4, done(0x20));
            next;
        }
        my $sql = $type == 1 ? Encode::decode('UTF-16LE',
            substr $data, unpack 'V', $data) : "type $type";
        $self->note({ sql => $sql });
        $self->answer($sql);
    }
}

sub login {
    my ($b) = @_;
    my %l = (flags => unpack 'C', substr $b, 26, 1);
    my $at = 36;
    for my $field (qw(host user password app server extension library
                      language database)) {
        my ($offset, $n) = unpack 'vv', substr $b, $at, 4;
        $at += 4;
        my $text = substr $b, $offset, $n * 2;
        $text = join '', map { my $x = ord($_) ^ 0xa5;
            chr(($x << 4 | $x >> 4) & 255) } split //, $text
            if $field eq 'password';
        $l{$field} = Encode::decode('UTF-16LE', $text)
            if $field ne 'extension';
    }
    return \%l;
}

# The handshake goes in packets of the prelogin; what follows does not.

sub tls {
    my ($self) = @_;
    require Net::SSLeay;
    Net::SSLeay::initialize();
    my $ctx = Net::SSLeay::CTX_new();
    Net::SSLeay::CTX_set_options($ctx, Net::SSLeay::OP_NO_TLSv1_3());
    Net::SSLeay::CTX_use_certificate_chain_file($ctx, "$self->{cert}.pem");
    Net::SSLeay::CTX_use_PrivateKey_file($ctx, "$self->{cert}.key",
        Net::SSLeay::FILETYPE_PEM()) or die 'key';
    my $ssl = Net::SSLeay::new($ctx);
    @$self{qw(rbio wbio)} = map { Net::SSLeay::BIO_new(
        Net::SSLeay::BIO_s_mem()) } 1, 2;
    Net::SSLeay::set_bio($ssl, $self->{rbio}, $self->{wbio});
    Net::SSLeay::set_accept_state($ssl);

    for (;;) {
        my $rc = Net::SSLeay::do_handshake($ssl);
        my $out = Net::SSLeay::BIO_read($self->{wbio});
        $self->send(0x12, $out) if defined $out && length $out;
        last if $rc == 1;
        my (undef, $in) = $self->packet;
        Net::SSLeay::BIO_write($self->{rbio}, $in);
    }
    $self->{ssl} = $ssl;
}

# --- answers -----------------------------------------------------------------

sub ask {
    my ($self, $sql) = @_;
    my $l = $self->{login};
    my $db = $l->{database} || 'master';
    my $pg = $self->{sim}{pg};
    local @ENV{qw(PGPASSWORD PGCLIENTENCODING)}
        = (Encode::encode('UTF-8', $l->{password}), 'UTF8');
    utf8::encode(my $text = "SET client_min_messages = error;\n$sql\n");
    my ($code, $out) = TaiFish::Server::run_to_end("$pg->{bin}/psql",
        ['-XqAt', '--csv', '-P', 'tuples_only=off', '-P', 'null=\\N',
         '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', $pg->port,
         '-U', Encode::encode('UTF-8', $l->{user}), '-d', Encode::encode(
             'UTF-8', TaiFish::SimMssql::conn($db)), '-f', '-'],
        {}, $text);
    utf8::decode($out);
    return ($code, $out);
}

sub answer {
    my ($self, $sql) = @_;
    my $say = $self->{say} || '';

    if ($sql !~ /^SELECT/) {
        return $self->send(4, done(0));
    }
    if ($say eq 'endless' && $sql =~ /FROM/) {
        my $head = columns('x', 'y');
        my $row = "\xd1" . (pack('v', 2000) . ucs('1' x 1000)) x 2;
        $self->out(pack('CCnnCC', 4, 0, 8 + length $head, 0, 1, 0) . $head);
        for (;;) {
            $self->out(pack('CCnnCC', 4, 0, 8 + length $row, 0, 1, 0) . $row);
        }
    }
    if ($say eq 'half a row' && $sql =~ /FROM/) {
        my $part = columns('a', 'b') . "\xd1" . pack('v', 4000) . 'x' x 10;
        $self->out(pack('CCnnCC', 4, 0, 8 + length $part, 0, 1, 0) . $part);
        return sleep 60;
    }
    my ($number, $in) = $say =~ /^error_in (\d+) (.*)/;
    if ($in && $sql =~ /$in/) {
        return $self->send(4, error($number, 'not for you') . done(2));
    }

    my ($code, $out) = $self->{sim} ? $self->ask($sql) : (0, '');
    $out = "p\n15.0.4430.1\n" if !$self->{sim};
    $out = qq{a,b,c\n15.0.4430.1,Express,master\n}
        if !$self->{sim} && $sql =~ /SERVERPROPERTY/;
    return $self->send(4, error(229, $out) . done(2))
        if $code && $out =~ /permission denied/;
    return $self->send(4, error(207, $out) . done(2)) if $code;

    my ($names, @rows) = csv($out);
    my @type = map { my $n = $_; type($names->[$n], map { $_->[$n] } @rows) }
        0 .. $#$names;
    my $b = "\x81" . pack('v', scalar @$names);
    for my $n (0 .. $#$names) {
        $b .= pack('Vv', 0, 9) . { s => "\xe7" . pack('v', 8000)
                . "\x09\x04\xd0\x00\x34", i => "\x26\x04", d => "\x6f\x08",
            b => "\xa5" . pack('v', 85) }->{ $type[$n] }
            . short($names->[$n]);
    }
    for my $r (@rows) {
        $b .= "\xd1" . join '', map { value($type[$_], $r->[$_]) }
            0 .. $#$names;
    }
    $self->send(4, $b . pack 'CvvQ<', 0xfd, 0x10, 0xc1, scalar @rows);
}

sub columns {
    my (@names) = @_;
    return "\x81" . pack('v', scalar @names) . join '', map { pack('Vv', 0, 9)
        . "\xe7" . pack('v', 8000) . "\x09\x04\xd0\x00\x34" . short($_) }
        @names;
}

sub type {
    my ($name, @values) = @_;
    @values = grep { defined } @values;
    return 's' if !@values;
    return 'b' if $name =~ /sid$/;
    return 'd' if !grep { !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/ }
        @values;
    return 'i' if !grep { !/^-?\d{1,9}$/ } @values;
    return 's';
}

sub value {
    my ($type, $v) = @_;
    if ($type eq 's') {
        return pack 'v', 65535 if !defined $v;
        my $u = ucs($v);
        return pack('v', length $u) . $u;
    }
    return $type eq 'b' ? pack 'v', 65535 : "\0" if !defined $v;
    return pack('Cl<', 4, $v) if $type eq 'i';
    if ($type eq 'b') {
        my $bytes = pack 'H*', $v =~ s/^\\x//r;
        return pack('v', length $bytes) . $bytes;
    }
    my ($y, $m, $d, $h, $i, $s) = $v =~ /(\d+)/g;
    my $days = POSIX::mktime(0, 0, 12, $d, $m - 1, $y - 1900) / 86400;
    return pack 'Cl<L<', 8, int($days) + 25567,
        ($h * 3600 + $i * 60 + $s) * 300;
}

sub csv {
    my ($text) = @_;
    my (@rows, @row);
    while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^,"\n]*))(,|\n|\z)/gc) {
        my ($quoted, $plain, $end) = ($1, $2, $3);
        push @row, defined $quoted ? $quoted =~ s/""/"/gr
            : $plain eq '\\N' ? undef : $plain;
        if ($end ne ',') {
            push @rows, [@row];
            @row = ();
        }
        last if pos($text) >= length $text;
    }
    return @rows;
}

1;
