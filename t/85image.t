# The images, built and run without a Docker engine (docker/try.sh), and what
# Compose and "docker stack" make of the files.  Takes minutes and packages
# that no other test needs: buildah, debootstrap, iproute2, openssl.  With a
# real engine: t/86docker.t.

use lib 't/lib';
use TaiFish;

plan skip_all => 'a long one: TAIFISH_PROOF=1' unless $ENV{TAIFISH_PROOF};
plan skip_all => 'needs root' if $>;
for my $program (qw(buildah debootstrap)) {
    plan skip_all => "no $program"
        unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

my $root = $TaiFish::ROOT;
my $clients = TaiFish::Server::private_dir();
my $said = `$root/t/lib/docker-box.sh clients $clients 2>&1`;
is $?, 0, 'Compose of two releases' or BAIL_OUT($said);
my @base = qw(docker-compose.yml docker-compose.override.yml);


# --- what reads the files accepts them -------------------------------------

# The files in the order of COMPOSE_FILE; without any as a person types it.

sub config {
    my ($command, @files) = @_;
    my $text = `cd $root && $command 2>&1 > $clients/out`;
    is $?, 0, "$command accepts them" or diag $text;
    is $text, '', 'and warns of nothing';
    return TaiFish::slurp("$clients/out");
}

sub compose {
    my ($suite, @files) = @_;
    my $files = join ' ', map { "-f $_" } @files;
    return JSON::PP->new->decode(config("$clients/$suite/usr/bin/docker-compose"
        . " $files config --format json"));
}

my %is;
for my $suite (qw(trixie forky)) {
    my $docker = "$clients/$suite/usr/bin/docker";
    like config("$docker stack config -c docker-compose.yml"),
        qr/taifish-app:latest/, 'and the services are there';
    my $stack = config("TAIFISH_RING=0a $docker stack config "
        . '-c docker-compose.yml -c docker-compose.stack.yml');
    like $stack, qr/mode: host\s+target: 443\s+published: 443/, 'a stack, too';
    unlike $stack, qr/(?:published|target): (?:5432|6379)\b/,
        'which opens no port of a database';
    my $one_by_one = join '\s+', 'parallelism: 1', 'delay: 10s',
        'failure_action: rollback', 'monitor: 10s', 'order: start-first';
    is scalar(() = $stack =~ /$one_by_one/g), 2,
        'app and worker are replaced one by one';
    $is{$suite}{edge} = compose($suite);
    $is{$suite}{direct} = compose($suite, @base, 'docker-compose.direct.yml');
    compose($suite, 'docker-compose.yml', 'docker-compose.direct.yml');
}

for my $suite (qw(trixie forky)) {
    as_meant(@{ $is{$suite} }{qw(edge direct)});
}

sub as_meant {
    my ($all, $direct) = @_;
    my $s = $all->{services};
    is_deeply [sort keys %$s], [qw(app backup migrate nginx postgres redis
        worker)], 'the services';

    for my $name (sort keys %$s) {
        my $it = $s->{$name};
        ok !$it->{container_name}, "$name has no fixed name";
        ok $it->{read_only}, 'a read-only root';
        is "@{ $it->{cap_drop} }", 'ALL', 'no capability';
        is "@{ $it->{security_opt} }", 'no-new-privileges:true',
            'nor a new one';
        my $r = $it->{deploy}{resources};
        is join(' ', $r->{limits}{cpus} + 0, @{ $r->{limits} }{qw(memory pids)},
            $r->{reservations}{cpus} + 0, $r->{reservations}{memory}),
            '2 2147483648 256 1 1073741824', 'the ceiling';
        ok !defined $it->{pids_limit}, 'which is all that limits processes';
        is_deeply $it->{logging}, { driver => 'json-file',
            options => { 'max-size' => '10m', 'max-file' => '3' } }, 'of logs';
        ok !$it->{privileged}, 'no privilege';
        next if $name eq 'migrate';

        is $it->{restart}, 'unless-stopped', 'it is restarted';
    }

    for my $name (qw(app worker)) {
        ok !$s->{$name}{ports}, "$name has no port of the host";
        is join(' ', keys %{ $s->{$name}{networks} }), 'taifish_network',
            'nor an address';
    }

    my %address = map { ($_ => ($s->{$_}{networks}{taifish_network} || {})
        ->{ipv4_address}) } keys %$s;
    is join(' ', map { $_ // '-' } @address{qw(nginx postgres redis app)}),
        '172.20.0.10 172.20.0.30 172.20.0.40 -', 'addresses';
    for my $name (qw(postgres redis)) {
        is join(' ', map { $_->{host_ip} } @{ $s->{$name}{ports} }),
            '127.0.0.1', "$name: loopback only";
    }
    is_deeply $all->{networks}{taifish_network}{ipam}{config}, [{
        subnet => '172.20.0.0/16', ip_range => '172.20.128.0/17',
        gateway => '172.20.0.1' }], 'the network';

    my %after = (redis => 'postgres', migrate => 'redis', app => 'migrate',
        worker => 'migrate', nginx => 'app', backup => 'migrate');
    for my $name (sort keys %after) {
        is $s->{$name}{depends_on}{ $after{$name} }{condition},
            $after{$name} eq 'migrate' ? 'service_completed_successfully'
                : 'service_healthy', "$name after $after{$name}";
    }
    is $s->{app}{labels}{'prometheus.io/scrape'}, 'true', 'metrics are found';

    is scalar @{ $direct->{services}{app}{ports} }, 2,
        'direct: app has 80, 443';
    is $direct->{services}{app}{deploy}{replicas}, 1, 'and there is one';
    is $direct->{services}{nginx}{deploy}{replicas}, 0, 'and no edge';
    ok !$direct->{services}{nginx}{depends_on}, 'which goes';
    ok $direct->{services}{app}{depends_on}{nginx}, 'before the app comes';
}


# --- the images ------------------------------------------------------------

# Its output is TAP of its own.

my $keep = $ENV{TAIFISH_TRY} // '';
my @said = `$root/docker/try.sh $keep 2>&1`;
my $seen = 0;
for my $line (@said) {
    if ($line =~ /^(not )?ok \d+ - (.*)/) {
        ok !$1, $2;
        $seen++;
    } elsif ($line =~ /^# /) {
        note $line;
    }
}
is $?, 0, 'all of it' or diag @said;
ok $seen > 30, 'to its end';

done_testing;
