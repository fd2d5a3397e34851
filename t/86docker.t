# Every "docker" line of README and docs on a real Docker Engine, as written
# there: the first start, updates under load, backup, loss and restore, new
# secrets and certificates, direct mode, the end.  Minutes; TAIFISH_PROOF=1.
# Lines for several hosts: t/87stack.t.

use lib 't/lib';
use TaiFish;
use TaiFish::Docker;
use Time::HiRes qw(sleep time);

my $box = TaiFish::Docker->ready;
my $home = $box->root . '/opt/taifish';
my %docs = map { ($_ => TaiFish::slurp("$TaiFish::ROOT/$_")) }
    'README.md', map { s{^\Q$TaiFish::ROOT\E/}{}r }
    glob "$TaiFish::ROOT/docs/*.md";
my %was_run;

# as_written LINE, NAME => VALUE...: runs that line, which has to stand in the
# docs, with example names in it replaced.  Dies when it fails.

sub as_written {
    my ($line, %instead) = @_;
    my $input = delete $instead{input};
    my $command = $line;

    grep { /^ +\Q$line\E *(?:#.*)?$/m || /`\Q$line\E`/ } values %docs
        or die "no document says: $line";
    $was_run{$line} = 1;
    $command =~ s/\Q$_\E/$instead{$_}/ for keys %instead;
    my ($code, $out) = $box->run($command, $input);
    is $code, 0, $line or diag($out), die "$line: exit code $code";
    return $out;
}

sub on_host { TaiFish::spew("$home/$_[0]", $_[1]) }

sub of_host { TaiFish::slurp("$home/$_[0]") =~ s/\n//r }

sub containers {
    my ($service) = @_;
    return split /\n/, $box->must("docker compose ps -q $service");
}

# Waits until that many containers of a service are healthy, and no other is.

sub healthy {
    my ($service, $n) = @_;
    my $is = '';
    ok(TaiFish::Server::until_true(120, sub {
        $is = $box->must("docker compose ps $service --format "
            . "'{{.Service}} {{.Health}}'");
        $is eq join "\n", ("$service healthy") x $n;
    }), "$n healthy: $service") or diag $is;
}


# --- the first start -------------------------------------------------------

$box->run('docker compose down --volumes; rm -rf /opt/taifish');
as_written('cp .env.example .env');
$box->must("echo TAIFISH_TARGET_ALLOW=172.20.0.0/16 >> .env");
as_written('docker compose build');
as_written('docker/prepare.sh');
$box->must('openssl req -x509 -newkey ec -pkeyopt '
    . 'ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=taifish.test '
    . '-keyout privkey.pem -out fullchain.pem');
as_written('cp fullchain.pem privkey.pem /opt/taifish/ssl/');
as_written('docker/prepare.sh');
my $start = time;
as_written('docker compose up -d');
healthy(app => 2);
healthy(worker => 2);
healthy(nginx => 1);
diag sprintf 'all is healthy after %.0f s', time - $start;
like as_written('docker compose ps'), qr/taifish-nginx-1.*:443->443/, 'shown';
my ($password) = as_written('docker compose run --rm migrate admin create')
    =~ /password: (\S+)/;
ok $password, 'the first user';

$box->enter;
TaiFish::Load::from_many($box);
my $admin = $box->login('admin', $password);

sub posted {
    my ($r) = @_;
    $r->status == 201 or die $r->as_string;
    return $r->data;
}

my $tag = posted($admin->post('/tags', { name => 'a', display_name => 'A',
                                         category => 'x' }))->{tag}{id};
my $credential = posted($admin->post('/credentials', { name => 'own',
    credential_type => 'database', db_type => 'postgresql',
    username => 'taifish', password => of_host('secrets/db_owner_password')
}))->{credential}{id};
my $instance = posted($admin->post('/instances', { name => 'own',
    db_type => 'postgresql', host => '172.20.0.30', port => 5432,
    database_name => 'taifish', tls_mode => 'disable',
    credential_id => $credential }))->{instance}{id};


# --- what containers may ---------------------------------------------------

for my $service (qw(app worker nginx)) {
    my ($id) = containers($service);
    my $status = $box->must("docker exec $id sh -c 'cat /proc/1/status'");

    like $status, qr/^Uid:\t10001\t10001\t10001\t10001$/m, "$service: no root";
    is join(' ', sort { $a cmp $b } $status =~ /^(Cap\w+):\t0+$/mg),
        'CapAmb CapBnd CapEff CapInh CapPrm', 'no capability';
    like $status, qr/^NoNewPrivs:\t1$/m, 'and no new one';
    isnt(($box->run("docker exec $id touch /x"))[0], 0, 'a read-only root');
    isnt(($box->run("docker exec $id sh -c 'command -v gcc cc make'"))[0], 0,
        'no compiler');
    is $box->must("docker inspect $id -f '{{.HostConfig.PidsLimit}} "
        . "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} "
        . "{{.HostConfig.RestartPolicy.Name}}'"),
        '256 2147483648 2000000000 unless-stopped', 'its limits';
}
is $box->must('docker exec ' . (containers('app'))[0]
    . ' ls /etc/taifish/keys'), "csrf.key\nseal.pub", 'app: two keys';
is(($box->run('docker exec ' . (containers('nginx'))[0]
    . ' test -s /usr/share/taifish/web/index.html'))[0], 0, 'the console');


# --- under load ------------------------------------------------------------

sub under_load {
    my ($what, $happens) = @_;
    my $load = $box->load(client => $admin, path => "/tags/$tag");
    my $posts = $box->load(client => $admin, path => '/tags', method => 'POST',
        connections => 4, delay => 50, body => '{"name":"' . ++our $n
            . 'x{n}","display_name":"x","category":"x"}');
    my $jobs = $box->jobs($admin, $instance);

    sleep 2;
    my $start = time;
    $happens->();
    my $took = time - $start;
    sleep 3;
    my ($seen, $made) = map { $_->finish } $load, $posts;
    my @jobs = $jobs->finish;
    my $text = sprintf '%s: %.0f s, %d GETs, %d POSTs, %d jobs, slowest '
        . '%.0f ms', $what, $took, $seen->{requests}, $made->{requests},
        scalar @jobs, $seen->{max};
    diag $text;
    is_deeply [keys %{ $seen->{status} }], [200], "$what: no GET failed"
        or diag explain $seen;
    is_deeply $seen->{errors}, {}, "$what: no connection broke";
    is_deeply [grep { !/^(?:201|502)$/ } keys %{ $made->{status} }], [],
        "$what: no POST is done twice" or diag explain $made;
    cmp_ok $made->{status}{502} || 0, '<=', 4, "$what: and is done";
    is_deeply [grep { $_->[0] !~ /^20[02]$/ } @jobs], [],
        "$what: every job is accepted" or diag explain \@jobs;
    my $runs = join ',', map { "'$_->[1]'" } @jobs;
    ok TaiFish::Server::until_true(90, sub {
        $box->sql("SELECT count(*) FROM task_runs
            WHERE run_id::text IN ($runs)
            AND status LIKE 'completed%'") == @jobs;
    }), "$what: and is done";
}

under_load('scale', sub {
    as_written('docker compose up -d --scale app=3 --scale worker=3');
    healthy(app => 3);
    healthy(worker => 3);
});

$box->must('sed -i s/^APP_REPLICAS=.*/APP_REPLICAS=3/ .env');
my @old = (containers('app'), containers('worker'));
under_load('update.sh', sub {
    $box->must('REVISION=two docker compose build -q');
    as_written('docker/update.sh');
});
my %is = map { ($_ => 1) } containers('app'), containers('worker');
is scalar(keys %is), 6, 'as many as before';
is_deeply [grep { $is{$_} } @old], [], 'and all are new';

under_load('up -d --no-deps app', sub {
    $box->must('REVISION=three docker compose build -q app');
    as_written('docker compose up -d --no-deps app');
});
healthy(app => 3);


# --- certificate, edge -----------------------------------------------------

sub serial {
    return `openssl s_client -connect $box->{address}:443 < /dev/null 2>&1 \\
            | openssl x509 -noout -serial 2>&1`;
}

my $serial = serial();
under_load('a certificate', sub {
    $box->must('openssl req -x509 -newkey ec -pkeyopt '
        . 'ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=t.test '
        . '-keyout privkey.pem -out fullchain.pem');
    $box->must('cp fullchain.pem privkey.pem /opt/taifish/ssl/ && '
        . 'docker/prepare.sh');
    as_written('docker compose kill -s HUP nginx');
    ok TaiFish::Server::until_true(10, sub { serial() ne $serial }), 'is new';
});

$box->must('REVISION=four docker compose build -q nginx');
as_written('docker compose up -d --no-deps nginx');
healthy(nginx => 1);


# --- new secrets -----------------------------------------------------------

under_load('a password of PostgreSQL', sub {
    my $new = 'n' . of_host('secrets/db_api_password');
    as_written("docker compose exec -u 70 postgres sh -c 'PGPASSWORD="
        . "\$(cat /run/secrets/postgres_password) psql -U postgres'",
        input => "\\password taifish_api\n$new\n$new\n");
    on_host('secrets/database_url_api', of_host('secrets/database_url_api')
        =~ s/:[^:@]+@/:$new@/r);
    on_host('secrets/db_api_password', $new);
    as_written('docker/update.sh app');
});
under_load('a password of Redis', sub {
    my $new = 'n' . of_host('secrets/redis_password');
    on_host('secrets/redis_url', of_host('secrets/redis_url')
        =~ s/:[^:@]+@/:$new@/r);
    on_host('secrets/redis_password', $new);
    as_written('docker compose restart redis');
    as_written('docker/update.sh');
});
is $box->client->get('/health')->json->{data}{redis} // '', 'connected',
    'Redis is there' or diag $box->client->get('/health')->body;
as_written('docker compose run --rm --no-deps -v /opt/taifish/secrets/keys:'
    . '/keys -e TAIFISH_KEYS=/keys migrate keygen --rotate');
as_written('docker compose kill -s HUP worker');
sleep 1;
is scalar(my @ring = glob "$home/secrets/keys/ring/*"), 2, 'a second key';
my $second = posted($admin->post('/credentials', { name => 'second',
    credential_type => 'database', db_type => 'postgresql',
    username => 'taifish', password => of_host('secrets/db_owner_password')
}))->{credential}{id};
for my $id ($second, $credential) {
    my $set = $admin->put("/instances/$instance", { name => 'own',
        db_type => 'postgresql', host => '172.20.0.30', port => 5432,
        tls_mode => 'disable', credential_id => $id });
    is $set->status, 200, 'a credential' or diag $set->as_string;
    my $r = $admin->post('/instances/actions/test-connection',
        { instance_id => $instance });
    is $r->status, 200, 'of either key opens' or diag $r->as_string;
}


# --- backup, loss, restore -------------------------------------------------

like as_written('docker compose exec backup backup.sh now'), qr/"ok":true/,
    'a backup';
my ($file) = map { m{([^/]+)$} } sort { $b cmp $a } glob "$home/backups/*.dump";
my %name = ('taifish-20250102T020000Z.dump' => $file);
like as_written('docker compose exec backup backup.sh verify '
    . '/backups/taifish-20250102T020000Z.dump', %name), qr/"ok":true/, 'good';
as_written('docker compose logs backup');
my $accounts = $box->sql('SELECT count(*) FROM account_versions');
as_written('docker compose down');
is $box->must('docker ps -q'), '', 'nothing runs';
is $box->client->get('/health')->status, 599, 'really';
ok -s "$home/data/postgres/PG_VERSION" && -s "$home/secrets/redis_url",
    'what must stay is there';
system("rm -rf $home/data/postgres/*") == 0 or die;

as_written('docker compose up -d postgres redis');
as_written('docker compose run --rm --no-deps --entrypoint restore.sh backup '
    . '/backups/taifish-20250102T020000Z.dump', %name);
as_written('docker compose run --rm --no-deps worker backup-verify');
as_written('docker compose up -d');
healthy(app => 3);
$admin = $box->login('admin', $password);
is $admin->get("/tags/$tag")->status, 200, 'what was there is there';
is $box->sql('SELECT count(*) FROM account_versions'), $accounts, 'all of it';


# --- direct mode and back --------------------------------------------------

sub answers_again {
    my ($what) = @_;
    my $start = time;
    ok TaiFish::Server::until_true(60, sub {
        $box->client->get('/health')->status == 200 }), "$what: it answers";
    return time - $start;
}

my ($files) = $docs{'docs/deployment.md'} =~ /^    (COMPOSE_FILE=.*)$/m;
$box->must("echo $files >> .env");
as_written('docker compose up -d');
diag sprintf 'to direct mode: an answer after %.1f s', answers_again('direct');
healthy(app => 1);
is scalar(containers('nginx')), 0, 'no edge';
like $admin->get("/tags/$tag")->body, qr/"name":"a"/, 'an answer';
is(HTTP::Tiny->new(max_redirect => 0)->get("http://$box->{address}/")
    ->{status}, 301, 'from port 80 too');
$box->must("sed -i '/^COMPOSE_FILE=/d' .env");
as_written('docker compose up -d');
diag sprintf 'and back: an answer after %.1f s', answers_again('the edge');
healthy(app => 3);
healthy(nginx => 1);
as_written('docker compose logs -f app', '-f ' => '');
as_written('docker compose ps app');
as_written('docker compose stop');
is $box->must('docker ps -q'), '', 'stopped';
as_written('docker compose up -d');
healthy(nginx => 1);
as_written('docker compose down');


# --- and no line was left out ----------------------------------------------

# "docker run" and such in a sentence is no line.

my %elsewhere = map { ($_ => 1) } grep { /^docker/ } map { s/ +#.*//r }
    $docs{'docs/deployment.md'} =~ /^## Several hosts\n(.*?)^## /ms
    ? $1 =~ /(?:^ +|`)(docker [^`\n]+)/mg : ();
my %lines;
for my $doc (sort keys %docs) {
    $lines{$_} ||= $doc for grep { !/^docker (?:compose|run|stack config)$/ }
        map { s/ +#.*//r =~ s/ +$//r }
        $docs{$doc} =~ /(?:^ {4,}|`)(docker (?:compose )?[a-z][^`\n]*)/mg;
}
is_deeply { map { $was_run{$_} || $elsewhere{$_} ? () : ($_ => $lines{$_}) }
    keys %lines }, {}, 'every line with docker was run';

$box->down;
done_testing;
