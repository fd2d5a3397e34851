# 500 instances, of which 100 refuse, 100 are silent, 50 talk garbage, 50 are
# slow and 200 are good: how much later the good ones are read than alone, with
# the same number of children.
#
# The full size is asked for by TAIFISH_PROOF=1, TAIFISH_FLEET is a part of it.

use lib 't/lib';
use TaiFish;

use IO::Select;
use IO::Socket::INET;
use POSIX ();

my $part = $ENV{TAIFISH_FLEET} || ($ENV{TAIFISH_PROOF} ? 1 : 0.1);
my %size = map { $_->[0] => int $_->[1] * $part } ['good', 200],
    ['refuses', 100], ['silent', 100], ['garbage', 50], ['slow', 50];
my $rounds = $ENV{TAIFISH_PROOF} ? 3 : 1;

my $tf = TaiFish->new(env => { TAIFISH_WORKERS => 8 })->start;
my $db = $tf->postgres;
$db->sql("CREATE ROLE monitor LOGIN PASSWORD 'Pa55-word-1'");
my $credential = $tf->as('admin')->post('/credentials', { name => 'c',
    credential_type => 'database', db_type => 'postgresql',
    username => 'monitor', password => 'Pa55-word-1' })->data->{credential}{id};

# What answers: nothing, bytes that are no protocol, or a byte now and then.

sub serve {
    my ($say) = @_;
    my $listen = IO::Socket::INET->new(Listen => 512,
        LocalAddr => '127.0.0.1') or die $!;
    pipe my $test, my $alive or die $!;
    my $pid = fork() // die $!;
    return { port => $listen->sockport, pid => $pid, alive => $alive } if $pid;

    close $alive;
    $SIG{PIPE} = 'IGNORE';
    my $set = IO::Select->new($listen, $test);
    my (%open, $next);
    while (1) {
        for my $s ($set->can_read(1)) {
            POSIX::_exit(0) if $s == $test;
            if ($s == $listen) {
                my $c = $listen->accept or next;
                $set->add($c);
                $open{$c} = [$c, 0];
            } elsif (!sysread $s, my $data, 65536) {
                $set->remove($s);
                delete $open{$s};
                close $s;
            } elsif ($say eq 'garbage') {
                syswrite $s, join '', map { chr(($_ * 7919 + 13) % 256) }
                    1 .. 4000;
            }
        }
        next if $say ne 'slow' || time < ($next // 0);
        $next = time + 4;
        syswrite $_->[0], substr 'R' . "\0" x 60, $_->[1]++, 1
            for values %open;
    }
}

my %server = map { $_ => serve($_) } qw(silent garbage slow);
my %port = (good => $db->port, refuses => TaiFish::Server::free_port(),
    map { $_ => $server{$_}{port} } keys %server);

# Those that misbehave stand before the good ones.

for my $kind (qw(refuses silent garbage slow good)) {
    $tf->sql("INSERT INTO instances (name, db_type, host, port, credential_id,
        tls_mode) SELECT '$kind ' || n, 'postgresql', '127.0.0.1',
        $port{$kind}, $credential, 'disable'
        FROM generate_series(1, $size{$kind}) n");
}

# Seconds until the last good one is done.

sub seconds {
    my ($active) = @_;
    $tf->sql("UPDATE instances SET is_active = $active");
    my $run = $tf->as('admin')->post('/instances/actions/sync-accounts')
        ->data->{run_id};
    my $good = "FROM task_items t JOIN task_runs r ON r.id = t.run_id
        JOIN instances i ON i.id = t.instance_id
        WHERE r.run_id = '$run' AND i.name LIKE 'good %'";
    TaiFish::Server::until_true(600, sub {
        $tf->value("SELECT count(*) $good AND t.completed_at IS NULL") == 0 });
    is $tf->value("SELECT count(*) $good AND t.state = 'done'"), $size{good},
        'all good ones are read';
    my $took = $tf->value("SELECT extract(epoch FROM
        max(t.completed_at) - min(r.created_at)) $good");

    $tf->as('admin')->post("/task-runs/$run/actions/cancel");
    TaiFish::Server::until_true(60, sub {
        $tf->value("SELECT completed_at IS NOT NULL FROM task_runs
            WHERE run_id = '$run'") eq 't' }) or die 'the run does not end';
    return $took;
}

sub median { (sort { $a <=> $b } @_)[@_ / 2] }

seconds("name LIKE 'good %'");             # the first sync of each
my (@alone, @unknown, @known);
for (1 .. $rounds) {
    push @alone, seconds("name LIKE 'good %'");
    $tf->sql('DELETE FROM instance_answers');
    push @unknown, seconds('true');
    push @known, seconds('true');
}

my ($alone, $unknown, $known) = map { median(@$_) } \@alone, \@unknown,
    \@known;
diag sprintf '%d good instances: alone %.1f s; among %d others that nobody'
    . ' knows %.1f s, %.2f times as long; that are known %.1f s, %.2f times;'
    . ' load %s', $size{good}, $alone, $size{refuses} + $size{silent}
    + $size{garbage} + $size{slow}, $unknown, $unknown / $alone, $known,
    $known / $alone, (split ' ', TaiFish::slurp('/proc/loadavg'))[0];
cmp_ok $known / $alone, '<=', 1.5, 'at most half as long again'
    if $ENV{TAIFISH_PROOF};

# and what became of the others

my %code = (refuses => 'TARGET_REFUSED', silent => 'TARGET_TIMEOUT',
    garbage => 'TARGET_PROTOCOL', slow => 'TARGET_TIMEOUT');
my %seen;
for my $r ($tf->rows("SELECT DISTINCT split_part(i.name, ' ', 1) AS kind,
    t.error_code AS code
    FROM task_items t JOIN instances i ON i.id = t.instance_id
    WHERE t.error_code LIKE 'TARGET%' ORDER BY 1, 2"))
{
    is $r->{code}, $code{ $r->{kind} }, "$r->{kind}: its code";
    $seen{ $r->{kind} }++;
}
ok $seen{refuses} && $seen{garbage}, 'those that fail at once have one';

kill 'TERM', map { $_->{pid} } values %server;
done_testing;
