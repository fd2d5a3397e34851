# The images, built and run without a Docker engine (docker/try.sh), and what
# compose makes of its files.  Takes minutes and packages that no other test
# needs: buildah, debootstrap, docker-compose, iproute2, openssl.

use lib 't/lib';
use TaiFish;

plan skip_all => 'a long one: TAIFISH_PROOF=1' unless $ENV{TAIFISH_PROOF};
plan skip_all => 'needs root' if $>;
for my $program (qw(buildah debootstrap docker-compose)) {
    plan skip_all => "no $program"
        unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

my $root = $TaiFish::ROOT;

sub compose {
    my (@files) = @_;
    my $files = join ' ', map { "-f $root/$_" } @files;
    my $text = `docker-compose $files config 2>&1`;
    is $?, 0, "compose accepts @files" or diag $text;
    open my $out, '|-', "python3 -c 'import json, sys, yaml
print(json.dumps(yaml.safe_load(sys.stdin)))' > /tmp/taifish-compose.$$"
        or die $!;
    print $out $text;
    CORE::close $out;
    my $json = TaiFish::slurp("/tmp/taifish-compose.$$");
    unlink "/tmp/taifish-compose.$$";
    return JSON::PP->new->decode($json);
}

my $all = compose('docker-compose.yml');
my $s = $all->{services};
is_deeply [sort keys %$s], [qw(app backup migrate nginx postgres redis
    worker)], 'the services';

for my $name (sort keys %$s) {
    my $it = $s->{$name};
    ok !$it->{container_name}, "$name has no fixed name";
    ok $it->{read_only}, 'a read-only root';
    is "@{ $it->{cap_drop} }", 'ALL', 'no capability';
    is "@{ $it->{security_opt} }", 'no-new-privileges:true', 'nor a new one';
    is $it->{pids_limit}, 256, 'a limit of processes';
    is_deeply $it->{logging}, { driver => 'json-file',
        options => { 'max-size' => '10m', 'max-file' => '3' } }, 'of logs';
    ok !$it->{privileged}, 'no privilege';
    next if $name eq 'migrate';

    is $it->{restart}, 'unless-stopped', 'it is restarted';
    my $r = $it->{deploy}{resources};
    is join(' ', $r->{limits}{cpus} + 0, $r->{limits}{memory},
        $r->{reservations}{cpus} + 0, $r->{reservations}{memory}),
        '2 2G 1 1G', 'the ceiling';
}

for my $name (qw(app worker)) {
    ok !$s->{$name}{ports}, "$name has no port of the host";
    is join(' ', keys %{ $s->{$name}{networks} }), 'taifish_network',
        'nor an address';
    my $u = $s->{$name}{deploy}{update_config};
    is "@$u{qw(parallelism delay order)}", '1 10s start-first', 'one by one';
}

my %address = map { ($_ => ($s->{$_}{networks}{taifish_network} || {})
    ->{ipv4_address}) } keys %$s;
is join(' ', map { $_ // '-' } @address{qw(nginx postgres redis app)}),
    '172.20.0.10 172.20.0.30 172.20.0.40 -', 'addresses';
for my $name (qw(postgres redis)) {
    like join(' ', map { ref ? "$_->{host_ip}:" : $_ }
        @{ $s->{$name}{ports} }), qr/^127\.0\.0\.1:/, "$name: loopback only";
}

my %after = (redis => 'postgres', migrate => 'redis', app => 'migrate',
    worker => 'migrate', nginx => 'app', backup => 'migrate');
for my $name (sort keys %after) {
    is $s->{$name}{depends_on}{ $after{$name} }{condition},
        $after{$name} eq 'migrate' ? 'service_completed_successfully'
            : 'service_healthy', "$name after $after{$name}";
}
is $s->{app}{labels}{'prometheus.io/scrape'}, 'true', 'metrics are found';

my $direct = compose('docker-compose.yml', 'docker-compose.direct.yml');
is scalar @{ $direct->{services}{app}{ports} }, 2, 'direct: app has 80, 443';
is $direct->{services}{app}{deploy}{replicas}, 1, 'and there is one';
is_deeply $direct->{services}{nginx}{profiles}, ['edge'], 'and no edge';

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
