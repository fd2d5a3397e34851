# The true driver for SQL Server, FreeTDS, against a server that speaks TDS
# (t/lib/TaiFish/Tds.pm): what it is told, TLS, errors, servers that misbehave,
# and every scenario once over it.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;
use TaiFish::Scenario;
use TaiFish::SimMssql;
use TaiFish::Tds;

use Time::HiRes ();

my $dir = TaiFish::Server::private_dir();
my @as = (user => 'u', password => 'p', connect => 3, timeout => 2);

sub against {
    my ($server, @options) = @_;
    my $t = TaiFish::Tds->new(@$server);
    my $start = Time::HiRes::time();
    my $d = TaiFish::Dump::read('sqlserver', port => $t->port, @as, @options);
    $d->{took} = Time::HiRes::time() - $start;
    $d->{logins} = [$t->logins];
    $t->close;
    return $d;
}

# --- what the driver is told -------------------------------------------------

for my $c (['plain', 'plain', 'db'], ['a}b', 'x}}y', 'd}b'],
    ['a;b', 'x;y', 'd;b'], ['a}', '{x}', '{d}'], ['a b', ' x ', q{d'd"[d]}],
    ["\x{8d26}", "\x{1f600}}", "\x{8d26};\x{1f600}"],
    ['a=b', 'x=y;PWD=z;DATABASE=w', 'd};x;SERVER=y;DRIVER={x'],
    ['a', '{}{;', '};}'])
{
    my $d = against([say => 'error 18456'], user => $c->[0],
        password => $c->[1], database => $c->[2]);
    is_deeply [@{ $d->{logins}[0] }{qw(user password database app)}],
        [@$c, 'TaiFish'], 'the server gets what was given: ' . join ' ',
        map { s/[^ -~]/?/gr } @$c;
}

my $d = against([say => 'error 18456'], password => 'x};y');
is_deeply [@$d{qw(error logins)}], ['TARGET_AUTH', []],
    'a password that FreeTDS can not take goes nowhere';
like $d->{detail}, qr/can not take a password/, 'and says so';
unlike $d->{detail}, qr/x\};y/, 'without the password';

# files of the machine's user count for nothing

$ENV{HOME} = $dir;
for my $file ('.freetds.conf', '.odbc.ini') {
    open my $f, '>', "$dir/$file" or die $!;
    print $f "[global]\ndump file = $dir/dump\n[127.0.0.1]\nhost = 127.0.0.9\n"
        . "port = 1\n";
    close $f;
}
$ENV{TDSDUMP} = "$dir/dump";
is against([say => 'error 18456'])->{error}, 'TARGET_AUTH',
    'settings in the home directory are not read';
ok !-e "$dir/dump", 'and nothing is dumped';
delete $ENV{TDSDUMP};

# --- TLS ---------------------------------------------------------------------

sub openssl {
    my ($code, $out) = TaiFish::Server::run_to_end('openssl', \@_, {});
    $code == 0 or die "openssl @_: $out";
}

for my $ca (qw(ca other)) {
    openssl(qw(req -x509 -newkey rsa:2048 -nodes -days 2 -keyout),
        "$dir/$ca.key", '-out', "$dir/$ca.pem", '-subj', "/CN=$ca");
}
open my $ext, '>', "$dir/ext" or die $!;
print $ext 'subjectAltName=DNS:db.example.test';
close $ext;
openssl(qw(req -newkey rsa:2048 -nodes -keyout), "$dir/s.key", '-out',
    "$dir/s.csr", '-subj', '/CN=db.example.test');
openssl(qw(x509 -req -days 2 -CAcreateserial -in), "$dir/s.csr", '-CA',
    "$dir/ca.pem", '-CAkey', "$dir/ca.key", '-extfile', "$dir/ext", '-out',
    "$dir/s.pem");
openssl(qw(x509 -req -days 0 -CAcreateserial -in), "$dir/s.csr", '-CA',
    "$dir/ca.pem", '-CAkey', "$dir/ca.key", '-extfile', "$dir/ext", '-out',
    "$dir/old.pem");
openssl('rsa', '-in', "$dir/s.key", '-out', "$dir/old.key");

my @good = (host => 'db.example.test', ca => "$dir/ca.pem");
for my $case (
    [[tls => 'require'], 'TARGET_AUTH', 'require'],
    [[tls => 'verify-ca', @good], 'TARGET_AUTH', 'verify-ca'],
    [[tls => 'verify-ca', @good, host => 'other.example.test'],
     'TARGET_AUTH', 'verify-ca, another name'],
    [[tls => 'verify-full', @good], 'TARGET_AUTH', 'verify-full'],
    [[tls => 'verify-full', @good, host => 'other.example.test'],
     'TARGET_TLS', 'another name'],
    [[tls => 'verify-full', @good, host => '127.0.0.1'], 'TARGET_TLS',
     'an address that the certificate does not have'],
    [[tls => 'verify-full', @good, ca => "$dir/other.pem"], 'TARGET_TLS',
     'another CA'],
    [[tls => 'verify-ca', @good, ca => "$dir/other.pem"], 'TARGET_TLS',
     'another CA, verify-ca'],
    [[tls => 'verify-full', host => 'db.example.test'], 'TARGET_TLS',
     'a CA that the system does not know'],
    [[tls => 'verify-full', @good], 'TARGET_TLS', 'an expired certificate',
     'old'])
{
    my ($options, $code, $what, $cert) = @$case;
    my $r = against([say => 'error 18456', cert => "$dir/" . ($cert || 's')],
        @$options);
    is $r->{error}, $code, $what or diag $r->{detail};
    my ($l) = grep { $_->{user} } @{ $r->{logins} };
    is $l ? $l->{tls} : 'none', $code eq 'TARGET_AUTH' ? 1 : 'none',
        'the sign-in is under TLS, or there is none';
}

for my $mode (qw(require verify-ca verify-full)) {
    $d = against([say => 'error 18456'], tls => $mode);
    is_deeply [@$d{qw(error logins)}], ['TARGET_TLS', []],
        "$mode: a server without TLS gets no password";
}

# --- errors ------------------------------------------------------------------

for my $case ([18456, 'TARGET_AUTH'], [18486, 'TARGET_AUTH'],
    [18487, 'TARGET_PASSWORD_EXPIRED'], [18488, 'TARGET_PASSWORD_EXPIRED'],
    [4060, 'TARGET_PERMISSION'], [17809, 'TARGET_BUSY'])
{
    is against([say => "error $case->[0]"])->{error}, $case->[1],
        "error $case->[0]";
}

# --- servers that misbehave --------------------------------------------------

for my $case (
    ['silence', 'TARGET_TIMEOUT'],
    ['silence after prelogin', 'TARGET_TIMEOUT'],
    ['slow', 'TARGET_TIMEOUT'],
    ['silence after login', 'TARGET_TIMEOUT'],
    ['half a row', 'TARGET_TIMEOUT'],
    ['endless', 'RESULT_TOO_LARGE', rows => 1000],
    ["raw:HTTP/1.0 400 Bad Request\r\n\r\n", 'TARGET_PROTOCOL'],
    ["raw:SSH-2.0-OpenSSH_9.2\r\n", 'TARGET_PROTOCOL'],
    ["raw:" . "\x04\x01\xff\xff" . "\0" x 5000, 'TARGET_PROTOCOL'],
    ["raw:" . join('', map { chr(($_ * 7919 + 13) % 256) } 1 .. 4000),
     'TARGET_PROTOCOL'],
    ['route evil.example.test 1433', 'TARGET_NOT_ALLOWED'],
    ['route 127.0.0.2 1433', 'TARGET_NOT_ALLOWED'])
{
    my ($say, $code, @options) = @$case;
    my $r = against([say => $say], @options);
    (my $what = $say) =~ s/[^ -~]+/?/g;
    is $r->{error}, $code, substr($what, 0, 40) or diag $r->{detail};
    is $r->{signal}, 0, 'the process lives';
    cmp_ok $r->{took}, '<', 9, sprintf 'within the deadline: %.1f s',
        $r->{took};
}

is TaiFish::Dump::read('sqlserver', port => TaiFish::Server::free_port(),
    @as)->{error}, 'TARGET_REFUSED', 'nobody there';

# --- the scenarios over the true driver --------------------------------------

my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port());
my $sim = TaiFish::SimMssql->new($pg, version => 2019);
$sim->monitor('mon', 'se}c;r{et');
my $t = TaiFish::Tds->new(sim => $sim);

TaiFish::Scenario::check(engine => 'sqlserver', version => 2019,
    run => sub { $sim->run(@_) }, read => sub {
        $sim->flush;
        TaiFish::Dump::read('sqlserver', port => $t->port, user => 'mon',
            password => 'se}c;r{et') });

# the number of statements and sessions does not depend on that of accounts

my $count = sub {
    $sim->flush;
    my $old = my @before = $t->logins;
    my $r = TaiFish::Dump::read('sqlserver', port => $t->port, user => 'mon',
        password => 'se}c;r{et');
    my @log = $t->logins;
    splice @log, 0, $old;
    return ($r, scalar(grep { $_->{sql} && $_->{sql} =~ /^SELECT/ } @log),
        scalar(grep { $_->{user} } @log));
};
my ($few, $queries, $sessions) = $count->();
$sim->run("CREATE LOGIN many_$_ WITH PASSWORD = 'x'; USE app1;
    CREATE USER many_$_ FOR LOGIN many_$_; GRANT SELECT TO many_$_")
    for 1 .. 300;
my ($many, $again, $sessions_again) = $count->();
is keys %{ $many->{accounts} }, 300 + keys %{ $few->{accounts} },
    '300 logins more';
is $again, $queries, "$queries statements, before and after";
is $sessions_again, $sessions, "in $sessions sessions";
is $many->{accounts}{many_300}{grants}{sqlserver_database_permissions}
    {app1}[1], 'SELECT', 'with their rights';

# a database that the login is not let into after all, a view that is denied

$t->close;
$t = TaiFish::Tds->new(sim => $sim,
    say => 'error_in 229 database_role_members');
$sim->{database}{app2}{state} = 0;
$pg->sql('REVOKE CONNECT ON DATABASE app2 FROM mon');
$d = TaiFish::Dump::read('sqlserver', port => $t->port, user => 'mon',
    password => 'se}c;r{et');
is $d->{error}, undef, 'the reading goes on' or diag $d->{detail};
is $d->{scopes}{'users app2'}, 'denied', 'error 4060 is of that database';
is $d->{codes}{'users app2'}, 'TARGET_PERMISSION', 'as a lack of rights';
is $d->{scopes}{'database_roles app1'}, 'denied', 'error 229 of that scope';
is $d->{scopes}{'database_permissions app1'}, 'ok', 'others are read';

$t->close;
$pg->close;
done_testing;
