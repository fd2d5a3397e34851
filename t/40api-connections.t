# Connection tests: from the request through the queue to a real PostgreSQL and
# MariaDB, to dead hosts and to servers that speak something else.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use IO::Socket::INET;
use Time::HiRes 'time';

my $tf = TaiFish->new->start;
my %as = map { $_ => $tf->as($_) } qw(admin operator user viewer auditor);
my ($admin, $api) = @as{qw(admin operator)};
my $secret = 'Pa55-canary-77';

my $pg = $tf->postgres;
my $maria = $tf->mariadb;

$pg->sql("CREATE ROLE mon LOGIN PASSWORD '$secret'");
$maria->sql("CREATE USER 'mon'\@'127.0.0.1' IDENTIFIED BY '$secret'");

sub credential {
    my ($name, $type, $password) = @_;
    return $admin->post('/credentials', { name => $name,
        credential_type => 'database', db_type => $type, username => 'mon',
        password => $password })->data->{credential}{id};
}

my $pgc = credential('pg', 'postgresql', $secret);
my $myc = credential('my', 'mysql', $secret);
my $wrong = credential('wrong', 'mysql', "$secret-not");

sub instance {
    my ($name, %more) = @_;
    my $r = $admin->post('/instances', { name => $name, host => '127.0.0.1',
        tls_mode => 'disable', %more });
    $r->status == 201 or die $r->as_string;
    return $r->data->{instance}{id};
}

sub test {
    my ($who, %body) = @_;
    return $who->post('/instances/actions/test-connection', \%body);
}

sub port_of_nobody {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
    return $s->sockport;
}

# A server that says a line of its own to everybody, or nothing at all.

sub server {
    my ($line) = @_;
    my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
        or die $!;
    my $pid = fork // die;
    if (!$pid) {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        my @kept;
        while (my $c = $s->accept) {
            print $c $line if defined $line;
            defined $line ? close $c : push @kept, $c;
        }
        POSIX::_exit(0);
    }
    return ($s->sockport, $pid);
}


# --- what can be reached ---------------------------------------------------

my $i = instance('pg', db_type => 'postgresql', port => $pg->port,
    credential_id => $pgc, database_name => 'postgres');
is $api->get("/instances/$i/connection-status")->data->{status}, 'unknown',
    'before the first test';

for my $role (qw(user viewer auditor)) {
    my $d = data_of(test($as{$role}, instance_id => $i), 200,
                    "$role tests a stored instance");
    ok $d->{success}, 'connected' or diag JSON::PP::encode_json($d);
}
my $d = test($api, instance_id => $i)->data;
is_deeply [sort keys %$d], [qw(details message success)], 'keys';
is $d->{message}, '连接成功', 'in Chinese';
is $api->post('/instances/actions/test-connection', { instance_id => $i },
    { 'accept-language' => 'en' })->data->{message}, 'Connected',
    'or in English';
like $d->{details}{database_version}, qr/^PostgreSQL \d+/, 'version';
my $x = $api->get("/instances/$i")->data->{instance};
is $x->{database_version}, $d->{details}{database_version}, 'is kept';
is $x->{main_version}, $d->{details}{main_version}, 'in short';
is $api->get("/instances/$i/connection-status")->data->{status}, 'good',
    'and when it was';
isnt $tf->value("SELECT envelope IS NOT NULL AND sealed IS NULL
                 FROM credentials WHERE id = $pgc"), 'f',
    'the password is in an envelope now';

my $m = instance('my', db_type => 'mysql', port => $maria->port,
    credential_id => $myc);
$d = data_of(test($api, instance_id => $m), 200, 'MariaDB');
ok $d->{success}, 'connected' or diag JSON::PP::encode_json($d);
like $d->{details}{main_version}, qr/^\d+\.\d+/, 'version';

# Who does not want to wait says so (RFC 7240).

for (['respond-async', 202], ['handling=lenient, Respond-Async;x=1', 202],
     ['respond-asynchronous', 200], ['wait=9,respond', 200]) {
    my ($prefer, $status) = @$_;
    my $r = $api->post('/instances/actions/test-connection',
        { instance_id => $m }, { prefer => $prefer });
    is $r->status, $status, "Prefer: $prefer";
    is $tf->wait_run($r->data->{run_id})->{status}, 'completed',
        'its run goes on' if $status == 202;
}

$d = data_of(test($admin, db_type => 'mysql', host => '127.0.0.1',
    port => $maria->port, credential_id => $myc, tls_mode => 'disable',
    name => 'new one'), 200, 'a place that is not stored');
ok $d->{success}, 'connected' or diag JSON::PP::encode_json($d);
is $tf->value("SELECT item_name FROM task_items ORDER BY id DESC LIMIT 1"),
    'new one', 'by its name';

$admin->put("/credentials/$myc", { name => 'my', db_type => 'mysql',
    credential_type => 'database', username => 'mon',
    password => "$secret-not" });
is test($api, instance_id => $m)->json->{extra}{error_code}, 'TARGET_AUTH',
    'a changed password is the one that is tried';
$admin->put("/credentials/$myc", { name => 'my', db_type => 'mysql',
    credential_type => 'database', username => 'mon', password => $secret });
ok test($api, instance_id => $m)->data->{success}, 'and back';


# --- what cannot -----------------------------------------------------------

my ($http, $http_pid) = server("HTTP/1.1 200 Banner-canary\r\n\r\n");
my ($mute, $mute_pid) = server();
my %why = (
    'a wrong password' => [$maria->port, $wrong, '127.0.0.1', 'AUTH'],
    'nobody there' => [port_of_nobody(), $myc, '127.0.0.1', 'REFUSED'],
    'no such name' => [3306, $myc, 'nowhere.invalid', 'DNS'],
    'metadata address' => [3306, $myc, '169.254.169.254', 'NOT_ALLOWED'],
    'a private address' => [3306, $myc, '10.1.2.3', 'NOT_ALLOWED'],
    'IPv6 loopback' => [3306, $myc, '::1', 'NOT_ALLOWED'],
    'mapped loopback' => [3306, $myc, '::ffff:169.254.169.254',
                          'NOT_ALLOWED'],
    'a port of others' => [22, $myc, '127.0.0.1', 'NOT_ALLOWED'],
    'a web server' => [$http, $myc, '127.0.0.1', 'PROTOCOL'],
    'a mute server' => [$mute, $myc, '127.0.0.1', 'TIMEOUT'],
);

for my $what (sort keys %why) {
    my ($port, $c, $host, $code) = @{ $why{$what} };
    my $began = time;
    my $r = test($admin, db_type => 'mysql', host => $host, port => $port,
        credential_id => $c, tls_mode => 'disable');
    my $d = $r->json->{extra};
    is_deeply [$r->status, $r->code, $d->{error_code}],
        [409, 'DATABASE_CONNECTION_ERROR', "TARGET_$code"], $what
        or diag $r->as_string;
    cmp_ok time - $began, '>=', 0.5, 'the answer takes at least half a second';
    unlike $r->body, qr/canary|HTTP|mon'|denied for/i,
        'in no words of the server';
    like $d->{detail}, qr/\p{Han}/, 'but in ours';
}

# The same of PostgreSQL, where the garbage is another one.

for (['a web server', $http, 'PROTOCOL'], ['nobody there', port_of_nobody(),
     'REFUSED'], ['a mute server', $mute, 'TIMEOUT'])
{
    my ($what, $port, $code) = @$_;
    is test($admin, db_type => 'postgresql', host => '127.0.0.1',
        port => $port, credential_id => $pgc, tls_mode => 'disable')->json
        ->{extra}{error_code}, "TARGET_$code", "PostgreSQL: $what";
}
is test($admin, db_type => 'postgresql', host => '127.0.0.1',
    port => $pg->port, credential_id => $pgc)->json->{extra}{error_code},
    'TARGET_TLS', 'a server without TLS is refused unless told otherwise';

# A server with TLS, and an authority of its own.

my $tls = $tf->postgres('tls',
    listen_addresses => "'127.0.0.1, 127.0.0.2'");
my $cert = "$tls->{dir}/data/server";
system('openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x'
    . " -addext subjectAltName=IP:127.0.0.1 -keyout $cert.key"
    . " -out $cert.crt 2>/dev/null") == 0 or die 'openssl';
chmod 0600, "$cert.key";
TaiFish::Server::give("$cert.key", "$cert.crt");
$tls->sql("ALTER SYSTEM SET ssl = on");
$tls->sql("CREATE ROLE mon LOGIN PASSWORD '$secret'");
$tls->restart('INT');
my %tls = (db_type => 'postgresql', host => '127.0.0.1', port => $tls->port,
           credential_id => $pgc);
is test($admin, %tls)->json->{extra}{error_code}, 'TARGET_TLS',
    'an authority that nobody knows';
my $stored = instance('tls', %tls, tls_mode => 'verify-full',
                      tls_ca => TaiFish::slurp("$cert.crt"));
ok test($api, instance_id => $stored)->data->{success},
    'is trusted when the instance names it';
$tf->sql("UPDATE instances SET host = '127.0.0.2' WHERE id = $stored");
is test($api, instance_id => $stored)->json->{extra}{error_code},
    'TARGET_TLS', 'but not under another name';

my $oracle = $admin->post('/credentials', { name => 'ora',
    credential_type => 'database', db_type => 'oracle', username => 'mon',
    password => $secret })->data->{credential}{id};
is test($admin, instance_id => instance('mutant', db_type => 'oracle',
    port => 1521, credential_id => $oracle))->json->{extra}{error_code},
    'DRIVER_MISSING', 'an engine whose driver is not installed';
is test($admin, instance_id => instance('bare', db_type => 'mysql',
    port => $maria->port))->json->{extra}{error_code}, 'CREDENTIAL_REQUIRED',
    'an instance without a credential';
kill TERM => $http_pid, $mute_pid;
waitpid $_, 0 for $http_pid, $mute_pid;


# --- refusals --------------------------------------------------------------

my %place = (db_type => 'mysql', host => '127.0.0.1', port => 3306,
             credential_id => $myc);

for my $field (sort keys %place) {
    refused test($admin, %place, $field => undef), 400, 'VALIDATION_ERROR',
        $field, "$field is needed";
}
refused test($admin), 400, 'VALIDATION_ERROR', 'db_type', 'nothing at all';
refused test($admin, instance_id => 9999), 404, 'RESOURCE_NOT_FOUND',
    'instance_id', 'no such instance';
refused test($admin, %place, host => 'a b'), 400, 'VALIDATION_ERROR', 'host',
    'a bad host';
refused test($admin, %place, credential_id => $pgc), 400, 'VALIDATION_ERROR',
    'credential_id', 'a credential of another engine';
refused test($admin, %place, credential_id => 9999), 404,
    'RESOURCE_NOT_FOUND', 'credential_id', 'no such credential';
refused test($api, %place, tls_mode => 'disable'), 403, 'FORBIDDEN',
    'tls_mode', 'an operator does not turn TLS off';
for my $role (qw(viewer auditor)) {
    refused test($as{$role}, %place), 403, 'PERMISSION_REQUIRED', 'host',
        "$role may not point a credential anywhere";
}
refused $tf->client->post('/instances/actions/test-connection',
    { instance_id => $i }), 401, 'AUTHENTICATION_REQUIRED', undef, 'nobody';


# --- several ---------------------------------------------------------------

my $dead = instance('dead', db_type => 'mysql', port => port_of_nobody(),
                    credential_id => $myc);
$d = data_of($as{user}->post('/instances/actions/batch-test-connections',
    { instance_ids => [$i, $dead, $m, 9999, $m] }), 200, 'several');
is_deeply $d->{summary}, { total => 4, success => 2, failed => 2 }, 'summary';
is_deeply [map [@$_{qw(instance_id instance_name success error_code)}],
           sort { $a->{instance_id} <=> $b->{instance_id} }
           @{ $d->{results} }],
    [[$i, 'pg', JSON::PP::true, undef], [$m, 'my', JSON::PP::true, undef],
     [$dead, 'dead', JSON::PP::false, 'TARGET_REFUSED'],
     [9999, undef, JSON::PP::false, 'RESOURCE_NOT_FOUND']], 'each';
$d = data_of($api->post('/instances/actions/batch-test-connections',
    { instance_ids => $m }), 200, 'one, not even in a list');
is_deeply $d->{summary}, { total => 1, success => 1, failed => 0 },
    'is answered like several';
refused $api->post('/instances/actions/batch-test-connections',
    { instance_ids => [1 .. 51] }), 400, 'VALIDATION_ERROR', 'instance_ids',
    'at most 50';
$d = data_of($api->post('/instances/actions/batch-test-connections',
    { instance_ids => [9999] }), 200, 'none of them there');
is_deeply $d->{summary}, { total => 1, success => 0, failed => 1 },
    'is a result too';


# --- nothing leaks ---------------------------------------------------------

unlike $_, qr/$secret/, 'the password is in no log'
    for $tf->error_log, $tf->access_log, $tf->worker->output;
unlike $tf->value("SELECT string_agg(i::text || r::text, '')
                   FROM task_items i JOIN task_runs r ON r.id = i.run_id"),
    qr/canary/, 'nor in the queue, nor is a banner';

done_testing;
