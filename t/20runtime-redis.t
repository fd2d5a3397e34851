# Redis may be away, be killed, be emptied: nobody is signed out, nothing
# fails, and news comes again when it does.

use lib 't/lib';
use TaiFish;
use TaiFish::Load;

use Time::HiRes qw(sleep time);

my $tf = TaiFish->new;
$tf->redis->stop;
$tf->start_nginx;

my $api = $tf->as('admin');
my $run = $tf->value("INSERT INTO task_runs (task_key, task_category,
    trigger_source, status) VALUES ('sync_accounts', 'account', 'manual',
    'running') RETURNING run_id");
my $channel = "taifish:run:$run";


# An event stream: a socket with the stream's head read.

sub stream {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $tf->port) or die "connect: $!";
    my $cookie = $api->cookie('taifish_session');

    print $s "GET /api/v1/task-runs/$run/events HTTP/1.1\r\nHost: x\r\n"
        . "Cookie: taifish_session=$cookie\r\n\r\n";
    heard($s, qr/event: run/) or die 'no stream';
    return $s;
}

# Whether the stream says this within some seconds.

sub heard {
    my ($s, $pattern, $seconds) = @_;
    my $end = time + ($seconds || 5);
    my $text = '';

    while ((my $left = $end - time) > 0) {
        vec(my $bits = '', fileno $s, 1) = 1;
        select($bits, undef, undef, $left) or next;
        sysread($s, $text, 4096, length $text) or return 0;
        return 1 if $text =~ $pattern;
    }

    return 0;
}

sub listeners {
    return ($tf->redis->command('PUBSUB', 'NUMSUB', $_[0]) =~ /(\d+)\s*\z/)[0];
}

sub listening {
    my ($n) = @_;
    return TaiFish::Server::until_true(8, sub { listeners($channel) == $n });
}

sub publish {
    $tf->redis->command('PUBLISH', $channel, qq({"event":"item","n":$_[0]}));
}


is $api->get('/tags')->status, 200, 'nginx serves without Redis';
my $stream = stream();

$tf->redis->start;
ok listening(1), 'a stream listens once Redis has come';
publish(1);
ok heard($stream, qr/event: item\b.*"n":1/s),
    'a stream hears once Redis has come';

my @more = (stream(), stream());
is listeners($channel), 1, 'several streams share a subscription';
publish(2);
ok heard($_, qr/"n":2/), 'each hears' for $stream, @more;
close $_ for @more;
publish(3);
ok heard($stream, qr/"n":3/), 'the one that stays goes on hearing';


# --- killed and emptied under load -----------------------------------------

my $load = TaiFish::Load->start($tf, client => $api, path => '/auth/me',
                                seconds => 3, connections => 16);
sleep 0.5;
$tf->redis->restart('KILL');
sleep 0.7;
$tf->redis->command('FLUSHALL');
sleep 0.5;
$tf->redis->restart('TERM');

my $seen = $load->wait;
is_deeply [[keys %{ $seen->{status} }], $seen->{errors}], [[200], {}],
    'nobody is signed out, nothing fails' or diag explain $seen;

ok listening(1), 'the stream listens again';
publish(4);
ok heard($stream, qr/"n":4/), 'the stream hears after Redis was restarted';


# --- it hangs while nobody reads it ----------------------------------------

$tf->redis->{process}->signal('STOP');
is $api->get('/tags')->status, 200, 'nginx serves with Redis frozen';
$tf->redis->{process}->signal('CONT');
publish(5);
ok heard($stream, qr/"n":5/), 'the stream hears after Redis was frozen';

# Two signs of life are 15 s apart; without one the connection is given up.

$tf->redis->{process}->signal('STOP');
ok TaiFish::Server::until_true(60, sub {
    $tf->error_log =~ /Redis is lost while working: no sign of life/ }),
    'a Redis that stays frozen is given up';
$tf->redis->{process}->signal('CONT');
ok listening(1), 'the stream listens again when Redis goes on';

close $stream;
$tf->reload;
ok listening(0), 'nobody listens any more';

done_testing;
