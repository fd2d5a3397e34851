# What watchers hear on Redis, and that nothing depends on it.

use lib 't/lib';
use TaiFish::Queue;
use TaiFish;
use IO::Socket::UNIX;
use Time::HiRes qw(sleep time);

my $tf = TaiFish::Queue::server(redis => 1, env => { TAIFISH_WORKERS => 2 });

# The run is made first, its items wait until somebody listens.

my $run = TaiFish::Queue::enqueue($tf, 3, { ms => 10 });
my $socket = IO::Socket::UNIX->new(Peer => $tf->redis->{socket}) or die $!;
print $socket "SUBSCRIBE taifish:run:$run\r\n";
sysread $socket, my $hello, 4096;

my $worker = $tf->start_worker;
$tf->wait_run($run);

my $text = '';
my $end = time + 5;
while ($text !~ /"event":"run"/ && time < $end) {
    vec(my $set = '', fileno $socket, 1) = 1;
    select($set, undef, undef, 0.2) > 0 or next;
    sysread $socket, $text, 65536, length $text;
}

my @news = map { JSON::PP::decode_json($_) } $text =~ /^(\{.*\})\r$/mg;
my @items = grep { $_->{event} eq 'item' } @news;
my @runs = grep { $_->{event} eq 'run' } @news;

is scalar @items, 3, 'a message for each item';
is $items[0]{state}, 'done', 'with its state';
is scalar @runs, 1, 'and one for the run';
is $runs[0]{status}, 'completed', 'with its status';
is $runs[0]{progress_completed}, 3, 'and its counters';
unlike $text, qr/^\{(?!"event":")/m, 'the event stands first';

# Redis dies: nothing fails, nothing waits.

$tf->redis->stop('KILL');
my $start = time;
$run = TaiFish::Queue::enqueue($tf, 100);
is $tf->wait_run($run)->{status}, 'completed', 'jobs without Redis';
cmp_ok time - $start, '<', 10, 'are not slow';
like $worker->output, qr/"level":"warning".*Redis/, 'the log tells';

# Redis hangs: a quarter of a second, and then a pause.

$tf->redis->start;
kill 'STOP', $tf->redis->{process}->pid;
sleep 5.2;
$start = time;
$run = TaiFish::Queue::enqueue($tf, 50);
is $tf->wait_run($run)->{status}, 'completed', 'jobs beside a silent Redis';
cmp_ok time - $start, '<', 8, 'are not slow either';
kill 'CONT', $tf->redis->{process}->pid;

$tf->stop_worker;

done_testing;
