# 10,000 accounts with 20 grants each, and many databases: how long the engines
# read, in how many queries, and in how much memory.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use Time::HiRes ();

my ($accounts, $groups, $tables) = (10_000, 10, 20);
my $dir = TaiFish::Server::private_dir();

sub report {
    my ($type, $d, $queries, $raw) = @_;
    is $d->{error}, undef, "$type: read" or diag $d->{detail};
    is $d->{verified}, 1, "$type: verified";
    cmp_ok $d->{count}{accounts}, '>=', $accounts, "$type: all accounts";
    cmp_ok $d->{count}{grants}, '>=', $accounts * $tables, "$type: all grants";
    cmp_ok $queries, '<', 60, "$type: queries";
    cmp_ok $d->{rss}, '<', 128 * 1024, "$type: memory";
    cmp_ok $d->{read}, '<', 30, "$type: time";
    diag sprintf '%s: %d accounts, %d grants and flags, %d queries, %.2f s '
        . 'to read (%.2f s for the same rows by the client program), '
        . '%d MiB', $type, $d->{count}{accounts}, $d->{count}{grants},
        $queries, $d->{read}, $raw, $d->{rss} / 1024;
}

# --- PostgreSQL --------------------------------------------------------------

{
    my $pg = TaiFish::Server::pg("$dir/pg",
        port => TaiFish::Server::free_port(), shared_buffers => '128MB',
        max_locks_per_transaction => 2000);

    $pg->sql("CREATE ROLE mon LOGIN PASSWORD 'secret'");
    $pg->sql("DO \$\$BEGIN
        FOR i IN 1..$accounts LOOP
            EXECUTE format('CREATE ROLE many_%s', i);
        END LOOP;
        FOR t IN 0..@{[$groups * $tables - 1]} LOOP
            EXECUTE format('CREATE TABLE t%s (a int)', t);
            EXECUTE format('GRANT SELECT ON t%s TO %s', t,
                (SELECT string_agg('many_' || i, ',')
                 FROM generate_series(1, $accounts) i
                 WHERE i % $groups = t / $tables));
        END LOOP; END\$\$");
    $pg->sql("ALTER SYSTEM SET log_statement = 'all'; SELECT pg_reload_conf()");

    my $start = Time::HiRes::time();
    $pg->sql('SELECT grantee, c.oid::regclass, privilege_type FROM pg_class c,
        aclexplode(relacl) WHERE relacl IS NOT NULL');
    my $raw = Time::HiRes::time() - $start;

    my $d = TaiFish::Dump::read('postgresql', '-q', port => $pg->{port},
        user => 'mon', password => 'secret');
    report('postgresql', $d,
        scalar(() = $pg->output =~ /mon\@\S+ LOG:  (?:statement|execute)/g),
        $raw);
    $pg->close;
}

# --- PostgreSQL with many databases ------------------------------------------

# 10,000 have to fit into the 900 s of the job: 90 ms each.  Two sessions are
# all that the collector may have.  Some databases have many tables, and roles
# are members of each other in chains of a hundred.

{
    my ($databases, $roles, $many) = $ENV{TAIFISH_PROOF}
        ? (3_000, 10_000, 5_000) : (40, 1_000, 500);
    my $pg = TaiFish::Server::pg("$dir/many", fsync => 'off',
        port => TaiFish::Server::free_port(),
        max_locks_per_transaction => 2000);

    $pg->sql("CREATE ROLE mon LOGIN PASSWORD 'secret' CONNECTION LIMIT 2");
    $pg->sql("DO \$\$BEGIN FOR i IN 1..$roles LOOP
        EXECUTE format('CREATE ROLE r%s', i);
        IF i % 100 <> 1 THEN
            EXECUTE format('GRANT r%s TO r%s', i - 1, i);
        END IF; END LOOP; END\$\$");
    $pg->sql("CREATE DATABASE d$_ STRATEGY = file_copy") for 1 .. $databases;
    $pg->sql("DO \$\$BEGIN FOR i IN 1..$many LOOP
        EXECUTE format('CREATE TABLE t%s (a int)', i);
        EXECUTE format('GRANT SELECT, INSERT ON t%s TO r%s', i, i % 1000 + 1);
        END LOOP; END\$\$", "d$_") for 1, $databases / 2, $databases;

    my $d = TaiFish::Dump::read('postgresql', '-q', port => $pg->{port},
        user => 'mon', password => 'secret');
    my $each = $d->{read} / $databases * 1000;
    is $d->{error}, undef, 'many databases: read' or diag $d->{detail};

    # a session that was closed may count at the server for a moment; what it
    # refuses then is asked again

    is_deeply [grep { $d->{scopes}{$_} !~ /^(?:ok|unsupported)$/ }
        keys %{ $d->{scopes} }], [], 'every scope of each, by two sessions';
    cmp_ok $d->{count}{grants}, '>=', 6 * $many, 'with the rights on tables';
    cmp_ok $d->{rss}, '<', 128 * 1024, 'memory';
    diag sprintf '%d databases, 3 of them with %d tables, %d roles in chains:'
        . ' %.1f s, %.0f ms each, %d MiB, load %s', $databases, $many, $roles,
        $d->{read}, $each, $d->{rss} / 1024,
        (split ' ', TaiFish::slurp('/proc/loadavg'))[0];
    cmp_ok $each, '<', 90, '10,000 would fit into the deadline'
        if $ENV{TAIFISH_PROOF};
    $pg->close;
}

# --- MariaDB -----------------------------------------------------------------

{
    my $my = TaiFish::Server::mariadb("$dir/my");

    $my->sql(q{CREATE USER mon@'%' IDENTIFIED BY 'secret';
        GRANT SELECT ON mysql.* TO mon@'%'});
    $my->sql("INSERT INTO mysql.global_priv
        SELECT '%', concat('many_', seq),
            '{\"access\":0,\"plugin\":\"mysql_native_password\",'
            '\"authentication_string\":\"\",\"version_id\":101100}'
        FROM seq_1_to_$accounts;
        INSERT INTO mysql.tables_priv (Host, Db, User, Table_name, Grantor,
            Table_priv)
        SELECT '%', 'app', concat('many_', a.seq), concat('t', b.seq), '',
            'Select'
        FROM seq_1_to_$accounts a, seq_1_to_$tables b;
        FLUSH PRIVILEGES;
        SET GLOBAL general_log_file = '$dir/my/general.log';
        SET GLOBAL general_log = 1", 'mysql');

    my $start = Time::HiRes::time();
    $my->sql('SELECT * FROM tables_priv; SELECT * FROM global_priv', 'mysql');
    my $raw = Time::HiRes::time() - $start;

    my $d = TaiFish::Dump::read('mysql', '-q', port => $my->port,
        user => 'mon', password => 'secret');
    my ($mine) = do {
        local $/;
        open my $f, '<', "$dir/my/general.log" or die $!;
        <$f> =~ /Connect\s+mon\@(.*)/s;
    };
    report('mysql', $d, scalar(() = $mine =~ /Query\t/g), $raw);
    $my->close;
}

done_testing;
