# What tf_sql.pl refuses.

use lib 't/lib';
use TaiFish;

use File::Temp ();

sub compile {
    my ($sql, $parts) = @_;
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    my @files = "$dir/x.sql";

    TaiFish::spew($files[0], $sql);
    push @files, "$dir/parts.sql" if $parts;
    TaiFish::spew($files[1], $parts) if $parts;
    my $said = `perl $TaiFish::ROOT/src/core/tf_sql.pl $dir @files 2>&1`;
    return ($said, -e "$dir/tf_sql_list.c"
        ? TaiFish::slurp("$dir/tf_sql_list.c") : '');
}


# --- a refusal that nobody reads -------------------------------------------

my $rules = "WITH rules AS (\n    SELECT tf_fail('FORBIDDEN', 'id')\n"
    . "    WHERE :id::bigint = 1\n)";

my ($said) = compile("-- name: x\n$rules\n"
    . "DELETE FROM users WHERE id = :id AND (SELECT count(*) FROM rules) = 0");
is $said, '', 'a refusal that the statement reads';

($said) = compile("-- name: x\n$rules\nDELETE FROM users WHERE id = :id");
like $said, qr/x: nothing reads "rules"/, 'one that it does not read';

($said) = compile("-- name: x\n$rules, wanted AS (\n    SELECT id FROM users,"
    . " rules\n)\nDELETE FROM users WHERE id = :id");
like $said, qr/x: nothing reads "rules"/,
    'one that only a query reads which nobody reads';

($said) = compile("-- name: x\n$rules, gone AS (\n    DELETE FROM users"
    . " WHERE id = :id AND (SELECT count(*) FROM rules) = 0\n)\nSELECT 1");
is $said, '', 'one that a query reads which writes';

($said) = compile("-- name: x\n$rules\nSELECT 'FROM rules' AS text");
like $said, qr/x: nothing reads "rules"/, 'its name in a text';

($said) = compile("-- part: r\n$rules\n\n-- name: x\n{r}\nSELECT 1");
like $said, qr/x: nothing reads "rules"/, 'one in a part';


# --- parts -----------------------------------------------------------------

my $shared = "-- part: all\nSELECT * FROM {arg}\n\n"
    . "-- part: now\nSELECT now()\n";
my (undef, $text) = compile("-- name: x\n{all: users}\n\n-- name: y\n{now}\n",
    $shared);
like $text, qr/"SELECT \* FROM users"/, 'a part of all files, with a word';
like $text, qr/"SELECT now\(\)"/, 'a part of all files, without a word';

for my $case (["-- name: x\n{all}", "part 'all' needs an argument"],
              ["-- name: x\n{now: users}", "part 'now' takes no argument"],
              ["-- name: x\n{none}", "no part 'none'"],
              ["-- name: x\nSELECT {arg}", 'stands outside of a part'],
              ["-- part: now\nSELECT 1\n\n-- name: x\n{now}",
               "part 'now' is there already"])
{
    ($said) = compile($case->[0], $shared);
    like $said, qr/\Q$case->[1]\E/, $case->[1];
}


# --- lanes -----------------------------------------------------------------

($said) = compile("-- name: x\n-- lane: express\nSELECT 1");
like $said, qr/x: no lane 'express'/, 'a lane that does not exist';

my (undef, $c) = compile("-- name: x\n-- lane: slow\nSELECT 1\n\n"
    . "-- name: y\nSELECT 2");
like $c, qr/"x",.*?, 2, 0 \}/s, 'slow';
like $c, qr/"y",.*?, 0, 0 \}/s, 'fast';


# --- a page ----------------------------------------------------------------

my $page = "-- name: x\n-- sort: id=a.id name=a.name place=i.name\n"
    . "SELECT a.name\nFROM k\n     JOIN accounts a ON a.id = k._id\n-- keys\n"
    . "FROM accounts a\n     JOIN instances i ON i.id = a.instance_id\n"
    . "WHERE true\n-- unfiltered: id name\n      AND a.plain\n-- filtered\n"
    . "      AND (:y::text IS NULL OR a.y = :y)\n";

($said, $c) = compile($page);
is $said, '', 'a page of keys';

my %flags = map { /"(x\w*)",.*, (\d+), \d \},/s ? ($1 => $2) : () }
    split /(?<=\},)\n/, $c;
is_deeply [map { $flags{$_} } qw(x x_by_name_asc x_count x_plain
                                 x_plain_by_name_desc x_plain_count)],
    [2, 2, 2, 0, 0, 0], 'slow with filters, fast without';
is $flags{x_plain_by_place_asc}, 2, 'slow in an order that is not named';

my ($by_name) = $c =~ /"x_plain_by_name_asc",(.*?)\},\n/s;
unlike $by_name, qr/instances/, 'no join that its order does not need';
unlike $by_name, qr/:y|a\.y/, 'no filter';

($said) = compile($page =~ s/WHERE true\n//r);
like $said, qr/keys need WHERE/, 'keys without WHERE';

done_testing;
