#!/usr/bin/perl

# Turns the .sql files named as arguments into tf_sql_list.h and tf_sql_list.c
# in the directory given first.  The format is in tf_sql.h.  To be run in the
# root of the tree.

use strict;
use warnings;

my ($dir, @files) = @ARGV;
my (@stmts, %seen);

# As in tf_sql.h.
my ($WRITE, $SLOW, $WORKER, $LOG) = (1, 2, 4, 8);

# A count is exact up to this many rows; past it a sample of the table's pages,
# so many percent of them, says about how many there are.
my ($EXACT, $SAMPLE) = (10000, 2);

# Text in which a word is not SQL.
my $quoted = qr/'(?:[^']|'')*' | "(?:[^"]|"")*" | \$\$.*?\$\$/sx;
my $comment = qr{--[^\n]*\n? | /\*.*?\*/}sx;

sub fail { die "tf_sql.pl: $_[0]\n" }

# Replaces :name by $n outside of literals, quoted names and comments.

sub bind_names {
    my ($sql) = @_;
    my (@names, %number);

    $sql =~ s{
        ($quoted)                               # kept
        | ($comment)                            # dropped
        | ( :: )
        | : ([a-z_][a-z0-9_]*)
    }{
        if (defined $1) { $1 }
        elsif (defined $2) { "\n" }
        elsif (defined $3) { "::" }
        else {
            push @names, $4 unless $number{$4};
            $number{$4} ||= scalar @names;
            "\$$number{$4}";
        }
    }gsex;

    $sql =~ s/\s+\n/\n/g;
    $sql =~ s/\A\s+|\s+\z//g;

    return ($sql, @names);
}

# The queries of a statement's WITH, by name, and what follows them.

sub ctes {
    my ($sql) = @_;
    my (%cte, $group);

    $group = qr/\((?:[^()'"\$]++|$quoted|\$|(??{ $group }))*+\)/s;

    return (\%cte, $sql) unless $sql =~ /\G\s*WITH\s+(?:RECURSIVE\s+)?/gci;

    while ($sql =~ /\G\s*(\w+)\s*(?:\([\w\s,]*\)\s*)?AS\s+
                    (?:NOT\s+)?(?:MATERIALIZED\s+)?($group)\s*(,?)/gcxi)
    {
        $cte{$1} = $2;
        last unless $3;
    }

    return (\%cte, substr $sql, pos $sql);
}

# PostgreSQL runs a query of WITH only as far as somebody reads it, unless it
# writes: a refusal in one that nobody reads refuses nothing, in silence.

sub check_refusals {
    my ($name, $text) = @_;
    my ($cte, $main) = ctes($text);
    my %todo = map { $_ => 1 } keys %$cte;
    my @read = ($main);

    for my $c (keys %$cte) {
        next unless $cte->{$c} =~ /\A\(\s*(?:INSERT|UPDATE|DELETE|MERGE)\b/i;
        push @read, $cte->{$c};
        delete $todo{$c};
    }

    while (defined(my $sql = shift @read)) {
        $sql =~ s/$quoted//g;
        for my $c (sort keys %todo) {
            next unless $sql =~ /(?:\b(?:FROM|JOIN|USING)|,)\s*$c\b/i;
            push @read, $cte->{$c};
            delete $todo{$c};
        }
    }

    for my $c (sort keys %todo) {
        fail("$name: nothing reads \"$c\", so its tf_fail() would refuse"
                . " nothing") if $cte->{$c} =~ /\btf_fail\s*\(/;
    }
}

sub add {
    my ($name, $sql, $flags, %page) = @_;
    my ($text, @names) = bind_names($sql);

    fail("statement $name is empty") if $text eq '';
    fail("statement $name stands twice") if $seen{$name}++;
    check_refusals($name, $text);

    $flags |= $WRITE if $text
        =~ /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|tf_enqueue|logs_write
                |audit_append|audit_cut)\b/ix;
    push @stmts, { name => $name, text => $text, flags => $flags,
                   params => \@names, sorts => $page{sorts} || [],
                   plain => $page{plain} || 0 };
}

# The sort keys of a page: [key, expression] each.

sub sort_keys {
    my ($name, $sort) = @_;
    return map {
        /^([a-z_]+)=(\S+)$/ or fail("$name: bad sort key '$_'");
        [$1, $2];
    } split ' ', $sort;
}

# The statements of a page for every sort key and both directions.  $list makes
# the text of one from ORDER BY's expressions, the key's own expression and the
# condition that the row comes after the one in :_after and :_after_id.

sub add_sorted {
    my ($name, $flags, $hot, $list, $page, @keys) = @_;
    my $id = $keys[0][1];

    for my $i (0 .. $#keys) {
        my ($key, $expr) = @{ $keys[$i] };

        for my $way ('ASC', 'DESC') {
            my $than = $way eq 'ASC' ? '>' : '<';
            my $order = "$expr $way" . ($i ? ", $id $way" : '');
            my $after = $i ? "($expr, $id) $than (:_after, :_after_id)"
                           : "$id $than :_after_id";
            my $first = $i == 0 && $way eq 'ASC';

            add($first ? $name : lc "${name}_by_${key}_$way",
                $list->($order, $expr,
                        "(:_after_id::bigint IS NULL OR $after)"),
                !$hot || $hot->{$key} ? $flags : $flags | $SLOW,
                $first ? %$page : ());
        }
    }
}

# A page that finds its rows and shows them by one query.

sub add_page {
    my ($name, $sql, $flags, @keys) = @_;
    my ($with, $columns, $from, $rest) = $sql
        =~ /\A(.*?)^SELECT\b(.*?)^(FROM\b.*?)^ORDER BY \{sort\}(.*)\z/ms
        or fail("$name: a page needs SELECT, FROM and ORDER BY {sort}, each"
                . " at the start of a line");
    my $and = $from =~ /^WHERE\b/m ? 'AND' : 'WHERE';

    add_sorted($name, $flags, undef, sub {
        my ($order, $expr, $after) = @_;
        return "${with}SELECT $keys[0][1] AS _id, ($expr)::text AS _key,"
            . "$columns${from}$and $after\nORDER BY $order$rest";
    }, { sorts => [map { $_->[0] } @keys] }, @keys);

    add("${name}_count", "${with}SELECT count(*) AS total,"
        . " false AS total_is_estimate\n$from", $flags);
}

# A page that finds the keys of its rows first: what is skipped is not built.

sub add_keyed_page {
    my ($name, $part, $flags, @keys) = @_;
    my $where = $part->{keys};
    my $plain = $part->{unfiltered};
    my $page = { sorts => [map { $_->[0] } @keys], plain => defined $plain };
    my $filtered = $where . ($part->{filtered} // '');

    fail("$name: keys need WHERE at the start of a line")
        unless $where =~ /^WHERE\b/m;

    my $lists = sub {
        my ($as, $found, $lane, $hot) = @_;
        add_sorted($as, $lane, $hot, sub {
            my ($order, $expr, $after) = @_;
            my $way = $order =~ /DESC/ ? 'DESC' : 'ASC';
            my $keys = joined($found, $expr);
            my $near = $hot && near_page($part->{rows}, $keys, $keys[0][1],
                                         $expr, $order);
            return $near if $near;

            $after = $hot ? '' : "AND $after\n";
            return "WITH k AS MATERIALIZED (\n"
                . "SELECT $keys[0][1] AS _id, $expr AS _sort\n"
                . "$keys${after}ORDER BY $order\n"
                . "LIMIT :limit::int OFFSET :_offset::int\n)\n"
                . ($part->{rows}
                   =~ s/^SELECT\b/SELECT k._id, k._sort::text AS _key,/mr)
                . "\nORDER BY k._sort $way, k._id $way";
        }, $hot ? {} : $page, @keys);
    };

    $lists->($name, $filtered, $flags | $SLOW);
    add("${name}_count", count_some($name, $filtered), $flags | $SLOW);

    add_plain_page($name, $part, $flags, $lists) if defined $plain;

    add("${name}_export", chunk($part->{export}, $filtered, $keys[0][1]),
        $flags | $SLOW) if defined $part->{export};
}

# A page whose rows are those of the keys' table alone, or nothing.  Without
# filters little is skipped, so they are found and read in one step, without a
# join of the table with itself.

sub near_page {
    my ($rows, $keys, $id, $expr, $order) = @_;
    my ($table, $alias) = $keys =~ /^FROM (\w+) (\w+)$/m or return;

    $rows =~ s/^FROM k\n +JOIN $table $alias ON \Q$id\E = k\._id\s*\z//m
        or return;
    $rows =~ s/^SELECT\b/SELECT $id AS _id, ($expr)::text AS _key,/m;

    return "$rows${keys}ORDER BY $order\n"
        . "LIMIT :limit::int OFFSET :_offset::int";
}

# Its statements without filters, which are right behind those with filters.

sub add_plain_page {
    my ($name, $part, $flags, $lists) = @_;
    my ($where, $plain) = @$part{qw(keys unfiltered)};
    my %hot = map { $_ => 1 } split ' ', $part->{hot} // '';

    $lists->("${name}_plain", "$where$plain", $flags, \%hot);
    add("${name}_plain_count", $part->{total}
        // count_some($name, "$where$plain"), $flags);
}

# So many rows of a list, in the order of its first key, after one of them.

sub chunk {
    my ($rows, $found, $id) = @_;
    $rows =~ s/^SELECT\b/SELECT k._id,/m;
    return "WITH k AS MATERIALIZED (\n"
        . "SELECT $id AS _id\n" . joined($found, $id)
        . "AND (:_after_id::bigint IS NULL OR $id > :_after_id)\n"
        . "ORDER BY $id\nLIMIT :_rows::int\n)\n$rows\nORDER BY k._id";
}

# The keys' FROM without the joins that neither a condition nor this order
# needs.

sub joined {
    my ($from, $order) = @_;
    my $all = "$from $order";
    $from =~ s{^ +JOIN \w+ (\w+) ON .*\n}{
        my ($line, $alias) = ($&, $1);
        my $uses = () = $all =~ /\b$alias\./g;
        my $own = () = $line =~ /\b$alias\./g;
        $uses > $own ? $line : '';
    }gem;
    return $from;
}

sub count_some {
    my ($name, $from) = @_;
    $from = joined($from, '');
    my $rows = "SELECT count(*) AS n FROM (SELECT\n${from}LIMIT "
        . ($EXACT + 1) . ") x";
    my $pages = "TABLESAMPLE SYSTEM ($SAMPLE) REPEATABLE (1)";
    (my $sample = $from) =~ s/^(FROM \w+ \w+)\b/$1 $pages/m
        or fail("$name: keys need FROM table name");
    my $times = 100 / $SAMPLE;

    return "WITH found AS MATERIALIZED ($rows)\n"
        . "SELECT CASE WHEN found.n <= $EXACT THEN found.n\n"
        . "ELSE greatest(found.n, (SELECT count(*) * $times\n$sample)) END"
        . " AS total,\nfound.n > $EXACT AS total_is_estimate\nFROM found";
}

# The text of a part for the place where it is used.

sub part {
    my ($file, $name, $text, $arg) = @_;
    fail("$file: no part '$name'") unless defined $text;
    fail("$file: part '$name' " . ($arg ? 'takes no' : 'needs an')
        . ' argument') if !defined $arg != $text !~ /\{arg\}/;
    return $text =~ s/\{arg\}/$arg/gr;
}

my %shared;

for my $file (sort { ($b =~ m{/parts\.sql$}) <=> ($a =~ m{/parts\.sql$}) }
              @files)
{
    open my $in, '<', $file or fail("$file: $!");
    my $text = do { local $/; <$in> };
    my @pieces = split /^-- (name|part): *(\S+) *\n/m, $text;
    my %part = %shared;

    shift @pieces;
    fail("$file has no statement") unless @pieces;

    while (my ($what, $name, $body) = splice @pieces, 0, 3) {
        $name =~ /^[a-z][a-z0-9_]*$/ or fail("$file: bad name '$name'");
        $body =~ s/\{([a-z0-9_]+)(?::\s*(\w*))?\}/
            $1 eq 'sort' || $1 eq 'arg' ? $&
                : part($file, $1, $part{$1}, $2)/gex;

        if ($what eq 'part') {
            $body =~ s/\A\s+|\s+\z//g;
            fail("$file: part '$name' is there already") if $part{$name};
            $part{$name} = $body;
            $shared{$name} = $body if $file =~ m{/parts\.sql$};
            next;
        }

        fail("$name: {arg} stands outside of a part") if $body =~ /\{arg\}/;

        my $flags = 0;
        my $sort = $body =~ /^-- sort: *(.*)$/m ? $1 : undef;
        my $lane = $body =~ /^-- lane: *(.*?) *$/m ? $1 : 'fast';
        fail("$name: no lane '$lane'") unless $lane =~ /^(?:fast|slow|log)$/;
        $flags |= $SLOW if $lane eq 'slow';
        $flags |= $LOG if $lane eq 'log';
        $flags |= $WORKER if $body =~ /^-- worker$/m;
        $body =~ s/;\s*\z//;

        if (!defined $sort) {
            add($name, $body, $flags);
            next;
        }

        my @keys = sort_keys($name, $sort);
        my ($rows, %page) = split
            /^-- (keys|unfiltered|filtered|total|export)\b/m, $body;

        if (!defined $page{keys}) {
            add_page($name, $body, $flags, @keys);
            next;
        }

        $page{hot} = $1
            if defined $page{unfiltered} && $page{unfiltered} =~ s/\A: *(.*)//;
        $rows =~ s/^--.*\n//mg;
        $rows =~ s/\A\s+|\s+\z//g;
        $_ = s/\A\s*\n//r =~ s/\s*\z/\n/r for grep { defined }
            @page{qw(keys unfiltered filtered export)};
        add_keyed_page($name, { %page, rows => $rows }, $flags, @keys);
    }
}

sub c_string {
    my ($s) = @_;
    $s =~ s/([\\"])/\\$1/g;
    return join "\n        ", map { "\"$_\"" }
        map { s/\n/\\n/r } split /(?<=\n)/, $s;
}

sub c_names {
    my (@names) = @_;
    return @names
        ? '(const char *const []) { ' . join(', ', map {"\"$_\""} @names) . ' }'
        : 'NULL';
}

# Written only when changed, so that nothing is built again for nothing.

sub put {
    my ($path, $text) = @_;
    if (open my $old, '<', $path) {
        local $/;
        return if <$old> eq $text;
    }
    open my $out, '>', $path or fail("$path: $!");
    print $out $text;
    close $out or fail("$path: $!");
}

# The schema the statements are for: the number of the last migration.

my ($schema) = sort { $b <=> $a } map { m{/0*(\d+)_[^/]*$} ? $1 + 0 : () }
    glob "sql/*.sql";

put("$dir/tf_sql_list.h",
    "\n/* Made by tf_sql.pl. */\n\n"
    . "#ifndef _TF_SQL_LIST_H_INCLUDED_\n#define _TF_SQL_LIST_H_INCLUDED_\n\n"
    . "typedef enum {\n    TF_SQL_NONE = 0,\n"
    . join('', map { "    TF_SQL_$_->{name},\n" } @stmts)
    . "    TF_SQL_END\n} tf_sql_e;\n\n"
    . "#define TF_SCHEMA_VERSION  " . ($schema // 0) . "\n\n"
    . "#endif /* _TF_SQL_LIST_H_INCLUDED_ */\n");

put("$dir/tf_sql_list.c",
    "\n/* Made by tf_sql.pl. */\n\n#include \"tf_sql.h\"\n\n"
    . "const tf_stmt_t  tf_sql[TF_SQL_END] = {\n"
    . "    { \"\", \"\", NULL, 0, 0, NULL, 0, 0 },\n"
    . join('', map {
        my ($names, $sorts) = @$_{qw(params sorts)};
        "    { \"$_->{name}\",\n        " . c_string($_->{text}) . ",\n        "
        . c_names(@$names) . ', ' . @$names . ', ' . @$sorts . ', '
        . c_names(@$sorts) . ", $_->{flags}, $_->{plain} },\n"
      } @stmts)
    . "};\n");
