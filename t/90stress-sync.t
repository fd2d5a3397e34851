
# Ten thousand accounts with twenty grants each: the number of catalog queries
# does not depend on them, the first sync takes little more than reading and
# copying those rows takes, and a second one writes next to nothing.
#
# The full size and the bound of the ratio are asked for by TAIFISH_PROOF=1.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;
use Time::HiRes 'time';

my $proof = $ENV{TAIFISH_PROOF};
my $accounts = $ENV{TAIFISH_ACCOUNTS} || ($proof ? 10_000 : 1_000);
my $grants = 20;
my $tf = TaiFish->new(pg => { shared_buffers => '128MB' })->start;
my $api = $tf->as('admin');

$tf->sql('CREATE TABLE raw (line text)');

# few: queries of the server while it has few accounts; new: registers the same
# server again, so that its next sync is a first one.  What is compared is timed
# in turns, one right after the other, and the median of the ratios counts.

sub measure {
    my ($name, $few, $new, $queries, $raw) = @_;
    my ($s, $many, @first, @read, @copy, @ratio);

    for my $round (1 .. ($proof ? 7 : 1)) {
        $tf->sql("UPDATE instances SET is_active = false; TRUNCATE raw");
        $s = $new->("$name $round");
        $queries->();

        # the answer comes when all is committed; nothing polls meanwhile

        my $start = time;
        my $r = $s->try;
        push @first, time - $start;
        is $r->status, 200, "$name: $accounts accounts synced"
            or diag $r->as_string;

        # the same reads by the vendor's client, and a COPY of what they gave

        $many = $queries->();
        my ($read, $copy) = $raw->($many);
        push @read, $read;
        push @copy, $copy;
        push @ratio, $first[-1] / ($read + $copy);
    }

    is scalar(@$many), scalar(@$few),
        "$name: the number of catalog queries is " . @$many;

    my $ratio = median(@ratio);
    my $lines = $tf->value('SELECT count(*) FROM raw');
    diag sprintf "%s: sync %.2f s, raw read %.2f s + COPY of %d rows %.2f s,"
        . " ratio %.2f", $name, median(@first), median(@read), $lines,
        median(@copy), $ratio;
    if ($proof) {
        cmp_ok $ratio, '<=', 2, "$name: first sync at most twice the raw time";
    }

    is $tf->value("SELECT count(*) FROM account_versions v
                   JOIN accounts a ON a.id = v.account_id
                   WHERE a.instance_id = $s->{id}")
        >= $accounts, 1, "$name: a version of each";
    my $have = $tf->value("SELECT sum(substring(message FROM 'ADD (.*)')::int)
                           FROM account_changes
                           WHERE instance_id = $s->{id}
                                 AND message LIKE 'ADD %'");
    cmp_ok $have, '>=', $accounts * $grants, "$name: with $have privileges";

    my $again;
    my $n = $s->written(sub {
        my $start = time;
        $s->sync;
        $again = time - $start;
    });
    diag sprintf "%s: again in %.2f s, %d rows written, worker child at most"
        . " %d MiB", $name, $again, $n, peak() / 1024;
    cmp_ok $n, '<=', 10, "$name: an unchanged one writes $n rows";
}

sub median { (sort { $a <=> $b } @_)[@_ / 2] }

sub queries_of {
    my ($s, $queries) = @_;
    $s->sync;
    return $queries->();
}

# The most any of the worker's children ever held, in KiB.

sub peak {
    my $most = 0;
    for my $pid (TaiFish::children($tf->worker->pid)) {
        my ($kb) = TaiFish::slurp_if("/proc/$pid/status") =~ /^VmHWM:\s*(\d+)/m;
        $most = $kb if $kb && $kb > $most;
    }
    return $most;
}

sub copy {
    my ($file) = @_;
    my $start = time;
    $tf->sql("\\copy raw FROM '$file' WITH (FORMAT csv, DELIMITER E'\\x01',"
             . " QUOTE E'\\x02')\n");
    return time - $start;
}


# --- MariaDB ---------------------------------------------------------------

{
    my $db = $tf->mariadb;
    my $log = "$db->{dir}/general.log";
    $db->sql("CREATE DATABASE d; CREATE TABLE d.t (a int);
              CREATE USER u0\@'%' IDENTIFIED BY 'x';
              GRANT SELECT, INSERT ON d.* TO u0\@'%';
              GRANT SELECT ON d.t TO u0\@'%';
              SET GLOBAL general_log_file = '$log';
              SET GLOBAL general_log = 1");

    my $at = 0;
    my $queries = sub {
        open my $in, '<', $log or die "$log: $!";
        seek $in, $at, 0;
        my $text = do { local $/; <$in> };
        $at = tell $in;
        my @found;
        for my $piece (split /\n(?:\d{6} [ \d]\d:\d\d:\d\d)?\t+ *(?=\d+ \w)/,
                       $text) {
            push @found, $1 if $piece =~ /^\d+ Query\t(SELECT .*)/s;
        }
        return [grep { /FROM mysql\./ } @found];
    };

    my $small = TaiFish::Sync->new($tf, $api, 'mysql', $db);
    $queries->();
    my $few = queries_of($small, $queries);

    {
        my $dbs = $grants - 2;
        $db->sql(qq{
            INSERT INTO mysql.global_priv
            SELECT '%', concat('u', seq), Priv
            FROM mysql.global_priv, seq_1_to_$accounts WHERE User = 'u0';
            CREATE TEMPORARY TABLE mysql.one AS
            SELECT * FROM mysql.db WHERE User = 'u0';
            INSERT INTO mysql.db
            SELECT o.Host, concat('d', d.seq), concat('u', a.seq), }
            . join(', ', map { "o.$_" } columns($db, 'db')) . qq{
            FROM mysql.one o, seq_1_to_$dbs d, seq_1_to_$accounts a;
            INSERT INTO mysql.tables_priv
            SELECT t.Host, t.Db, concat('u', a.seq), concat('t', n.seq),
                   t.Grantor, t.Timestamp, t.Table_priv, t.Column_priv
            FROM mysql.tables_priv t, seq_1_to_2 n, seq_1_to_$accounts a
            WHERE t.User = 'u0';
            FLUSH PRIVILEGES}, 'd');
    }

    my $new = sub {
        TaiFish::Sync->new($tf, $api, 'mysql', $db, name => $_[0], ready => 1);
    };
    measure('MariaDB', $few, $new, $queries, sub {
        my ($list) = @_;
        my $file = "$tf->{dir}/mysql.raw";
        TaiFish::spew("$tf->{dir}/q.sql", join ";\n", @$list, '');
        my $start = time;
        system("mariadb --no-defaults -uroot -S $db->{socket} -N -B --quick"
               . " < $tf->{dir}/q.sql > $file") == 0 or die 'mariadb';
        my $read = time - $start;
        chmod 0644, $file;
        return $read, copy($file);
    });
    $db->stop;
}

sub columns {
    my ($db, $table) = @_;
    return split /\s+/, $db->sql(
        "SELECT column_name FROM information_schema.columns
         WHERE table_schema = 'mysql' AND table_name = '$table'
               AND column_name NOT IN ('Host', 'Db', 'User')
         ORDER BY ordinal_position");
}


# --- PostgreSQL ------------------------------------------------------------

{
    my $db = $tf->postgres('target', log_statement => "'all'",
                           log_min_messages => 'log');
    my $at = 0;
    my $queries = sub {
        my $text = $db->output;
        my $new = substr $text, $at;
        $at = length $text;
        my @found;
        while ($new =~ /\ collector\@(\S+)\ LOG:\ +(?:statement|execute[^:]*):
                        \ (.*?)(?=\n'?\d{4}-|\z)/gsx) {
            push @found, [$1, $2];
        }
        return [grep { $_->[1] =~ /\bFROM\b/i } @found];
    };

    my $small = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
    $queries->();
    my $few = queries_of($small, $queries);

    {
        my $tables = $accounts / 500 * $grants;
        $db->sql("DO \$\$ BEGIN
            FOR i IN 1 .. $accounts LOOP
                EXECUTE format('CREATE ROLE u%s LOGIN', i);
            END LOOP; END \$\$");
        for my $group (0 .. $accounts / 500 - 1) {
            my @t = map { 't' . ($group * $grants + $_) } 1 .. $grants;
            $db->sql(join('', map { "CREATE TABLE $_ (a int);" } @t)
                . 'GRANT SELECT ON ' . join(',', @t) . ' TO '
                . join(',', map { 'u' . ($group * 500 + $_) } 1 .. 500));
        }
        $queries->();
    }

    my $new = sub {
        TaiFish::Sync->new($tf, $api, 'postgresql', $db, name => $_[0],
                           ready => 1);
    };
    measure('PostgreSQL', $few, $new, $queries, sub {
        my ($list) = @_;
        my $file = "$tf->{dir}/pgsql.raw";
        my %of;
        push @{ $of{ $_->[0] } }, $_->[1] for @$list;
        my $read = 0;
        unlink $file;
        for my $database (sort keys %of) {
            TaiFish::spew("$tf->{dir}/q.sql",
                          join ";\n", @{ $of{$database} }, '');
            my $start = time;
            system("$db->{bin}/psql -XqAt -h $db->{socket} -p $db->{port}"
                   . " -U taifish -d $database -f $tf->{dir}/q.sql"
                   . " >> $file") == 0 or die 'psql';
            $read += time - $start;
        }
        chmod 0644, $file;
        return $read, copy($file);
    });
}

done_testing;
