# What databases and tables take on disk, as PostgreSQL and MariaDB themselves
# say: nothing twice, nothing missing, and what may not be read is not 0.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;

use Encode ();
use IO::Socket::INET;
use IPC::Open2 ();
use POSIX ();

my $dir = TaiFish::Server::private_dir();

# --- PostgreSQL --------------------------------------------------------------

my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port(),
    autovacuum => 'off');

$pg->sql($_) for q{CREATE ROLE mon LOGIN PASSWORD 'secret'},
    q{CREATE ROLE statistics LOGIN PASSWORD 'secret' IN ROLE pg_read_all_stats},
    'CREATE DATABASE app', 'CREATE DATABASE "Zoë ""x"""',
    'CREATE DATABASE closed', 'REVOKE CONNECT ON DATABASE closed FROM PUBLIC';

# A session that stays open: what do() sends has been done when it returns.

my ($to, $from, $said) = (undef, undef, 0);

sub other {
    my ($sql) = @_;
    IPC::Open2::open2($from, $to, TaiFish::Server::as_user('TERM',
        "$pg->{bin}/psql", '-XqAt', '-h', $pg->{socket}, '-p', $pg->{port},
        '-U', 'taifish', '-d', 'app')) unless $to;
    $to->autoflush(1);
    $said++;
    print $to "$sql;\n\\echo said $said\n";
    while (my $line = <$from>) {
        return if $line eq "said $said\n";
    }
    die "the session is gone: $sql";
}

sub pg_dump_of {
    return TaiFish::Dump::read('postgresql', port => $pg->{port},
        user => 'mon', password => 'secret', @_);
}

sub pg_tables { return pg_dump_of(read => 'table_sizes', only => 'app', @_) }

$pg->sql(<<'SQL', 'app');
-- out of line values: far more in TOAST than in the table itself
CREATE TABLE toasted (id int PRIMARY KEY, v text);
ALTER TABLE toasted ALTER v SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT n, repeat(md5(n::text), 400)
FROM generate_series(1, 100) n;
CREATE INDEX ON toasted (md5(v));

CREATE TABLE parent (at date, v text) PARTITION BY RANGE (at);
CREATE TABLE parent_1 PARTITION OF parent
    FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parent_2 PARTITION OF parent
    FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (v);
CREATE TABLE parent_2a PARTITION OF parent_2 FOR VALUES IN ('a');
CREATE TABLE parent_2rest PARTITION OF parent_2 DEFAULT;
CREATE INDEX ON parent (at);
INSERT INTO parent SELECT '2026-01-05', repeat('x', 100)
FROM generate_series(1, 3000);
INSERT INTO parent SELECT '2026-02-05', 'a' FROM generate_series(1, 2000);
INSERT INTO parent VALUES ('2026-02-06', 'b');

-- by INHERITS: tables of their own
CREATE TABLE old (a int);
CREATE TABLE old_child (b text) INHERITS (old);
INSERT INTO old SELECT generate_series(1, 2000);
INSERT INTO old_child SELECT n, 'x' FROM generate_series(1, 5000) n;

CREATE UNLOGGED TABLE unlogged AS SELECT generate_series(1, 2000) AS a;
CREATE MATERIALIZED VIEW matview AS SELECT * FROM old;
CREATE VIEW nothing AS SELECT 1;
CREATE TABLE empty (a int);
CREATE TABLE fresh AS SELECT generate_series(1, 500) AS a;
CREATE SCHEMA "o'ne""";
CREATE TABLE "o'ne"""."t. x" (a int);
SELECT lo_from_bytea(0, string_agg(sha256(n::text::bytea), ''))
FROM generate_series(1, 15000) n;

CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE far_away (a int) SERVER far;
ANALYZE toasted; ANALYZE parent; ANALYZE old; ANALYZE old_child; ANALYZE empty;
SQL

my $d = pg_dump_of(read => 'databases');
is $d->{error}, undef, 'PostgreSQL is read' or diag $d->{detail};
is $d->{verified}, 1, 'its list of databases is complete';

sub pg_size { return $pg->value("SELECT pg_database_size('$_[0]')") }

is $d->{databases}{$_}{total}, pg_size($_), "size of $_"
    for qw(app template0 template1 postgres);
is $d->{databases}{'Zoë "x"'}{total}, pg_size('Zoë "x"'), 'of a hostile name';
is $d->{databases}{app}{log}, -1, 'there is one WAL for all of them';
is $d->{databases}{app}{native_id},
    $pg->value(q{SELECT oid FROM pg_database WHERE datname = 'app'}), 'oid';
is_deeply [sort grep { $d->{databases}{$_}{system} } keys %{ $d->{databases} }],
    [qw(postgres template0 template1)], "the system's own";

ok exists $d->{databases}{closed}, 'one that may not be entered is listed';
is $d->{databases}{closed}{total}, undef, 'and has no size, not even 0';
is $d->{scopes}{'sizes closed'}, 'denied', 'but an outcome';
is $d->{codes}{'sizes closed'}, 'TARGET_PERMISSION', 'with its code';
is $d->{scopes}{sizes}, 'ok', 'the others were read';

$d = pg_dump_of(read => 'databases', user => 'statistics');
is $d->{databases}{closed}{total}, pg_size('closed'),
    'pg_read_all_stats reads what it may not enter';

# --- tables of PostgreSQL ----------------------------------------------------

sub measured {
    my ($what, $of) = @_;
    return $pg->value("SELECT $what('$of')", 'app');
}

$d = pg_tables();
is $d->{error}, undef, 'tables are read' or diag $d->{detail};
is_deeply $d->{scopes}, { 'table_sizes app' => 'ok' }, 'with their outcome';
my $t = $d->{tables};

is $t->{"public.$_"}{total}, measured('pg_total_relation_size', $_), $_
    for qw(toasted old old_child unlogged matview empty fresh);
is $t->{'public.toasted'}{data} + $t->{'public.toasted'}{index},
    $t->{'public.toasted'}{total}, 'data and indexes are the total';
is $t->{'public.toasted'}{index}, measured('pg_indexes_size', 'toasted'),
    'indexes of it';
cmp_ok $t->{'public.toasted'}{data}, '>=', 100 * 400 * 32,
    'TOAST is not missing';
cmp_ok $t->{'public.toasted'}{data}, '<', 2 * 100 * 400 * 32,
    'nor counted twice';

is $t->{'public.parent'}{total},
    measured('pg_total_relation_size', 'parent_1')
    + measured('pg_total_relation_size', 'parent_2a')
    + measured('pg_total_relation_size', 'parent_2rest'),
    'a partitioned table has its partitions, to any depth';
cmp_ok $t->{'public.parent'}{index}, '>', 0, 'and their indexes';
is_deeply [grep { /parent_/ } keys %$t], [], 'which are not there twice';
is $t->{'public.parent'}{rows}, 5001, 'rows of all of them';
is $t->{'public.old'}{rows}, 2000, 'rows of a table';
is $t->{'public.empty'}{rows}, 0, 'no rows';
is $t->{'public.fresh'}{rows}, -1, 'unknown rows are not 0';
ok exists $t->{q{o'ne".t. x}}, 'a hostile name';
is_deeply [grep { /nothing|far_away/ } keys %$t], [],
    'views and foreign tables have nothing here';
cmp_ok $t->{'pg_catalog.pg_largeobject'}{total}, '>', 400000,
    'large objects are data, too';

my $sum = 0;
$sum += $_->{total} for values %$t;
my $rest = pg_size('app') - $sum;
cmp_ok $rest, '>=', 0, 'together they are no more than the database';
cmp_ok $rest, '<', 1 << 20, "nor much less ($rest bytes)";

# a temporary table of another session

other('CREATE TEMP TABLE temporary AS SELECT generate_series(1, 100) a');
is_deeply [grep { /temporary/ } keys %{ pg_tables()->{tables} }], [],
    'temporary tables are left out';

# somebody holds a table, or its index

for my $lock ('LOCK TABLE ONLY old', 'REINDEX INDEX toasted_pkey',
              'DROP TABLE unlogged', 'LOCK TABLE parent_2a')
{
    my ($name) = $lock =~ /(old|toasted|unlogged|parent)/;
    other("BEGIN; $lock");
    my $start = time;
    $d = pg_tables();
    is $d->{scopes}{'table_sizes app'}, 'ok', "while $lock";
    cmp_ok time - $start, '<', 5, 'nobody is waited for';
    is $d->{tables}{"public.$name"}{total}, -1, 'that one is not read';
    is_deeply [grep { $d->{tables}{$_}{total} == -1 } keys %{ $d->{tables} }],
        ["public.$name"], 'all others are';
    other('ROLLBACK');
}

# it waits for a table that goes away meanwhile: the lock comes after the look

$pg->sql('CREATE TABLE going AS SELECT generate_series(1, 10) a', 'app');
other('BEGIN; DROP TABLE going');
is pg_tables()->{tables}{'public.going'}{total}, -1, 'dropped, not yet for all';
other('COMMIT');
$d = pg_tables();
is $d->{scopes}{'table_sizes app'}, 'ok', 'dropped for all';
ok !exists $d->{tables}{'public.going'}, 'and gone';

# tables come and go all the time

my $pid = fork // die $!;
if ($pid == 0) {
    $pg->sql(join('', map { "CREATE TABLE churn_$_ (a int);"
                            . "DROP TABLE churn_$_;" } 1 .. 2000), 'app');
    POSIX::_exit(0);
}
my ($reads, $bad) = (0, 0);
while (waitpid($pid, POSIX::WNOHANG()) == 0) {
    my $now = pg_tables();
    $reads++;
    $bad++ if ($now->{scopes}{'table_sizes app'} // '') ne 'ok';
}
cmp_ok $reads, '>', 0, "read $reads times while tables came and went";
is $bad, 0, 'and every time to the end';

$d = pg_dump_of(read => 'table_sizes', only => 'closed');
is $d->{error}, 'TARGET_PERMISSION', 'tables of a database it may not enter';


# --- MariaDB -----------------------------------------------------------------

if (!TaiFish::Server::has_mariadb()) {
    note 'no MariaDB there';
    done_testing;
    exit;
}

my $ma = TaiFish::Server::mariadb("$dir/ma");
my @ma_names = ('shop', 'a-b c.д#p', 's', 's/l', '@002d', 'nothing', 'views');

$ma->sql("CREATE DATABASE `$_`") for @ma_names;
$ma->sql($_) for split /\n{2}/, <<'SQL';
USE shop;
CREATE TABLE own (id int PRIMARY KEY, v varchar(400), KEY (v));
INSERT INTO own SELECT seq, repeat(md5(seq), 10) FROM seq_1_to_20000;
CREATE TABLE isam (id int PRIMARY KEY, v varchar(400)) ENGINE=MyISAM;
INSERT INTO isam SELECT seq, md5(seq) FROM seq_1_to_3000;
CREATE TABLE aria (id int PRIMARY KEY, v text) ENGINE=Aria;
INSERT INTO aria SELECT seq, md5(seq) FROM seq_1_to_3000;
CREATE TABLE words (id int PRIMARY KEY, v text, FULLTEXT KEY (v));
CREATE TABLE memory (a int) ENGINE=MEMORY;
INSERT INTO memory SELECT seq FROM seq_1_to_10000;
SET GLOBAL innodb_file_per_table = OFF;
CREATE TABLE shared (id int PRIMARY KEY, v varchar(400));
SET GLOBAL innodb_file_per_table = ON;
INSERT INTO shared SELECT seq, repeat(md5(seq), 10) FROM seq_1_to_5000;
ANALYZE TABLE own, isam, aria, shared

USE `a-b c.д#p`;
CREATE TABLE `t-1#p` (a int);
CREATE TABLE parts (a int) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a)
    SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10),
                     PARTITION `p-1` VALUES LESS THAN (20))

USE s; CREATE TABLE `x/y` (a int); CREATE TABLE `parts#p#p0` (a int);
CREATE TABLE parts (a int)

USE `s/l`; CREATE TABLE t (a int)

USE `@002d`; CREATE TABLE a (a int)

USE views; CREATE VIEW v AS SELECT * FROM shop.own

CREATE ROLE reader; GRANT PROCESS, SHOW DATABASES, SHOW VIEW ON *.* TO reader;
CREATE USER by_role@'%' IDENTIFIED BY 'secret'; GRANT reader TO by_role@'%';
SET DEFAULT ROLE reader FOR by_role@'%';
CREATE USER one@'%' IDENTIFIED BY 'secret';
GRANT PROCESS, SHOW DATABASES ON *.* TO one@'%';
GRANT SELECT ON `sho_`.* TO one@'%'; GRANT SELECT ON s.`x/y` TO one@'%';
CREATE USER blind@'%' IDENTIFIED BY 'secret';
GRANT SELECT ON shop.* TO blind@'%'
SQL

# the rights that the page for operators names

my ($script) = TaiFish::slurp("$TaiFish::ROOT/docs/monitoring-account.md")
    =~ /```sql mariadb\n(.*?)```/s or die 'no script';
$ma->sql($script =~ s/change-me/secret/r =~ s/taifish_monitor/mon/gr);

sub ma_dump_of {
    return TaiFish::Dump::read('mysql', port => $ma->port, user => 'mon',
        password => 'secret', @_);
}

# what the files of a directory hold

my %encoded = ('a-b c.д#p' => 'a@002db@0020c@002e@k0@0023p',
               's/l' => 's@002fl', '@002d' => '@0040002d');

sub on_disk {
    my ($name, $file) = @_;
    my $dir = "$dir/ma/data/" . ($encoded{$name} // $name);
    my $sum = 0;
    $sum += -s for grep { !/\.(?:frm|opt|par|isl)$/ }
        glob "$dir/" . ($file // '*');
    return $sum;
}

$d = ma_dump_of(read => 'databases');
is $d->{error}, undef, 'MariaDB is read' or diag $d->{detail};
is $d->{verified}, 1, 'with all of its databases';

my ($ours, $theirs) = ([], []);
push @{ $d->{databases}{$_}{system} ? $theirs : $ours }, $_
    for sort keys %{ $d->{databases} };
is_deeply $ours, [sort @ma_names], 'which are these';
is_deeply $theirs, ['mysql', 'sys'], "and the system's own";

my $shared = $ma->value('SELECT DATA_LENGTH + INDEX_LENGTH
    FROM information_schema.TABLES WHERE TABLE_NAME = "shared"');
cmp_ok $shared, '>', 1000000, 'a table without a file of its own';
is $d->{databases}{shop}{total}, on_disk('shop') + $shared,
    'files, and what stands in the shared one';
is $d->{databases}{$_}{total}, on_disk($_), "size of $_"
    for grep { $_ ne 'shop' } @ma_names;
cmp_ok $d->{databases}{$_}{total}, '>', 0, "and it is something: $_"
    for 'a-b c.д#p', 's', 's/l', '@002d';
is $d->{databases}{nothing}{total}, 0, 'a database without a table is 0';

is_deeply { map { $_ => $d->{databases}{$_}{total} } @ma_names },
    { map { my $n = $_; $n => ma_dump_of(read => 'databases',
        user => 'by_role')->{databases}{$n}{total} } @ma_names },
    'the same by the rights of a role';

my $one = ma_dump_of(read => 'databases', user => 'one');
is $one->{databases}{shop}{total}, $d->{databases}{shop}{total},
    'a grant for a pattern';
is $one->{databases}{$_}{total}, undef, "hidden tables: no size of $_"
    for 's', 's/l', 'nothing';
is $one->{scopes}{"sizes $_"}, 'denied', "but an outcome of $_"
    for 's', 's/l', 'nothing';
is $one->{verified}, 1, 'all databases are listed nevertheless';

my $blind = ma_dump_of(read => 'databases', user => 'blind');
is_deeply [keys %{ $blind->{databases} }], ['shop'], 'a list that hides some';
is $blind->{verified}, 0, 'is not complete';
is $blind->{databases}{shop}{total}, undef, 'without PROCESS no files';
is $blind->{scopes}{sizes}, 'denied', 'which is said';

# --- tables of MariaDB -------------------------------------------------------

sub ma_tables {
    my ($name, @more) = @_;
    return ma_dump_of(read => 'table_sizes', only => $name, @more);
}

$t = ma_tables('shop');
is $t->{error}, undef, 'tables are read' or diag $t->{detail};
is_deeply $t->{scopes}, { 'table_sizes shop' => 'ok' }, 'with their outcome';
$t = $t->{tables};
is_deeply [sort keys %$t], [map { "shop.$_" } qw(aria isam own shared words)],
    'all that are on disk';
is $t->{'shop.own'}{total}, on_disk('shop', 'own.ibd'), 'its file';
cmp_ok $t->{'shop.own'}{data}, '>', 320 * 20000, 'its data';
cmp_ok $t->{'shop.own'}{index}, '>', 320 * 20000, 'its indexes';
cmp_ok abs($t->{'shop.own'}{rows} - 20000), '<', 4000, 'its rows, about';
is $t->{'shop.isam'}{total}, on_disk('shop', 'isam.MY[DI]'), 'of MyISAM';
is $t->{'shop.aria'}{total}, on_disk('shop', 'aria.MA[DI]'), 'of Aria';
is $t->{'shop.isam'}{rows}, 3000, 'rows of MyISAM';
is $t->{'shop.shared'}{total}, $shared, 'in the shared file';

$t = ma_tables('a-b c.д#p')->{tables};
is $t->{'a-b c.д#p.t-1#p'}{total}, on_disk('a-b c.д#p', 't@*.ibd'),
    'an encoded name';
is $t->{'a-b c.д#p.parts'}{total}, on_disk('a-b c.д#p', 'parts#*.ibd'),
    'all partitions of a table';
cmp_ok $t->{'a-b c.д#p.parts'}{total}, '>', 4 * 16384, 'which are four';
is scalar keys %$t, 2, 'and not there twice';

$t = ma_tables('s')->{tables};
is $t->{'s.x/y'}{total}, on_disk('s', 'x@002fy.ibd'), 'a slash in a name';
is $t->{'s.parts'}{total}, on_disk('s', 'parts.ibd'),
    'a table whose name begins another';
is $t->{'s.parts#p#p0'}{total}, on_disk('s', 'parts@0023p@0023p0.ibd'),
    'and one named like a partition';

is_deeply ma_tables('views')->{tables}, {}, 'a view is no table';
$t = ma_tables('s', user => 'one');
is_deeply $t->{tables}, {}, 'nothing of a database with hidden tables';
is $t->{scopes}{'table_sizes s'}, 'denied', 'which is denied';
is ma_tables('nothing', user => 'one')->{error}, 'TARGET_PERMISSION',
    'one that may not be used';
is ma_tables('gone')->{error}, 'TARGET_DATABASE', 'one that is not there';

# --- MySQL from 8.0 on -------------------------------------------------------

# It answers from figures that are up to a day old unless the session says
# otherwise.  A server that calls itself one notes what it is asked, and refuses
# to say anything.

sub asked {
    my ($version) = @_;
    my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
        or die $!;
    my $port = $listen->sockport;
    pipe my $in, my $out or die $!;
    my $pid = fork // die $!;

    if ($pid == 0) {
        my $c = $listen->accept;
        my $send = sub {
            my ($n, @packets) = @_;
            print $c map { substr(pack('V', length), 0, 3) . chr($n++) . $_ }
                @packets;
        };
        my $get = sub {
            read $c, my $head, 4 or return '';
            read $c, my $body, unpack 'V', substr($head, 0, 3) . "\0";
            return $body;
        };
        my $end = "\xfe\0\0\2\0";
        my $lenc = sub { chr(length $_[0]) . $_[0] };

        $c->autoflush(1);
        $send->(0, pack 'C Z* V a8 x v C v v C x10 a13 Z*', 10, $version, 1,
            'a' x 8, 0xa209, 33, 2, 0x0008, 21, 'b' x 12 . "\0",
            'mysql_native_password');
        $get->();
        $send->(2, "\0\0\0\2\0\0\0");

        while ((my $query = $get->()) =~ s/^\x03//) {
            syswrite $out, "$query\n";
            if ($query eq 'SELECT VERSION()') {
                $send->(1, "\1", "\3def\0\0\0\1v\0\x0c" . pack('v V C v C v',
                    33, 99, 253, 0, 0, 0), $end, $lenc->($version), $end);
            } elsif ($query =~ /^SET/) {
                $send->(1, "\0\0\0\2\0\0\0");
            } else {
                $send->(1, "\xff" . pack('v', 1227) . '#42000no');
            }
        }
        POSIX::_exit(0);
    }

    close $out;
    TaiFish::Dump::read('mysql', port => $port, user => 'mon',
        password => 'secret', read => 'databases');
    waitpid $pid, 0;
    return map { chomp; $_ } <$in>;
}

my @asked = asked('8.0.36');
my ($expiry) = grep { $asked[$_] =~ /information_schema_stats_expiry = 0/ }
    0 .. $#asked;
my ($show) = grep { $asked[$_] eq 'SHOW GRANTS' } 0 .. $#asked;
ok defined $expiry && defined $show && $expiry < $show,
    'MySQL 8 is told to look before it is asked' or diag "@asked";
is_deeply [grep { /stats_expiry/ } asked($_)], [], "$_ does not know that"
    for '5.7.44', '10.11.6-MariaDB';

done_testing;
