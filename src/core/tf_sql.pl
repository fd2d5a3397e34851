#!/usr/bin/perl

# Turns the .sql files named as arguments into tf_sql_list.h and tf_sql_list.c
# in the directory given first.  The format is in tf_sql.h.  To be run in the
# root of the tree.

use strict;
use warnings;

my ($dir, @files) = @ARGV;
my (@stmts, %seen);

sub fail { die "tf_sql.pl: $_[0]\n" }

# Replaces :name by $n outside of literals, quoted names and comments.

sub bind_names {
    my ($sql) = @_;
    my (@names, %number);

    $sql =~ s{
        ( '(?:[^']|'')*' | "(?:[^"]|"")*" | \$\$.*?\$\$ )   # kept
        | ( --[^\n]*\n? | /\*.*?\*/ )                        # dropped
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

sub add {
    my ($name, $sql, $flags, @sorts) = @_;
    my ($text, @names) = bind_names($sql);

    fail("statement $name is empty") if $text eq '';
    fail("statement $name stands twice") if $seen{$name}++;

    $flags |= 1 if $text
        =~ /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|tf_enqueue)\b/i;
    push @stmts, [$name, $text, $flags, \@names, \@sorts];
}

sub add_page {
    my ($name, $sql, $flags, $sort) = @_;
    my (@keys, @exprs);

    for (split ' ', $sort) {
        my ($key, $expr) = /^([a-z_]+)=(\S+)$/
            or fail("$name: bad sort key '$_'");
        push @keys, $key;
        push @exprs, $expr;
    }

    my ($with, $from) = $sql
        =~ /\A(.*?)^SELECT\b.*?^(FROM\b.*?)^ORDER BY \{sort\}/ms
        or fail("$name: a page needs SELECT, FROM and ORDER BY {sort}, each"
                . " at the start of a line");

    for my $i (0 .. $#keys) {
        for my $way ('ASC', 'DESC') {
            my $order = "$exprs[$i] $way" . ($i ? ", $exprs[0] $way" : '');
            (my $text = $sql) =~ s/\{sort\}/$order/;
            my $first = $i == 0 && $way eq 'ASC';
            add($first ? $name : lc "${name}_by_$keys[$i]_$way", $text,
                $flags, $first ? @keys : ());
        }
    }

    add("${name}_count", "${with}SELECT count(*) AS total\n$from", $flags);
}

for my $file (@files) {
    open my $in, '<', $file or fail("$file: $!");
    my $text = do { local $/; <$in> };
    my @pieces = split /^-- (name|part): *(\S+) *\n/m, $text;
    my %part;

    shift @pieces;
    fail("$file has no statement") unless @pieces;

    while (my ($what, $name, $body) = splice @pieces, 0, 3) {
        $name =~ /^[a-z][a-z0-9_]*$/ or fail("$file: bad name '$name'");
        $body =~ s/\{([a-z0-9_]+)\}/
            $1 eq 'sort' ? '{sort}'
                         : $part{$1} \/\/ fail("$file: no part '$1'")/gex;

        if ($what eq 'part') {
            $body =~ s/\A\s+|\s+\z//g;
            $part{$name} = $body;
            next;
        }

        my $flags = 0;
        my $sort = $body =~ /^-- sort: *(.*)$/m ? $1 : undef;
        $flags |= 2 if $body =~ /^-- slow$/m;
        $flags |= 4 if $body =~ /^-- worker$/m;
        $body =~ s/;\s*\z//;
        defined $sort ? add_page($name, $body, $flags, $sort)
                      : add($name, $body, $flags);
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
    . join('', map { "    TF_SQL_$_->[0],\n" } @stmts)
    . "    TF_SQL_END\n} tf_sql_e;\n\n"
    . "#define TF_SCHEMA_VERSION  " . ($schema // 0) . "\n\n"
    . "#endif /* _TF_SQL_LIST_H_INCLUDED_ */\n");

put("$dir/tf_sql_list.c",
    "\n/* Made by tf_sql.pl. */\n\n#include \"tf_sql.h\"\n\n"
    . "const tf_stmt_t  tf_sql[TF_SQL_END] = {\n"
    . "    { \"\", \"\", NULL, 0, 0, NULL, 0 },\n"
    . join('', map {
        my ($name, $text, $flags, $names, $sorts) = @$_;
        "    { \"$name\",\n        " . c_string($text) . ",\n        "
        . c_names(@$names) . ', ' . @$names . ', ' . @$sorts . ', '
        . c_names(@$sorts) . ", $flags },\n"
      } @stmts)
    . "};\n");
