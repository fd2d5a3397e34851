# Names in every encoding that a PostgreSQL database can have: those that can be
# converted are read as what they are, the bytes of others as \xNN, and none of
# them keeps a scope from being read.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;

use utf8;

my $dir = TaiFish::Server::private_dir();
my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port());
my @as = (port => $pg->port, user => 'mon', password => 'secret');

$pg->sql(q{CREATE ROLE mon LOGIN PASSWORD 'secret'; CREATE ROLE app});

# a letter of each

my %bytes = (UTF8 => 'c3a9', SQL_ASCII => 'ff', MULE_INTERNAL => '81e9',
    (map { $_ => 'b0a1' } qw(EUC_JP EUC_CN EUC_KR EUC_JIS_2004)),
    EUC_TW => 'c4a1', (map { $_ => 'e9' } map({ "LATIN$_" } 1 .. 10),
        qw(ISO_8859_5 ISO_8859_7 ISO_8859_8 WIN866 WIN1250 WIN1251 WIN1252
           WIN1253 WIN1254 WIN1255 WIN1256 WIN1257 WIN1258 KOI8R KOI8U)),
    ISO_8859_6 => 'c7', WIN874 => 'a1');

is_deeply [sort keys %bytes], [sort grep { length } split /\n/, $pg->sql(
    q{SELECT pg_encoding_to_char(n) FROM generate_series(0, 34) n})],
    'every encoding of a server';

my %is;
for my $encoding (sort keys %bytes) {
    my $hex = $bytes{$encoding};
    $is{$encoding} = $encoding =~ /ASCII|MULE/
        ? uc($hex) =~ s/(..)/\\x$1/gr
        : $pg->value("SELECT convert_from('\\x$hex', '$encoding')");

    $pg->sql("CREATE DATABASE \"\L$encoding\E\" TEMPLATE template0
              ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C'");
    local $pg->{encoding} = "SQL_ASCII";
    $pg->sql("DO \$\$BEGIN
        EXECUTE format('CREATE TABLE %I (a int)',
                       convert_from('\\x$hex', '$encoding'));
        EXECUTE format('GRANT SELECT ON %I TO app',
                       convert_from('\\x$hex', '$encoding')); END\$\$",
        lc $encoding);
}

# roles with odd bytes, which every database sees

$pg->sql("DO \$\$BEGIN EXECUTE format('CREATE ROLE %I',
    convert_from('\\x63616fff', 'SQL_ASCII')); END\$\$", 'sql_ascii');

for my $base ('postgres', 'sql_ascii', 'mule_internal', 'latin1', 'euc_jp') {
    my $d = TaiFish::Dump::read('postgresql', @as, database => $base);

    is $d->{error}, undef, "from $base: read" or diag $d->{detail};
    is_deeply [grep { $d->{scopes}{$_} !~ /^(?:ok|unsupported)$/ }
               sort keys %{ $d->{scopes} }], [], "from $base: every scope";

    my $tables = $d->{accounts}{app}{grants}{postgresql_table_privileges};
    for my $encoding (sort keys %is) {
        my ($name) = map { s/^.*\|public\.//r }
            grep { /^\L$encoding\E\|/ } keys %$tables;
        is $name =~ s/^"(.*)"$/$1/r, $is{$encoding},
            "from $base: a name in $encoding";
    }

    ok $d->{accounts}{'cao\\xFF'}, "from $base: a role with an odd byte"
        if $base =~ /postgres|ascii|mule/;
}

$pg->close;
done_testing;
