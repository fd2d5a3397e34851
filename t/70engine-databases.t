# PostgreSQL with many databases: two are read at a time, one at a time when the
# server has no more connections to give, and what happens in one of them is an
# outcome of that one.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;

my $dir = TaiFish::Server::private_dir();
my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port(),
    log_connections => 'on', log_disconnections => 'on',
    log_line_prefix => "'%m %p %u %d '", max_connections => 12,
    superuser_reserved_connections => 3);

my @names = map { "d$_" } 1 .. 12;
$pg->sql(q{CREATE ROLE mon LOGIN PASSWORD 'secret'; CREATE ROLE app});

for my $name (@names) {
    $pg->sql("CREATE DATABASE $name");
    $pg->sql('CREATE TABLE t (a int); GRANT SELECT ON t TO app', $name);
}

sub dump_of {
    return TaiFish::Dump::read('postgresql', port => $pg->{port},
        user => 'mon', password => 'secret', @_);
}

sub tables {
    my ($d) = @_;
    return [sort map { s/\|.*//r }
        keys %{ $d->{accounts}{app}{grants}{postgresql_table_privileges} }];
}

# how many sessions of the reader there were at once since the log was $from
# bytes long

sub most {
    my ($from) = @_;
    my ($now, $most) = (0, 0);
    my $log = '';
    TaiFish::Server::until_true(10, sub {
        $log = substr $pg->output, $from;
        my $on = () = $log =~ /mon \S+ LOG:  connection authorized/g;
        my $off = () = $log =~ /mon \S+ LOG:  disconnection/g;
        $on && $on == $off });
    for (split /\n/, $log) {
        $now++ if /mon \S+ LOG:  connection authorized/;
        $now-- if /mon \S+ LOG:  disconnection/;
        $most = $now if $now > $most;
    }
    return $most;
}

my $all = dump_of();
is_deeply tables($all), [sort @names], 'every database is read';
is $all->{error}, undef, 'no error' or diag $all->{detail};

# a connection that was closed here may be counted there for a moment more

my $from = length $pg->output;
dump_of();
my $most = most($from);
cmp_ok $most, '>', 1, 'several at once';
cmp_ok $most, '<=', 3, "and not many ($most)";

# --- the reader's own limit --------------------------------------------------

for my $limit (1, 2) {
    $pg->sql("ALTER ROLE mon CONNECTION LIMIT $limit");
    my $d = dump_of();
    is $d->{error}, undef, "connection limit $limit" or diag $d->{detail};
    is_deeply $d->{scopes}, $all->{scopes}, 'all is read nevertheless';
    is_deeply tables($d), tables($all), 'with all rights';
}

$pg->sql('ALTER ROLE mon CONNECTION LIMIT 0');
is dump_of()->{error}, 'TARGET_BUSY', 'no connection at all';
$pg->sql('ALTER ROLE mon CONNECTION LIMIT -1');

# --- a full server -----------------------------------------------------------

$pg->sql(q{CREATE ROLE crowd LOGIN PASSWORD 'secret'});
my $sleep = sub {
    return TaiFish::Server::spawn("crowd-$_[0]", $dir, ["$pg->{bin}/psql", '-X',
        "host=127.0.0.1 port=$pg->{port} user=crowd password=secret "
        . 'dbname=postgres', '-c', 'SELECT pg_sleep(300)'], {});
};
my $crowd = sub { $pg->value("SELECT count(*) FROM pg_stat_activity
                              WHERE usename = 'crowd'") };

my @crowd = map { $sleep->($_) } 1 .. 8;
TaiFish::Server::until_true(20, sub { $crowd->() == 8 });
my $d = dump_of();
is $d->{error}, undef, 'one free connection is enough' or diag $d->{detail};
is_deeply $d->{scopes}, $all->{scopes}, 'all is read';

push @crowd, TaiFish::Server::spawn('crowd-last', $dir, ["$pg->{bin}/psql",
    '-X', '-h', $pg->{socket}, '-p', $pg->{port}, '-U', 'taifish', '-d',
    'postgres', '-c', 'SET ROLE crowd; SELECT pg_sleep(300)'], {});
TaiFish::Server::until_true(20, sub {
    $pg->value(q{SELECT count(*) FROM pg_stat_activity
                 WHERE query LIKE '%SELECT pg_sleep(300)'
                 AND state = 'active' AND pid <> pg_backend_pid()}) == 9 });
is dump_of()->{error}, 'TARGET_BUSY', 'a full server says so';
$_->stop('KILL') for @crowd;
TaiFish::Server::until_true(20, sub {
    $pg->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE query LIKE '%pg_sleep(300)'
               AND pid <> pg_backend_pid()});
    $crowd->() == 0 });

# --- a database that hangs ---------------------------------------------------

for my $hung ('d3', 'postgres') {
    my $locker = TaiFish::Server::spawn("locker-$hung", $dir,
        ["$pg->{bin}/psql", '-X', '-h', $pg->{socket}, '-p', $pg->{port}, '-U',
         'taifish', '-d', $hung, '-c',
         'BEGIN; LOCK TABLE pg_attribute; SELECT pg_sleep(300)'], {});
    TaiFish::Server::until_true(20, sub {
        $pg->value(q{SELECT count(*) FROM pg_stat_activity
                     WHERE query LIKE '%pg_sleep(300)' AND state = 'active'
                     AND pid <> pg_backend_pid()}) });

    $d = dump_of(timeout => 1, connect => 3);
    my @not = sort grep { $d->{scopes}{$_} !~ /^(?:ok|unsupported)$/ }
        keys %{ $d->{scopes} };

    if ($hung eq 'd3') {
        is $d->{error}, undef, "$hung hangs: the reading goes on"
            or diag $d->{detail};
        ok scalar(@not), 'something is not read';
        is scalar(grep { !/ d3$/ } @not), 0, 'only of that database'
            or diag explain \@not;
        is scalar(grep { $d->{scopes}{$_} ne 'timeout' } @not), 0, 'timeout';
        is_deeply [grep { $_ ne 'd3' } @{ tables($d) }],
            [grep { $_ ne 'd3' } sort @names], 'the others are read';
    } else {
        like $d->{error} // '', qr/^(?:TARGET_TIMEOUT)?$/,
            "$hung hangs: it ends in time";
    }

    $locker->stop('KILL');
    TaiFish::Server::until_true(20, sub {
        $pg->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE query LIKE '%pg_sleep(300)'
                   AND pid <> pg_backend_pid()});
        $pg->value(q{SELECT count(*) FROM pg_stat_activity
                     WHERE query LIKE '%pg_sleep(300)'
                     AND pid <> pg_backend_pid()}) == 0 });
}

$pg->close;
done_testing;
