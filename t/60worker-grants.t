# "taifish-worker grants" prints SQL that runs as it is, is enough, and is what
# the document says.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use TaiFish::SimMssql;
use TaiFish::SimOracle;

my $dir = TaiFish::Server::private_dir();
my $program = "$TaiFish::BUILD/taifish-worker";

sub grants {
    return TaiFish::Server::run_to_end($program, ['grants', @_], {});
}

sub script {
    my ($code, $out) = grants(@_);
    is $code, 0, "grants @_" or diag $out;
    return $out;
}

sub statements { return grep { /\S/ && !/^--/ } split /\n/, $_[0] }

sub not_ok {
    my ($d) = @_;
    is $d->{exit}, 0, 'reads' or diag $d->{detail};
    is_deeply [grep { $d->{scopes}{$_} !~ /^(?:ok|unsupported)$/ }
        sort keys %{ $d->{scopes} }], [], 'and the rights are enough';
}

my $page = do {
    open my $f, '<:encoding(UTF-8)', 'docs/monitoring-account.md' or die $!;
    local $/;
    <$f>;
};
sub of_page {
    my @lines = map { $page =~ /```sql $_\n(.*?)```/s or die "no $_";
        split /\n/, $1 } @_;
    return map { s/ (?:WITH PASSWORD = )\K'change-me'/'change-me'/r } @lines;
}

for my $case ([['--engine', 'postgresql', '--version', '15'], 'postgresql'],
    [['--engine', 'mysql', '--version', '5.7'], 'mysql'],
    [['--engine', 'mysql', '--version', '8.0'], 'mysql', 'mysql8'],
    [['--engine', 'mysql'], 'mysql', 'mysql8'],
    [['--engine', 'mariadb', '--version', '10.11'], 'mariadb'],
    [['--engine', 'sqlserver', '--version', '2012'], 'sqlserver'],
    [['--engine', 'sqlserver', '--version', '2019'], 'sqlserver',
     'sqlserver2014'],
    [['--engine', 'mssql', '--version', '15.0'], 'sqlserver',
     'sqlserver2014'],
    [['--engine', 'oracle', '--version', '19.0'], 'oracle'])
{
    my ($args, @blocks) = @$case;
    is_deeply [sort +statements(script(@$args))], [sort +of_page(@blocks)],
        'what the page says';
}

like script('--engine', 'sqlserver'), qr/simulated catalog/,
    'says what it was tested on';
like script('--engine', 'mysql'), qr/real servers/, 'and real servers, too';

for my $wrong ([], ['--engine', 'db2'], ['--engine', 'mysql', '--version',
    'new'], ['--engine', 'mysql', 'more'])
{
    my ($code, $out) = grants(@$wrong);
    is $code, 2, "wrong: @$wrong";
    like $out, qr/engines: postgresql mysql sqlserver oracle mariadb/,
        'and what there is';
}

# as printed, on servers

my @as = (user => 'taifish_monitor', password => 'change-me');

my $my = TaiFish::Server::mariadb("$dir/my");
$my->sql(script('--engine', 'mariadb', '--version', '10.11'));
not_ok(TaiFish::Dump::read('mysql', port => $my->port, @as));
$my->close;

my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port());
$pg->sql(script('--engine', 'postgresql', '--version', '15'));
not_ok(TaiFish::Dump::read('postgresql', port => $pg->port, @as));

my $two = TaiFish::Server::pg("$dir/two",
    port => TaiFish::Server::free_port());
my $ms = TaiFish::SimMssql->new($two, version => 2022);
$ms->run(script('--engine', 'sqlserver', '--version', '2022'));
$ms->run('CREATE DATABASE app');
not_ok(TaiFish::Dump::read('sqlserver', $ms->as(@as[1, 3])));

my $other = TaiFish::Server::pg("$dir/ora",
    port => TaiFish::Server::free_port());
my $ora = TaiFish::SimOracle->new($other, version => 2300);
$ora->run(script('--engine', 'oracle', '--version', '23.0'));
not_ok(TaiFish::Dump::read('oracle', $ora->as('TAIFISH_MONITOR', 'change-me')));

$_->close for $pg, $two, $other;
done_testing;
