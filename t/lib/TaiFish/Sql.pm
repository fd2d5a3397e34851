package TaiFish::Sql;

# The catalogue of statements as the programs see it: the C text that
# src/core/tf_sql.pl made.
#
#     my @all = TaiFish::Sql::statements();
#     # { name, sql, names, write, slow, worker }
#     my @rows = TaiFish::Sql::run($tf, 'queue_sweep', { name => value });

use strict;
use warnings;

my $string = qr/"(?:[^"\\]|\\.)*"/;

sub plain {
    my $text = join '', map { s/^"|"$//gr } $_[0] =~ /($string)/g;
    return $text =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ger;
}

sub statements {
    my $text = TaiFish::slurp("$TaiFish::BUILD/tf_sql_list.c");
    my @found;

    while ($text =~ /^[ ]{4}\{[ ]($string),\s*((?:$string\s*)+),\s*
                     (NULL|\([^)]*\)\s*\{[^}]*\}),\s*(\d+),\s*(\d+),\s*
                     (?:NULL|\([^)]*\)\s*\{[^}]*\}),\s*
                     (\d+)(?:,\s*\d+)*\s*\}/mgx)
    {
        my ($name, $sql, $names, $n, $flags) = ($1, $2, $3, $4, $6);
        $name =~ s/"//g;
        push @found, { name => $name, sql => plain($sql), n => $n,
                       names => [map { s/"//gr } $names =~ /($string)/g],
                       write => $flags & 1, slow => $flags & 2,
                       worker => $flags & 4 } if $name ne '';
    }

    return @found;
}

# Runs a statement of the worker with the worker's rights; a list of rows, each
# a list of texts.  What is not given is NULL.

sub run {
    my ($tf, $name, $values) = @_;
    my ($s) = grep { $_->{name} eq $name } statements();
    my $args = join ', ', map {
        my $v = $values->{$_};
        defined $v ? "'" . $v =~ s/'/''/gr . "'" : 'NULL'
    } @{ $s->{names} };

    my ($code, $out) = $tf->pg->psql(
        "SET SESSION AUTHORIZATION taifish_worker;\n"
        . "PREPARE s AS $s->{sql};\nEXECUTE s" . ($args ? " ($args)" : ''));
    $code == 0 or die "$name: $out";
    return map { [split /\|/, $_, -1] } split /\n/, $out;
}

1;
