package TaiFish::Cut;

# A TCP proxy that can die: it forwards to a port of this host until the server
# has sent so many bytes in all, then cuts every connection and accepts none.
#
#     my $cut = TaiFish::Cut->new($port);
#     $cut->after(4096);        # from now on; undef: never

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

sub new {
    my ($class, $port) = @_;
    my $listen = IO::Socket::INET->new(Listen => 16,
        LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!";
    pipe my $in, my $out or die "pipe: $!";
    $out->autoflush(1);

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        close $out;
        eval { serve($listen, $port, $in) };
        require POSIX;
        POSIX::_exit(0);
    }

    return bless { port => $listen->sockport, pid => $pid, owner => $$,
                   control => $out }, $class;
}

sub port { $_[0]{port} }

sub after {
    my ($self, $bytes) = @_;
    print { $self->{control} } pack 'q', $bytes // -1;
    select undef, undef, undef, 0.1;
}

sub serve {
    my ($listen, $port, $control) = @_;
    my $select = IO::Select->new($listen, $control);
    my ($left, $dead) = (-1, 0);
    my (%peer, %server);

    while (1) {
        for my $fh ($select->can_read) {
            if ($fh == $control) {
                sysread($control, my $bytes, 8) or return;
                ($left, $dead) = (unpack('q', $bytes), 0);

            } elsif ($fh == $listen) {
                my $client = $listen->accept or next;
                my $up = $dead ? undef : IO::Socket::INET->new(
                    PeerAddr => '127.0.0.1', PeerPort => $port);
                next unless $up;
                @peer{$client, $up} = ($up, $client);
                $server{$up} = 1;
                $select->add($client, $up);

            } elsif ($peer{$fh}) {
                my $n = sysread $fh, my $data, 16384;
                if ($n && $server{$fh} && $left >= 0) {
                    $dead = 1 if $n >= $left;
                    $data = substr $data, 0, $left;
                    $left -= length $data;
                }
                syswrite $peer{$fh}, $data if $n && length $data;

                my @gone = $dead ? grep { $peer{$_} } $select->handles
                           : $n ? () : ($fh, $peer{$fh});
                for my $gone (@gone) {
                    $select->remove($gone);
                    delete $peer{$gone};
                    delete $server{$gone};
                    close $gone;
                }
            }
        }
    }
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}

1;
