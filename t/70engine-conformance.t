# What every engine has to do, checked on both in the same way: TLS, addresses,
# connections that end in mid-read, and catalog queries whose number does not
# depend on the number of accounts.

use lib 't/lib';
use TaiFish;
use TaiFish::Dump;

use IO::Select;
use IO::Socket::INET;
use POSIX ();

$SIG{PIPE} = 'IGNORE';
my $dir = TaiFish::Server::private_dir();
my @relays;

sub openssl {
    my ($code, $out) = TaiFish::Server::run_to_end('openssl', \@_, {});
    $code == 0 or die "openssl @_: $out";
}

sub write_file {
    my ($path, $text) = @_;
    open my $f, '>', $path or die "$path: $!";
    print $f $text;
    close $f;
    TaiFish::Server::give($path);
}

# --- two CAs and a certificate of one of them ---------------------------------

for my $ca (qw(ca other)) {
    openssl(qw(req -x509 -newkey rsa:2048 -nodes -days 2 -keyout),
        "$dir/$ca.key", '-out', "$dir/$ca.pem", '-subj', "/CN=$ca");
}
write_file("$dir/ext", 'subjectAltName=DNS:db.example.test');
openssl(qw(req -newkey rsa:2048 -nodes -keyout), "$dir/s.key", '-out',
    "$dir/s.csr", '-subj', '/CN=db.example.test');
openssl(qw(x509 -req -days 2 -CAcreateserial -in), "$dir/s.csr", '-CA',
    "$dir/ca.pem", '-CAkey', "$dir/ca.key", '-extfile', "$dir/ext", '-out',
    "$dir/s.pem");

my $pg = TaiFish::Server::pg("$dir/pg", port => TaiFish::Server::free_port(),
    ssl => 'on', ssl_cert_file => "'$dir/s.pem'",
    ssl_key_file => "'$dir/s.key'", log_statement => "'all'");
# MySQL where there is no MariaDB: its accounts sign in over TLS only
my $mariadb = TaiFish::Server::has_mariadb();
my @options = ("--ssl-cert=$dir/s.pem", "--ssl-key=$dir/s.key",
    '--general-log=1', "--general-log-file=$dir/my/general.log",
    '--max-connections=200');
my $my = $mariadb ? TaiFish::Server::mariadb("$dir/my", @options)
                  : TaiFish::Server::mysql("$dir/my", @options);

$pg->sql(q{CREATE ROLE mon LOGIN PASSWORD 'secret'});
$my->sql(q{CREATE USER mon@'%' IDENTIFIED BY 'secret';
    GRANT SELECT ON mysql.* TO mon@'%'});

my %engine = (
    postgresql => { port => $pg->{port},
        locked => 'parameters',
        lock => ["$pg->{bin}/psql", '-X', '-h', $pg->{socket}, '-p',
            $pg->{port}, '-U', 'taifish', '-d', 'postgres', '-c',
            'BEGIN; LOCK TABLE pg_parameter_acl; SELECT pg_sleep(60)'],
        unlock => sub { $pg->sql(q{SELECT pg_terminate_backend(pid)
            FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'
            AND pid <> pg_backend_pid()}) },
        log => sub { $pg->output },
        mine => qr/mon\@\S+ LOG:  (?:statement|execute)/,
        add => sub { my ($from, $to) = @_;
            $pg->sql("DO \$\$BEGIN FOR i IN $from..$to LOOP
                EXECUTE format('CREATE ROLE many_%s', i);
                EXECUTE format('GRANT CONNECT ON DATABASE taifish TO many_%s',
                    i); END LOOP; END\$\$") },
        principal => sub { "many_$_[0]" },
        grants => 'postgresql_database_privileges' },
    mysql => { port => $my->port, $mariadb ? () : (tls => 'require'),
        locked => 'proxies',
        lock => ['mariadb', '--no-defaults', '-uroot', '-S', $my->{socket},
            '-e', 'LOCK TABLES mysql.proxies_priv WRITE; DO SLEEP(60)'],
        unlock => sub { $my->sql('KILL ' . $my->value(q{SELECT id FROM
            information_schema.processlist WHERE info LIKE 'DO SLEEP%'})) },
        log => sub { local $/; open my $f, '<', "$dir/my/general.log"
            or die $!; <$f> },
        mine => qr/Query/,
        add => sub { my ($from, $to) = @_;
            $my->sql(join '', map { "CREATE USER many_$_\@'%';
                GRANT SELECT ON app.* TO many_$_\@'%';" } $from .. $to) },
        principal => sub { "many_$_[0]\@%" },
        grants => 'mysql_database_privileges' },
);

for my $type (sort keys %engine) {
    my $e = $engine{$type};
    my @as = (port => $e->{port}, user => 'mon', password => 'secret',
              $e->{tls} ? (tls => $e->{tls}) : ());
    my $read = sub { TaiFish::Dump::read($type, @as, @_) };

    # TLS: the address is connected to, the host's name is verified

    my @good = (host => 'db.example.test', ca => "$dir/ca.pem");
    for my $case (
        [[tls => 'disable', host => 'db.example.test'],
         $e->{tls} ? 'TARGET_TLS_REQUIRED' : undef, 'no TLS'],
        [[tls => 'require', host => 'db.example.test'], undef, 'require'],
        [[tls => 'verify-ca', @good], undef, 'verify-ca'],
        [[tls => 'verify-ca', @good, host => 'other.example.test'], undef,
         'verify-ca, another name'],
        [[tls => 'verify-ca', host => 'db.example.test'], 'TARGET_TLS',
         'a CA that the system does not know, verify-ca'],
        [[tls => 'verify-full', @good], undef, 'verify-full'],
        [[tls => 'verify-full', @good, host => 'other.example.test'],
         'TARGET_TLS', 'another name'],
        [[tls => 'verify-full', @good, host => '127.0.0.1'], 'TARGET_TLS',
         'an address that the certificate does not have'],
        [[tls => 'verify-full', @good, ca => "$dir/other.pem"],
         'TARGET_TLS', 'another CA'],
        [[tls => 'verify-ca', @good, ca => "$dir/other.pem"], 'TARGET_TLS',
         'another CA, verify-ca'],
        [[tls => 'verify-full', host => 'db.example.test'], 'TARGET_TLS',
         'a CA that the system does not know'])
    {
        my $d = $read->(@{ $case->[0] });
        is $d->{error}, $case->[1], "$type: $case->[2]" or diag $d->{detail};
    }

    # the sign-in really is under TLS

    my $plain = relay($e->{port});
    is $read->(port => $plain->{port})->{error}, undef, "$type: through relay";
    like $plain->{heard}->(), qr/mon\0/, "$type: the relay reads along"
        unless $e->{tls};
    my $tls = relay($e->{port});
    is $read->(port => $tls->{port}, tls => 'verify-full', @good)->{error},
        undef, "$type: through relay, TLS";
    unlike $tls->{heard}->(), qr/mon\0/, "$type: the relay reads nothing";

    # a connection that is cut at any point is an error, and what was not
    # reached is no empty answer

    my $whole = $read->();
    is $whole->{error}, undef, "$type: whole";

    for my $bytes (10, 200, 700, 1500, 3000, 6000) {
        my $cut = relay($e->{port}, $bytes);
        my $d = $read->(port => $cut->{port}, connect => 3, timeout => 3);
        next unless $d->{error};

        like $d->{error}, qr/^TARGET_/, "$type: cut after $bytes bytes";
        my @ok = grep { $d->{scopes}{$_} eq 'ok' } keys %{ $d->{scopes} };
        cmp_ok @ok, '<', keys %{ $whole->{scopes} },
            'not all scopes are ok';
        is_deeply [grep { my $s = $_; $s eq 'accounts'
            && keys %{ $d->{accounts} } < keys %{ $whole->{accounts} } } @ok],
            [], 'a list that was cut is not ok';
    }

    # a server that goes away once it has said something is passing, in the
    # middle of TLS and of the sign-in, too

    for my $case ((map { ['disable', $_] } $e->{tls} ? ()
                                           : (150, 250, 400, 700)),
        map { my $bytes = $_; map { [$_, $bytes] } 'require', 'verify-full' }
            150, 300, 600, 1000, 1400, 1800, 2200, 2600, 3500, 5000)
    {
        my ($mode, $bytes) = @$case;
        my $cut = relay($e->{port}, $bytes);
        my $d = $read->(port => $cut->{port}, tls => $mode, @good);
        is $d->{error}, 'TARGET_REFUSED',
            "$type $mode: gone after $bytes bytes" or diag $d->{detail};
    }

    # a table that somebody holds: that scope times out, the others are read

    my $locker = TaiFish::Server::spawn("locker-$type", $dir, $e->{lock}, {});
    my $d;
    TaiFish::Server::until_true(10, sub {
        $d = $read->(timeout => 1);
        ($d->{scopes}{ $e->{locked} } // '') ne 'ok' });
    is $d->{scopes}{ $e->{locked} }, 'timeout', "$type: $e->{locked} is held";
    is $d->{codes}{ $e->{locked} }, 'TARGET_TIMEOUT', 'and says so';
    is $d->{error}, undef, 'the reading goes on';
    is scalar(grep { !/^(?:ok|unsupported)$/ } values %{ $d->{scopes} }), 1,
        'only that scope';
    $e->{unlock}->();
    $locker->stop('KILL');

    # the number of queries

    my $count = sub {
        my $old = length $e->{log}->();
        my $d = $read->();
        my $new = '';
        TaiFish::Server::until_true(5, sub {
            $new = substr $e->{log}->(), $old;
            $new =~ /$e->{mine}/ });
        return ($d, scalar(() = $new =~ /$e->{mine}/g));
    };

    $e->{add}->(1, 10);
    my ($few, $queries) = $count->();
    $e->{add}->(11, 300);
    my ($many, $again) = $count->();

    is scalar keys %{ $many->{accounts} },
        290 + keys %{ $few->{accounts} }, "$type: accounts were added";
    ok $many->{accounts}{ $e->{principal}->(300) }{grants}{ $e->{grants} },
        "$type: with their rights";
    is $again, $queries, "$type: $queries queries for 10 accounts and for 300";
    cmp_ok $queries, '<', 60, "$type: not many";
}

# A relay that keeps what the client sends and closes both ends after $bytes
# from the server.

sub relay {
    my ($to, $bytes) = @_;
    my $listen = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1',
        LocalPort => 0) or die $!;
    my $log = TaiFish::Server::private_dir() . '/heard';
    my $pid = fork() // die $!;

    if (!$pid) {
        my (%peer, %from_server);
        my $set = IO::Select->new($listen);
        $bytes //= 1 << 30;
        alarm 60;
        open my $heard, '>:raw', $log or die $!;
        $heard->autoflush;

        while (my @ready = $set->can_read) {
            for my $s (@ready) {
                if ($s == $listen) {
                    my $client = $listen->accept;
                    my $server = IO::Socket::INET->new(
                        PeerAddr => '127.0.0.1', PeerPort => $to) or next;
                    $peer{$client} = $server;
                    $peer{$server} = $client;
                    $from_server{$server} = 1;
                    $set->add($client, $server);
                    next;
                }

                next unless defined fileno $s;
                my $n = sysread $s, my $data, 65536;
                print $heard $data if $n && !$from_server{$s};

                if ($n && $from_server{$s}) {
                    $data = substr $data, 0, $bytes;
                    $bytes -= length $data;
                }

                if (!$n || !syswrite($peer{$s}, $data) || $bytes <= 0) {
                    $set->remove($s, $peer{$s});
                    close $peer{$s};
                    close $s;
                    POSIX::_exit(0) if $bytes <= 0;
                }
            }
        }
        POSIX::_exit(0);
    }

    my $port = $listen->sockport;
    close $listen;
    push @relays, $pid;

    return { port => $port, heard => sub {
        kill 'KILL', $pid;
        waitpid $pid, 0;
        local $/;
        open my $f, '<:raw', $log or die $!;
        return <$f>;
    } };
}

kill 'KILL', @relays;
$pg->close;
$my->close;
done_testing;
