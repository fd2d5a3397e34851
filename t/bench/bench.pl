#!/usr/bin/perl

# make bench: how much of what the parts can do is left when they work
# together.  Everything runs on this machine and in turn, so the ratios mean
# something where the absolute numbers do not.  BENCH_SECONDS is the length of
# one measurement (2), BENCH_ROUNDS how many of each (9); a ratio is the median
# of those of the rounds, whose parts are measured one right after the other.

use FindBin;
use lib "$FindBin::Bin/../lib";
use TaiFish;
use TaiFish::Sql;
use Digest::SHA ();

my $seconds = $ENV{BENCH_SECONDS} || 2;
my $rounds = $ENV{BENCH_ROUNDS} || 9;
my $list = '/api/v1/instances?limit=20';
my $point = '/api/v1/instances/100';

$| = 1;

my %opt = (workers => 2, pg => { shared_buffers => '128MB' });
my $tf = TaiFish->new(%opt);

$tf->sql("INSERT INTO instances (name, db_type, host, port, description)
          SELECT 'instance-' || n, 'postgresql', '10.0.0.' || n, 5432,
                 'a database of the ' || n || 'th team'
          FROM generate_series(1, 200) n;
          INSERT INTO tags (name, display_name, category)
          SELECT 'tag' || n, 'Tag ' || n, 'env' FROM generate_series(1, 10) n;
          INSERT INTO instance_tags (instance_id, tag_id)
          SELECT i.id, t.id FROM instances i, tags t
          WHERE i.id % 10 = t.id % 10;
          ANALYZE");
$tf->start;

my $client = $tf->as('viewer');
my %size = map { $_ => length $client->get($_)->body } $list, $point;

# The same sizes from nginx alone, with the same headers and the same log.

# A parameter of nginx's configuration has at most 4096 bytes.

$tf->{opt}{server} = join '', map {
    my ($name, $size) = @$_;
    my @parts = ('x' x 1000) x ($size / 1000);
    push @parts, 'x' x ($size % 1000);
    my $set = join '', map { "set \$b$_ '$parts[$_]'; " } 0 .. $#parts;
    my $all = join '', map { "\$b$_" } 0 .. $#parts;
    "location = /bare/$name { default_type application/json;"
        . ($size < 4000 ? " return 200 '" . join('', @parts) . "'; }\n"
                        : " $set return 200 \"$all\"; }\n")
} ([list => $size{$list}], [point => $size{$point}]);

$tf->stop_nginx;
$tf->start_nginx;
$client = $tf->as('viewer');

my $pgbench = "$tf->{pg}{bin}/pgbench";
my @db = ('-h', $tf->pg->{socket}, '-p', $tf->pg->{port}, '-U', 'taifish');
run($pgbench, '-i', '-q', '-s', 10, @db, 'taifish');

my (%rate, %p99, @trouble);
my $peer = peer();

for my $round (1 .. $rounds) {
    print "round $round of $rounds\n";

    for my $c (16, 64) {
        wrk("return list", $c, '/bare/list');
        wrk("list", $c, $list);
        pgbench($c);
        wrk("point", $c, $point);
        wrk("return point", $c, '/bare/point');
        wrk("peer point", $c, $point, $peer);
        wrk("peer list", $c, $list, $peer);
    }
}

# A program in Rust that answers the same two requests, t/bench/peer: where it
# listens.  Its session is in Redis, by what it makes of the cookie.

sub peer {
    my $crate = "$TaiFish::ROOT/t/bench/peer";
    my $copy = $tf->dir . '/peer';
    system("cd '$crate' && RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="
        . "'$TaiFish::BUILD/peer' /usr/bin/cargo build -q --release --offline"
        . " && cp '$TaiFish::BUILD/peer/release/peer' '$copy'") == 0
        or die 'the peer is not built';

    my @files = map { statement($_) } qw(instances_get instances_list_plain
        instances_list_plain_count);
    my $port = TaiFish::Server::free_port();
    my $key = 'peer:' . Digest::SHA::sha256_hex(
        $client->cookie('taifish_session'));
    system('redis-cli', '-s', $tf->redis->{socket}, 'SET', $key,
        '{"user":"viewer"}') == 0 or die 'redis-cli';

    my $program = TaiFish::Server::spawn('peer', $tf->dir,
        [$copy, $port, $tf->redis->{socket},
         "host=$tf->{pg}{socket} user=taifish_api dbname=taifish", @files], {});
    my $base = "http://127.0.0.1:$port";

    TaiFish::Server::until_true(10, sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
    }) or die 'the peer does not listen: ' . $program->output;
    return $base;
}

# A file with a statement of ours; its only parameter is the id.

sub statement {
    my ($name) = @_;
    my ($s) = grep { $_->{name} eq $name } TaiFish::Sql::statements();
    my %value = (limit => 20, _offset => 0, _lang => "'en'", id => '$1');
    my $file = $tf->dir . "/$name.sql";

    TaiFish::spew($file, $s->{sql} =~ s{\$(\d+)}{
        $value{ $s->{names}[$1 - 1] } // die "$name: $s->{names}[$1 - 1]"}ger);
    return $file;
}

# At 16 clients, whatever its neighbours in time have.

sub pgbench {
    my ($c) = @_;
    my $out = run($pgbench, '-S', '-M', 'prepared', '-n', '-c', 16, '-j', 2,
        '-T', $seconds, @db, 'taifish');
    push @{ $rate{"pgbench $c"} }, $out =~ /tps = ([\d.]+)/;
}

sub run {
    my @command = @_;
    my ($code, $out) = TaiFish::Server::run_to_end($command[0],
        [@command[1 .. $#command]], {});
    die "@command: $out" if $code;
    return $out;
}

sub wrk {
    my ($name, $connections, $path, $base) = @_;
    my $out = run('wrk', '-t', 1, '-c', $connections, '-d', "${seconds}s",
        '--latency', '-H',
        'Cookie: taifish_session=' . $client->cookie('taifish_session'),
        ($base || $tf->base) . $path);
    my ($rps) = $out =~ m{Requests/sec:\s*([\d.]+)};
    my ($n, $unit) = $out =~ /99%\s+([\d.]+)(us|ms|s)\b/;

    push @{ $rate{"$name $connections"} }, $rps;
    push @{ $p99{"$name $connections"} },
        $n * { us => 0.001, ms => 1, s => 1000 }->{$unit};
    push @trouble, "$name $connections: $1" if $out =~ /(Socket errors.*)/;
    push @trouble, "$name $connections: $1" if $out =~ /(Non-2xx.*)/;
}

sub median { (sort { $a <=> $b } @_)[@_ / 2] }

sub rate { median(@{ $rate{ $_[0] } }) }

sub ratio {
    my ($what, $to) = @rate{@_};
    return median(map { $what->[$_] / $to->[$_] } 0 .. $#$what);
}

printf "\n%-34s %10s %10s\n", 'requests/s', 'c=16', 'c=64';
for my $what ('return list', 'list', 'peer list', 'return point', 'point',
              'peer point')
{
    my $label = { 'return list' => "return 200, $size{$list} bytes",
                  'return point' => "return 200, $size{$point} bytes",
                  list => 'GET /instances?limit=20',
                  'peer list' => 'the same by the peer',
                  'peer point' => 'the same by the peer',
                  point => 'GET /instances/{id}' }->{$what};
    printf "%-34s %10.0f %10.0f\n", $label, rate("$what 16"),
        rate("$what 64");
}
printf "%-34s %10.0f %10.0f\n", 'pgbench -S -M prepared -c 16',
    map { rate("pgbench $_") } 16, 64;

printf "\n%-34s %10s %10s\n", 'ratios', 'c=16', 'c=64';
for my $what ('list', 'point') {
    printf "%-34s %10.2f %10.2f\n", "$what : return 200",
        map { ratio("$what $_", "return $what $_") } 16, 64;
    printf "%-34s %10.2f %10.2f\n", "$what : pgbench",
        map { ratio("$what $_", "pgbench $_") } 16, 64;
    printf "%-34s %10.2f %10.2f\n", "$what : peer",
        map { ratio("$what $_", "peer $what $_") } 16, 64;
}

printf "\n%-34s %10s %10s\n", 'p99, ms', 'c=16', 'c=64';
for my $what ('return point', 'list', 'peer list', 'point', 'peer point') {
    printf "%-34s %10.2f %10.2f\n", $what,
        map { median(@{ $p99{"$what $_"} }) } 16, 64;
}

print "\nresident MiB\n";
sub mib { sprintf '%.1f', TaiFish::rss($_[0]) / 1024 }
printf "%-34s %s\n", 'nginx master', mib($tf->nginx->pid);
printf "%-34s %s\n", 'nginx workers',
    join ', ', map { mib($_) } $tf->nginx_workers;
printf "%-34s %s\n", 'taifish-worker supervisor', mib($tf->worker->pid);
printf "%-34s %s\n", 'taifish-worker children, idle',
    join ', ', map { mib($_) } TaiFish::children($tf->worker->pid);

print "\ntrouble: $_\n" for @trouble;
exit(@trouble ? 1 : 0);
