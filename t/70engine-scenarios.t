# One set of scenarios per engine (t/scenario), over every version at hand.  The
# servers of SQL Server and Oracle are simulated: their documented catalogs on a
# PostgreSQL that is reached through unixODBC.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use TaiFish::Scenario;
use TaiFish::SimMssql;

my $dir = TaiFish::Server::private_dir();
my %count;

for my $version (2012, 2017, 2022) {
    my $pg = TaiFish::Server::pg("$dir/mssql$version",
        port => TaiFish::Server::free_port());
    my $s = TaiFish::SimMssql->new($pg, version => $version);
    $s->monitor('mon', 'se}c;r{et');

    $count{sqlserver} = TaiFish::Scenario::check(engine => 'sqlserver',
        version => $version, run => sub { $s->run(@_); $s->admit('mon') },
        read => sub { TaiFish::Dump::read('sqlserver',
            $s->as('mon', 'se}c;r{et')) });
    $pg->close;
}

cmp_ok $count{$_}, '>=', 50, "$_: $count{$_} scenarios" for sort keys %count;

done_testing;
