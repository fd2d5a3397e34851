# How many statements an instance and each database of it get for 100 accounts
# and for 10,000, by the server's own log.
#
# The full size is asked for by TAIFISH_PROOF=1.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use TaiFish::SimMssql;
use TaiFish::SimOracle;

my $all = $ENV{TAIFISH_PROOF} ? 10_000 : 1_000;
my $dir = TaiFish::Server::private_dir();

# add: makes accounts from..to; read: reads the instance; log: all that the
# server logged; a match of mine is a statement, and tells its database.

sub same {
    my ($name, %o) = @_;
    my $count = sub {
        my $old = length $o{log}->();
        my $d = $o{read}->();
        is $d->{error}, undef, "$name: read" or diag $d->{detail};
        my ($new, %n) = ('');
        TaiFish::Server::until_true(10, sub {
            $new = substr $o{log}->(), $old;
            $new =~ $o{mine} });
        $n{ $1 // 'the instance' }++ while $new =~ /$o{mine}/g;
        return ($d->{count}{accounts}, \%n);
    };

    $o{add}->(1, 100);
    my ($accounts, $few) = $count->();
    $o{add}->(101, $all);
    my ($more, $many) = $count->();

    is $more - $accounts, $all - 100, "$name: " . ($all - 100) . ' more';
    is_deeply $many, $few, "$name: as many statements as before"
        or diag explain [$few, $many];
    my $sum = 0;
    $sum += $_ for values %$many;
    cmp_ok $sum, '>', 5, "$name: and they were counted";
    diag sprintf '%s: %d accounts, then %d: %s', $name, $accounts, $more,
        join ', ', map { "$many->{$_} in $_" } sort keys %$many;
}

sub pg {
    return TaiFish::Server::pg("$dir/$_[0]", log_statement => "'all'",
        port => TaiFish::Server::free_port());
}

{
    my $pg = pg('pg');
    $pg->sql(q{CREATE ROLE mon LOGIN PASSWORD 'secret'});
    $pg->sql("CREATE DATABASE $_") for 'one', 'two';
    same('PostgreSQL', log => sub { $pg->output },
        mine => qr/mon\@(\S+) LOG:  (?:statement|execute)/,
        read => sub { TaiFish::Dump::read('postgresql', '-q',
            port => $pg->port, user => 'mon', password => 'secret') },
        add => sub { my ($from, $to) = @_;
            $pg->sql("DO \$\$BEGIN FOR i IN $from..$to LOOP
                EXECUTE format('CREATE ROLE many_%s', i);
                IF i <= 100 THEN    -- they are kept in one row
                    EXECUTE format('GRANT CONNECT ON DATABASE one TO many_%s',
                        i);
                END IF;
                END LOOP; END\$\$") });
    $pg->close;
}

{
    my $mariadb = TaiFish::Server::has_mariadb();
    my @options = ('--general-log=1',
        "--general-log-file=$dir/my/general.log");
    my $my = $mariadb ? TaiFish::Server::mariadb("$dir/my", @options)
                      : TaiFish::Server::mysql("$dir/my", @options);
    $my->sql(q{CREATE USER mon@'%' IDENTIFIED BY 'secret';
        GRANT SELECT ON mysql.* TO mon@'%'});
    same($mariadb ? 'MariaDB' : 'MySQL',
        log => sub { TaiFish::slurp("$dir/my/general.log") },
        mine => qr/\tQuery\t|\d Query\t/,
        read => sub { TaiFish::Dump::read('mysql', '-q', port => $my->port,
            user => 'mon', password => 'secret',
            ('tls', 'require') x !$mariadb) },
        add => sub { my ($from, $to) = @_;
            $my->sql(join '', map { "CREATE USER many_$_\@'%';
                GRANT SELECT ON app.* TO many_$_\@'%';" } $from .. $to) });
    $my->close;
}

{
    my $pg = pg('mssql');
    my $s = TaiFish::SimMssql->new($pg, version => 2022);
    $s->monitor('mon', 'secret');
    $s->run('CREATE DATABASE app1') unless $s->{database}{app1};
    same('SQL Server', log => sub { $pg->output },
        mine => qr/mon\@(\S+) LOG:[^\n]*\bsys\./i,
        read => sub { TaiFish::Dump::read('sqlserver', '-q',
            $s->as('mon', 'secret')) },
        add => sub { my ($from, $to) = @_;
            $s->run(map { "CREATE LOGIN [DOM\\many_$_] FROM WINDOWS; USE app1;
                CREATE USER many_$_ FOR LOGIN [DOM\\many_$_];
                GRANT SELECT TO many_$_" } $from .. $to) });
    $pg->close;
}

{
    my $pg = pg('oracle');
    my $s = TaiFish::SimOracle->new($pg, version => 1900);
    $s->monitor('MON', 'secret');
    same('Oracle', log => sub { $pg->output },
        mine => qr/mon\@(\S+) LOG:[^\n]*\bsys\./i,
        read => sub { TaiFish::Dump::read('oracle', '-q',
            $s->as('MON', 'secret')) },
        add => sub { my ($from, $to) = @_;
            $s->run(map { "CREATE USER many_$_ IDENTIFIED EXTERNALLY;
                GRANT CREATE SESSION TO many_$_" } $from .. $to) });
    $pg->close;
}

done_testing;
